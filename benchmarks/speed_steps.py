"""The steps of benchmarks/speed.py; each gives its figures as JSON values, lists by run."""

import contextlib
import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import contenders
from contenders import EVERY_CORE, OURS, PLAIN, TXTAI, Contender
from crowds import Crowd, Goals, exported, index, made
from load import Asked, Timed, by_autocannon, load
from machine import ROOT
from servers import Server, environment, free_gib, memory_mib, mentors, serving, timed

CLIENTS = (1, 8, 32)
WARM = 10  # requests before anything is timed
SHARE = 0.25  # of what one client gets answered: how often "one request" comes
BUSY = 0.7  # of the throughput: how often requests come to a server that is well used
GIB_A_MENTOR = 6 * 384 * 4 * 1.4 / 1024**3  # of a flat index and texts beside it, in a peer


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: crowds from small to large, the first of them really embedded."""

    crowds: Sequence[Crowd]
    encoded: int
    runs: int
    judged: Path
    others: int
    """The largest crowd that others are asked to take in."""
    quick: bool = False

    @property
    def real(self) -> Crowd:
        """The largest that is really embedded."""
        return max((c for c in self.crowds if c.size <= self.encoded), key=lambda c: c.size)

    @property
    def drawn(self) -> list[Crowd]:
        return [c for c in self.crowds if c.size > self.encoded]

    @property
    def large(self) -> Crowd:
        """The one for load, memory and starts: 100,000, or the largest below."""
        return max((c for c in self.crowds if c.size <= 100_000), key=lambda c: c.size)

    @property
    def seconds(self) -> float:
        """How long one measurement of one contender goes on, about."""
        return 2.0 if self.quick else 12.0

    @property
    def fewest(self) -> int:
        return 5 if self.quick else 30


@dataclass(slots=True)
class Client:
    """Asks one contender's server; each goal is asked once."""

    one: Contender
    server: Server
    goals: Goals
    plan: Plan

    def lone(self) -> float:
        """Milliseconds that one client waits, about, once warm."""
        self.ask(WARM)
        return statistics.median(self.ask(WARM).latencies_ms)

    def ask(
        self,
        count: int,
        *,
        clients: int = 1,
        rate: float | None = None,
        arrivals: str = "uniform",
        seed: int = 1,
    ) -> Timed:
        bodies = [self.one.body(goal) for goal in self.goals.take(count)]
        return load(Asked(self.server.port, self.one.path, bodies, clients, rate, arrivals, seed))

    def enough(self, per_second: float, least: int = 0) -> int:
        """How many requests last long enough to be timed."""
        return max(self.plan.fewest, least, int(self.plan.seconds * per_second))


def indexing(plan: Plan) -> dict[str, Any]:
    """From records, or passages that are cut already, to an index on disk, processes and all."""
    crowd = plan.real
    exported(crowd, crowd)
    found: dict[str, list[float]] = {OURS: []}
    others = {
        name: one
        for name, one in contenders.others().items()
        if name == PLAIN or crowd.size <= min(one.most, plan.others)
    }
    for run in range(plan.runs):
        found[OURS].append(index(crowd, crowd.here / "again"))
        for name, one in others.items():
            if run == 0 or name == PLAIN:
                found.setdefault(name, []).append(_indexed(one, crowd))
    shutil.rmtree(crowd.here / "again")
    return {"size": crowd.size, "seconds": found}


def _indexed(one: Contender, crowd: Crowd) -> float:
    made_path = one.made(crowd)
    shutil.rmtree(made_path) if made_path.is_dir() else made_path.unlink(missing_ok=True)
    return timed(one.index(crowd), one.env)[0]


def _present(one: Contender, plan: Plan, crowd: Crowd) -> None:
    """Make what it serves, where that is missing."""
    if one.name in (OURS, EVERY_CORE):
        made(crowd, plan.real)
        return
    exported(crowd, plan.real)
    if not one.made(crowd).exists():
        # chromadb takes the vectors of `plain` where they are there.
        _indexed(one, crowd)


