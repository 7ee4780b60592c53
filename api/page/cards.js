/** The mentors found, one card each: who, how strong the match is, and why. */

import { html, useEffect, useState } from "./library.js";
import { similar } from "./asking.js";
import { fromWhere, Mark, Match, reasonsOf, shortened, tint, titleOf, Who } from "./saying.js";
import { strings } from "./strings.js";

const WORDS = 6; // shared words named on a card

/** The id of a mentor's heading. */
export const headingOf = (mentor) => `mentor-${mentor}`;

/**
 * One mentor. `acts`: what can be done with the card, each called with the recommendation; `kept`:
 * what was asked and with which filters, as the standing of others depends on it.
 */
export function Card({ one, goals, marks, acts, saved, compared, kept }) {
  const [others, setOthers] = useState(false);
  const { mentor } = one;
  const title = titleOf(mentor);
  const id = headingOf(mentor.id);
  const about = (action) => strings.nameOf(action, title);
  return html`<article
    class="card"
    aria-labelledby=${id}
    onMouseEnter=${() => acts.light?.(mentor.id)}
    onMouseLeave=${() => acts.light?.(null)}
    onFocusIn=${() => acts.light?.(mentor.id)}
    onFocusOut=${() => acts.light?.(null)}
  >
    <header>
      <${Match} match=${one.match} />
      <h3 id=${id} class="card-title" dir="auto" tabindex="-1">
        <a href=${acts.address(mentor.id)} onClick=${acts.follow(() => acts.open(mentor.id))}>${title}</a>
      </h3>
      <${Who} one=${one} />
    </header>
    <${Reasons} one=${one} goals=${goals} marks=${marks} />
    <div class="actions">
      <button
        type="button"
        class="secondary"
        aria-label=${about(strings.readProfile)}
        onClick=${() => acts.open(mentor.id)}
      >
        ${strings.readProfile}
      </button>
      <button
        type="button"
        class="toggle"
        aria-pressed=${saved}
        aria-label=${about(strings.save)}
        onClick=${() => acts.save(one)}
      >
        <${Ribbon} />${strings.save}
      </button>
      <button
        type="button"
        class="toggle"
        aria-pressed=${compared}
        aria-label=${about(strings.compare)}
        onClick=${() => acts.compare(mentor.id)}
      >
        <${Columns} />${strings.compare}
      </button>
      ${
        acts.dismiss &&
        html`<div class="less">
        <button
          type="button"
          class="text"
          aria-label=${about(strings.dismiss)}
          onClick=${() => acts.dismiss(one)}
        >
          ${strings.dismiss}
        </button>
        <button
          type="button"
          class="text"
          aria-expanded=${others}
          aria-label=${about(strings.whyNot)}
          onClick=${() => setOthers(!others)}
        >
          ${strings.whyNot}
        </button>
      </div>`
      }
    </div>
    ${others && html`<${Others} key=${kept} mentor=${mentor.id} acts=${acts} />`}
  </article>`;
}

/** Quotes under the part of the goals that each answers, shared words, and what stays open. */
function Reasons({ one, goals, marks }) {
  const { answered, nearest, words } = reasonsOf(one);
  const open = one.uncovered_goals.map((part) => goals[part]).filter(Boolean);
  const byPart = new Map();
  for (const reason of answered) {
    byPart.set(reason.goal, [...(byPart.get(reason.goal) ?? []), reason]);
  }
  return html`<div class="reasons">
    ${[...byPart].map(
      ([part, reasons]) => html`<section key=${part} class="reason ${tint(marks.get(part))}">
        <h4 class="wish" dir="auto">
          <${Mark} mark=${marks.get(part)} />${goals[part] && shortened(goals[part].text)}
        </h4>
        ${reasons.map((reason) => html`<${Quote} key=${reason.field + reason.start} reason=${reason} />`)}
      </section>`,
    )}
    ${words.length > 0 && html`<${Shared} words=${words} />`}
    ${
      open.length > 0 &&
      html`<div class="uncovered">
      <p>
        ${strings.uncovered(open.length)}${" "}
        ${open.map(
          (part, i) => html`${i > 0 ? ", " : ""}<span key=${part.part} class="open-wish" dir="auto"
            ><${Mark} mark=${marks.get(part.part)} /> “${shortened(part.text, 60)}”</span
          >`,
        )}.
      </p>
      ${nearest.length > 0 && html`<p class="nearest">${strings.nearest}</p>`}
      ${nearest.map((reason) => html`<${Quote} key=${reason.field + reason.start} reason=${reason} />`)}
    </div>`
    }
    ${!answered.length && !words.length && !nearest.length && html`<p>${strings.noReasons}</p>`}
  </div>`;
}

