"""The report of benchmarks/speed.py from its figures: a table of what must be, then the rest."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import growth
from contenders import EVERY_CORE, NAMES, OURS, PLAIN, TXTAI
from speed_inside import PLAIN as PLAIN_ENCODER
from speed_inside import REFERENCE

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: by run, of what, and the bar it must reach; `least` where more is better."""

    name: str
    values: Sequence[float]
    bar: float
    unit: str = ""
    least: bool = False

    def __str__(self) -> str:
        value = statistics.median(self.values)
        met = value >= self.bar if self.least else value <= self.bar
        sign = "≥" if self.least else "≤"
        bar = f"{sign} {self.bar:g}{self.unit}"
        return (
            f"| {self.name} | {spread(self.values, self.unit)} | {bar} | {'yes' if met else 'no'} |"
        )


def report(values: Values, command: str, picture: str) -> str:
    """The whole report; what was not measured is left out, or said to be.

    `picture`: the name of the file that `picture` is in.
    """
    steps: Values = values["steps"]
    parts = [_head(values, command), _table(steps, whole=values["about"]["encoded"] >= 10_000)]
    parts += [_growth(steps, picture), *(part(steps) for part in _PARTS)]
    return "\n".join(part for part in parts if part)


def picture(values: Values) -> str:
    """How the cost of a request grows, as SVG; "" where no size was measured."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for step in _requests(values["steps"]):
        for name, runs in step["ms"].items():
            lines.setdefault(name, []).append((step["size"], _median(runs, "p50")))
    if not lines:
        return ""
    title = "One request over HTTP, median, by number of mentors"
    return growth.picture(title, "mentors, about 6 passages each", lines, OURS)


def spread(values: Sequence[float], unit: str = "") -> str:
    """The median, and from where to where."""
    median = figure(statistics.median(values))
    if len(values) == 1:
        return f"{median}{unit}"
    return f"{median}{unit} ({figure(min(values))} to {figure(max(values))})"


def figure(value: float) -> str:
    """Three digits, or all of a large number's."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _head(values: Values, command: str) -> str:
    steps = values["steps"].values()
    versions = ", ".join(f"{name} {version}" for name, version in values["versions"].items())
    hours = sum(step["took_s"] for step in steps) / 3600
    shares = [step["load_cpu_share"] for step in steps if "load_cpu_share" in step]
    core = (
        "has a core of its own" if values["own_core"] else "shares the cores with what it measures"
    )
    used = f" and took at most {max(shares):.0%} of one" if shares else ""
    about = values["about"]
    return (
        f"# Speed\n\nMeasured {_when(values['steps'])}, on {about['here']}. {versions}.\n\n"
        f"Made by `{command}` in {hours:.1f} hours. {_runs(about['runs'])}; "
        f"all contenders are measured in the same run, "
        f"in turn. What sends requests {core}{used}. Every request is another goal, and asks for "
        f"ten mentors. Profiles are made from O*NET task statements (`benchmarks/profiles.py`); up "
        f"to {about['encoded']:,} mentors all is really embedded, above that vectors are drawn "
        f"from real ones with noise, and the index is made of them as always "
        f"(`benchmarks/crowds.py`).\n\n"
        f"*Plain* is what one would write in an afternoon (`benchmarks/peer_plain.py`): the same "
        f"passages embedded by sentence-transformers (torch, float32), in a flat FAISS index, "
        f"grouped to mentors by their best passage, which is quoted, served by FastAPI.\n"
    )


def _when(steps: Values) -> str:
    """On which day and at which commit; of several commits, which steps at which."""
    found: dict[str, list[str]] = {}
    for name, step in steps.items():
        found.setdefault(f"{step['day']} at commit {step['commit']}", []).append(name)
    if len(found) == 1:
        return next(iter(found))
    return " and ".join(f"{when} ({', '.join(names)})" for when, names in found.items())


