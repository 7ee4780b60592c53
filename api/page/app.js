/** The page for mentees: what is asked, what is found, and what is done with it. */

import { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./library.js";
import { useAddress, useLanding, useOnline, useSaying } from "./browsing.js";
import { headingOf } from "./cards.js";
import { Comparison } from "./comparing.js";
import { Examples, Filters, GoalBox, heardOf, Live, Understood, useLive } from "./goals.js";
import { Map as SkyMap } from "./map.js";
import { Profile } from "./profile.js";
import { fromAddress, keep, kept, toAddress } from "./remembering.js";
import { Results, Saved } from "./results.js";
import { marksOf, titleOf } from "./saying.js";
import { useChart, useSearch, useStandings } from "./searching.js";
import { direction, language, strings } from "./strings.js";

const MOST_COMPARED = 4;

function Page() {
  const first = useMemo(() => fromAddress(location.search), []);
  const [goals, setGoals] = useState(() => kept("sessionStorage", "goals", ""));
  const [filters, setFilters] = useState(first.filters);
  const [opened, setOpened] = useState(first.mentor);
  const [chosenStar, setChosenStar] = useState(null);
  const [compared, setCompared] = useState(first.compared);
  const [comparing, setComparing] = useState(false);
  const [saved, setSaved] = useState(() => kept("localStorage", "saved", []));
  const [aside, setAside] = useState(() => kept("sessionStorage", "aside", []));
  const [onlySaved, setOnlySaved] = useState(false);
  const [noted, setNoted] = useState({}); // what mentees think, by what was asked and mentor
  const [lit, setLit] = useState(null);
  const [told, say] = useSaying();
  const [heard, hear] = useSaying();
  const online = useOnline();
  const landing = useLanding();
  const search = useSearch({ filters, say });
  const { phase, asked, answer, listed, places } = search.state;
  const chart = useChart(places, online);
  const heading = useRef();

  const marks = useMemo(() => marksOf(answer?.goals ?? []), [answer]);
  const standings = useStandings(asked, filters);
  const busy = phase === "loading";
  const live = useLive(goals, goals !== asked || busy, busy && goals === asked);
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

  // Before it is painted: whoever closes or reloads the tab at once finds it kept.
  useLayoutEffect(() => keep("sessionStorage", "goals", goals), [goals]);
  useLayoutEffect(() => keep("localStorage", "saved", saved), [saved]);
  useLayoutEffect(() => keep("sessionStorage", "aside", aside), [aside]);
  useEffect(() => {
    if (live && goals !== asked) hear(heardOf(live));
  }, [live]);
  useAddress({ filters, mentor: opened, compared }, (there) => {
    setFilters(there.filters);
    setOpened(there.mentor);
    setCompared(there.compared);
    setComparing(false);
  });

  // What was asked in this tab is asked again when it is loaded again, and when a filter changes.
  const filtered = JSON.stringify(filters);
  useEffect(() => {
    const text = asked || kept("sessionStorage", "asked", "");
    if (text.trim()) search.ask(text, aside);
  }, [filtered]);
  const wasOnline = useRef(online);
  useEffect(() => {
    if (online && !wasOnline.current) say(strings.onlineAgain);
    wasOnline.current = online;
    if (online && search.state.problem?.kind === "offline") search.ask(asked, aside);
  }, [online]);

  /** What the map calls a mentor, also before anything is asked. */
  const headlineOf = (id) =>
    chart.chart?.points.find((point) => point.mentor === id)?.headline || id;
  const results = () => document.getElementById("results");
  const headed = (id) => document.getElementById(headingOf(id));

  /** Ask what stands in the box; the focus follows unless it has gone elsewhere meanwhile. */
  const ask = async () => {
    const stood = document.activeElement;
    const text = goals;
    setOnlySaved(false);
    if (!(await search.ask(text, aside))) return;
    const written = document.getElementById("goals").value;
    const now = document.activeElement;
    if (written === text && (now === stood || now === document.body)) heading.current?.focus();
  };

  /** Ask from where the button that did it will be gone. */
  const askFromHeading = (text, without = aside) => {
    setOnlySaved(false);
    landing.to(results);
    return search.ask(text, without);
  };

  const acts = {
    say,
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
        const title = headlineOf(id);
        setChosenStar(title);
        document.getElementById("goals").focus();
        say(strings.openedFirst(title));
      } else search.tell(id, { event: "opened" });
      setOpened(id);
    },
    close: () => {
      setOpened(null);
      setComparing(false);
      // The window gives the focus back; where it was opened by an address, nothing had it.
      landing.unlessKept(() => headed(opened) ?? results() ?? document.getElementById("goals"));
    },
    save: ({ mentor }) => {
      const had = saved.includes(mentor.id);
      const after = saved[saved.indexOf(mentor.id) + 1] ?? saved.at(-2);
      setSaved(had ? saved.filter((id) => id !== mentor.id) : [...saved, mentor.id]);
      say((had ? strings.unsavedOne : strings.savedOne)(titleOf(mentor)));
      if (onlySaved) landing.to(() => headed(after) ?? document.getElementById("saved"));
    },
    forget: (gone) => {
      setSaved(saved.filter((id) => !gone.includes(id)));
      landing.to(() => document.getElementById("saved"));
    },
    askSaved: (ids) => {
      document.getElementById("saved").focus();
      for (const id of ids) standings.of(id).catch(() => {});
    },
    compare: (id) => {
      const fewer = compared.filter((one) => one !== id);
      const more = compared.includes(id) ? fewer : [...compared, id].slice(-MOST_COMPARED);
      if (more.length === compared.length) {
        const lost = known(compared[0]);
        say(strings.compareMost(lost ? titleOf(lost.mentor) : compared[0], MOST_COMPARED));
      }
      setCompared(more);
    },
    uncompare: (id) => {
      const fewer = compared.filter((one) => one !== id);
      setCompared(fewer);
      if (fewer.length < 2) setComparing(false);
      landing.unlessKept(() => document.getElementById("dialog-title"));
    },
    clearCompared: () => {
      const last = compared.at(-1);
      setCompared([]);
      landing.to(() => headed(last) ?? results() ?? document.getElementById("saved"));
    },
    dismiss: ({ mentor }) => {
      const place = shown.findIndex((one) => one.mentor.id === mentor.id);
      setAside([...aside, mentor.id]);
      search.tell(mentor.id, { event: "declined" });
      say(strings.dismissedOne(titleOf(mentor)));
      const after = shown[place + 1] ?? shown[place - 1];
      landing.to(() => (after && headed(after.mentor.id)) ?? results());
    },
    bringBack: () => {
      setAside([]);
      landing.to(results);
      // Those set aside before the search are not among what it found.
      if (search.state.without.length) search.ask(asked, []);
      else say(strings.broughtBack);
    },
    add: (words) => {
      const longer = `${asked.trimEnd()}\n${words}`;
      setGoals(longer);
      setOpened(null);
      askFromHeading(longer);
    },
    again: () => askFromHeading(asked),
    widen: (change) => {
      landing.to(results);
      setFilters({ ...filters, ...change });
    },
    more: async () => {
      const before = listed.length;
      const stood = document.activeElement;
      const there = await search.more();
      const came = there && document.querySelectorAll(".results .card-title")[shown.length];
      const moved = document.activeElement !== stood && document.activeElement !== document.body;
      if (came && !moved && before) came.focus();
    },
    leaveSaved: () => {
      setOnlySaved(false);
      landing.to(() => results() ?? document.querySelector(".top nav button"));
    },
    home: () => {
      setOnlySaved(false);
      scrollTo(0, 0);
      document.getElementById("goals").focus();
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
  const openedFor = `${asked}\n${opened}`;
  /** Tell what is thought of the mentor shown; what got through is still known when opened again. */
  const opine = async (event) => {
    const there = await search.tell(opened, event);
    if (!there) say(strings.notNoted);
    else {
      setNoted((before) => {
        const had = before[openedFor];
        return { ...before, [openedFor]: { ...had, [event.event]: event.rating ?? true } };
      });
    }
    return there;
  };
  const notice = opened && !asked && (chosenStar ? strings.openedFirst(chosenStar) : strings.needGoals);
  return html`
    <a
      class="skip"
      href="#goals"
      onClick=${acts.follow(() => document.getElementById("goals").focus())}
    >
      ${strings.skip}
    </a>
    <header class="top">
      <a class="brand" href=${location.pathname} onClick=${acts.follow(acts.home)}>
        <${Brand} />${strings.name}
      </a>
      <nav aria-label=${strings.savedTitle}>
        <button
          type="button"
          class="text"
          aria-pressed=${onlySaved}
          onClick=${() => {
            setOnlySaved(!onlySaved);
            if (!onlySaved) landing.to(() => document.getElementById("saved"));
          }}
        >
          ${strings.savedCount(saved.length)}
        </button>
      </nav>
    </header>
    <div class="connection" role="status">
      ${!online && html`<p class="banner">${strings.offlineBanner}</p>`}
    </div>
    <main class=${phase === "empty" && !onlySaved ? "fresh" : "found"}>
      <div class="column">
        <section class="hero">
          <h1>${strings.question}</h1>
          <p class="lead">${strings.invitation}</p>
          ${notice && html`<p class="notice">${notice}</p>`}
          <${GoalBox}
            goals=${goals}
            setGoals=${setGoals}
            onAsk=${ask}
            busy=${busy && goals === asked}
            say=${say}
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
            ? html`<${Saved}
                ids=${saved}
                headlineOf=${headlineOf}
                ...${{ asked, standings, known, marks, answer, acts, compared }}
              />`
            : html`<${Results}
              state=${search.state}
              slow=${search.slow}
              heading=${heading}
              kept=${`${asked}\n${filtered}`}
              ...${{ shown, marks, acts, saved, compared, aside, filters }}
            />`
        }
      </div>
      <aside class="beside">
        <${SkyMap}
          chart=${chart.chart}
          failed=${chart.failed}
          places=${shownPlaces}
          listed=${shown}
          whole=${answer}
          lit=${shown.some((one) => one.mentor.id === lit) ? lit : null}
          onOpen=${acts.open}
          titleOf=${titleOf}
        />
      </aside>
    </main>
    ${
      compared.length > 0 &&
      phase !== "empty" &&
      html`<div class="tray" role="region" aria-label=${strings.compareTray}>
      <button
        type="button"
        class="primary"
        aria-disabled=${chosen.length < 2}
        onClick=${() => chosen.length > 1 && setComparing(true)}
      >
        ${chosen.length > 1 ? strings.compareNow(chosen.length) : strings.compareMore}
      </button>
      <button type="button" class="text" onClick=${acts.clearCompared}>${strings.compareClear}</button>
    </div>`
    }
    <footer class="foot">
      <p>${strings.footer} <a href="/docs">${strings.footerApi}</a></p>
    </footer>
    ${
      opened &&
      asked &&
      (!busy || listed.length > 0) &&
      html`<${Profile}
      key=${opened}
      id=${opened}
      one=${openedOne}
      goals=${answer?.goals}
      marksOf=${marksOf}
      noted=${noted[openedFor] ?? {}}
      acts=${{ ...acts, opine: openedOne && opine }}
    />`
    }
    ${
      comparing &&
      chosen.length > 1 &&
      html`<${Comparison} ...${{ chosen, marks, acts }} goals=${answer?.goals ?? []} />`
    }
    <p class="unseen" role="status" id="said">${told}</p>
    <p class="unseen" role="status" id="heard">${heard}</p>
  `;
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