def encoding(plan: Plan) -> dict[str, Any]:
    exported(plan.real, plan.real)
    path, texts = plan.real.passages / "passages.jsonl", 200 if plan.quick else 3_000
    return dict(_inside("encoding", path, texts, plan.runs))


def quality(plan: Plan) -> dict[str, Any]:
    judged = None if plan.quick else plan.judged
    return {"sets": _inside("quality", judged or "-")}


def recall(plan: Plan, crowd: Crowd) -> dict[str, Any]:
    made(crowd, plan.real)
    goals = 20 if plan.quick else 200
    return dict(_inside("recall", crowd.data, plan.real.occupations, goals))


def _inside(*arguments: object) -> Any:
    script = str(ROOT / "benchmarks" / "speed_inside.py")
    printed = timed([sys.executable, script, *map(str, arguments)], environment())[1]
    return json.loads(printed.strip().splitlines()[-1])


def requests(plan: Plan, crowd: Crowd) -> dict[str, Any]:
    """Milliseconds of one request that comes when nothing else does, by contender."""
    most = [(one, min(one.most, plan.others)) for one in contenders.others().values()]
    taking = [contenders.ours(), *(one for one, n in most if crowd.size <= n)]
    small = crowd.size * GIB_A_MENTOR * len(taking) < free_gib()
    # Side by side where memory allows, so that all meet the same moments of the machine.
    groups = [taking] if small else [[one] for one in taking]
    found: dict[str, list[dict[str, float]]] = {}
    left_out = {o.name: f"asked up to {n:,}" for o, n in most if crowd.size > n}
    share = []
    for group in groups:
        try:
            for one in group:
                _present(one, plan, crowd)
        except MemoryError as error:
            left_out[group[0].name] = str(error)
            continue
        if group[0].name != OURS and crowd.size * GIB_A_MENTOR > free_gib():
            left_out[group[0].name] = f"it needs {crowd.size * GIB_A_MENTOR:.0f} GiB of memory"
            continue
        with _clients(group, plan, crowd) as clients:
            lone = {name: client.lone() for name, client in clients.items()}
            for _ in range(plan.runs):
                for name, client in clients.items():
                    rate = SHARE * 1000 / lone[name]
                    told = client.ask(client.enough(rate), rate=rate)
                    share.append(told.cpu_share)
                    found.setdefault(name, []).append(_quantiles(told))
    return {
        "size": crowd.size,
        "ms": found,
        "left_out_some": left_out,
        "load_cpu_share": max(share),
    }


def load_of_many(plan: Plan) -> dict[str, Any]:
    """What several clients at once get, who each wait for their answer; and memory meanwhile."""
    crowd = plan.large
    workers = os.cpu_count() or 1
    several = [contenders.ours(workers=workers)] if workers > 1 else []
    taking = [contenders.ours(), *several, contenders.others()[PLAIN]]
    for one in taking:
        _present(one, plan, crowd)
    found: dict[str, dict[str, list[dict[str, float]]]] = {one.name: {} for one in taking}
    busy: list[dict[str, float]] = []
    share = []
    with _clients(taking, plan, crowd) as clients:
        lone = {name: client.lone() for name, client in clients.items()}
        for run in range(plan.runs):
            for name, client in clients.items():
                for many in CLIENTS:
                    count = client.enough(min(many, 2) * 1000 / lone[name], 4 * many)
                    told = client.ask(count, clients=many)
                    values = _quantiles(told) | {"per_second": told.per_second}
                    found[name].setdefault(str(many), []).append(values)
                    share.append(told.cpu_share)
            rate = BUSY * found[OURS][str(CLIENTS[-1])][-1]["per_second"]
            engine = clients[OURS]
            told = engine.ask(engine.enough(rate), rate=rate, arrivals="poisson", seed=run)
            busy.append(_quantiles(told) | {"rate": rate})
        checked = _by_another(clients[OURS], found[OURS][str(CLIENTS[-1])][-1]["per_second"])
    return {
        "size": crowd.size,
        "clients": found,
        "busy": busy,
        "autocannon": checked,
        "memory_mib": {one.name: _memory(one, plan, crowd) for one in taking},
        "load_cpu_share": max(share),
    }


