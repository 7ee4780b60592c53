/** Asking for mentors, for the map, and for where single mentors stand. */

import { useEffect, useRef, useState } from "./library.js";
import * as asking from "./asking.js";
import { keep } from "./remembering.js";
import { titleOf } from "./saying.js";
import { strings } from "./strings.js";

const SOON_MS = 700; // within which an answer needs no word of being looked for
const SLOW_MS = 2_500; // after which it is said that the server is slow
const MOST_MAPS = 3; // tries to have the map that an answer speaks of
const NOTHING = {
  phase: "empty",
  asked: "",
  answer: null,
  listed: [],
  places: null,
  next: null,
  without: [],
  problem: null,
  moreFailed: false,
  reading: false, // more of them are being asked for
};
const EXPIRED = 410; // of a cursor: the list is to be begun anew

/** Asking, and all that becomes of it. Only the newest question counts. */
export function useSearch({ filters, say }) {
  const [state, setState] = useState(NOTHING);
  const [slow, setSlow] = useState(false);
  const current = useRef(null);

  const run = async (
    work,
    failing = (problem) => setState((before) => ({ ...before, phase: "failed", problem })),
  ) => {
    current.current?.abort(new Error("another was asked"));
    const own = new AbortController();
    current.current = own;
    setSlow(false);
    const timers = [
      setTimeout(() => say(strings.searching), SOON_MS),
      setTimeout(() => {
        setSlow(true);
        say(strings.stillSearching);
      }, SLOW_MS),
    ];
    own.signal.addEventListener("abort", () => timers.forEach(clearTimeout));
    try {
      return await work(own.signal);
    } catch (error) {
      if (!own.signal.aborted) {
        if (!(error instanceof asking.NoAnswer)) throw error;
        failing(error);
      }
      return false;
    } finally {
      timers.forEach(clearTimeout);
    }
  };

  const shownOf = (answer) => {
    const events = answer.recommendations.map((one) => ({ mentor: one.mentor.id, event: "shown" }));
    if (events.length) asking.tell(answer.recommendation_id, events);
  };

  /** `without`: the ids of those set aside, who are not asked for again. */
  const ask = (text, without) => {
    keep("sessionStorage", "asked", text);
    setState((before) => ({
      // Another filter keeps the list in place until there is a new one; other goals do not.
      ...(before.asked === text ? before : { ...NOTHING, asked: text }),
      phase: "loading",
      problem: null,
      moreFailed: false,
      reading: false,
    }));
    return run(async (signal) => {
      const answer = await asking.recommend(text, filters, { without, signal });
      signal.throwIfAborted();
      const listed = answer.recommendations;
      setState({
        ...NOTHING,
        phase: "done",
        asked: text,
        answer,
        listed,
        ids: listed.map(() => answer.recommendation_id),
        places: answer.map,
        next: answer.next,
        without,
      });
      say(
        answer.abstained && listed.length
          ? strings.nobodyTitle
          : strings.found(listed.length, listed[0] ? titleOf(listed[0].mentor) : ""),
      );
      shownOf(answer);
      return true;
    });
  };

  /** The next page; true when it is there. A list that has become too old is begun anew. */
  const more = async () => {
    if (state.phase !== "done" || state.reading || !state.next) return false;
    setState((before) => ({ ...before, reading: true, moreFailed: false }));
    let expired = false;
    const there = await run(
      async (signal) => {
        const { asked, without, next: cursor } = state;
        const page = await asking.recommend(asked, filters, { without, cursor, signal });
        signal.throwIfAborted();
        setState((before) => ({
          ...before,
          listed: [...before.listed, ...page.recommendations],
          ids: [...before.ids, ...page.recommendations.map(() => page.recommendation_id)],
          places: joined(before.places, page.map),
          next: page.next,
          reading: false,
        }));
        say(strings.moreShown(page.recommendations.length));
        shownOf(page);
        return true;
      },
      (problem) => {
        expired = problem.status === EXPIRED;
        if (!expired) say(strings.failedText);
        setState((before) => ({ ...before, reading: false, moreFailed: !expired }));
      },
    );
    if (expired) await ask(state.asked, state.without);
    return there;
  };

  return {
    state,
    slow,
    ask,
    more,
    /** True when it is noted. */
    tell: async (mentor, event) => {
      const place = state.listed.findIndex((one) => one.mentor.id === mentor);
      return place >= 0 && asking.tell(state.ids[place], [{ mentor, ...event }]);
    },
  };
}

/** The places of two pages, where both speak of the same map. */
function joined(before, after) {
  if (!before || before.map !== after.map) return after && { ...after, mentors: [] };
  return { ...before, mentors: [...before.mentors, ...after.mentors] };
}

/** The map, asked for again where an answer speaks of a newer one, or where it did not come. */
export function useChart(places, online) {
  const [chart, setChart] = useState(null);
  const [failed, setFailed] = useState(false);
  const tries = useRef(0);
  const fits = chart && (!places || places.map === chart.map);
  useEffect(() => {
    tries.current = 0;
  }, [places, online]);
  useEffect(() => {
    if (fits || tries.current >= MOST_MAPS) return;
    tries.current += 1;
    asking.map().then(
      (found) => {
        setFailed(false);
        setChart(found);
      },
      () => setFailed(true),
    );
  }, [places, online, chart]);
  return { chart, failed, places: fits ? places : null };
}

/** Where mentors stand who are not in the list, each asked for once. */
export function useStandings(asked, filters) {
  const [, redraw] = useState(0);
  const found = useRef(new Map());
  const failed = useRef(new Map());
  const key = JSON.stringify([asked, filters]);
  const at = (id) => `${key}\n${id}`;
  return {
    known: (id) => found.current.get(at(id))?.value,
    failed: (id) => failed.current.get(at(id)),
    of: (id) => {
      const there = found.current.get(at(id));
      if (there) return there.promise;
      const entry = { promise: asking.explain(asked, filters, id), value: null };
      found.current.set(at(id), entry);
      failed.current.delete(at(id));
      entry.promise.then(
        (value) => {
          entry.value = value;
          redraw((count) => count + 1);
        },
        (problem) => {
          found.current.delete(at(id));
          failed.current.set(at(id), problem);
          redraw((count) => count + 1);
        },
      );
      return entry.promise;
    },
  };
}
