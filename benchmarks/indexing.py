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
    r"Indexed ([\d,]+) mentors in ([\d.]+) s: ([\d,]+) new texts embedded, "
    r"peak memory ([\d,]+) MiB"
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
        "| mentors | texts embedded | seconds | texts a second | peak memory, MiB |",
        "|---|---|---|---|---|",
        *(row(name, file) for name, file in files.items()),
    ]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def row(name: str, file: Path) -> str:
    runs = sorted((timed(file) for _ in range(RUNS)), key=lambda run: run[1])
    (mentors, best, texts, peak), worst = runs[0], runs[-1][1]
    return (
        f"| {mentors:,.0f} {name} | {texts:,.0f} | {best:.1f} to {worst:.1f} "
        f"| {texts / worst:,.0f} to {texts / best:,.0f} | {peak:,.0f} |"
    )


def timed(file: Path) -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as data:
        command = [Path(sys.executable).parent / "mentors", "index", file, "--data", data]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = SAID.search(done.stdout)
    if found is None:
        sys.exit(f"mentors index printed no figures: {done.stdout}")
    return tuple(float(figure.replace(",", "")) for figure in found.groups())


if __name__ == "__main__":
    main()
