/**
 * Mentors side by side: what each says on every part of the goals. Roles are named, for a table that
 * is laid out as a grid on a phone is none to some browsers any more.
 */

import { html } from "./library.js";
import { Dialog } from "./dialog.js";
import { countryName, languageName } from "./places.js";
import { fact, Mark, Match, reasonsOf, shortened, tint, titleOf } from "./saying.js";
import { strings } from "./strings.js";

/** `chosen`: recommendations. */
export function Comparison({ chosen, goals, marks, acts }) {
  const parts = [...marks.keys()].filter((part) =>
    chosen.some((one) => one.uncovered_goals.includes(part) || quoteOn(one, part)),
  );
  return html`<${Dialog} name="compare" title=${strings.compareTitle} onClose=${acts.close}>
    <div class="table-scroll" tabindex="0" role="region" aria-label=${strings.compareTitle}>
      <table class="comparison" role="table" style=${{ "--columns": chosen.length }}>
        <thead role="rowgroup">
          <tr role="row">
            <td role="cell"></td>
            ${chosen.map(
              (one) => html`<th key=${one.mentor.id} scope="col" role="columnheader" dir="auto">
                <span class="column-title">${titleOf(one.mentor)}</span>
                <button
                  type="button"
                  class="text"
                  onClick=${() => acts.uncompare(one.mentor.id)}
                  aria-label=${strings.nameOf(strings.remove, titleOf(one.mentor))}
                >
                  ${strings.remove}
                </button>
              </th>`,
            )}
          </tr>
        </thead>
        <tbody role="rowgroup">
          <${Row} name=${strings.compareRow.match} of=${chosen}
            tell=${(one) => html`<${Match} match=${one.match} />`} />
          ${parts.map(
            (part) => html`<tr key=${part} role="row" class=${tint(marks.get(part))}>
              <th scope="row" role="rowheader" dir="auto">
                <${Mark} mark=${marks.get(part)} /> ${shortened(goals[part].text, 60)}
              </th>
              ${chosen.map((one) => {
                const quote = quoteOn(one, part);
                // A part may be answered by words that are shared, without a quote.
                const open = one.uncovered_goals.includes(part);
                return html`<td key=${one.mentor.id} role="cell" dir="auto">
                  ${
                    quote
                      ? html`<q class="quote">${quote}</q>`
                      : html`<span class="fine">${open ? strings.nothing : strings.noQuote}</span>`
                  }
                </td>`;
              })}
            </tr>`,
          )}
          <${Row} name=${strings.compareRow.place} of=${chosen} tell=${({ mentor }) => where(mentor)} />
          <${Row} name=${strings.compareRow.languages} of=${chosen}
            tell=${({ mentor }) => (mentor.languages ?? []).map(languageName).join(", ")} />
          <${Row} name=${strings.compareRow.facts} of=${chosen}
            tell=${(one) => one.facts.map(fact).join(", ")} />
          <${Row} name=${strings.compareRow.seniority} of=${chosen} tell=${({ mentor }) => mentor.seniority} />
        </tbody>
      </table>
    </div>
  <//>`;
}

function Row({ name, of, tell }) {
  const cells = of.map((one) => [one.mentor.id, tell(one)]);
  if (!cells.some(([, cell]) => cell)) return null;
  return html`<tr role="row">
    <th scope="row" role="rowheader">${name}</th>
    ${cells.map(([id, cell]) => html`<td key=${id} role="cell" dir="auto">${cell || "–"}</td>`)}
  </tr>`;
}

function quoteOn(one, part) {
  return reasonsOf(one).answered.find((reason) => reason.goal === part)?.quote;
}

function where({ location: place }) {
  const names = [place?.label, place?.country && countryName(place.country)].filter(Boolean);
  return [...new Set(names)].join(", ");
}
