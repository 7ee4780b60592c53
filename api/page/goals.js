/** The goal box, what is understood of what stands in it, and the filters. */

import { html, useEffect, useRef, useState } from "./library.js";
import { understand, timeZone } from "./asking.js";
import { countries, languages } from "./places.js";
import { Mark, Marked, marksOf, said, shortened, tint } from "./saying.js";
import { strings } from "./strings.js";

const MOST = 5_000; // code points, as the API takes
const PAUSE_MS = 600; // of typing, after which what stands there is looked at
const FEWEST_WORDS = 3;
const HOURS = [1, 2, 3, 5, 8];

/** The form. `onAsk` is called with nothing to do but to ask. */
export function GoalBox({ goals, setGoals, onAsk, busy }) {
  const box = useRef();
  const over = [...goals].length - MOST;
  const submit = (event) => {
    event.preventDefault();
    if (goals.trim() && over <= 0) onAsk();
    else box.current.focus();
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
      aria-describedby="goals-private"
      aria-invalid=${over > 0}
      onInput=${(event) => setGoals(event.target.value)}
      onKeyDown=${(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
      }}
    ></textarea>
    ${over > 0 && html`<p class="warning" role="alert">${strings.tooLong(over)}</p>`}
    <div class="goal-actions">
      <p id="goals-private" class="fine">
        ${strings.private}<span class="shortcut"> ${strings.shortcut}</span>
      </p>
      <button class="primary" type="submit" aria-disabled=${busy}>
        ${busy ? strings.asking : strings.ask}
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

/** What was last understood of a text that is being written, and which; null where nothing was. */
export function useLive(goals, wanted) {
  const [live, setLive] = useState(null);
  useEffect(() => {
    const text = goals.trim();
    if (!wanted) return undefined;
    if (text.split(/\s+/).length < FEWEST_WORDS || [...goals].length > MOST) {
      setLive(null);
      return undefined;
    }
    const left = new AbortController();
    const timer = setTimeout(async () => {
      try {
        setLive({ ...(await understand(goals, left)), text: goals });
      } catch {
        // Hints are a help and no more: without them the page is as it was.
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      left.abort(new Error("written on"));
    };
  }, [goals, wanted]);
  return live;
}

export function Live({ live }) {
  const marks = marksOf(live.goals);
  return html`<section class="live" aria-label=${strings.understoodLive} aria-live="polite">
    <h2 class="label">${strings.understoodLive}</h2>
    <${Parts} goals=${live.goals} marks=${marks} />
    <${Hints} hints=${live.hints} />
  </section>`;
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

/** The filters; every change is asked at once. */
export function Filters({ filters, setFilters }) {
  const change = (name) => (event) => setFilters({ ...filters, [name]: event.target.value });
  const any = filters.country || filters.language || filters.within || filters.anyone;
  return html`<fieldset class="filters">
    <legend class="label">${strings.filters}</legend>
    <${Choice} id="language" label=${strings.spokenLanguage} value=${filters.language}
      onChange=${change("language")} options=${languages} />
    <${Choice} id="country" label=${strings.country} value=${filters.country}
      onChange=${change("country")} options=${countries} />
    <div class="choice">
      <label for="within">${strings.hours}</label>
      <select id="within" value=${filters.within} onChange=${change("within")}
        title=${strings.yourZone(timeZone())}>
        <option value="">${strings.hoursAny}</option>
        ${HOURS.map(
          (hours) => html`<option key=${hours} value=${String(hours)}>
            ${strings.hoursWithin(hours)}
          </option>`,
        )}
      </select>
    </div>
    <label class="check">
      <input
        type="checkbox"
        checked=${!filters.anyone}
        onChange=${(event) => setFilters({ ...filters, anyone: !event.target.checked })}
      />
      ${strings.freeNow}
    </label>
    <button
      type="button"
      class="text clear-filters"
      hidden=${!any}
      onClick=${() => setFilters({ country: "", language: "", within: "", anyone: false })}
    >
      ${strings.clearFilters}
    </button>
  </fieldset>`;
}

function Choice({ id, label, value, onChange, options }) {
  // An address may name what is not in the list, such as a language with a region.
  const known = !value || options.some((option) => option.code === value);
  return html`<div class="choice">
    <label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${onChange}>
      <option value="">${strings.any}</option>
      ${known ? null : html`<option value=${value}>${value}</option>`}
      ${options.map(
        (option) => html`<option key=${option.code} value=${option.code}>${option.name}</option>`,
      )}
    </select>
  </div>`;
}
