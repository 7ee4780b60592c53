/**
 * What outlives a reload. The address has filters and ids of mentors only, so it can be passed on;
 * goals and who was set aside stay in the tab, ids of those saved on the device.
 */

const FILTERS = ["country", "language", "within"];

/** The filters, the mentor shown and those compared, out of an address's query. */
export function fromAddress(search) {
  const query = new URLSearchParams(search);
  const ids = (query.get("compare") ?? "").split(",").map(decoded).filter(Boolean);
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

/** An id as it was before it was put into a list; nothing where somebody has changed the address. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
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

/** A text or a list of ids that was kept; `otherwise`, where there is none or one of another kind. */
export function kept(kind, name, otherwise) {
  try {
    const found = JSON.parse(storage(kind)?.getItem(`mentors.${name}`) ?? "null");
    if (!Array.isArray(otherwise)) return typeof found === "string" ? found : otherwise;
    return Array.isArray(found) ? found.filter((id) => typeof id === "string") : otherwise;
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
