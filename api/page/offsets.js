/**
 * Offsets of the API count code points; a string of the browser counts UTF-16 units, and an emoji
 * has two. This is the one place where the former become the latter.
 */

/** Where each of `offsets`, in code points, stands in `text`, in UTF-16 units. */
export function inUnits(text, offsets) {
  const wanted = [...offsets].sort((a, b) => a - b);
  const found = new Map();
  let points = 0;
  let units = 0;
  for (const offset of wanted) {
    while (points < offset && units < text.length) {
      units += text.codePointAt(units) > 0xffff ? 2 : 1;
      points += 1;
    }
    found.set(offset, units);
  }
  return offsets.map((offset) => found.get(offset));
}

/** The stretch of `text` between two offsets in code points, the end exclusive. */
export function stretch(text, start, end) {
  const [from, to] = inUnits(text, [start, end]);
  return text.slice(from, to);
}

const LETTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The border of a letter at or before a place, or with `end` at or after it, in UTF-16 units. */
function border(letters, place, end) {
  const letter = letters.containing(place);
  if (!letter || letter.index === place) return place;
  return end ? letter.index + letter.segment.length : letter.index;
}

/**
 * `text` in pieces, each with the spans that cover it, in the order in which they were given.
 *
 * `spans`: objects with `start` and `end` in code points; they may overlap, and those that reach
 * beyond the text are cut. A span that ends within what is read as one letter, such as before a
 * combining accent, has the whole of it.
 */
export function pieces(text, spans) {
  const letters = LETTERS.segment(text);
  const ends = inUnits(
    text,
    spans.flatMap((span) => [span.start, span.end]),
  ).map((place, i) => border(letters, place, i % 2 === 1));
  const placed = spans.map((span, i) => ({ span, from: ends[2 * i], to: ends[2 * i + 1] }));
  const cuts = [...new Set([0, ...ends, text.length])].sort((a, b) => a - b);
  const found = [];
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const [from, to] = [cuts[i], cuts[i + 1]];
    const over = placed.filter((one) => one.from <= from && to <= one.to);
    found.push({ text: text.slice(from, to), spans: over.map((one) => one.span) });
  }
  return found;
}

/** The string of `record` that a JSON Pointer (RFC 6901) names, or undefined. */
export function stringAt(record, pointer) {
  let node = record;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (node === null || typeof node !== "object" || !Object.hasOwn(node, key)) return undefined;
    node = node[key];
  }
  return typeof node === "string" ? node : undefined;
}
