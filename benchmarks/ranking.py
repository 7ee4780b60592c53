"""Time the steps of a request that are neither encoder nor dense search, at several sizes.

Mentors are drawn: the words of each are a random half of those of two real profiles (the examples
and O*NET tasks, `benchmarks/profiles.py`), so stems are as popular as they are in profiles; the
cosines of their six passages are random. Goals are those of the examples. Each figure is the
median over the goals, each goal's being the best of three runs.
"""

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from machine import ROOT, stamp
from numpy.typing import NDArray
from profiles import Profiles

from indexer.catalogue import SCHEMA, ArrowCatalogue
from indexer.lexical import SparseLexicalIndex
from indexer.live import LiveIndex
from indexer.passages import words
from indexer.records import mentor_from
from indexer.segment import Segment
from models.mentor import Mentor
from recommender.candidates import BEST_LEXICAL
from recommender.eligibility import Exclusions, Filters, eligible
from recommender.goals import understand
from recommender.scoring import score
from recommender.words import matches, reach

OUT = ROOT / "benchmarks" / "ranking.md"
REAL = 5_000  # profiles whose words are really counted
PASSAGES = 6
NEAR = 800  # mentors found by the dense search, as many as 500 passages of four queries bring
RUNS = 3
COUNTRIES = ("KE", "PL", "SG", "GB", "US", "IN", "DE", "FR", "BR", "NG")
ZONES = ("Africa/Nairobi", "Europe/Warsaw", "Asia/Singapore", "Europe/London", "America/New_York")
TONGUES = (["en"], ["en", "fr"], ["en-GB", "pl"], ["de"], ["pt-BR", "en"], [])
FILTERS = {
    "none but available": Filters(),
    "country, language": Filters(country=("ke", "gb"), language=("en",)),
    "skills, industry": Filters(skills_any=("skill 3", "skill 7"), industry=("industry 2",)),
    "hours apart": Filters(max_hours_apart=3.0, timezone="Europe/Berlin"),
    "attributes": Filters(attributes={"years": {"gte": 10}, "cohort": "spring"}),
}
AWAY = Exclusions(organization=("organization 17",))


