/** Where stars stand: arithmetic of the map, without any drawing. */

export const SIZE = 640;
const FILLED = 0.43; // of the size, from the middle to the farthest mentor
const CLOSEST = 24; // pixels within which a pointer finds a star
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

/** The star nearest to a place, or null where none is near. */
export function nearest(stars, x, y, most = CLOSEST) {
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
