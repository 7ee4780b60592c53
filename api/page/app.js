/** The page for mentees: what is asked, what is found, and what is done with it. */

import { html, render, useEffect, useMemo, useRef, useState } from "./library.js";
import * as asking from "./asking.js";
import { Card, Skeletons } from "./cards.js";
import { Comparison } from "./comparing.js";
import { Examples, Filters, GoalBox, Hints, Live, Understood, useLive } from "./goals.js";
import { Map as SkyMap } from "./map.js";
import { Profile } from "./profile.js";
import { fromAddress, keep, kept, toAddress } from "./remembering.js";
import { marksOf, titleOf } from "./saying.js";
import { direction, language, strings } from "./strings.js";

const SLOW_MS = 2_500; // after which it is said that the server is slow
const MOST_COMPARED = 4;
const MOST_MAPS = 3; // tries to have the map that an answer speaks of
const NOTHING = {
  phase: "empty",
  asked: "",
  answer: null,
  listed: [],
  places: null,
  problem: null,
};

function Page() {
  const first = useMemo(() => fromAddress(location.search), []);
  const [goals, setGoals] = useState(() => kept("sessionStorage", "goals", ""));
  const [filters, setFilters] = useState(first.filters);
  const [opened, setOpened] = useState(first.mentor);
  const [compared, setCompared] = useState(first.compared);
  const [comparing, setComparing] = useState(false);
  const [saved, setSaved] = useState(() => kept("localStorage", "saved", []));
  const [aside, setAside] = useState(() => kept("sessionStorage", "aside", []));
  const [onlySaved, setOnlySaved] = useState(false);
  const [lit, setLit] = useState(null);
  const [said, say] = useState("");
  const online = useOnline();
  const search = useSearch({ filters, aside, say });
  const { phase, asked, answer, listed, places } = search.state;
  const chart = useChart(places, search.state);
  const heading = useRef();

  const marks = useMemo(() => marksOf(answer?.goals ?? []), [answer]);
  const standings = useStandings(asked, filters);
  const live = useLive(goals, goals !== asked);
  // While the answer is awaited, what was understood during writing stands where it will stand.
  const early = live?.text === asked ? live.goals : [];
  const understood = answer
    ? { goals: answer.goals, marks }
    : { goals: early, marks: marksOf(early) };
  const isShown = (one) => !aside.includes(one.mentor.id);
  const shown = useMemo(() => listed.filter(isShown), [listed, aside]);
  const shownPlaces = useMemo(
    () =>
      chart.places && {
        ...chart.places,
        mentors: chart.places.mentors.filter((_, i) => listed[i] && isShown(listed[i])),
      },
    [chart.places, listed, aside],
  );

  useEffect(() => keep("sessionStorage", "goals", goals), [goals]);
  useEffect(() => keep("localStorage", "saved", saved), [saved]);
  useEffect(() => keep("sessionStorage", "aside", aside), [aside]);
  useAddress({ filters, mentor: opened, compared }, (there) => {
    setFilters(there.filters);
    setOpened(there.mentor);
    setCompared(there.compared);
  });

  // What was asked in this tab is asked again when it is loaded again, and when a filter changes.
  const filtered = JSON.stringify(filters);
  useEffect(() => {
    const text = asked || kept("sessionStorage", "asked", "");
    if (text.trim()) search.ask(text);
  }, [filtered]);
  useEffect(() => {
    if (online && search.state.problem?.kind === "offline") search.ask(asked);
  }, [online]);

  const ask = async (text = goals) => {
    setOnlySaved(false);
    if (await search.ask(text)) heading.current?.focus();
  };

  const acts = {
    address: (id) => toAddress({ filters, mentor: id, compared }),
    // A link that opens here, and in another tab where that is wanted.
    follow: (work) => (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      work();
    },
    light: setLit,
    standing: standings.of,
    open: (id) => {
      if (!asked) {
        document.getElementById("goals").focus();
        say(strings.needGoals);
        return;
      }
      setOpened(id);
      search.tell(id, { event: "opened" });
    },
    close: () => {
      setOpened(null);
      setComparing(false);
    },
    save: ({ mentor }) => {
      const had = saved.includes(mentor.id);
      setSaved(had ? saved.filter((id) => id !== mentor.id) : [...saved, mentor.id]);
      say((had ? strings.unsavedOne : strings.savedOne)(titleOf(mentor)));
    },
    compare: (id) => {
      const fewer = compared.filter((one) => one !== id);
      const more = compared.includes(id) ? fewer : [...compared, id].slice(-MOST_COMPARED);
      setCompared(more);
      if (more.length < 2) setComparing(false);
    },
    dismiss: ({ mentor }) => {
      const place = shown.findIndex((one) => one.mentor.id === mentor.id);
      setAside([...aside, mentor.id]);
      search.tell(mentor.id, { event: "declined" });
      say(strings.dismissedOne(titleOf(mentor)));
      const after = shown[place + 1] ?? shown[place - 1];
      const to = after ? document.getElementById(`mentor-${after.mentor.id}`) : heading.current;
      to?.focus();
    },
    add: (words) => {
      const longer = `${asked.trimEnd()}\n${words}`;
      setGoals(longer);
      setOpened(null);
      ask(longer);
    },
  };

  const known = (id) =>
    listed.find((one) => one.mentor.id === id) ?? standings.known(id)?.recommendation;
  const chosen = compared.map(known).filter(Boolean);
  useEffect(() => {
    if (!asked || phase !== "done") return;
    for (const id of compared) if (!known(id)) standings.of(id).catch(() => {});
  }, [phase, compared]);

  const openedOne = listed.find((one) => one.mentor.id === opened);
  return html`
    <a class="skip" href="#goals">${strings.skip}</a>
    <header class="top">
      <a class="brand" href=${location.pathname} onClick=${acts.follow(() => setOnlySaved(false))}>
        <${Brand} />${strings.name}
      </a>
      <nav aria-label=${strings.savedTitle}>
        <button type="button" class="text" aria-pressed=${onlySaved} onClick=${() => setOnlySaved(!onlySaved)}>
          ${strings.savedCount(saved.length)}
        </button>
      </nav>
    </header>
    ${!online && html`<p class="banner" role="status">${strings.offlineBanner}</p>`}
    <main class=${phase === "empty" && !onlySaved ? "fresh" : "found"}>
      <div class="column">
        <section class="hero">
          <h1>${strings.question}</h1>
          <p class="lead">${strings.invitation}</p>
          ${opened && !asked && html`<p class="notice">${strings.needGoals}</p>`}
          <${GoalBox}
            goals=${goals}
            setGoals=${setGoals}
            onAsk=${() => ask()}
            busy=${phase === "loading"}
          />
          <${Filters} filters=${filters} setFilters=${setFilters} />
          <div class="slot">
            ${
              live && goals !== asked
                ? html`<${Live} live=${live} />`
                : asked && phase !== "failed"
                  ? html`<${Understood} asked=${asked} ...${understood} />`
                  : !goals.trim() &&
                    html`<${Examples}
                    onChoose=${(text) => {
                      setGoals(text);
                      document.getElementById("goals").focus();
                    }}
                  />`
            }
          </div>
        </section>
        ${
          onlySaved
            ? html`<${Saved} ids=${saved} asked=${asked} ...${{ standings, known, marks, answer, acts, compared }} onBack=${() => setOnlySaved(false)} />`
            : html`<${Results}
              state=${search.state}
              slow=${search.slow}
              heading=${heading}
              ...${{ shown, marks, acts, saved, compared, aside, filters, setFilters }}
              onAgain=${() => search.ask(asked)}
              onMore=${search.more}
              onBringBack=${() => {
                setAside([]);
                say(strings.broughtBack);
                heading.current?.focus();
              }}
            />`
        }
      </div>
      <aside class="beside">
        <${SkyMap}
          chart=${chart.chart}
          failed=${chart.failed}
          places=${shownPlaces}
          listed=${shown}
          lit=${shown.some((one) => one.mentor.id === lit) ? lit : null}
          onOpen=${acts.open}
          titleOf=${titleOf}
        />
      </aside>
    </main>
    ${
      compared.length > 0 &&
      phase !== "empty" &&
      !comparing &&
      html`<div class="tray" role="region" aria-label=${strings.compareTitle}>
      <button type="button" class="primary" aria-disabled=${chosen.length < 2} onClick=${() => chosen.length > 1 && setComparing(true)}>
        ${chosen.length > 1 ? strings.compareNow(chosen.length) : strings.compareMore}
      </button>
      <button type="button" class="text" onClick=${() => setCompared([])}>${strings.compareClear}</button>
    </div>`
    }
    <footer class="foot">
      <p>${strings.footer} <a href="/docs">${strings.footerApi}</a></p>
    </footer>
    ${
      opened &&
      asked &&
      phase === "done" &&
      html`<${Profile}
      key=${opened}
      id=${opened}
      one=${openedOne}
      goals=${answer.goals}
      marksOf=${marksOf}
      acts=${{ ...acts, tell: openedOne && ((event) => search.tell(opened, event)) }}
    />`
    }
    ${comparing && html`<${Comparison} ...${{ chosen, marks, acts }} goals=${answer.goals} />`}
    <p class="unseen" role="status" aria-live="polite" id="said">${said}</p>
  `;
}

