/** The map: every mentor a star, the goals among them, those recommended marked and joined. */

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./library.js";
import { glow, nearerThan, nearest, next, scaled, SIZE, viewed } from "./sky.js";
import { Chosen, fourPoints, Label, Quiet, Threads } from "./stars.js";
import { strings } from "./strings.js";

const WHOLE = { zoom: 1, x: SIZE / 2, y: SIZE / 2 };
const REACH = 22; // pixels of the screen within which a pointer finds a star
const STEP = 1.6;
const MOST_ZOOM = 12;
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * `chart`: the answer of `/v1/map`; `places`: that of a recommendation, on the same map, or null;
 * `listed`: those recommended, or merely the nearest; `lit`: the id of a mentor to point out; `whole`:
 * the answer they are of: all of the map is seen again when there is another.
 */
export function Map({ chart, failed, places, listed, whole, lit, onOpen, titleOf }) {
  const stars = useMemo(() => starsOf(chart, places, listed, titleOf), [chart, places, listed]);
  return html`<section class="map" aria-labelledby="map-title">
    <div class="map-head">
      <h2 id="map-title">${strings.mapTitle}</h2>
      <p>${strings.mapIntro}</p>
    </div>
    ${
      stars.all.length
        ? html`<${Sky} stars=${stars} whole=${whole} lit=${lit} onOpen=${onOpen} />`
        : html`<div class="sky empty"><p>${failed ? strings.mapFailed : chart ? strings.mapNone : ""}</p></div>`
    }
    <${Legend} goal=${stars.goal} merely=${whole?.abstained} />
    <div class="map-notes">
      <p id="map-help" class="fine map-help">${strings.mapHelp}</p>
      <p class="fine honest">
        ${strings.mapHonest}
        ${
          chart && chart.total > chart.points.length
            ? ` ${strings.mapSampled(chart.points.length, chart.total)}`
            : ""
        }
      </p>
    </div>
    <${InWords} chart=${chart} places=${places} listed=${listed} titleOf=${titleOf} />
  </section>`;
}

/** Everybody as a star with a place in the square; those recommended have a rank. */
function starsOf(chart, places, listed, titleOf) {
  if (!chart?.points.length) return { all: [], goal: null, ranked: [] };
  const ranks = new globalThis.Map();
  const points = [...chart.points];
  const known = new Set(points.map((point) => point.mentor));
  listed.forEach((one, i) => {
    ranks.set(one.mentor.id, i + 1);
    const place = places?.mentors[i];
    if (place && !known.has(one.mentor.id)) {
      points.push({
        mentor: one.mentor.id,
        headline: titleOf(one.mentor),
        x: place[0],
        y: place[1],
      });
    }
  });
  const to = scaled(points, places?.goal);
  const all = points.map((point) => ({
    id: point.mentor,
    title: point.headline || point.mentor,
    at: to([point.x, point.y]),
    rank: places ? (ranks.get(point.mentor) ?? 0) : 0,
    glow: glow(point.mentor),
  }));
  const ranked = all.filter((star) => star.rank).sort((a, b) => a.rank - b.rank);
  const goal = places && places.goal ? within(to(places.goal)) : null;
  return { all, goal, ranked };
}

/** Within the square, however far out the goals lie. */
function within([x, y]) {
  const clamp = (value) => Math.min(Math.max(value, 26), SIZE - 26);
  return [clamp(x), clamp(y)];
}

