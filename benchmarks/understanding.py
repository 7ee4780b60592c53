"""Measure how goals are understood, against labels made by reading (`examples/goal_parts.md`).

The development half is among the texts that the classifiers learn from; only the held-out half,
which another writer wrote and labelled and nothing was tuned on, says what to expect of new goals.
Kinds and "wish or self" are measured on the labelled parts, so that a wrong cut does not count
twice. Chance would be 1 in 8 kinds; most parts are wishes.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from machine import ROOT, stamp

from evaluation.understanding import beginnings, counted, macro_f1, placed, words_of
from recommender.goals import understand
from recommender.help import KINDS, about, help_wanted, labels

OUT = ROOT / "benchmarks" / "understanding.md"
HALVES = {
    "development (learnt from)": "goal_parts_dev.jsonl",
    "held out": "goal_parts_heldout.jsonl",
}


def main() -> None:
    rows = [row(name, read(ROOT / "examples" / file)) for name, file in HALVES.items()]
    head = (
        "| half | goals | parts | parts: F1 | boundaries: F1 | kinds: macro-F1 "
        "| wish or self: right | hints: precision | hints: recall |"
    )
    text = (
        f"# How goals are understood\n\n{stamp()}\n\nMade by `make bench-understanding`. "
        f"{' '.join(__doc__.split())}\n\n{head}\n{'|---' * 9}|\n" + "\n".join(rows) + "\n"
    )
    OUT.write_text(text, encoding="utf-8")
    print(text)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def row(name: str, goals: Sequence[dict[str, Any]]) -> str:
    """One half as a row of the table."""
    cuts, hints = [], []
    for goal in goals:
        text, found = goal["text"], understand(goal["text"])
        there = words_of(text, placed(text, [part["text"] for part in goal["parts"]]))
        cuts.append((there, words_of(text, [(part.start, part.end) for part in found.parts])))
        hints.append((set(goal["hints"]), {hint.code for hint in found.hints}))
    begun = counted((beginnings(there), beginnings(found)) for there, found in cuts)
    parts = [part for goal in goals for part in goal["parts"]]
    asking = [part for part in parts if part["help"]]
    kinds = macro_f1(
        [part["help"] for part in asking],
        [help_wanted(labels(part["text"])) for part in asking],
        KINDS,
    )
    told = [part for part in parts if part["about"] != "filler"]
    right = sum((about(labels(p["text"])) == "self") == (p["about"] == "self") for p in told)
    hinted = counted(hints)
    cells = (counted(cuts).f1, begun.f1, kinds, right / len(told), hinted.precision, hinted.recall)
    return (
        f"| {name} | {len(goals)} | {len(parts)} | " + " | ".join(f"{c:.3f}" for c in cells) + " |"
    )


if __name__ == "__main__":
    main()