function Results({
  state,
  slow,
  heading,
  shown,
  marks,
  acts,
  saved,
  compared,
  aside,
  filters,
  setFilters,
  onAgain,
  onMore,
  onBringBack,
}) {
  const { phase, answer, problem } = state;
  if (phase === "empty") return null;
  const title = html`<h2 class="results-title" ref=${heading} tabindex="-1">
    ${
      phase === "done" && !shown.length
        ? strings.noneTitle
        : phase === "done" && answer.abstained
          ? strings.nobodyTitle
          : strings.results
    }
  </h2>`;
  if (phase === "failed")
    return html`<section key="failed" class="results">${title}<${Problem} problem=${problem} onAgain=${onAgain} /></section>`;
  if (phase === "loading" && !shown.length) {
    return html`<section key="begun" class="results" aria-busy="true">
      ${title}
      <p class="searching" role="status">${slow ? strings.stillSearching : strings.searching}</p>
      <${Skeletons} />
    </section>`;
  }
  return html`<section key="found" class="results ${phase === "loading" ? "old" : ""}" aria-busy=${phase === "loading"}>
    ${title}
    ${
      answer.abstained &&
      shown.length > 0 &&
      html`<div class="nobody"><p>${strings.nobodyText}</p><p>${strings.nobodyTry}</p></div>`
    }
    <${Hints} hints=${answer.hints.filter((hint) => !["nobody_fits", "few_left"].includes(hint.code))} />
    ${!shown.length && html`<${NobodyLeft} hints=${answer.hints} filters=${filters} setFilters=${setFilters} />`}
    <p class="slow" role="status">${phase === "loading" && slow ? strings.stillSearching : ""}</p>
    <ol class="cards">
      ${shown.map(
        (one) => html`<li key=${one.mentor.id}>
          <${Card}
            one=${one}
            goals=${answer.goals}
            marks=${marks}
            acts=${acts}
            saved=${saved.includes(one.mentor.id)}
            compared=${compared.includes(one.mentor.id)}
          />
        </li>`,
      )}
    </ol>
    <div class="after">
      ${state.moreFailed && html`<p class="warning" role="alert">${strings.failedTitle}</p>`}
      ${state.next && html`<button type="button" class="secondary" onClick=${onMore}>${strings.more}</button>`}
      ${
        aside.length > 0 &&
        html`<p class="fine">
        ${strings.dismissed(aside.length)}${" "}
        <button type="button" class="text" onClick=${onBringBack}>${strings.bringBack}</button>
      </p>`
      }
    </div>
  </section>`;
}

