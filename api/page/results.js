/** What was found, or why nothing was: the list of cards, and those saved. */

import { html, useEffect, useRef } from "./library.js";
import { Card, Skeletons } from "./cards.js";
import { Hints } from "./goals.js";
import { strings } from "./strings.js";

/** The answer to what was asked. `state`: of `useSearch`; `shown`: those not set aside. */
export function Results({
  state,
  slow,
  heading,
  shown,
  marks,
  acts,
  saved,
  compared,
  aside,
  filters,
  setFilters,
  onAgain,
  onMore,
  onBringBack,
}) {
  const { phase, answer, problem } = state;
  if (phase === "empty") return null;
  const title = html`<h2 class="results-title" ref=${heading} tabindex="-1">
    ${
      phase === "done" && !shown.length
        ? strings.noneTitle
        : phase === "done" && answer.abstained
          ? strings.nobodyTitle
          : strings.results
    }
  </h2>`;
  if (phase === "failed")
    return html`<section key="failed" class="results">
      ${title}<${Problem} problem=${problem} onAgain=${onAgain} />
    </section>`;
  if (phase === "loading" && !shown.length) {
    return html`<section key="begun" class="results" aria-busy="true">
      ${title}
      <p class="searching" role="status">${slow ? strings.stillSearching : strings.searching}</p>
      <${Skeletons} />
    </section>`;
  }
  const old = phase === "loading";
  return html`<section key="found" class="results ${old ? "old" : ""}" aria-busy=${old}>
    ${title}
    ${
      answer.abstained &&
      shown.length > 0 &&
      html`<div class="nobody"><p>${strings.nobodyText}</p><p>${strings.nobodyTry}</p></div>`
    }
    <${Hints} hints=${answer.hints.filter((hint) => !["nobody_fits", "few_left"].includes(hint.code))} />
    ${!shown.length && html`<${NobodyLeft} ...${{ filters, setFilters }} hints=${answer.hints} />`}
    <p class="slow" role="status">${phase === "loading" && slow ? strings.stillSearching : ""}</p>
    <ol class="cards">
      ${shown.map(
        (one) => html`<li key=${one.mentor.id}>
          <${Card}
            one=${one}
            goals=${answer.goals}
            marks=${marks}
            acts=${acts}
            saved=${saved.includes(one.mentor.id)}
            compared=${compared.includes(one.mentor.id)}
          />
        </li>`,
      )}
    </ol>
    <div class="after">
      ${state.moreFailed && html`<p class="warning" role="alert">${strings.failedTitle}</p>`}
      ${state.next && html`<button type="button" class="secondary" onClick=${onMore}>${strings.more}</button>`}
      ${
        aside.length > 0 &&
        html`<p class="fine">
        ${strings.dismissed(aside.length)}${" "}
        <button type="button" class="text" onClick=${onBringBack}>${strings.bringBack}</button>
      </p>`
      }
    </div>
  </section>`;
}

/** Why there is no answer, and what can be done. */
function Problem({ problem, onAgain }) {
  const { kind, detail, retryAfter } = problem;
  const titles = { offline: strings.offlineTitle, closed: strings.closedTitle };
  const texts = {
    offline: strings.offlineText,
    timeout: strings.timeoutText,
    busy: strings.busyText(retryAfter),
    closed: strings.closedText,
    refused: detail,
  };
  return html`<div class="problem" role="alert">
    <h3>${titles[kind] ?? strings.failedTitle}</h3>
    <p>${texts[kind] ?? strings.failedText}</p>
    ${
      kind !== "refused" &&
      html`<button type="button" class="secondary" onClick=${onAgain}>${strings.again}</button>`
    }
  </div>`;
}

function NobodyLeft({ hints, filters, setFilters }) {
  const left = hints.find((hint) => hint.code === "few_left");
  const counted = Object.entries(left?.params ?? {}).filter(([name]) => name !== "left");
  return html`<div class="nobody">
    <p>${strings.noneText}</p>
    ${
      counted.length > 0 &&
      html`<ul class="plain">
      ${counted.map(
        ([name, count]) =>
          html`<li key=${name}>${strings.noneLeft(strings.filterNames[name] ?? name, count)}</li>`,
      )}
    </ul>`
    }
    <button
      type="button"
      class="secondary"
      onClick=${() => setFilters({ ...filters, country: "", language: "", within: "" })}
    >
      ${strings.clearFilters}
    </button>
  </div>`;
}

/** Those saved on this device; why they fit is asked for the goals of this tab. */
export function Saved({ ids, asked, standings, known, marks, answer, acts, compared, onBack }) {
  const heading = useRef();
  useEffect(() => heading.current.focus(), []);
  useEffect(() => {
    if (asked) for (const id of ids) if (!known(id)) standings.of(id).catch(() => {});
  }, [ids, asked]);
  const there = ids.map(known).filter(Boolean);
  return html`<section class="results">
    <h2 class="results-title" ref=${heading} tabindex="-1">${strings.savedTitle}</h2>
    ${!ids.length && html`<p>${strings.savedNone}</p>`}
    ${ids.length > 0 && !asked && html`<p>${strings.savedNeedGoals(ids.length)}</p>`}
    <ol class="cards">
      ${there.map(
        (one) => html`<li key=${one.mentor.id}>
          <${Card}
            one=${one}
            goals=${answer?.goals ?? []}
            marks=${marks}
            acts=${{ ...acts, dismiss: null }}
            saved
            compared=${compared.includes(one.mentor.id)}
          />
        </li>`,
      )}
    </ol>
    <button type="button" class="secondary" onClick=${onBack}>${strings.backToResults}</button>
  </section>`;
}
