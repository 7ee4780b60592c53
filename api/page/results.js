/** What was found, or why nothing was: the list of cards, and those saved. */

import { html, useEffect } from "./library.js";
import { Card, Skeletons } from "./cards.js";
import { Hints } from "./goals.js";
import { strings } from "./strings.js";

/**
 * The answer to what was asked. `state`: of `useSearch`; `shown`: those not set aside.
 *
 * The heading stays through every phase, so that the focus has somewhere to be.
 */
export function Results({ state, slow, heading, shown, marks, acts, saved, compared, aside, filters, kept }) {
  const { phase, problem } = state;
  if (phase === "empty") return null;
  const loading = phase === "loading";
  const begun = loading && !shown.length;
  const old = loading && !begun;
  const some = !begun && phase !== "failed";
  return html`<section class="results ${old ? "old" : ""}" aria-busy=${loading}>
    <h2 class="results-title" id="results" ref=${heading} tabindex="-1">${titleFor(state, shown, filters)}</h2>
    <p class="searching">${loading ? (slow ? strings.stillSearching : strings.searching) : ""}</p>
    ${phase === "failed" && html`<${Problem} problem=${problem} onAgain=${acts.again} />`}
    ${begun && html`<${Skeletons} />`}
    ${some && html`<${Found} ...${{ state, shown, marks, acts, saved, compared, aside, filters, kept }} />`}
  </section>`;
}

function titleFor({ phase, answer, listed }, shown, filters) {
  if (phase !== "done") return strings.results;
  if (!shown.length && listed.length) return strings.allAsideTitle;
  if (!shown.length) return leftOut(answer, filters) ? strings.noneTitle : strings.noMentorsTitle;
  return answer.abstained ? strings.nobodyTitle : strings.results;
}

/** What leaves out how many, by filter, or null where nobody is there to be left out. */
function leftOut({ hints }, { country, language, within }) {
  const params = hints.find((hint) => hint.code === "few_left")?.params ?? {};
  const counted = Object.entries(params).filter(([name, count]) => name !== "left" && count > 0);
  return counted.length || country || language || within ? counted : null;
}

const TOLD_ABOVE = ["nobody_fits", "few_left"];

function Found({ state, shown, marks, acts, saved, compared, aside, filters, kept }) {
  const { phase, answer, listed } = state;
  const left = aside.length > 0 || state.without.length > 0;
  return html`
    ${
      answer.abstained &&
      shown.length > 0 &&
      html`<div class="nobody"><p>${strings.nobodyText}</p><p>${strings.nobodyTry}</p></div>`
    }
    <${Hints} hints=${answer.hints.filter((hint) => !TOLD_ABOVE.includes(hint.code))} />
    ${!shown.length && !listed.length && html`<${NobodyLeft} ...${{ answer, filters, acts }} />`}
    ${!shown.length && listed.length > 0 && html`<div class="nobody"><p>${strings.allAsideText}</p></div>`}
    <ol class="cards">
      ${shown.map(
        (one) => html`<li key=${one.mentor.id}>
          <${Card}
            one=${one}
            goals=${answer.goals}
            marks=${marks}
            acts=${acts}
            kept=${kept}
            saved=${saved.includes(one.mentor.id)}
            compared=${compared.includes(one.mentor.id)}
          />
        </li>`,
      )}
    </ol>
    <div class="after">
      ${state.moreFailed && html`<p class="warning" role="alert">${strings.failedTitle}</p>`}
      ${
        state.next &&
        html`<button
        type="button"
        class="secondary more"
        aria-disabled=${state.reading || phase === "loading"}
        onClick=${acts.more}
      >
        ${state.reading ? strings.asking : strings.more}
      </button>`
      }
      ${
        left &&
        html`<p class="fine">
        ${strings.dismissed(Math.max(aside.length, state.without.length))}${" "}
        <button type="button" class="text bring-back" onClick=${acts.bringBack}>${strings.bringBack}</button>
      </p>`
      }
    </div>
  `;
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

/** Why nobody is left, and what brings somebody back: a button for each thing that keeps them out. */
function NobodyLeft({ answer, filters, acts }) {
  const counted = leftOut(answer, filters);
  if (!counted) return html`<div class="nobody"><p>${strings.noMentors}</p></div>`;
  const narrow = filters.country || filters.language || filters.within;
  const byPlaces = counted.some(([name]) => name === "available");
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
    <div class="ways">
      ${
        narrow &&
        html`<button type="button" class="secondary" onClick=${() => acts.widen({ country: "", language: "", within: "" })}>
        ${strings.clearFilters}
      </button>`
      }
      ${
        byPlaces &&
        !filters.anyone &&
        html`<button type="button" class="secondary" onClick=${() => acts.widen({ anyone: true })}>
        ${strings.alsoFull}
      </button>`
      }
    </div>
  </div>`;
}

/** Those saved on this device; why they fit is asked for the goals of this tab, once there are some. */
export function Saved({ ids, asked, headlineOf, standings, known, marks, answer, acts, compared }) {
  useEffect(() => {
    if (asked) for (const id of ids) if (!known(id)) standings.of(id).catch(() => {});
  }, [ids, asked]);
  const there = ids.map(known).filter(Boolean);
  const missing = asked ? ids.filter((id) => !known(id)) : [];
  const failed = missing.filter((id) => standings.failed(id));
  const gone = failed.filter((id) => standings.failed(id).status === 404);
  return html`<section class="results saved" aria-busy=${missing.length > failed.length}>
    <h2 class="results-title" id="saved" tabindex="-1">${strings.savedTitle}</h2>
    ${!ids.length && html`<p>${strings.savedNone}</p>`}
    ${ids.length > 0 && !asked && html`<${Names} ...${{ ids, headlineOf, acts }} />`}
    ${missing.length > failed.length && html`<p class="searching">${strings.working}</p>`}
    ${
      failed.length > gone.length &&
      html`<div class="problem" role="alert">
      <p>${strings.failedText}</p>
      <button
        type="button"
        class="secondary"
        onClick=${() => acts.askSaved(failed.filter((id) => !gone.includes(id)))}
      >
        ${strings.again}
      </button>
    </div>`
    }
    ${
      gone.length > 0 &&
      html`<p class="notice">
      ${strings.savedGone(gone.length)}${" "}
      <button type="button" class="text" onClick=${() => acts.forget(gone)}>${strings.savedForget}</button>
    </p>`
    }
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
    ${
      asked &&
      html`<button type="button" class="secondary back" onClick=${acts.leaveSaved}>
      ${strings.backToResults}
    </button>`
    }
  </section>`;
}

/** Who was saved, before there are goals that they could fit. */
function Names({ ids, headlineOf, acts }) {
  return html`<p>${strings.savedNeedGoals(ids.length)}</p>
    <ul class="names">
      ${ids.map((id) => {
        const headline = headlineOf(id);
        return html`<li key=${id}>
          <a href=${acts.address(id)} dir="auto" onClick=${acts.follow(() => acts.open(id))}>
            ${headline}
          </a>
          <button
            type="button"
            class="text"
            aria-label=${strings.nameOf(strings.savedForget, headline)}
            onClick=${() => acts.save({ mentor: { id, headline } })}
          >
            ${strings.savedForget}
          </button>
        </li>`;
      })}
    </ul>`;
}
