"""Time `mentors index` in one process and spread over actors on Ray, on this machine alone."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import ROOT, stamp
from profiles import Profiles

OUT = ROOT / "benchmarks" / "spread.md"
COUNT = 2_000
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
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.jsonl", Path(folder) / "many.jsonl"
        records = [json.dumps(one) for one in Profiles(args.occupations).records(args.count)]
        few.write_text(records[0] + "\n", encoding="utf-8")
        many.write_text("\n".join(records) + "\n", encoding="utf-8")
        timed(few, (), 0)  # compiles the encoder, where that has not been done
        found = {name: measured(few, many, *way) for name, way in WAYS.items()}
    base = found["one process, all cores"][2]
    lines = [
        f"# Indexing spread over actors\n\n{stamp()}\n\nMade by `make bench-spread`. {__doc__} "
        f"{args.count:,} generated profiles, one run each. To start is the time that one profile "
        f"takes; the rate is that of the others, reading, cutting, writing and the snapshot "
        f"included.\n",
        "| how | to start, s | in all, s | texts a second | of one process with all cores |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {start:.1f} | {whole:.1f} | {rate:,.0f} | {rate / base:.2f} |"
            for name, (start, whole, rate) in found.items()
        ),
        "\nAll of it shares this machine's cores: the actors, what reads, cuts and writes, and "
        "Ray's own processes. So this says what spreading costs, and cannot say what more hosts "
        "bring. With them the rate grows by that of each actor until the one process that writes "
        "has no more to give (`docs/scale.md`).",
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def measured(few: Path, many: Path, options: tuple[str, ...], threads: int) -> tuple[float, ...]:
    start, none = timed(few, options, threads)
    whole, texts = timed(many, options, threads)
    return start, whole, (texts - none) / (whole - start)


def timed(file: Path, options: tuple[str, ...], threads: int) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as data:
        mentors = Path(sys.executable).parent / "mentors"
        command = [str(mentors), "index", str(file), "--data", f"{data}/data", *options]
        environment = {**os.environ, **({"MENTORS_THREADS": str(threads)} if threads else {})}
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        seconds = time.perf_counter() - began
    found = TEXTS.search(done.stdout)
    if found is None:
        sys.exit(f"mentors index printed no figures: {done.stdout}")
    return seconds, int(found[1].replace(",", ""))


if __name__ == "__main__":
    main()