/** Why there is no answer, and what can be done. */
function Problem({ problem, onAgain }) {
  const { kind, detail, retryAfter } = problem;
  const titles = { offline: strings.offlineTitle, closed: strings.closedTitle };
  const texts = {
    offline: strings.offlineText,
    timeout: strings.timeoutText,
    busy: strings.busyText(retryAfter),
    closed: strings.closedText,
    refused: detail,
  };
  return html`<div class="problem" role="alert">
    <h3>${titles[kind] ?? strings.failedTitle}</h3>
    <p>${texts[kind] ?? strings.failedText}</p>
    ${kind !== "refused" && html`<button type="button" class="secondary" onClick=${onAgain}>${strings.again}</button>`}
  </div>`;
}

function NobodyLeft({ hints, filters, setFilters }) {
  const left = hints.find((hint) => hint.code === "few_left");
  const counted = Object.entries(left?.params ?? {}).filter(([name]) => name !== "left");
  return html`<div class="nobody">
    <p>${strings.noneText}</p>
    ${
      counted.length > 0 &&
      html`<ul class="plain">
      ${counted.map(
        ([name, count]) =>
          html`<li key=${name}>${strings.noneLeft(strings.filterNames[name] ?? name, count)}</li>`,
      )}
    </ul>`
    }
    <button
      type="button"
      class="secondary"
      onClick=${() => setFilters({ ...filters, country: "", language: "", within: "" })}
    >
      ${strings.clearFilters}
    </button>
  </div>`;
}

