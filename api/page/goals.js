/** The goal box, what is understood of what stands in it, and the filters. */

import { html, useEffect, useRef, useState } from "./library.js";
import { understand, timeZone } from "./asking.js";
import { countries, countryName, languageName, languages } from "./places.js";
import { Mark, Marked, marksOf, said, shortened, tint } from "./saying.js";
import { strings } from "./strings.js";

const MOST = 5_000; // code points, as the API takes
const PAUSE_MS = 600; // of typing, after which what stands there is looked at
const FEWEST_WORDS = 3;
const HOURS = [1, 2, 3, 5, 8];

/** The form. `onAsk` is called with nothing to do but to ask; `busy`: these goals are being asked. */
export function GoalBox({ goals, setGoals, onAsk, busy, say }) {
  const box = useRef();
  const [hasty, setHasty] = useState(false); // asked with nothing written
  const over = [...goals].length - MOST;
  const wrong = over > 0 ? strings.tooLong(over) : hasty && !goals.trim() ? strings.writeFirst : "";
  const submit = (event) => {
    event.preventDefault();
    if (busy) return;
    setHasty(!goals.trim());
    if (goals.trim() && over <= 0) {
      onAsk();
      return;
    }
    say(over > 0 ? strings.tooLong(over) : strings.writeFirst);
    box.current.focus();
  };
  return html`<form class="goal-box" onSubmit=${submit}>
    <label class="label" for="goals">${strings.goals}</label>
    <textarea
      id="goals"
      ref=${box}
      rows="4"
      dir="auto"
      value=${goals}
      placeholder=${strings.placeholder}
      aria-describedby=${wrong ? "goals-wrong goals-private" : "goals-private"}
      aria-invalid=${Boolean(wrong)}
      onInput=${(event) => setGoals(event.target.value)}
      onKeyDown=${(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
      }}
    ></textarea>
    ${wrong && html`<p id="goals-wrong" class="warning">${wrong}</p>`}
    <div class="goal-actions">
      <p id="goals-private" class="fine">
        ${strings.private}<span class="shortcut"> ${strings.shortcut}</span>
      </p>
      <button class="primary" type="submit" aria-disabled=${busy}>
        <span key=${busy}>${busy ? strings.asking : strings.ask}</span>
      </button>
    </div>
  </form>`;
}

/** Goals to begin with. */
export function Examples({ onChoose }) {
  return html`<section class="examples" aria-labelledby="examples">
    <h2 class="label" id="examples">${strings.examples}</h2>
    <ul>
      ${strings.exampleGoals.map(
        (text) => html`<li key=${text}>
          <button type="button" class="example" onClick=${() => onChoose(text)}>${text}</button>
        </li>`,
      )}
    </ul>
  </section>`;
}

/**
 * What was last understood of a text that is being written, and which; null where nothing was.
 * `now`: it is being asked, so what is understood is wanted before the answer, and in its place.
 */
export function useLive(goals, wanted, now) {
  const [live, setLive] = useState(null);
  useEffect(() => {
    const text = goals.trim();
    if (!wanted || live?.text === goals) return undefined;
    if (text.split(/\s+/).length < FEWEST_WORDS || [...goals].length > MOST) {
      setLive(null);
      return undefined;
    }
    const left = new AbortController();
    const look = async () => {
      try {
        setLive({ ...(await understand(goals, left)), text: goals });
      } catch {
        // Hints are a help and no more: without them the page is as it was.
      }
    };
    const timer = setTimeout(look, now ? 0 : PAUSE_MS);
    return () => {
      clearTimeout(timer);
      left.abort(new Error("written on"));
    };
  }, [goals, wanted, now]);
  return live;
}

/** What is understood, for eyes; `heardOf` says it to screen readers, in a region that stays. */
export function Live({ live }) {
  const marks = marksOf(live.goals);
  return html`<section class="live" aria-label=${strings.understoodLive}>
    <h2 class="label">${strings.understoodLive}</h2>
    <${Parts} goals=${live.goals} marks=${marks} />
    <${Hints} hints=${live.hints} />
  </section>`;
}