function Quote({ reason }) {
  return html`<blockquote class="quote" dir="auto">
    <p>${reason.quote}</p>
    <footer>${fromWhere(reason.field)}</footer>
  </blockquote>`;
}

function Shared({ words }) {
  const seen = new Map();
  for (const word of words) {
    const name = word.quote.toLowerCase();
    if (!seen.has(name)) seen.set(name, word);
  }
  return html`<dl class="shared">
    <dt>${strings.shared}</dt>
    ${[...seen.values()].slice(0, WORDS).map((word) => {
      const same =
        !word.term || word.term.toLowerCase().startsWith(word.quote.toLowerCase().slice(0, 4));
      return html`<dd key=${word.field + word.start} dir="auto">
        ${word.quote}${same ? null : html` <span class="fine">${strings.sharedRelated(word.term)}</span>`}
      </dd>`;
    })}
  </dl>`;
}

/** Who resembles this mentor, where each stands, and which words would bring them up. */
function Others({ mentor, acts }) {
  const [found, setFound] = useState("loading");
  useEffect(() => {
    similar(mentor).then(
      ({ similar: alike }) => {
        setFound(alike);
        acts.say(alike.length ? strings.alikeFound(alike.length) : strings.alikeNone);
      },
      () => {
        setFound("failed");
        acts.say(strings.failedTitle);
      },
    );
  }, []);
  if (typeof found === "string") {
    return html`<p class="others">${found === "failed" ? strings.failedTitle : strings.working}</p>`;
  }
  return html`<section class="others" aria-label=${strings.alikeTitle}>
    <p>${found.length ? strings.alikeIntro : strings.alikeNone}</p>
    <ul>
      ${found.map((one) => html`<${Other} key=${one.mentor.id} one=${one} acts=${acts} />`)}
    </ul>
  </section>`;
}

function Other({ one, acts }) {
  const [standing, setStanding] = useState(null);
  const { id } = one.mentor;
  useEffect(() => {
    acts.standing(id).then(setStanding, () => setStanding("failed"));
  }, []);
  return html`<li>
    <a href=${acts.address(id)} dir="auto" onClick=${acts.follow(() => acts.open(id))}>
      ${titleOf(one.mentor)}
    </a>
    ${
      standing?.goals
        ? html`<${Standing} standing=${standing} acts=${acts} />`
        : html`<p class="fine">${standing === "failed" ? strings.failedTitle : strings.working}</p>`
    }
  </li>`;
}

/** The place of a mentor who is not in the list, what is in the way, and what would help. */
export function Standing({ standing, acts }) {
  const { rank, why_not: obstacles, nearly } = standing;
  const inTheWay = obstacles.filter((one) => one.code !== "not_in_top");
  return html`<div class="standing">
    <p>
      ${rank ? strings.standsAt(rank) : strings.standsNowhere}
      ${inTheWay.map((one) => ` ${strings[one.code] ?? one.text}`)}
    </p>
    ${
      nearly &&
      html`<p>
      ${strings.wouldCome(nearly.add, nearly.rank)}${" "}
      <button type="button" class="text" onClick=${() => acts.add(nearly.add)}>
        ${strings.tryAdding(nearly.add)}
      </button>
    </p>`
    }
  </div>`;
}

/** Places to hold while the answer is awaited, as high as cards are. */
export function Skeletons() {
  return html`<div aria-hidden="true">
    ${[0, 1, 2].map(
      (i) => html`<div key=${i} class="card skeleton">
        <span class="bone short"></span><span class="bone title"></span>
        <span class="bone"></span><span class="bone"></span><span class="bone half"></span>
      </div>`,
    )}
  </div>`;
}

const Ribbon = () =>
  html`<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d="M4 2.5h8v11l-4-3-4 3z" />
  </svg>`;

const Columns = () =>
  html`<svg class="glyph" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d="M2.500 3h4.500v10H2.500zM9 3h4.500v10H9z" />
  </svg>`;