class Noise:
    """A dense index of random cosines, the same for the same mentor."""

    def __init__(self, size: int) -> None:
        self._chance = np.random.default_rng(3)
        self._bank = np.clip(self._chance.normal(0.25, 0.1, (4096, PASSAGES)), -1, 1)
        self.index = SimpleNamespace(ntotal=size * PASSAGES)

    def cosines(
        self, _queries: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        found = self._bank[rows % len(self._bank)].reshape(1, -1)
        return found, np.full(len(rows), PASSAGES, dtype=np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--occupations", type=Path, required=True, help="onet_occupations.jsonl")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    given = parser.parse_args()
    lines = (ROOT / "examples" / "goals.jsonl").read_text(encoding="utf-8").splitlines()
    goals = [understand(json.loads(line)["text"]) for line in lines]
    real = counted(given.occupations)
    measured = {}
    for size in given.sizes:
        index, opening = pool(real, size)
        measured[size] = {"making the catalogue": opening} | steps(index, goals)
        for name, took in measured[size].items():
            print(f"{size:>9,}  {name:<40} {took * 1000:9.3f} ms", flush=True)
    write(measured)


def write(measured: dict[int, dict[str, float]]) -> None:
    names = list(next(iter(measured.values())))
    head = "".join(f" {size:,} |" for size in measured)
    rows = [
        f"| {name} |" + "".join(f" {took[name] * 1000:,.2f} |" for took in measured.values())
        for name in names
    ]
    lines = [
        f"# What ranking costs beside the encoder and the dense search\n\n{stamp()}\n\nMade by "
        f"`make bench-ranking`. {' '.join((__doc__ or '').split())}\n",
        f"| milliseconds at so many mentors |{head}",
        "|---|" + "---|" * len(measured),
        *rows,
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def steps(index: LiveIndex, goals: Sequence[object]) -> dict[str, float]:
    found = {"the first filters, which turn their columns round": opened(index)}
    for name, filters in FILTERS.items():
        one = timed([lambda filters=filters: eligible(index.catalogue, filters, Exclusions())])
        found[f"eligible: {name}"] = one
    found["eligible: an organization excluded"] = timed(
        [lambda: eligible(index.catalogue, Filters(), AWAY)]
    )
    mask = eligible(index.catalogue, Filters(), Exclusions())
    few = eligible(index.catalogue, FILTERS["country, language"], Exclusions())
    for name, here in (("", mask), (", filtered", few)):
        found[f"lexical best{name}"] = timed(
            [
                lambda goal=goal, here=here: index.lexical.best(
                    reach(goal.terms), BEST_LEXICAL, here
                )
                for goal in goals
            ]
        )
    chance = np.random.default_rng(4)
    runs, shares = [], []
    for goal in goals:
        best = index.lexical.best(reach(goal.terms), BEST_LEXICAL, mask)
        near = np.flatnonzero(mask)
        near = chance.choice(near, min(NEAR, len(near)), replace=False)
        rows = np.union1d(best, near)
        shares.append(lambda goal=goal, rows=rows: matches(list(goal.terms), rows, index.lexical))
        runs.append(
            lambda goal=goal, rows=rows: score(
                goal,
                SimpleNamespace(goal=np.zeros(1, np.float32)),
                rows,
                index.catalogue,
                index.dense,
                index.lexical,
            )
        )
    found["words matched"] = timed(shares)
    found["score, the words and random cosines"] = timed(runs)
    ids = index.catalogue.ids(np.flatnonzero(mask))
    found["hashes of all by id, as at start"] = timed([lambda: index.catalogue.text_hashes_of(ids)])
    return found


def opened(index: LiveIndex) -> float:
    """The seconds of all filters before any of them was used."""
    began = time.perf_counter()
    for filters in FILTERS.values():
        eligible(index.catalogue, filters, AWAY)
    return time.perf_counter() - began


def timed(runs: Sequence[Callable[[], object]]) -> float:
    """The median over `runs` of the best seconds."""
    best = []
    for run in runs:
        took = []
        for _ in range(RUNS):
            began = time.perf_counter()
            run()
            took.append(time.perf_counter() - began)
        best.append(min(took))
    return statistics.median(best)


def counted(occupations: Path) -> SparseLexicalIndex:
    """The words of real profiles."""
    lines = (ROOT / "examples" / "mentors.jsonl").read_text(encoding="utf-8").splitlines()
    mentors = [mentor_from(json.loads(line)) for line in lines]
    made = Profiles(occupations).records(REAL - len(mentors))
    mentors += [mentor_from(record) for record in made]
    return SparseLexicalIndex.build(_counter(mentor) for mentor in mentors)


def _counter(mentor: Mentor) -> Counter[str]:
    return Counter(term.stem for _, term in words(mentor))


def pool(real: SparseLexicalIndex, size: int) -> tuple[LiveIndex, float]:
    """An index of `size` drawn mentors, and the seconds that making its catalogue took."""
    chance = np.random.default_rng(size)
    drawn = _drawn(real.matrix.tocsr(), size, chance)
    used = np.flatnonzero(np.diff(drawn.indptr))
    lexical = SparseLexicalIndex(drawn[:, used], [real.stems[i] for i in used.tolist()])
    table = _table(size, chance)
    began = time.perf_counter()
    catalogue = ArrowCatalogue(table)
    took = time.perf_counter() - began
    segment = Segment(catalogue, Noise(size), lexical)
    index = LiveIndex("space", 1, size, [segment])
    index.dense = segment.dense
    return index, took


def _drawn(real: "sp.csr_matrix", size: int, chance: np.random.Generator) -> "sp.csc_matrix":
    """Half the words of two real profiles each, a piece of all mentors at a time."""
    pieces = []
    for first in range(0, size, 100_000):
        count = min(100_000, size - first)
        halves = []
        for _ in range(2):
            half = real[chance.integers(0, real.shape[0], count)]
            half.data = half.data * (chance.random(half.nnz) < 0.5)
            halves.append(half)
        both = halves[0].maximum(halves[1])
        both.eliminate_zeros()
        pieces.append(both.astype(np.float32))
    matrix = sp.vstack(pieces).tocsc()
    matrix.sort_indices()
    return matrix


def _table(size: int, chance: np.random.Generator) -> pa.Table:
    def some(kind: str, of: int, most: int) -> list[list[str]]:
        drawn = (of * chance.random((size, most)) ** 2).astype(int)  # some are popular
        counts = chance.integers(0, most + 1, size).tolist()
        return [
            [f"{kind} {n}" for n in row[:count]]
            for row, count in zip(drawn.tolist(), counts, strict=True)
        ]

    def one(of: Sequence[object]) -> list[object]:
        return [of[i] for i in chance.integers(0, len(of), size).tolist()]

    years = chance.integers(0, 40, size).tolist()
    columns = {
        "id": [f"mentor-{i:08}" for i in range(size)],
        "text_hash": [f"{i:064x}" for i in chance.integers(0, 2**62, size).tolist()],
        "country": one(COUNTRIES),
        "timezone": one(ZONES),
        "seniority": one(("", "junior", "senior", "executive")),
        "organization": [f"organization {i}" for i in range(size)],
        "languages": one(TONGUES),
        "industries": some("Industry", 40, 2),
        "skills": some("Skill", 2_000, 8),
        "organizations": [[f"Organization {i % 50_000}"] for i in range(size)],
        "available": (chance.random(size) < 0.8).tolist(),
        "mean_norm": chance.uniform(0.4, 0.9, size).tolist(),
        "attributes": [
            json.dumps({"years": y, "cohort": "Spring" if y % 3 else "autumn"}) for y in years
        ],
    }
    return pa.table(columns, schema=SCHEMA)


if __name__ == "__main__":
    main()
