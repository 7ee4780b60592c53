"""Time the search for the nearest passages and measure what it misses, by size and kind of index.

Vectors are drawn from those of profiles made of O*NET tasks (`benchmarks/profiles.py`) and of the
sample mentors: each lies between two that are near each other, with noise of 0.02 a dimension, so
that no two are copies. A mentor has six, near two of the real ones. Queries are real goals. One
thread searches, one query at a time, for 501 passages, as the recommender does.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from machine import ROOT, stamp
from numpy.typing import NDArray
from profiles import Profiles

from api.settings import Settings
from api.wiring import default_encoder
from indexer import lists
from indexer.dense import FaissPassageIndex
from indexer.passages import passages
from indexer.records import mentor_from
from recommender.goals import understand
from recommender.recommend import encode_goals
from recommender.scoring import PASSAGES, PROFILE, best_passages_mean, profile_cosine

OUT = ROOT / "benchmarks" / "search.md"
EACH = 6  # passages a mentor
KINDS = 2  # of work that a mentor's passages are about
WIDE = 501
NOISE = 0.02
BANK = 12_000  # passages really embedded
READ = (32, 64, 96, 128)  # lists read, to choose by
SHARES = (0.9, 0.5, 0.1, 0.02, 0.001)
AT_ONCE = 60_000
Found = NDArray[np.int64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, required=True, help="with onet_occupations.jsonl")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 600_000])
    given = parser.parse_args()
    bank, queries = embedded(given.judged)
    rows: dict[str, list[str]] = {"kinds": [], "filters": [], "mentors": []}
    for size in given.sizes:
        measure(drawn(bank, size), queries, rows)
        write(rows, len(queries))
    print(OUT.read_text(encoding="utf-8"))


def write(rows: dict[str, list[str]], queries: int) -> None:
    lines = [
        f"# Searching passages\n\n{stamp()}\n\nMade by `make bench-search`. "
        f"{' '.join(__doc__.split())} {queries} goals; medians. *Recall*: share of the 50 nearest "
        f"that are found. Memory in MB, of vectors and lists together.\n",
        "| passages | index | build, s | MB | ms a query | recall@50 |",
        "|---|---|---|---|---|---|",
        *rows["kinds"],
        "\nWhere only some mentors, drawn by chance, are eligible. *Mask*: from mentors to "
        "passages, done once a request.\n",
        "| passages | eligible | mask, ms | ms a query | recall@50 |",
        "|---|---|---|---|---|",
        *rows["filters"],
        "\nThe ten best mentors by the two parts of the score that come from vectors, among the "
        "owners of the passages found and of those nearest. Whom words or parts of the goal would "
        "bring is left out, so a whole answer differs less.\n",
        "| passages | goals with another ten | mentors missed of all tens |",
        "|---|---|---|",
        *rows["mentors"],
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(
    vectors: NDArray[np.float16], queries: NDArray[np.float32], rows: dict[str, list[str]]
) -> None:
    size, dimension = vectors.shape
    first = np.arange(size // EACH + 1) * EACH
    right = exact(vectors, queries)

    def row(
        kind: str, build_s: float, mb: float, search: Callable[[NDArray[np.float32]], Found]
    ) -> None:
        found, ms = timed(search, queries)
        share = recall(right, found)
        rows["kinds"].append(
            f"| {size:,} | {kind} | {build_s:.1f} | {mb:,.0f} | {ms:.2f} | {share:.3f} |"
        )

    if size <= 600_000:  # the kind that was before, 1.5 GB for a million
        plain, build_s = clocked(lambda: flat(vectors.astype(np.float32)))
        row("flat, float32", build_s, size * dimension * 4e-6, lambda q: plain.search(q, WIDE)[1])
        del plain
    codes, build_s = clocked(lambda: FaissPassageIndex(vectors, first))
    row("flat, float16", build_s, size * dimension * 2e-6, lambda q: codes.nearest(q, WIDE)[1])
    index, build_s = clocked(lambda: FaissPassageIndex.build(vectors, first))
    if index.lists is None:
        return
    chosen = lists.READ
    for read in READ:
        lists.READ = read
        kind = f"{index.lists.index.nlist} lists, {read} read"
        kind = f"**{kind}**" if read == chosen else kind
        mb = size * (3 * dimension + 8) * 1e-6
        row(kind, build_s, mb, lambda q: index.nearest(q, WIDE)[1])
    lists.READ = chosen
    rows["filters"] += list(filtered(index, queries))
    rows["mentors"].append(mentors(index, queries, right))


def filtered(index: FaissPassageIndex, queries: NDArray[np.float32]) -> Iterator[str]:
    chance = np.random.default_rng(3)
    for share in SHARES:
        eligible = chance.random(len(index.first) - 1) < share
        allowed, mask_s = clocked(lambda eligible=eligible: index.allowed(eligible))
        right = exact(index.vectors, queries, np.repeat(eligible, EACH))
        found, ms = timed(lambda q, allowed=allowed: index.nearest(q, WIDE, allowed)[1], queries)
        yield (
            f"| {index.size:,} | {share:.1%} | {mask_s * 1000:.1f} | {ms:.2f} "
            f"| {recall(right, found):.3f} |"
        )


def mentors(index: FaissPassageIndex, queries: NDArray[np.float32], right: Found) -> str:
    norms = index.mean_norms()
    missed = []
    for i in range(len(queries)):
        query = queries[i : i + 1]
        _, owners = index.top(query, WIDE)
        tens = [
            best_ten(index, query, np.unique(one[one >= 0]), norms)
            for one in (owners, right[i] // EACH)
        ]
        missed.append(len(tens[1] - tens[0]))
    return (
        f"| {index.size:,} | {sum(map(bool, missed))} of {len(queries)} "
        f"| {sum(missed)} of {10 * len(queries)} |"
    )


def best_ten(
    index: FaissPassageIndex, query: NDArray[np.float32], rows: Found, norms: NDArray[np.float64]
) -> set[int]:
    cosines, counts = index.cosines(query, rows)
    scores = PASSAGES * best_passages_mean(cosines[0], counts)
    scores = scores + PROFILE * profile_cosine(cosines[0], counts, norms[rows])
    return set(rows[np.argsort(-scores, kind="stable")[:10]].tolist())


def exact(
    vectors: NDArray[np.float16],
    queries: NDArray[np.float32],
    wanted: NDArray[np.bool_] | None = None,
) -> Found:
    """The nearest passages, all vectors read, in stretches that bound the memory."""
    best, numbers = (
        np.full((len(queries), 0), -np.inf, np.float32),
        np.zeros((len(queries), 0), np.int64),
    )
    for at in range(0, len(vectors), AT_ONCE):
        cosines = queries @ vectors[at : at + AT_ONCE].astype(np.float32).T
        if wanted is not None:
            cosines[:, ~wanted[at : at + AT_ONCE]] = -np.inf
        here = np.argpartition(-cosines, min(WIDE, cosines.shape[1] - 1), axis=1)[:, :WIDE]
        best = np.concatenate([best, np.take_along_axis(cosines, here, 1)], axis=1)
        numbers = np.concatenate([numbers, here + at], axis=1)
        order = np.argsort(-best, axis=1, kind="stable")[:, :WIDE]
        best, numbers = (np.take_along_axis(one, order, 1) for one in (best, numbers))
    return np.where(np.isfinite(best), numbers, -1)


def recall(right: Found, found: Sequence[Found]) -> float:
    each = [
        len(np.intersect1d(one[:50][one[:50] >= 0], other[:50])) / max(1, (one[:50] >= 0).sum())
        for one, other in zip(right, found, strict=True)
    ]
    return statistics.mean(each)


def timed(
    search: Callable[[NDArray[np.float32]], Found], queries: NDArray[np.float32]
) -> tuple[list[Found], float]:
    """What is found for each query, and the median of the milliseconds it took."""
    faiss.omp_set_num_threads(1)
    found, times = [], []
    for i in range(len(queries)):
        one, seconds = clocked(lambda i=i: search(queries[i : i + 1]))
        found.append(one[0])
        times.append(seconds)
    return found, statistics.median(times) * 1000


def clocked(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began


def flat(vectors: NDArray[np.float32]) -> "faiss.IndexFlatIP":
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index


def drawn(bank: NDArray[np.float32], size: int) -> NDArray[np.float16]:
    near = flat(bank).search(bank, 11)[1]
    chance = np.random.default_rng(5)
    vectors = np.empty((size // EACH * EACH, bank.shape[1]), np.float16)
    for at in range(0, len(vectors), AT_ONCE):
        count = min(AT_ONCE, len(vectors) - at)
        kinds = np.repeat(chance.integers(0, len(bank), (count // EACH, KINDS)), EACH, axis=0)
        anchor = kinds[np.arange(count), chance.integers(0, KINDS, count)]
        one = near[anchor, chance.integers(0, 11, count)]
        other = near[one, chance.integers(1, 11, count)]
        weight = chance.uniform(0.5, 1, (count, 1)).astype(np.float32)
        rows = weight * bank[one] + (1 - weight) * bank[other]
        rows += NOISE * chance.standard_normal(rows.shape, dtype=np.float32)
        vectors[at : at + count] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return vectors


def embedded(judged: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors of passages, and of goals: float32, unit rows."""
    encoder = default_encoder(Settings(compile=True))
    examples = (ROOT / "examples" / "mentors.jsonl").read_text(encoding="utf-8").splitlines()
    made = Profiles(judged / "onet_occupations.jsonl").records(BANK // EACH)
    records = [*map(json.loads, examples), *made]
    texts = {passage.text for record in records for passage in passages(mentor_from(record))}
    files = [ROOT / "examples" / "goals.jsonl", judged / "dev_goals.jsonl"]
    goals = [
        json.loads(line)["text"]
        for file in files
        if file.is_file()
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    vectors = encoder.encode_passages(sorted(texts)[:BANK])
    return vectors, np.stack([encode_goals(understand(goal), encoder).goal for goal in goals])


if __name__ == "__main__":
    main()
