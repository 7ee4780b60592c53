/** The page for mentees: what is asked, what is found, and what is done with it. */

import { html, render, useEffect, useMemo, useRef, useState } from "./library.js";
import { useAddress, useOnline } from "./browsing.js";
import { Comparison } from "./comparing.js";
import { Examples, Filters, GoalBox, Live, Understood, useLive } from "./goals.js";
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
            ? html`<${Saved}
                ids=${saved}
                ...${{ asked, standings, known, marks, answer, acts, compared }}
                onBack=${() => setOnlySaved(false)}
              />`
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
      <button
        type="button"
        class="primary"
        aria-disabled=${chosen.length < 2}
        onClick=${() => chosen.length > 1 && setComparing(true)}
      >
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