def _memory(one: Contender, plan: Plan, crowd: Crowd) -> dict[str, float]:
    """Of a server that has answered many at once, with no other that could share its pages."""
    with _clients([one], plan, crowd) as clients:
        client = clients[one.name]
        client.ask(8 * CLIENTS[-1], clients=CLIENTS[-1])
        return memory_mib(client.server.pid)


def _by_another(client: Client, per_second: float) -> dict[str, float] | None:
    """What autocannon says of the last of those measurements."""
    count = client.enough(per_second, 4 * CLIENTS[-1])
    bodies = [client.one.body(goal) for goal in client.goals.take(count)]
    told = by_autocannon(Asked(client.server.port, client.one.path, bodies, CLIENTS[-1]))
    return told and _quantiles(told) | {"per_second": told.per_second}


def explanation(plan: Plan) -> dict[str, Any]:
    """Five mentors with and without reasons here, and txtai's `explain` for five."""
    crowd, limit = plan.crowds[0], 5
    ways = {
        "with": contenders.ours(limit=limit),
        "without": contenders.ours(limit=limit, explain=False),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    txtai = contenders.others().get(TXTAI)
    taking = [ways["with"], *([txtai] if txtai else [])]
    for one in taking:
        _present(one, plan, crowd)
    with _clients(taking, plan, crowd) as clients:
        engine = clients[OURS]
        engine.lone()
        for _ in range(plan.runs):
            for name, one in ways.items():
                client = Client(one, engine.server, engine.goals, plan)
                found[name].append(_quantiles(client.ask(client.enough(10)))["p50"])
            if txtai:
                server, (goal,) = clients[TXTAI].server, clients[TXTAI].goals.take(1)
                body = json.dumps({"query": goal, "limit": limit})
                told = load(Asked(server.port, "/explain", [body]))
                found.setdefault(TXTAI, []).append(told.latencies_ms[0])
    return {"size": crowd.size, "ms": found}


def cold(plan: Plan) -> dict[str, Any]:
    """Seconds from the start of a process to its first answer, or to ready."""
    found: dict[str, list[float]] = {"recommend": [], "recommend large": [], "serve large": []}
    made(plan.large, plan.real)
    goals = Goals(plan.real.occupations).take(2 * plan.runs)
    engine = contenders.ours()
    for _ in range(plan.runs):
        for name, crowd in (("recommend", plan.real), ("recommend large", plan.large)):
            goal = goals.pop()
            command = mentors("recommend", goal, "--data", crowd.data)
            found[name].append(timed(command, environment())[0])
        with serving(engine.serve(plan.large), engine.env, engine.health) as server:
            found["serve large"].append(server.ready_s)
    return {"size": plan.real.size, "large": plan.large.size, "seconds": found}


@contextlib.contextmanager
def _clients(taking: Sequence[Contender], plan: Plan, crowd: Crowd) -> Iterator[dict[str, Client]]:
    """A server of each contender, and who asks it; all are asked the same goals."""
    with contextlib.ExitStack() as started:
        yield {
            one.name: Client(
                one,
                started.enter_context(serving(one.serve(crowd), one.env, one.health)),
                Goals(crowd.occupations),
                plan,
            )
            for one in taking
        }


def _quantiles(told: Timed) -> dict[str, float]:
    ordered = sorted(told.latencies_ms)
    return {
        "p50": statistics.median(ordered),
        "p99": ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))],
        "requests": len(ordered),
    }
