/**
 * What stands in the sky of the map, drawn. `scale` is how many pixels of the screen one of the square
 * is: sizes stay the same on every screen and at every scale.
 */

import { html, useMemo } from "./library.js";
import { besides, threads } from "./sky.js";
import { number, strings } from "./strings.js";

const MOST_THREADS = 600; // mentors

/** Those who are not recommended; drawn again only when they or the scale change. */
export function Quiet({ stars, scale }) {
  return useMemo(
    () =>
      html`<g class="quiet">
        ${stars
          .filter((star) => !star.rank)
          .map(
            (star) => html`<circle
              key=${star.id}
              cx=${round(star.at[0])}
              cy=${round(star.at[1])}
              r=${round((1.1 + 1.2 * star.glow) / Math.sqrt(scale))}
              opacity=${round(0.35 + 0.5 * star.glow)}
            />`,
          )}
      </g>`,
    [stars, scale],
  );
}

/** Each mentor joined to the most alike, so that the eye finds groups; not where it were a web. */
export function Threads({ stars, scale }) {
  const found = useMemo(() => (stars.length <= MOST_THREADS ? threads(stars) : []), [stars]);
  return useMemo(
    () =>
      html`<g class="threads" stroke-width=${0.8 / scale}>
        ${found.map(
          ([from, to]) =>
            html`<line
              key=${`${from.id} ${to.id}`}
              x1=${round(from.at[0])}
              y1=${round(from.at[1])}
              x2=${round(to.at[0])}
              y2=${round(to.at[1])}
            />`,
        )}
      </g>`,
    [found, scale],
  );
}

/** The goals, those recommended, and the lines between them. */
export function Chosen({ stars: { ranked, goal }, scale }) {
  const line = 1 / scale;
  const written = useMemo(() => besides({ ranked, goal }, scale), [ranked, goal, scale]);
  return html`<g class="chosen">
    ${
      goal &&
      ranked.map(
        (star) => html`<line
        key=${star.id}
        x1=${goal[0]}
        y1=${goal[1]}
        x2=${star.at[0]}
        y2=${star.at[1]}
        stroke-width=${line}
        stroke-dasharray=${star.rank > 3 ? `${2 * line} ${4 * line}` : "none"}
      />`,
      )
    }
    ${ranked.map(
      (star) => html`<g key=${star.id}>
        <circle class="halo" cx=${star.at[0]} cy=${star.at[1]} r=${7.5 / scale} />
        <circle class="star" cx=${star.at[0]} cy=${star.at[1]} r=${3.5 / scale} />
      </g>`,
    )}
    ${
      goal &&
      html`<g class="goal">
      <circle class="halo" cx=${goal[0]} cy=${goal[1]} r=${15 / scale} />
      <path d=${fourPoints(goal, 10 / scale)} />
      <text x=${goal[0]} y=${goal[1] + 25 / scale} font-size=${12.5 / scale} text-anchor="middle">
        ${strings.mapYou}
      </text>
    </g>`
    }
    ${ranked.map(({ id, rank }) => {
      const [x, y] = written.get(id);
      return html`<text key=${id} class="rank" x=${x} y=${y} font-size=${12 / scale}>${number(rank)}</text>`;
    })}
  </g>`;
}

export function fourPoints([x, y], far) {
  const near = far * 0.26;
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => {
    const [r, angle] = [i % 2 ? near : far, (i * Math.PI) / 4 - Math.PI / 2];
    return `${round(x + r * Math.cos(angle))} ${round(y + r * Math.sin(angle))}`;
  });
  return `M${corners.join("L")}Z`;
}

const round = (value) => Math.round(value * 100) / 100;

export function Label({ star, seen }) {
  const [x, y] = [(star.at[0] - seen.left) / seen.side, (star.at[1] - seen.top) / seen.side];
  if (x < 0 || x > 1 || y < 0 || y > 1) return null;
  const style = { left: `${100 * x}%`, top: `${100 * y}%` };
  const side = `${x > 0.5 ? "to-left" : "to-right"} ${y > 0.5 ? "above" : "below"}`;
  return html`<p class="star-label ${side}" style=${style} aria-hidden="true">
    ${star.rank > 0 && html`<b>${number(star.rank)}</b>`} <span dir="auto">${star.title}</span>
  </p>`;
}
