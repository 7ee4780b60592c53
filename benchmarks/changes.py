"""Time what changes cost: 1 % of the mentors changed, and nothing changed, beside a full build.

Each run reads the whole file, writes what differs into the store and publishes a snapshot, as
`mentors index` does. Starting the program and loading the model cost the same each time and are
left out; they are stated on their own. Up to the size named with --encode every text is really
embedded; above it vectors are drawn from those of the largest real run, and the seconds that
embedding would have taken are added at that run's measured cost a text.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import ROOT, stamp
from numpy.typing import NDArray
from profiles import Profiles

from api.settings import Settings
from api.wiring import Indexing, default_encoder
from indexer.importing import Import, ReadReport
from indexer.mapping import ColumnMapping
from models.ports import Encoder, QueryReading

OUT = ROOT / "benchmarks" / "changes.md"
CHANGED = 100  # one mentor in so many


class Timed:
    """An encoder that counts the texts it embeds and the seconds that takes."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.space_id, self.dimension = encoder.space_id, encoder.dimension
        self.texts, self.seconds = 0, 0.0
        self.some: list[NDArray[np.float32]] = []

    @property
    def runtime_id(self) -> str:
        return self._encoder.runtime_id

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        began = time.perf_counter()
        rows = self._encoder.encode_passages(texts)
        self.seconds += time.perf_counter() - began
        self.texts += len(texts)
        self.some.append(rows)
        return rows

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encoder.encode_queries(texts)

    def read_query(self, text: str) -> QueryReading:
        return self._encoder.read_query(text)


class Resampled(Timed):
    """Draws vectors from real ones and charges what embedding would have cost."""

    def __init__(self, measured: Timed) -> None:
        super().__init__(measured)
        self._bank = np.concatenate(measured.some)
        self._seconds_a_text = measured.seconds / measured.texts
        self._chance = np.random.default_rng(5)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += len(texts)
        self.seconds += len(texts) * self._seconds_a_text
        rows = self._bank[self._chance.integers(0, len(self._bank), len(texts))]
        rows = rows + self._chance.normal(0, 0.01, rows.shape).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Run:
    """One import: wall seconds with all embedding in them, and the texts embedded."""

    seconds: float
    texts: int
    report: ReadReport


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--occupations", type=Path, required=True, help="onet_occupations.jsonl")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--encode", type=int, default=10_000, help="largest size really embedded")
    given = parser.parse_args()
    began = time.perf_counter()
    model = default_encoder(Settings(compile=True))
    model.encode_queries(["to load it"])
    start = time.perf_counter() - began
    rows, measured = [], None
    for size in sorted(given.sizes):
        if size <= given.encode or measured is None:
            encoder = measured = Timed(model)
        else:
            encoder = Resampled(measured)
        rows.append(row(size, encoder, Profiles(given.occupations)))
        write(rows, start)
    print(OUT.read_text(encoding="utf-8"))


def write(rows: Sequence[str], start: float) -> None:
    lines = [
        f"# What changes cost\n\n{stamp()}\n\nMade by `make bench-changes`. "
        f"{' '.join(__doc__.split())} Here loading the model took {start:.1f} s.\n",
        "Profiles are made from O*NET task statements (`benchmarks/profiles.py`). *Distinct*: "
        "share of the passages that nobody else has. *Found*: texts of the changed mentors whose "
        "vectors were there already.\n",
        "| mentors | passages | distinct | embedding | full build, s | 1 % changed, s | share "
        "| found | unchanged, s | share |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *rows,
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def row(size: int, encoder: Timed, profiles: Profiles) -> str:
    with tempfile.TemporaryDirectory() as folder:
        data, file = Path(folder) / "data", Path(folder) / "mentors.jsonl"
        save(file, profiles.records(size))
        full = imported(file, data, encoder)
        unchanged = imported(file, data, encoder)
        save(file, (profiles.record(n, version=n % CHANGED == 0) for n in range(size)))
        changed = imported(file, data, encoder)
        again = imported(file, data, encoder)
        texts, passages, distinct = counted(data, encoder)
    assert (full.report.added, changed.report.changed) == (size, size // CHANGED)
    assert unchanged.report.unchanged == again.report.unchanged == size
    assert unchanged.texts == 0
    repeated = max(unchanged.seconds, again.seconds)
    found = 1 - changed.texts / (texts / CHANGED)
    kind = "drawn, its cost added" if isinstance(encoder, Resampled) else "real"
    return (
        f"| {size:,} | {passages:,} | {distinct / passages:.1%} | {kind} | {full.seconds:,.1f} "
        f"| {changed.seconds:.2f} | {changed.seconds / full.seconds:.2%} | {found:.0%} "
        f"| {repeated:.2f} | {repeated / full.seconds:.2%} |"
    )


def save(file: Path, records: Iterable[dict[str, object]]) -> None:
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in records)


def imported(file: Path, data: Path, encoder: Timed) -> Run:
    texts, seconds = encoder.texts, encoder.seconds
    began = time.perf_counter()
    indexing = Indexing(Settings(data=data), lambda _: encoder)
    report = Import("jsonl", ColumnMapping()).read(file, indexing.writer)
    indexing.publish()
    indexing.close()
    wall = time.perf_counter() - began
    if isinstance(encoder, Resampled):
        wall += encoder.seconds - seconds
    return Run(wall, encoder.texts - texts, report)


def counted(data: Path, encoder: Timed) -> tuple[int, int, int]:
    """Texts, each mentor's own counted once; passages; and passages that differ from all others."""
    indexing = Indexing(Settings(data=data), lambda _: encoder)
    ids = sorted(indexing.store.text_hashes("default"))
    cuts = indexing.store.cuts("default", ids).values()
    indexing.close()
    times = Counter(key for cut in cuts for key in cut.passages)
    alone = sum(count == 1 for count in times.values())
    return sum(len({*cut.passages, *cut.items}) for cut in cuts), times.total(), alone


if __name__ == "__main__":
    main()
