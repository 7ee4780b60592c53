/** The page for whoever runs the server: what there is, how fresh it is, and how answering goes. */

import { html, render, useEffect, useRef, useState } from "./library.js";
import { status } from "./asking.js";
import { useLanding, useSaying } from "./browsing.js";
import { Bars, Rows } from "./charts.js";
import { forget, keep, kept } from "./remembering.js";
import { direction, language, number, strings } from "./strings.js";

const words = strings.status;
// The visitor's own form of the page's language: dates in British order where that is read.
const locale = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;
const DAY_MS = 24 * 3_600_000;
const UNITS = [
  ["day", DAY_MS],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

function Page() {
  const [key, setKey] = useState(() => kept("sessionStorage", "key", ""));
  const [found, setFound] = useState(null);
  const [trouble, setTrouble] = useState("");
  const [closed, setClosed] = useState(false);
  const [loading, setLoading] = useState(false);
  const [told, say] = useSaying();
  const landing = useLanding();
  const title = () => document.getElementById("title");

  /** Figures that are there stay until there are newer ones. */
  const load = async (own = key) => {
    const asked = document.activeElement !== document.body; // by somebody, not by opening the page
    setLoading(true);
    try {
      const at = new Date();
      setFound({ ...(await status(own)), at });
      setTrouble("");
      if (own) keep("sessionStorage", "key", own);
      say(words.at(at.toLocaleTimeString(locale)));
      setClosed(false);
      if (asked) landing.unlessKept(title);
    } catch (error) {
      const refused = error.kind === "closed";
      setTrouble(refused ? (own ? words.refused : "") : words.failed);
      setClosed(refused);
      if (refused) setFound(null);
      if (refused && own) landing.to(() => document.getElementById("key"));
    }
    setLoading(false);
  };
  useEffect(() => {
    load();
  }, []);

  const leave = () => {
    forget("sessionStorage", "key");
    setKey("");
    setFound(null);
    setTrouble("");
    setClosed(true);
    landing.to(() => document.getElementById("key"));
  };
  const enter = (given) => {
    setKey(given);
    load(given);
  };
  return html`<main>
    <header class="status-head">
      <h1 id="title" tabindex="-1">${words.title}</h1>
      ${
        found &&
        html`<div>
        <span class="fine">${words.at(found.at.toLocaleTimeString(locale))}</span>
        <button type="button" class="secondary" aria-disabled=${loading} onClick=${() => loading || load()}>
          ${words.refresh}
        </button>
        ${key && html`<button type="button" class="text" onClick=${leave}>${words.leave}</button>`}
      </div>`
      }
    </header>
    <div role="alert">${trouble && html`<p class="trouble">${trouble}</p>`}</div>
    ${closed && html`<${Door} onKey=${enter} />`}
    ${
      !closed &&
      !found &&
      (trouble
        ? html`<button type="button" class="secondary" aria-disabled=${loading} onClick=${() => loading || load()}>
          ${strings.again}
        </button>`
        : html`<p>${strings.working}</p>`)
    }
    ${found && html`<${Figures} found=${found} />`}
    <p class="unseen" role="status">${told}</p>
  </main>`;
}

function Door({ onKey }) {
  const input = useRef();
  return html`<form
    class="door tile"
    onSubmit=${(event) => {
      event.preventDefault();
      const given = input.current.value.trim();
      if (given) onKey(given);
    }}
  >
    <h2>${words.keyTitle}</h2>
    <p>${words.keyText}</p>
    <label for="key">${words.key}</label>
    <input id="key" ref=${input} type="password" autocomplete="off" spellcheck=${false} required />
    <button type="submit" class="primary">${words.enter}</button>
  </form>`;
}

function Figures({ found }) {
  const { freshness, encoder, latency, recommended, feedback } = found;
  return html`<div class="tiles">
    <section class="tile wide three">
      <${Big} value=${number(found.mentors)} name=${words.mentors} />
      <${Big} value=${number(found.free)} name=${words.free} />
      <${Big} value=${number(found.passages)} name=${words.passages} />
      <${Big} value=${number(found.rejected_records)} name=${words.rejected} />
    </section>
    <section class="tile half">
      <h2>${words.fresh}</h2>
      <ul class="checks">
        <${Check} good=${!freshness.not_followed}>
          ${freshness.not_followed ? words.behind(freshness.not_followed) : words.upToDate}
        <//>
        <${Check} good=${freshness.snapshot_at !== null}>
          ${
            freshness.snapshot_at
              ? words.snapshot(
                  ago(new Date(freshness.snapshot_at), found.at),
                  freshness.changes_since_snapshot,
                )
              : words.noSnapshot
          }
        <//>
        <${Check} good=${!freshness.erasure_pending}>
          ${freshness.erasure_pending ? words.erasure : words.erased}
        <//>
      </ul>
    </section>
    <section class="tile half">
      <h2>${words.encoder}</h2>
      <p class="name">${encoder.name ?? encoder.space}</p>
      <p class="fine">${encoder.runtime}</p>
      <p class="fine">${found.index_version}</p>
      ${
        (encoder.moving_to || encoder.stuck) &&
        html`<ul class="checks">
        ${encoder.moving_to && html`<${Check} good=${!encoder.stuck}>${words.movingTo(encoder.moving_to)}<//>`}
        ${encoder.stuck && html`<${Check} good=${false}>${encoder.stuck}<//>`}
      </ul>`
      }
    </section>
    <section class="tile wide">
      <h2>${words.latency}</h2>
      <p class="fine">${words.latencyNote(latency.count)}</p>
      ${
        latency.count
          ? html`<div class="three small">
              ${[50, 95, 99].map(
                (share) =>
                  html`<${Big} key=${share} value=${words.ms(latency[`p${share}_ms`])} name=${words.p(share)} />`,
              )}
            </div>
            <${Bars}
              label=${words.latency}
              bars=${latency.buckets.map((one) => ({ name: words.upTo(one.up_to_ms), value: one.count }))}
            />`
          : html`<p class="fine">${words.none}</p>`
      }
    </section>
    <section class="tile">
      <h2>${words.stages}</h2>
      <${Rows}
        label=${words.stages}
        bars=${found.stages.map((one) => ({ name: one.stage, value: one.mean_ms, shown: words.ms(one.mean_ms) }))}
      />
    </section>
    <section class="tile">
      <h2>${words.requests}</h2>
      <${Rows} label=${words.requests} bars=${pairs(found.requests)} />
      ${
        Object.keys(found.refused).length > 0 &&
        html`<h3>${words.refusedAtDoor}</h3>
        <${Rows} label=${words.refusedAtDoor} bars=${pairs(found.refused)} />`
      }
    </section>
    <section class="tile">
      <h2>${words.quality}</h2>
      <${Big}
        value=${recommended.answers ? words.share(recommended.abstained / recommended.answers) : "–"}
        name=${words.abstained}
      />
      <${Big}
        value=${feedback.mean_rating === null ? "–" : number(feedback.mean_rating)}
        name=${words.meanRating}
      />
    </section>
    <section class="tile">
      <h2>${words.feedback}</h2>
      <${Rows}
        label=${words.feedback}
        bars=${Object.entries(words.events)
          .filter(([event]) => feedback.totals[event])
          .map(([event, name]) => ({ name, value: feedback.totals[event] }))}
      />
    </section>
    ${["shown", "opened"].map(
      (event) => html`<section key=${event} class="tile">
        <h2>${words.perDay(words.events[event])}</h2>
        <${Bars}
          label=${words.perDay(words.events[event])}
          bars=${feedback.days.map((one) => ({ name: shortDay(one.day), value: one.events[event] ?? 0 }))}
        />
      </section>`,
    )}
  </div>`;
}

const Big = ({ value, name }) => html`<p class="big"><b>${value}</b> <span>${name}</span></p>`;

const Check = ({ good = true, children }) =>
  html`<li class=${good ? "good" : "bad"}>
    <span aria-hidden="true">${good ? "✓" : "!"}</span><span>${children}</span>
  </li>`;

const pairs = (counts) => Object.entries(counts).map(([name, value]) => ({ name, value }));

const shortDay = (day) =>
  new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(
    new Date(day),
  );

function ago(then, now) {
  const passed = Math.max(0, now - then);
  const [unit, length] = UNITS.find(([, ms]) => passed >= ms) ?? UNITS.at(-1);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  return relative.format(-Math.round(passed / length), unit);
}

document.documentElement.lang = language;
document.documentElement.dir = direction;
document.title = words.title;
render(html`<${Page} />`, document.getElementById("app"));
