"""Time `mentors index` in one process and spread over actors on Ray, on this machine alone."""

import argparse
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from machine import ROOT, stamp
from profiles import Profiles

from indexer import spread
from indexer.mapping import ColumnMapping
from indexer.store import Store
from indexer.vectors import Vectors
from models.lazy import LazyEncoder
from models.ports import Encoder

OUT = ROOT / "benchmarks" / "spread.md"
COUNT = 2_000
RUNS = 2
TEXTS = re.compile(r"([\d,]+) new texts embedded")
RAY = ("--engine", "ray", "--actors")
WAYS = {  # name: options, threads of an encoder
    "one process, a thread": ((), 1),
    "one process, all cores": ((), 0),
    "Ray, 1 actor of a thread": ((*RAY, "1"), 1),
    "Ray, 2 actors of a thread": ((*RAY, "2"), 1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--occupations", type=Path, required=True, help="O*NET occupations, JSONL")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--runs", type=int, default=RUNS)
    args = parser.parse_args()
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.jsonl", Path(folder) / "many.jsonl"
        records = [json.dumps(one) for one in Profiles(args.occupations).records(args.count)]
        few.write_text(records[0] + "\n", encoding="utf-8")
        many.write_text("\n".join(records) + "\n", encoding="utf-8")
        timed(few, (), 0)  # compiles the encoder, where that has not been done
        rounds = [
            [timed(few, *way) + timed(many, *way) for way in WAYS.values()]
            for _ in range(args.runs)
        ]
        by_way = zip(*rounds, strict=True)
        found = {name: best(runs) for name, runs in zip(WAYS, by_way, strict=True)}
        mentors, texts = written(many)
    base = found["one process, all cores"][2]
    lines = [
        f"# Indexing spread over actors\n\n{stamp()} The load before was {busy:.1f}; what else "
        f"runs there falsifies all of this.\n\nMade by `make bench-spread`. {__doc__} "
        f"{args.count:,} generated profiles, the best of {args.runs} runs by turns. To start is "
        f"the time that one profile takes; the rate is that of the others, reading, cutting, "
        f"writing and the snapshot included.\n",
        "| how | to start, s | in all, s | texts a second | of one process with all cores |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {start:.1f} | {whole:.1f} | {rate:,.0f} | {rate / base:.2f} |"
            for name, (start, whole, rate) in found.items()
        ),
        "\nAll of it shares this machine's cores: the actors, what reads, cuts and writes, and "
        "Ray's own processes. So this says what spreading costs, and cannot say what more hosts "
        "bring. With them the rate grows by that of each actor until the one process that writes "
        f"has no more to give. Given blocks that others have cut and embedded, it wrote "
        f"{mentors:,.0f} mentors, {texts:,.0f} texts, a second into SQLite here.",
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def written(file: Path) -> tuple[float, float]:
    """Mentors and texts a second of the process that writes, all else having been done."""
    blocks: list[bytes] = []
    for row in spread.read_some({"source": str(file)}, "jsonl", ColumnMapping()):
        last, broken, raws = pickle.loads(row["block"])
        texts: dict[bytes, str] = {}
        nobody = np.zeros(0, np.uint64)
        checked = [spread.checked_of(pickle.loads(raw), nobody, texts) for raw in raws]
        rows = np.random.default_rng(len(blocks)).standard_normal((len(texts), 384), np.float32)
        block = spread.Block(last, broken, len(raws), checked, {}, list(texts), rows, "drawn")
        blocks.append(pickle.dumps(block))
    with tempfile.TemporaryDirectory() as data:
        store = Store.in_folder(Path(data))
        vectors = Vectors(store, LazyEncoder(no_encoder, "drawn-1", 384))
        began = time.perf_counter()
        report = spread.Spread(map(pickle.loads, blocks), store, "default", vectors).read(
            file, lambda _: None
        )
        seconds = time.perf_counter() - began
        store.close()
    return report.added / seconds, vectors.encoded / seconds


def no_encoder() -> Encoder:
    raise AssertionError("every text has its vector")


def best(runs: Sequence[tuple[float, int, float, int]]) -> tuple[float, float, float]:
    """The shortest start, the shortest whole run, and texts a second between the two."""
    start, whole = min(run[0] for run in runs), min(run[2] for run in runs)
    return start, whole, (runs[0][3] - runs[0][1]) / (whole - start)


def timed(file: Path, options: tuple[str, ...], threads: int) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as data:
        mentors = Path(sys.executable).parent / "mentors"
        command = [str(mentors), "index", str(file), "--data", f"{data}/data", *options]
        environment = {**os.environ, **({"MENTORS_THREADS": str(threads)} if threads else {})}
        # Ray makes its workers give way to whatever else runs; here all are to count alike.
        environment["RAY_worker_niceness"] = "0"
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        seconds = time.perf_counter() - began
    found = TEXTS.search(done.stdout)
    if found is None:
        sys.exit(f"mentors index printed no figures: {done.stdout}")
    return seconds, int(found[1].replace(",", ""))


if __name__ == "__main__":
    main()