export function heardOf(live) {
  return strings.heard(marksOf(live.goals).size, live.hints.map(said));
}

/** The parts of goals with their marks and the kind of help that each asks for. */
function Parts({ goals, marks }) {
  const told = goals.filter((part) => marks.has(part.part));
  return html`<ul class="parts">
    ${told.map((part) => {
      const mark = marks.get(part.part);
      const kind = strings.help[part.help] ?? strings.about[part.about];
      return html`<li key=${part.part} class=${tint(mark)}>
        <${Mark} mark=${mark} quiet />
        <span class="part-text" dir="auto">${shortened(part.text)}</span>
        <span class="kind">${kind}</span>
      </li>`;
    })}
  </ul>`;
}

/** Statements of the API that the mentee should read. */
export function Hints({ hints }) {
  if (!hints.length) return null;
  return html`<ul class="hints">
    ${hints.map((hint) => html`<li key=${hint.code}>${said(hint)}</li>`)}
  </ul>`;
}

/** The goals as they were asked, with every part marked. */
export function Understood({ asked, goals, marks }) {
  const spans = goals
    .filter((part) => marks.has(part.part))
    .map((part) => ({ start: part.start, end: part.end, mark: marks.get(part.part) }));
  return html`<section class="understood" aria-labelledby="understood">
    <h2 id="understood" class="label">${strings.understood}</h2>
    <blockquote class="asked" dir="auto"><${Marked} text=${asked} spans=${spans} /></blockquote>
    <ul class="kinds">
      ${goals
        .filter((part) => part.help && marks.has(part.part))
        .map(
          (part) => html`<li key=${part.part}>
            <${Mark} mark=${marks.get(part.part)} /> ${strings.help[part.help] ?? part.help}
          </li>`,
        )}
    </ul>
    <p class="fine">${strings.understoodHint}</p>
  </section>`;
}

export const NO_FILTERS = { country: "", language: "", within: "", anyone: false };

/** The filters; every change is asked at once. */
export function Filters({ filters, setFilters }) {
  const change = (name) => (event) => setFilters({ ...filters, [name]: event.target.value });
  const any = filters.country || filters.language || filters.within || filters.anyone;
  const hours = HOURS.map((one) => ({ code: String(one), name: strings.hoursWithin(one) }));
  return html`<fieldset class="filters">
    <legend class="label">${strings.filters}</legend>
    <${Choice} id="language" label=${strings.spokenLanguage} value=${filters.language}
      onChange=${change("language")} options=${languages} nameOf=${languageName} />
    <${Choice} id="country" label=${strings.country} value=${filters.country}
      onChange=${change("country")} options=${countries} nameOf=${countryName} />
    <${Choice} id="within" label=${strings.hours} value=${filters.within} any=${strings.hoursAny}
      onChange=${change("within")} options=${hours} nameOf=${(code) => strings.hoursWithin(Number(code))} />
    <label class="check">
      <input
        type="checkbox"
        id="free"
        checked=${!filters.anyone}
        onChange=${(event) => setFilters({ ...filters, anyone: !event.target.checked })}
      />
      ${strings.freeNow}
    </label>
    ${filters.within && html`<p class="fine zone">${strings.yourZone(timeZone())}</p>`}
    <button
      type="button"
      class="text clear-filters"
      hidden=${!any}
      onClick=${() => {
        document.getElementById("language").focus(); // this button goes
        setFilters(NO_FILTERS);
      }}
    >
      ${strings.clearFilters}
    </button>
  </fieldset>`;
}

function Choice({ id, label, value, any = strings.any, onChange, options, nameOf }) {
  // An address may name what is not in the list, such as a language with a region.
  const known = !value || options.some((option) => option.code === value);
  return html`<div class="choice">
    <label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${onChange}>
      <option value="">${any}</option>
      ${known ? null : html`<option value=${value}>${nameOf(value)}</option>`}
      ${options.map(
        (option) => html`<option key=${option.code} value=${option.code}>${option.name}</option>`,
      )}
    </select>
  </div>`;
}
