/** What the page asks of the HTTP API, and nothing else does. */

const PATIENCE_MS = 20_000;
const PAGE = 10;

/** Why there is no answer: `kind` is offline, timeout, busy, closed, refused or failed. */
export class NoAnswer extends Error {
  constructor(kind, { detail = "", retryAfter = 0, status = 0 } = {}) {
    super(detail || kind);
    this.kind = kind;
    this.detail = detail;
    this.retryAfter = retryAfter;
    this.status = status;
  }
}

let headers;

/** The key that this server gives to its page; none at a server that is open to this machine. */
async function keyHeaders() {
  if (headers === undefined) {
    const { answer, content } = await fetched("/page/config.json", {});
    if (!answer.ok) throw await refusal(answer);
    headers = content.key ? { Authorization: `Bearer ${content.key}` } : {};
  }
  return headers;
}

async function fetched(path, options) {
  const late = AbortSignal.timeout(PATIENCE_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  try {
    const answer = await fetch(path, { ...options, signal, credentials: "omit" });
    // The body too may break off, or be a page of whatever stands in between.
    return { answer, content: answer.ok ? await answer.json() : null };
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    if (late.aborted) throw new NoAnswer("timeout");
    throw new NoAnswer(navigator.onLine ? "failed" : "offline");
  }
}

async function refusal(answer) {
  let said = {};
  try {
    said = await answer.json();
  } catch {
    // Whatever stands between here and the server has answered in a form of its own.
  }
  const more = {
    detail: said.detail ?? "",
    retryAfter: Number(answer.headers.get("Retry-After")) || 0,
    status: answer.status,
  };
  if (answer.status === 401 || answer.status === 403) return new NoAnswer("closed", more);
  if (answer.status === 422) return new NoAnswer("refused", more);
  if ((answer.status === 429 || answer.status === 503) && more.retryAfter) {
    return new NoAnswer("busy", more);
  }
  return new NoAnswer("failed", more);
}

async function ask(method, path, body, { signal, keepalive, key } = {}) {
  const sent = { ...(key ?? (await keyHeaders())) };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const told = body === undefined ? undefined : JSON.stringify(body);
  const options = { method, headers: sent, body: told, signal, keepalive };
  const { answer, content } = await fetched(path, options);
  if (answer.ok) return content;
  // The key may have been replaced since: the next request asks for it anew.
  if (answer.status === 401 || answer.status === 403) headers = undefined;
  throw await refusal(answer);
}

/** Filters of the page in the API's terms. */
function filtersBody({ country, language, within, anyone }, zone = timeZone()) {
  const body = { available: anyone ? null : true };
  if (country) body.country = country;
  if (language) body.language = language;
  if (within) Object.assign(body, { max_hours_apart: Number(within), timezone: zone });
  return body;
}

/** The visitor's own time zone. */
export function timeZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Mentors for the goals, best first; `cursor` of the answer before leads on. */
export function recommend(goals, filters, { without = [], cursor = null, signal } = {}) {
  const body = { goals, limit: PAGE, filters: filtersBody(filters), map: true };
  if (cursor) body.cursor = cursor;
  if (without.length) body.exclude = { ids: without };
  return ask("POST", "/v1/recommendations", body, { signal });
}

/** Where one mentor stands for the goals. */
export function explain(goals, filters, mentor, { signal } = {}) {
  const body = { goals, mentor, filters: filtersBody(filters) };
  return ask("POST", "/v1/recommendations/explain", body, { signal });
}

/** The goals as they are understood. */
export function understand(goals, { signal } = {}) {
  return ask("POST", "/v1/goals", { goals }, { signal });
}

/** Who resembles a mentor. */
export function similar(mentor, limit = 3) {
  return ask("GET", `/v1/mentors/${encodeURIComponent(mentor)}/similar?limit=${limit}`);
}

/** All mentors as points. */
export function map() {
  return ask("GET", "/v1/map");
}

/** Figures of the server, for whoever has the key. */
export function status(key) {
  return ask("GET", "/v1/status", undefined, {
    key: key ? { Authorization: `Bearer ${key}` } : {},
  });
}

/**
 * Say what came of a recommendation; true when it is noted. Sent once more where it does not get
 * through, and then given up: what a mentee sees never waits for it, but for the word that it is
 * noted.
 */
export async function tell(recommendation, events) {
  const body = { recommendation_id: recommendation, events };
  for (const pause of [0, 3_000]) {
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const { results } = await ask("POST", "/v1/feedback", body, { keepalive: true });
      return results.every((one) => one.result !== "no_mentor");
    } catch (error) {
      if (!["busy", "failed", "offline", "timeout"].includes(error.kind)) return false;
    }
  }
  return false;
}