function Sky({ stars, whole, lit, onOpen }) {
  const [view, setView] = useState(WHOLE);
  const [at, setAt] = useState(null); // the id that the keyboard stands on
  const [held, setHeld] = useState(false); // whether the keyboard is here
  const [over, setOver] = useState(null); // the id that the pointer stands on
  const square = useRef();
  const drag = useRef(null);
  const [wide, setWide] = useState(SIZE); // pixels of the screen
  const seen = viewed(view);
  const scale = (view.zoom * wide) / SIZE;
  const stood = held ? at : null;
  const here = stars.all.find((star) => star.id === (over ?? stood ?? lit));

  const told = stood && stars.all.find((star) => star.id === stood);
  const pointAt = whole?.abstained ? strings.mapNearestAt : strings.mapPointAt;

  // Another answer is another picture; who is set aside or comes with the next page is not.
  useEffect(() => setView(WHOLE), [whole]);
  useLayoutEffect(() => {
    const measure = () => setWide(square.current?.clientWidth || SIZE);
    measure();
    const watched = new ResizeObserver(measure);
    watched.observe(square.current);
    return () => watched.disconnect();
  }, []);
  useEffect(() => {
    const node = square.current;
    const wheel = (event) => {
      if (!event.ctrlKey) return; // the page scrolls; a pinch on a touchpad comes with it
      event.preventDefault();
      zoomTo(event.deltaY < 0 ? STEP : 1 / STEP, placeOf(event));
    };
    node.addEventListener("wheel", wheel, { passive: false });
    return () => node.removeEventListener("wheel", wheel);
  });

  /** Where a pointer is, as a place in the square. */
  function placeOf(event) {
    const box = square.current.getBoundingClientRect();
    const share = seen.side / box.width;
    return [
      seen.left + (event.clientX - box.left) * share,
      seen.top + (event.clientY - box.top) * share,
    ];
  }

  function zoomTo(by, [x, y] = here?.at ?? stars.goal ?? [view.x, view.y]) {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * by));
    const towards = zoom > view.zoom ? 0.75 : 0;
    setView(
      zoom === 1
        ? WHOLE
        : { zoom, x: view.x + (x - view.x) * towards, y: view.y + (y - view.y) * towards },
    );
  }

  function goTo(star) {
    setAt(star.id);
    const [x, y] = star.at;
    const inside =
      x > seen.left && x < seen.left + seen.side && y > seen.top && y < seen.top + seen.side;
    if (!inside) setView({ ...view, x, y });
  }

  function onKeyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const from = stars.all.find((star) => star.id === at);
    if (event.key in DIRECTIONS) {
      const to = from
        ? next(stars.all, from.at, DIRECTIONS[event.key])
        : (stars.ranked[0] ?? nearest(stars.all, [view.x, view.y], SIZE));
      if (to) goTo(to);
    } else if (event.key === "Enter" || event.key === " ") {
      if (!from) return;
      onOpen(from.id);
    } else if (event.key === "+" || event.key === "=") zoomTo(STEP, from?.at);
    else if (event.key === "-") zoomTo(1 / STEP, from?.at);
    else if (event.key === "0") setView(WHOLE);
    else if (event.key === "Escape" && at) setAt(null);
    else return;
    event.preventDefault();
  }

  const pointer = {
    onPointerDown: (event) => {
      drag.current = { x: event.clientX, y: event.clientY, view, moved: false };
    },
    onPointerMove: (event) => {
      const begun = drag.current;
      if (begun && event.buttons && view.zoom > 1) {
        const share = seen.side / square.current.getBoundingClientRect().width;
        const [dx, dy] = [(event.clientX - begun.x) * share, (event.clientY - begun.y) * share];
        if (Math.hypot(event.clientX - begun.x, event.clientY - begun.y) > 4) begun.moved = true;
        if (begun.moved) setView({ ...view, x: begun.view.x - dx, y: begun.view.y - dy });
        return;
      }
      const [x, y] = placeOf(event);
      setOver(nearest(stars.all, [x, y], REACH / scale)?.id ?? null);
    },
    onPointerLeave: () => {
      setOver(null);
      drag.current = null;
    },
    onPointerUp: (event) => {
      const begun = drag.current;
      drag.current = null;
      if (!begun || begun.moved) return;
      const [x, y] = placeOf(event);
      const star = nearest(stars.all, [x, y], REACH / scale);
      if (star) onOpen(star.id);
      // The other way to look elsewhere, for whoever cannot drag.
      else if (view.zoom > 1) setView({ ...view, x, y });
    },
  };

  return html`<div class="sky-frame">
    <div
      class="sky ${view.zoom > 1 ? "zoomed" : ""}"
      ref=${square}
      tabindex="0"
      role="application"
      aria-label=${strings.mapLabel(stars.all.length)}
      aria-describedby="map-help"
      onKeyDown=${onKeyDown}
      onFocus=${() => setHeld(true)}
      onBlur=${() => setHeld(false)}
      ...${pointer}
    >
      <svg viewBox="${seen.left} ${seen.top} ${seen.side} ${seen.side}" aria-hidden="true" focusable="false">
        <${Threads} stars=${stars.all} scale=${scale} />
        <${Quiet} stars=${stars.all} scale=${scale} />
        <${Chosen} stars=${stars} scale=${scale} />
        ${
          here &&
          html`<circle
          class="here"
          cx=${here.at[0]}
          cy=${here.at[1]}
          r=${11 / scale}
          stroke-width=${1.5 / scale}
        />`
        }
      </svg>
      ${here && html`<${Label} star=${here} seen=${seen} />`}
    </div>
    <div class="zoom" role="group" aria-label=${strings.mapTitle}>
      <${Zoom} does=${() => zoomTo(STEP)} not=${view.zoom >= MOST_ZOOM} name=${strings.mapZoomIn}>+<//>
      <${Zoom} does=${() => zoomTo(1 / STEP)} not=${view.zoom === 1} name=${strings.mapZoomOut}>−<//>
      <${Zoom} does=${() => setView(WHOLE)} not=${view.zoom === 1} name=${strings.mapReset}>○<//>
    </div>
    <p class="unseen" role="status">${told ? pointAt(told.title, told.rank) : ""}</p>
  </div>`;
}

function Zoom({ does, not, name, children }) {
  return html`<button type="button" onClick=${does} aria-disabled=${not} aria-label=${name}>
    ${children}
  </button>`;
}

/** `merely`: those marked are the nearest, but nobody is recommended. */
function Legend({ goal, merely }) {
  // By name, so that one that is another now is new, and does not jump to its place.
  const key = (shape, name) =>
    html`<li key=${name}><svg viewBox="0 0 16 16">${shape}</svg>${name}</li>`;
  return html`<ul class="legend" aria-hidden="true">
    ${goal && key(html`<path class="goal" d=${fourPoints([8, 8], 8)} />`, strings.legendGoal)}
    ${
      goal &&
      key(
        html`<circle class="star" cx="8" cy="8" r="4" />`,
        merely ? strings.legendNearest : strings.legendRecommended,
      )
    }
    ${key(
      html`<circle class="other" cx="8" cy="8" r="2.4" />`,
      goal ? strings.legendOther : strings.legendAll,
    )}
  </ul>`;
}

/** The same for whoever does not see the picture. */
function InWords({ chart, places, listed, titleOf }) {
  return html`<details class="in-words">
    <summary>${strings.mapWords}</summary>
    ${
      chart && places && listed.length
        ? html`<ol>
          ${listed.map(
            (one, i) => html`<li key=${one.mentor.id}>
              <span dir="auto">${titleOf(one.mentor)}</span>${
                places.mentors[i] &&
                `: ${strings.mapNearer(nearerThan(chart.points, places.goal, places.mentors[i]))}`
              }
            </li>`,
          )}
        </ol>`
        : html`<p class="fine">${strings.mapWordsEmpty}</p>`
    }
  </details>`;
}