/** Those saved on this device; why they fit is asked for the goals of this tab. */
function Saved({ ids, asked, standings, known, marks, answer, acts, compared, onBack }) {
  const heading = useRef();
  useEffect(() => heading.current.focus(), []);
  useEffect(() => {
    if (asked) for (const id of ids) if (!known(id)) standings.of(id).catch(() => {});
  }, [ids, asked]);
  const there = ids.map(known).filter(Boolean);
  return html`<section class="results">
    <h2 class="results-title" ref=${heading} tabindex="-1">${strings.savedTitle}</h2>
    ${!ids.length && html`<p>${strings.savedNone}</p>`}
    ${ids.length > 0 && !asked && html`<p>${strings.savedNeedGoals(ids.length)}</p>`}
    <ol class="cards">
      ${there.map(
        (one) => html`<li key=${one.mentor.id}>
          <${Card}
            one=${one}
            goals=${answer?.goals ?? []}
            marks=${marks}
            acts=${{ ...acts, dismiss: null }}
            saved
            compared=${compared.includes(one.mentor.id)}
          />
        </li>`,
      )}
    </ol>
    <button type="button" class="secondary" onClick=${onBack}>${strings.backToResults}</button>
  </section>`;
}

/** Asking, and all that becomes of it. Only the newest question counts. */
function useSearch({ filters, aside, say }) {
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
function useChart(places) {
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
function useStandings(asked, filters) {
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

/** Keep the address in step; going back closes what was opened. */
function useAddress(here, onGone) {
  const address = toAddress(here);
  const before = useRef(here.mentor);
  useEffect(() => {
    if (location.search !== address && !(address === location.pathname && !location.search)) {
      const deeper = here.mentor && here.mentor !== before.current;
      history[deeper ? "pushState" : "replaceState"](null, "", address);
    }
    before.current = here.mentor;
  }, [address]);
  useEffect(() => {
    const gone = () => {
      const there = fromAddress(location.search);
      before.current = there.mentor;
      onGone(there);
    };
    addEventListener("popstate", gone);
    return () => removeEventListener("popstate", gone);
  }, []);
}

function useOnline() {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online;
}

const Brand = () =>
  html`<svg viewBox="0 0 28 28" aria-hidden="true" focusable="false">
    <path class="path" d="M4 22 12.500 11 24 17" />
    <circle cx="4" cy="22" r="2" /><circle cx="24" cy="17" r="2" />
    <path class="goal" d="m12.500 3 1.900 6.100L20.500 11l-6.100 1.900L12.500 19l-1.900-6.100L4.500 11l6.100-1.900z" />
  </svg>`;

document.documentElement.lang = language;
document.documentElement.dir = direction;
document.title = strings.title;
render(html`<${Page} />`, document.getElementById("app"));
