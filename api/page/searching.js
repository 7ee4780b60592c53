/** Asking for mentors, for the map, and for where single mentors stand. */

import { useEffect, useRef, useState } from "./library.js";
import * as asking from "./asking.js";
import { keep } from "./remembering.js";
import { titleOf } from "./saying.js";
import { strings } from "./strings.js";

const SLOW_MS = 2_500; // after which it is said that the server is slow
const MOST_MAPS = 3; // tries to have the map that an answer speaks of
const NOTHING = {
  phase: "empty",
  asked: "",
  answer: null,
  listed: [],
  places: null,
  problem: null,
};

/** Asking, and all that becomes of it. Only the newest question counts. */
export function useSearch({ filters, aside, say }) {
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
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    try {
      return await work(own.signal);
    } catch (error) {
      if (!own.signal.aborted) {
        if (!(error instanceof asking.NoAnswer)) throw error;
        failing(error);
      }
      return false;
    } finally {
      clearTimeout(timer);
    }
  };

  const shownOf = (answer) => {
    const events = answer.recommendations.map((one) => ({ mentor: one.mentor.id, event: "shown" }));
    if (events.length) asking.tell(answer.recommendation_id, events);
  };

  return {
    state,
    slow,
    ask: (text) => {
      keep("sessionStorage", "asked", text);
      setState((before) => ({
        ...before,
        phase: "loading",
        problem: null,
        // Another filter keeps the list in place until there is a new one; other goals do not.
        ...(before.asked === text ? {} : { ...NOTHING, phase: "loading", asked: text }),
      }));
      return run(async (signal) => {
        const answer = await asking.recommend(text, filters, { without: aside, signal });
        const listed = answer.recommendations;
        setState({
          phase: "done",
          asked: text,
          answer,
          listed,
          ids: listed.map(() => answer.recommendation_id),
          places: answer.map,
          next: answer.next,
          without: aside,
          problem: null,
        });
        say(
          answer.abstained && listed.length
            ? strings.nobodyTitle
            : strings.found(listed.length, listed[0] ? titleOf(listed[0].mentor) : ""),
        );
        shownOf(answer);
        return true;
      });
    },
    more: () =>
      run(
        async (signal) => {
          const page = await asking.recommend(state.asked, filters, {
            without: state.without,
            cursor: state.next,
            signal,
          });
          setState((before) => ({
            ...before,
            listed: [...before.listed, ...page.recommendations],
            ids: [...before.ids, ...page.recommendations.map(() => page.recommendation_id)],
            places: joined(before.places, page.map),
            next: page.next,
          }));
          say(strings.moreShown(page.recommendations.length));
          shownOf(page);
          return true;
          // What is there stays; a cursor that has expired means that the list is to be begun anew.
        },
        () => {
          say(strings.failedText);
          setState((before) => ({ ...before, moreFailed: true }));
        },
      ),
    tell: (mentor, event) => {
      const place = state.listed.findIndex((one) => one.mentor.id === mentor);
      if (place >= 0) asking.tell(state.ids[place], [{ mentor, ...event }]);
    },
  };
}

/** The places of two pages, where both speak of the same map. */
function joined(before, after) {
  if (!before || before.map !== after.map) return after && { ...after, mentors: [] };
  return { ...before, mentors: [...before.mentors, ...after.mentors] };
}

/** The map, asked for again where an answer speaks of a newer one. */
export function useChart(places) {
  const [chart, setChart] = useState(null);
  const [failed, setFailed] = useState(false);
  const tries = useRef(0);
  const fits = chart && (!places || places.map === chart.map);
  useEffect(() => {
    if (fits || tries.current >= MOST_MAPS) return;
    tries.current += 1;
    asking.map().then(setChart, () => setFailed(true));
  }, [places?.map, chart?.map]);
  return { chart, failed, places: fits ? places : null };
}

/** Where mentors stand who are not in the list, each asked for once. */
export function useStandings(asked, filters) {
  const [, redraw] = useState(0);
  const found = useRef(new Map());
  const key = JSON.stringify([asked, filters]);
  const at = (id) => `${key}\n${id}`;
  return {
    known: (id) => found.current.get(at(id))?.value,
    of: (id) => {
      const there = found.current.get(at(id));
      if (there) return there.promise;
      const entry = { promise: asking.explain(asked, filters, id), value: null };
      found.current.set(at(id), entry);
      entry.promise.then(
        (value) => {
          entry.value = value;
          redraw((count) => count + 1);
        },
        () => found.current.delete(at(id)),
      );
      return entry.promise;
    },
  };
}