def _runs(runs: int) -> str:
    if runs == 1:
        return "A short trial: one run, and fewer mentors than the bars are meant for"
    return f"Every figure is the median of {runs} runs, the least and the greatest beside it"


_REQUIRED = {
    "tokens a second ÷ plain sentence-transformers, bf16": "≥ 2.2",
    "tokens a second ÷ plain sentence-transformers, int8": "≥ 3.2",
    "condensed nDCG@10 lost by bf16: Real mentors": "≤ 0.005",
    "top-10 overlap of bf16": "≥ 0.97",
    "one request, 1,000 mentors": "≤ 8 ms",
    "one request, 100,000 mentors": "≤ 15 ms",
    "one request, 1,000,000 mentors": "≤ 30 ms",
    "times faster than plain, 100,000": "≥ 8",
    "requests a second ÷ plain, 32 clients, 100,000": "≥ 6",
    "99th percentile with 8 clients ÷ lone median, 100,000": "≤ 8",
    "99th percentile with 32 clients ÷ (32 ÷ throughput), 100,000": "≤ 2",
    "txtai `explain` for 5": "≥ 100",
    "recall@50 of passages, 100,000": "≥ 0.98",
    "recall@50 of passages, 1,000,000": "≥ 0.98",
    "index 10,000 mentors": "≥ 2",
    "memory of serving 100,000 mentors": "≤ 1.2 GB",
    "`mentors recommend`": "≤ 2 s",
    "`mentors serve` to ready, 100,000": "≤ 5 s",
}
"""What must be measured, by how the row begins; a figure that was left out counts as not met."""


def _table(steps: Values, *, whole: bool) -> str:
    rows = [str(row) for rows in _ROWS if (found := rows(steps)) for row in found]
    if not rows:
        return ""
    if whole:
        rows += [
            f"| {name} | not measured | {bar} | no |"
            for name, bar in _REQUIRED.items()
            if not any(row.startswith(f"| {name}") for row in rows)
        ]
    head = "| figure | measured | must be | met |\n|---|---|---|---|\n"
    return f"## What must be\n\n{head}" + "\n".join(rows) + "\n"


def _ratios(some: Iterable[float], others: Iterable[float]) -> list[float]:
    """Run by run."""
    return [one / other for one, other in zip(some, others, strict=True)]


def _each(runs: Iterable[Values], name: str) -> list[float]:
    return [run[name] for run in runs]


def _median(runs: Iterable[Values], name: str) -> float:
    return statistics.median(_each(runs, name))


def _requests(steps: Values) -> list[Values]:
    found = [step for name, step in steps.items() if name.startswith("requests ")]
    return sorted((step for step in found if step.get("ms")), key=lambda step: step["size"])


def _there(steps: Values, name: str) -> Values | None:
    step = steps.get(name)
    return None if step is None or "left_out" in step else step


def _encoding_rows(steps: Values) -> list[Row]:
    step = _there(steps, "encoding")
    if step is None:
        return []
    bars = {"bf16": 2.2, "int8": 3.2}
    speeds = step["per_second"]
    shown = [name for name in speeds if name in bars] or [step["default"]]
    return [
        Row(
            f"tokens a second ÷ plain sentence-transformers, {name}",
            _ratios(speeds[name], speeds[PLAIN_ENCODER]),
            bars.get(name, 2.2),
            least=True,
        )
        for name in shown
    ]


def _quality_rows(steps: Values) -> list[Row]:
    step = _there(steps, "quality")
    if step is None:
        return []
    name, systems = next(iter(step["sets"].items()))
    shown = [one for one in systems if one != REFERENCE]
    rows = []
    for one in shown:
        lost = systems[REFERENCE]["ndcg"] - systems[one]["ndcg"]
        rows += [
            Row(f"condensed nDCG@10 lost by {one}: {name}", [lost], 0.005),
            Row(
                f"top-10 overlap of {one} with the reference",
                [systems[one]["mentors"]],
                0.97,
                least=True,
            ),
        ]
    return rows


