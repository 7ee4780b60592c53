/** Mentors side by side: what each says on every part of the goals. */

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
      <table class="comparison">
        <thead>
          <tr>
            <td></td>
            ${chosen.map(
              (one) => html`<th key=${one.mentor.id} scope="col" dir="auto">
                <span class="column-title">${titleOf(one.mentor)}</span>
                <button
                  type="button"
                  class="text"
                  onClick=${() => acts.compare(one.mentor.id)}
                  aria-label=${strings.nameOf(strings.remove, titleOf(one.mentor))}
                >
                  ${strings.remove}
                </button>
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          <${Row} name=${strings.compareRow.match} of=${chosen} tell=${(one) => html`<${Match} match=${one.match} />`} />
          ${parts.map(
            (part) => html`<tr key=${part} class=${tint(marks.get(part))}>
              <th scope="row" dir="auto"><${Mark} mark=${marks.get(part)} /> ${shortened(goals[part].text, 60)}</th>
              ${chosen.map((one) => {
                const quote = quoteOn(one, part);
                return html`<td key=${one.mentor.id} dir="auto">
                  ${quote ? html`<q class="quote">${quote}</q>` : html`<span class="fine">${strings.nothing}</span>`}
                </td>`;
              })}
            </tr>`,
          )}
          <${Row} name=${strings.compareRow.place} of=${chosen} tell=${({ mentor }) => where(mentor)} />
          <${Row} name=${strings.compareRow.languages} of=${chosen}
            tell=${({ mentor }) => (mentor.languages ?? []).map(languageName).join(", ")} />
          <${Row} name=${strings.compareRow.facts} of=${chosen} tell=${(one) => one.facts.map(fact).join(", ")} />
          <${Row} name=${strings.compareRow.seniority} of=${chosen} tell=${({ mentor }) => mentor.seniority} />
        </tbody>
      </table>
    </div>
  <//>`;
}

function Row({ name, of, tell }) {
  const cells = of.map((one) => [one.mentor.id, tell(one)]);
  if (!cells.some(([, cell]) => cell)) return null;
  return html`<tr>
    <th scope="row">${name}</th>
    ${cells.map(([id, cell]) => html`<td key=${id} dir="auto">${cell || "–"}</td>`)}
  </tr>`;
}

function quoteOn(one, part) {
  return reasonsOf(one).answered.find((reason) => reason.goal === part)?.quote;
}

function where({ location: place }) {
  const names = [place?.label, place?.country && countryName(place.country)].filter(Boolean);
  return [...new Set(names)].join(", ");
}
