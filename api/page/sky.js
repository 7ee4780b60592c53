/** Where stars stand: arithmetic of the map, without any drawing. */

export const SIZE = 640;
const FILLED = 0.43; // of the size, from the middle to the farthest mentor
const FARTHEST = 1.6; // as far out as the goals are drawn, in radii of the mentors' circle

/** Places on the map as places in a square of `SIZE`, y downwards. */
export function scaled(points, goal) {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const middle = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const from = ([x, y]) => Math.max(Math.abs(x - middle[0]), Math.abs(y - middle[1]));
  const reach = Math.max(1e-6, ...points.map((point) => from([point.x, point.y])));
  const far = goal ? from(within(goal, middle, reach * FARTHEST)) : 0;
  const unit = (SIZE * FILLED) / Math.max(reach, far);
  return ([x, y]) => [SIZE / 2 + (x - middle[0]) * unit, SIZE / 2 - (y - middle[1]) * unit];
}

/** Goals are told from mentors by more than two directions can show, so they may lie far out. */
export function within([x, y], [mx, my], most) {
  const far = Math.hypot(x - mx, y - my);
  if (far <= most) return [x, y];
  return [mx + ((x - mx) * most) / far, my + ((y - my) * most) / far];
}

/** A view zoomed by `zoom` around a place, which stays within the square. */
export function viewed({ zoom, x, y }) {
  const side = SIZE / zoom;
  const clamp = (value) => Math.min(Math.max(value, side / 2), SIZE - side / 2);
  const [left, top] = [clamp(x) - side / 2, clamp(y) - side / 2];
  return { zoom, left, top, side };
}

/** The star nearest to a place, or null where none is nearer than `most`. */
export function nearest(stars, [x, y], most) {
  let found = null;
  let least = most;
  for (const star of stars) {
    const far = Math.hypot(star.at[0] - x, star.at[1] - y);
    if (far < least) [found, least] = [star, far];
  }
  return found;
}

/** The star next in a direction from one, or null at the edge. */
export function next(stars, from, [dx, dy]) {
  let found = null;
  let least = Infinity;
  for (const star of stars) {
    const [x, y] = [star.at[0] - from[0], star.at[1] - from[1]];
    const along = x * dx + y * dy;
    const aside = Math.abs(x * dy - y * dx);
    if (along <= 0.01 || aside > 1.8 * along) continue;
    const cost = along + 2 * aside;
    if (cost < least) [found, least] = [star, cost];
  }
  return found;
}

/** Each star with the one nearest to it, every pair once. */
export function threads(stars) {
  const found = new Map();
  for (const [i, star] of stars.entries()) {
    let [closest, least] = [-1, Infinity];
    for (const [j, other] of stars.entries()) {
      const far = Math.hypot(other.at[0] - star.at[0], other.at[1] - star.at[1]);
      if (i !== j && far < least) [closest, least] = [j, far];
    }
    if (closest >= 0)
      found.set([Math.min(i, closest), Math.max(i, closest)].join(), [star, stars[closest]]);
  }
  return [...found.values()];
}

/** Which share of all mentors lies farther from the goal than this one. */
export function nearerThan(points, goal, place) {
  const far = ([x, y]) => Math.hypot(x - goal[0], y - goal[1]);
  const own = far(place);
  const farther = points.filter((point) => far([point.x, point.y]) > own).length;
  return points.length ? farther / points.length : 0;
}

/** A number from 0 to 1 that an id always has: how brightly a star shines. */
export function glow(id) {
  let hash = 2166136261;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 16777619);
  return ((hash >>> 8) % 1000) / 1000;
}

const FIGURE = 7; // the width of a figure of a rank, and
const LINE = 11; // the height, both on the screen
// Where a rank may stand beside its star, the best first: right or left of it or in its middle, and
// how far below it its foot is.
const BESIDE = [
  [1, -4],
  [1, 13],
  [-1, -4],
  [-1, 13],
  [0, -9],
  [0, 19],
  [1, 4],
  [-1, 4],
];
const ASIDE = 6; // from the middle of a star

/**
 * Where the ranks are written so that they cover neither each other, nor stars, nor the goals.
 *
 * `scale`: how many pixels of the screen one of the square is.
 */
export function besides({ ranked, goal }, scale) {
  const around = ([x, y], far) => [x - far, y - far, x + far, y + far];
  const taken = ranked.map((star) => around(star.at, 4 / scale));
  if (goal) {
    const [x, y] = goal;
    taken.push(around(goal, 9 / scale));
    taken.push([x - 13 / scale, y + 14 / scale, x + 13 / scale, y + 28 / scale]);
  }
  const crosses = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
  const found = new Map();
  const ranks = [];
  for (const { id, rank, at } of ranked) {
    const width = FIGURE * String(rank).length;
    const places = BESIDE.map(([side, below]) => {
      const left = side > 0 ? ASIDE : side < 0 ? -ASIDE - width : -width / 2;
      const [x, y] = [at[0] + left / scale, at[1] + below / scale];
      return [x, y - LINE / scale, x + width / scale, y];
    });
    const freeOf = (others) => places.find((box) => !others.some((other) => crosses(box, other)));
    // In a crowd a star may be covered, another rank not.
    const box = freeOf([...taken, ...ranks]) ?? freeOf(ranks) ?? places[0];
    ranks.push(box);
    found.set(id, [box[0], box[3]]);
  }
  return found;
}