def _request_rows(steps: Values) -> list[Row]:
    bars = {1_000: 8.0, 100_000: 15.0, 1_000_000: 30.0}
    rows = []
    for step in _requests(steps):
        size, runs = step["size"], step["ms"]
        if size in bars and OURS in runs:
            ours = _each(runs[OURS], "p50")
            rows.append(Row(f"one request, {size:,} mentors, median", ours, bars[size], " ms"))
            if size == 100_000 and PLAIN in runs:
                faster = _ratios(_each(runs[PLAIN], "p50"), ours)
                rows.append(Row(f"times faster than plain, {size:,}", faster, 8.0, least=True))
    return rows


def _load_rows(steps: Values) -> list[Row]:
    step = _there(steps, "load")
    if step is None:
        return []
    size, plain = f"{step['size']:,}", step["clients"][PLAIN]
    rows = []
    for name in _ours(step["clients"]):
        ours, how = step["clients"][name], _how(name)
        each = _each(ours["32"], "per_second")
        behind = [32_000 / per_second for per_second in each]  # ms that a fair turn takes
        rows += [
            Row(
                f"requests a second ÷ plain, 32 clients, {size} mentors{how}",
                _ratios(each, _each(plain["32"], "per_second")),
                6.0,
                least=True,
            ),
            Row(
                f"99th percentile with 8 clients ÷ lone median, {size}{how}",
                _ratios(_each(ours["8"], "p99"), _each(ours["1"], "p50")),
                8.0,
            ),
            Row(
                f"99th percentile with 32 clients ÷ (32 ÷ throughput), {size}{how}",
                _ratios(_each(ours["32"], "p99"), behind),
                2.0,
            ),
        ]
    return rows


def _ours(names: Iterable[str]) -> list[str]:
    return [name for name in names if name in (OURS, EVERY_CORE)]


def _how(name: str) -> str:
    """What a row says of how this engine is served, where that is not by one process."""
    return name.removeprefix(OURS)


def _explanation_rows(steps: Values) -> list[Row]:
    step = _there(steps, "explanation")
    if step is None or TXTAI not in step["ms"]:
        return []
    ms = step["ms"]
    return [
        Row(
            "txtai `explain` for 5 ÷ whole request here, reasons for 5 included",
            _ratios(ms[TXTAI], ms["with"]),
            100.0,
            least=True,
        )
    ]


def _recall_rows(steps: Values) -> list[Row]:
    return [
        Row(
            f"recall@50 of passages, {int(name.split()[1]):,} mentors",
            [step["recall"]],
            0.98,
            least=True,
        )
        for name, step in steps.items()
        if name.startswith("recall ") and "left_out" not in step
    ]


def _indexing_rows(steps: Values) -> list[Row]:
    step = _there(steps, "indexing")
    if step is None:
        return []
    faster = _ratios(step["seconds"][PLAIN], step["seconds"][OURS])
    return [
        Row(f"index {step['size']:,} mentors, times faster than plain", faster, 2.0, least=True)
    ]


def _memory_rows(steps: Values) -> list[Row]:
    step = _there(steps, "load")
    if step is None:
        return []
    mib = step["memory_mib"]
    return [
        Row(
            f"memory of serving {step['size']:,} mentors (PSS){_how(name)}",
            [mib[name]["Pss"] * 1024**2 / 1e9],
            1.2,
            " GB",
        )
        for name in _ours(mib)
    ]


def _cold_rows(steps: Values) -> list[Row]:
    step = _there(steps, "cold")
    if step is None:
        return []
    seconds = step["seconds"]
    return [
        Row(f"`mentors recommend`, {step['size']:,}, to the answer", seconds["recommend"], 2, " s"),
        Row(f"`mentors serve` to ready, {step['large']:,}", seconds["serve large"], 5, " s"),
    ]


