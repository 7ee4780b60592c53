/** Small charts: bars and lines in SVG, each with a sentence and the same figures as a table. */

import { html } from "./library.js";
import { number, strings } from "./strings.js";

const WIDTH = 480;
const HEIGHT = 120;
const GAP = 0.18;

/**
 * Bars, one for each of `bars`: `{ name, value, shown }`.
 *
 * `label` says what the picture shows to whoever does not see it.
 */
export function Bars({ bars, label }) {
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  const step = WIDTH / Math.max(1, bars.length);
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label} preserveAspectRatio="none">
      <line class="base" x1="0" x2=${WIDTH} y1=${HEIGHT - 0.5} y2=${HEIGHT - 0.5} />
      ${bars.map((bar, i) => {
        const height = (bar.value / most) * (HEIGHT - 8);
        return html`<rect
          key=${bar.name}
          x=${i * step + (step * GAP) / 2}
          y=${HEIGHT - height}
          width=${step * (1 - GAP)}
          height=${height}
        />`;
      })}
    </svg>
    <${Ends} first=${bars[0]?.name} last=${bars.at(-1)?.name} />
    <${Table} rows=${bars} label=${label} />
  </figure>`;
}

/** Horizontal bars with their names beside them, for names that are long. */
export function Rows({ bars, label }) {
  const most = Math.max(1e-9, ...bars.map((bar) => bar.value));
  if (!bars.length) return html`<p class="fine">${strings.status.none}</p>`;
  return html`<table class="rows">
    <caption class="unseen">${label}</caption>
    <tbody>
      ${bars.map(
        (bar) => html`<tr key=${bar.name}>
          <th scope="row">${bar.name}</th>
          <td class="drawn" aria-hidden="true">
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false">
              <rect width=${(100 * bar.value) / most} height="10" />
            </svg>
          </td>
          <td class="figure">${bar.shown ?? number(bar.value)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function Ends({ first, last }) {
  return html`<p class="ends" aria-hidden="true"><span>${first}</span><span>${last}</span></p>`;
}

function Table({ rows, label }) {
  return html`<details>
    <summary>${strings.status.figure}</summary>
    <table class="rows">
      <caption class="unseen">${label}</caption>
      <tbody>
        ${rows.map(
          (row) => html`<tr key=${row.name}>
            <th scope="row">${row.name}</th>
            <td class="figure">${number(row.value)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}
