"""Time `mentors index` from nothing to ready: reading, embedding, both indexes, all on disk."""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import ROOT, stamp

OUT = ROOT / "benchmarks" / "indexing.md"
RUNS = 3
SAID = re.compile(
    r"Indexed ([\d,]+) mentors, ([\d,]+) passages in ([\d.]+) s "
    r"\(([\d,]+) passages a second, peak memory ([\d,]+) MiB\)"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, help="folder with mentors.jsonl of real mentors")
    folder = parser.parse_args().judged
    files = {"sample mentors": ROOT / "examples" / "mentors.jsonl"}
    if folder and (folder / "mentors.jsonl").is_file():
        files["real mentors"] = folder / "mentors.jsonl"
    lines = [
        f"# Indexing\n\n{stamp()}\n\nMade by `make bench-indexing`. {__doc__.strip()} The start of "
        f"the program and the loading of the model are included. The best and the worst of "
        f"{RUNS} runs.\n",
        "| mentors | passages | seconds | passages a second | peak memory, MiB |",
        "|---|---|---|---|---|",
        *(row(name, file) for name, file in files.items()),
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def row(name: str, file: Path) -> str:
    runs = sorted((timed(file) for _ in range(RUNS)), key=lambda run: float(run[2]))
    best, worst = runs[0], runs[-1]
    return (
        f"| {best[0]} {name} | {best[1]} | {best[2]} to {worst[2]} | {worst[3]} to {best[3]} "
        f"| {worst[4]} |"
    )


def timed(file: Path) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as data:
        command = [Path(sys.executable).parent / "mentors", "index", file, "--data", data]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = SAID.search(done.stdout)
    if found is None:
        sys.exit(f"mentors index printed no figures: {done.stdout}")
    return found.groups()


if __name__ == "__main__":
    main()