_ROWS: tuple[Callable[[Values], list[Row]], ...] = (
    _encoding_rows,
    _quality_rows,
    _request_rows,
    _load_rows,
    _explanation_rows,
    _recall_rows,
    _indexing_rows,
    _memory_rows,
    _cold_rows,
)


def _growth(steps: Values, picture: str) -> str:
    found = _requests(steps)
    if not found:
        return ""
    names = list(dict.fromkeys(name for step in found for name in step["ms"]))
    sizes = [f"{step['size']:,}" for step in found]
    lines = [
        "## How the cost of one request grows\n",
        f"![median of one request by number of mentors]({picture})\n",
        "Milliseconds over HTTP, median (least and greatest of the runs); requests come so rarely "
        "that none waits for another, and count from when they were meant to start.\n",
        f"| | {' | '.join(sizes)} |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for name in names:
        cells = [
            spread(_each(step["ms"][name], "p50")) if name in step["ms"] else "" for step in found
        ]
        lines.append(f"| {NAMES[name]} | {' | '.join(cells)} |")
    for step in found:
        lines += [
            f"\nLeft out at {step['size']:,}: {name}, {why}."
            for name, why in step["left_out_some"].items()
        ]
    every = [(name, step) for name, step in steps.items() if "left_out" in step]
    lines += [f"\nLeft out: {name}, {step['left_out']}." for name, step in every]
    return "\n".join(lines) + "\n"


def _load(steps: Values) -> str:
    step = _there(steps, "load")
    if step is None:
        return ""
    lines = [
        f"## Many at once, {step['size']:,} mentors\n",
        "Each client sends its next request when it has its answer. *A process a core* is "
        "`mentors serve --workers N`.\n",
        "| | clients | requests a second | median, ms | 99th percentile, ms |",
        "|---|---|---|---|---|",
    ]
    for name, clients in step["clients"].items():
        for many, runs in clients.items():
            cells = [spread(_each(runs, one)) for one in ("per_second", "p50", "p99")]
            lines.append(f"| {name} | {many} | {' | '.join(cells)} |")
    if told := step.get("autocannon"):
        cells = [figure(told[one]) for one in ("per_second", "p50", "p99")]
        lines.append(f"| {OURS}, sent by autocannon | 32 | {' | '.join(cells)} |")
    busy = step["busy"]
    lines += [
        f"\nWith requests that come by chance (Poisson), {spread(_each(busy, 'rate'))} a second, "
        f"seven tenths of what 32 clients get answered, this engine's median is "
        f"{spread(_each(busy, 'p50'), ' ms')}, its 99th percentile "
        f"{spread(_each(busy, 'p99'), ' ms')}, from when each was meant to start.\n",
        "| memory of a server afterwards, MiB | PSS | RSS | of it anonymous | of it files |",
        "|---|---|---|---|---|",
    ]
    for name, mib in step["memory_mib"].items():
        cells = [f"{mib[kind]:,.0f}" for kind in ("Pss", "Rss", "Anonymous", "File")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append(
        "\nPSS is what counts above: all that is the process's own, files it has mapped and holds "
        "in memory included, and its share of what others have mapped too. Of several processes it "
        "is the sum; RSS counts what they share once for each."
    )
    return "\n".join(lines) + "\n"


def _encoding(steps: Values) -> str:
    step = _there(steps, "encoding")
    if step is None:
        return ""
    speeds = step["per_second"]
    lines = [
        "## Encoding passages\n",
        f"{step['texts']:,} passages, {step['tokens']:,} tokens as the model reads them, padding "
        f"not counted.\n",
        "| | tokens a second | times plain |",
        "|---|---|---|",
    ]
    for name, runs in speeds.items():
        runtime = f" ({step['runtimes'][name]})" if name in step["runtimes"] else ""
        used = ", the default" if name == step["default"] else ""
        times = spread(_ratios(runs, speeds[PLAIN_ENCODER]))
        lines.append(f"| {name}{used}{runtime} | {spread(runs)} | {times} |")
    return "\n".join(lines) + "\n"


def _quality(steps: Values) -> str:
    step = _there(steps, "quality")
    if step is None:
        return ""
    lines = [
        "## What a faster encoder changes\n",
        "Whole engine, judged goals; overlap of the first ten with those of the reference "
        "(sentence-transformers, float32): the mentors recommended, and the passages nearest by "
        "cosine alone.\n",
        "| set | encoder | condensed nDCG@10 | same mentors | same passages |",
        "|---|---|---|---|---|",
    ]
    for name, systems in step["sets"].items():
        for one, found in systems.items():
            cells = [f"{found['ndcg']:.4f}", f"{found['mentors']:.3f}", f"{found['passages']:.3f}"]
            lines.append(f"| {name} | {one} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _explanation(steps: Values) -> str:
    step = _there(steps, "explanation")
    if step is None:
        return ""
    ms = step["ms"]
    more = [a - b for a, b in zip(ms["with"], ms["without"], strict=True)]
    lines = [
        "## Reasons for five mentors\n",
        f"{step['size']:,} mentors, medians of one client, milliseconds.\n",
        "| | ms |",
        "|---|---|",
        f"| whole request, five mentors with reasons | {spread(ms['with'])} |",
        f"| the same without reasons | {spread(ms['without'])} |",
        f"| the difference: what reasons cost | {spread(more)} |",
    ]
    if TXTAI in ms:
        lines.append(
            f"| txtai: `explain` for five whole profiles, search included | {spread(ms[TXTAI])} |"
        )
    return "\n".join(lines) + "\n"


def _recall(steps: Values) -> str:
    found = [
        (name.split()[1], step)
        for name, step in steps.items()
        if name.startswith("recall ") and "left_out" not in step
    ]
    if not found:
        return ""
    lines = [
        "## What the index finds\n",
        "Share of the 50 exactly nearest passages that are among the 50 that the index names. One "
        "search is timed alone, in milliseconds.\n",
        "| mentors | goals | recall@50 | of the worst goal | search, ms |",
        "|---|---|---|---|---|",
    ]
    for size, one in found:
        cells = [f"{one['recall']:.4f}", f"{one['worst']:.2f}", figure(one["nearest_ms"])]
        lines.append(f"| {int(size):,} | {one['goals']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _indexing(steps: Values) -> str:
    step = _there(steps, "indexing")
    if step is None:
        return ""
    lines = [
        f"## Indexing {step['size']:,} mentors\n",
        "Seconds from the start of a process to an index on disk. This engine reads records, cuts "
        "them and keeps them in its store; the others are given passages, txtai whole profiles, "
        "and chromadb the vectors that plain has made.\n",
        "| | seconds |",
        "|---|---|",
    ]
    lines += [f"| {NAMES[name]} | {spread(runs)} |" for name, runs in step["seconds"].items()]
    return "\n".join(lines) + "\n"


def _cold(steps: Values) -> str:
    step = _there(steps, "cold")
    if step is None:
        return ""
    seconds = step["seconds"]
    return (
        "## From nothing to an answer\n\n| | seconds |\n|---|---|\n"
        f"| `mentors recommend`, {step['size']:,} mentors, to its end | "
        f"{spread(seconds['recommend'])} |\n"
        f"| the same, {step['large']:,} mentors | {spread(seconds['recommend large'])} |\n"
        f"| `mentors serve`, {step['large']:,} mentors, to `/health/ready` | "
        f"{spread(seconds['serve large'])} |\n"
    )


_PARTS: tuple[Callable[[Values], str], ...] = (
    _load,
    _encoding,
    _quality,
    _explanation,
    _recall,
    _indexing,
    _cold,
)
