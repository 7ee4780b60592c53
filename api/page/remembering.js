/**
 * What outlives a reload. The address has filters and ids of mentors only, so it can be passed on;
 * goals and who was set aside stay in the tab, ids of those saved on the device.
 */

const FILTERS = ["country", "language", "within"];

/** The filters, the mentor shown and those compared, out of an address's query. */
export function fromAddress(search) {
  const query = new URLSearchParams(search);
  const ids = (query.get("compare") ?? "").split(",").filter(Boolean).map(decodeURIComponent);
  return {
    filters: {
      country: /^[A-Z]{2}$/.test(query.get("country") ?? "") ? query.get("country") : "",
      language: /^[A-Za-z-]{2,12}$/.test(query.get("language") ?? "") ? query.get("language") : "",
      within: /^([1-9]|1[0-2])$/.test(query.get("within") ?? "") ? query.get("within") : "",
      anyone: query.get("anyone") === "1",
    },
    mentor: query.get("mentor"),
    compared: ids.slice(0, 4),
  };
}

/** The query of an address that leads back here. */
export function toAddress({ filters, mentor, compared }) {
  const query = new URLSearchParams();
  for (const name of FILTERS) if (filters[name]) query.set(name, filters[name]);
  if (filters.anyone) query.set("anyone", "1");
  if (compared.length) query.set("compare", compared.map(encodeURIComponent).join(","));
  if (mentor) query.set("mentor", mentor);
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

function storage(kind) {
  try {
    return window[kind];
  } catch {
    return null; // a browser that keeps nothing for pages
  }
}

/** A value that was kept, or `otherwise`. */
export function kept(kind, name, otherwise) {
  try {
    const text = storage(kind)?.getItem(`mentors.${name}`);
    return text ? JSON.parse(text) : otherwise;
  } catch {
    return otherwise;
  }
}

/** Keep a value; where that is not possible the page works without. */
export function keep(kind, name, value) {
  try {
    storage(kind)?.setItem(`mentors.${name}`, JSON.stringify(value));
  } catch {
    // full, or not allowed
  }
}

/** Forget a value. */
export function forget(kind, name) {
  try {
    storage(kind)?.removeItem(`mentors.${name}`);
  } catch {
    // there is nothing to forget
  }
}
