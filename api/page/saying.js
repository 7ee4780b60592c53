/** Small pieces that several parts of the page say: marks of goal parts, quotes, facts. */

import { html } from "./library.js";
import { pieces } from "./offsets.js";
import { countryName, languageName } from "./places.js";
import { strings } from "./strings.js";

const TINTS = 6;
const JOINED = "\u2060"; // between a mark and its text no line is broken

/**
 * The number that stands for each part of the goals, on both sides: parts that say nothing have
 * none. A part's colour follows its number and never stands alone.
 */
export function marksOf(goals) {
  const marks = new Map();
  for (const part of goals) if (part.about !== "filler") marks.set(part.part, marks.size + 1);
  return marks;
}

/** The class with a part's colour. */
export const tint = (mark) => (mark ? `tint-${((mark - 1) % TINTS) + 1}` : "tint-none");

/** The mark of a part, as a figure in a circle. */
export function Mark({ mark, quiet = false }) {
  if (!mark) return null;
  return html`<span class="mark ${tint(mark)}"
    ><span aria-hidden="true">${mark}</span>${
      quiet ? null : html`<span class="unseen">${strings.part(mark)}</span>`
    }</span
  >`;
}

/** A text with spans marked: those with a `mark` as quotes, others as shared words. */
export function Marked({ text, spans }) {
  const runs = [];
  for (const { text: piece, spans: over } of pieces(text, spans)) {
    const quote = over.find((span) => span.mark !== undefined);
    const word = over.some((span) => span.mark === undefined);
    const inner = word ? html`<span class="shared-word">${piece}</span>` : piece;
    if (runs.length && runs.at(-1).quote === quote) runs.at(-1).inner.push(inner);
    else runs.push({ quote, inner: [inner] });
  }
  return runs.map(({ quote, inner }, i) =>
    quote
      ? html`<mark key=${i} class="quoted ${tint(quote.mark)}"
          >${quote.mark ? html`<span class="held"><${Mark} mark=${quote.mark} />${JOINED}</span>` : null}${inner}</mark
        >`
      : html`<span key=${i}>${inner}</span>`,
  );
}

/** How strong a match is: three bars and words. */
export function Match({ match }) {
  const bars = { strong: 3, good: 2, partial: 1 }[match];
  return html`<span class="match match-${match}">
    <svg viewBox="0 0 18 14" aria-hidden="true" focusable="false">
      ${[0, 1, 2].map(
        (i) =>
          html`<rect
            key=${i}
            class=${i < bars ? "bar full" : "bar"}
            x=${i * 6.5}
            y=${8 - i * 4}
            width="4.5"
            height=${6 + i * 4}
            rx="1.5"
          />`,
      )}
    </svg>
    ${strings.match[match]}
  </span>`;
}

/** What a statement of the API says, in the page's own words where it has them. */
export function said(statement) {
  return strings.hint[statement.code]?.(statement.params) ?? statement.text;
}

/** A fact in the page's own words. */
export function fact({ code, params, text }) {
  if (code === "places_free") return strings.places(params);
  return strings[code] && typeof strings[code] === "string" ? strings[code] : text;
}

/** Who and where a mentor is, in a few words each. */
function facts({ mentor, facts: stated }) {
  const { location: place, languages = [] } = mentor;
  const where = [place?.label, place?.country && countryName(place.country)].filter(Boolean);
  const found = [mentor.name, [...new Set(where)].join(", ")];
  if (languages.length) found.push(strings.speaks(languages.map(languageName)));
  return [...found, ...stated.map(fact)].filter(Boolean);
}

/** The same as a line. */
export function Who({ one }) {
  // Each is kept to itself, so that one from right to left does not turn round its neighbours.
  return html`<p class="who">
    ${facts(one).map((said, i) => html`${i > 0 ? " · " : ""}<span key=${said} dir="auto">${said}</span>`)}
  </p>`;
}

/** What a mentor is called: the headline, or whatever there is. */
export function titleOf(mentor) {
  return mentor.headline || mentor.name || mentor.topics?.[0] || mentor.id;
}

/** Which leaf of a record a pointer leads to, in words. */
export function fromWhere(pointer) {
  const name = pointer.split("/")[1];
  return strings.from[name] ?? name.replaceAll("_", " ");
}

/** The reasons that quote passages, best first, and the words that are shared. */
export function reasonsOf(recommendation) {
  const quotes = recommendation.reasons.filter((reason) => reason.part !== "lexical");
  const words = recommendation.reasons.filter((reason) => reason.part === "lexical");
  const open = new Set(recommendation.uncovered_goals);
  return {
    answered: quotes.filter((reason) => !open.has(reason.goal)),
    nearest: quotes.filter((reason) => open.has(reason.goal)),
    words,
  };
}

/** A stretch of words, cut between two of them where it is long. */
export function shortened(words, most = 90) {
  const text = words.trim().replace(/[.,;:]+$/, "");
  if (text.length <= most) return text;
  const cut = text.slice(0, most).replace(/\s+\S*$/, "");
  return `${cut.replace(/[\ud800-\udbff]$/, "")} …`;
}
