"""Measure what the chance of a recommendation is worth: calibration, abstention and coverage.

A chance of 0.4 should mean that four in ten such mentors are judged useful (grade 2 or more). Over
the judged pairs of a goal and a mentor the logistic curve of `recommender/calibration.py` is fitted
anew in 20 shufflings of the goals into five folds, every pair by a curve that has not seen its
goal. ECE is the mean distance of chance and share of useful pairs over ten bins of equal mass;
Brier skill is over always saying the share of useful pairs of the goals fitted to. Both are means
of the shufflings. The shipped curve was fitted to all pairs, so its rows are not held out, and its
skill is over the share of useful pairs of the row.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import abstention
import coverage
import numpy as np
from machine import ROOT, stamp
from pool import Pool, judged_files, read_mentors
from reliability import picture

from api.settings import Settings
from api.wiring import default_encoder
from evaluation.calibration import (
    SEEDS,
    Bin,
    Curve,
    HeldOut,
    Pair,
    bins,
    brier_skill,
    calibration_error,
    fit,
    held_out,
    useful,
)
from evaluation.judgments import JudgedSet, read_judged_set
from models.errors import SourceUnreadable
from models.ports import Encoder
from recommender.calibration import BIAS, PER_LOG_WORDS, PER_SCORE, match
from recommender.goals import understand

OUT = ROOT / "benchmarks" / "calibration.md"
PICTURE = OUT.with_suffix(".svg")
SHIPPED = Curve(BIAS, PER_SCORE, PER_LOG_WORDS)
BOTH = "both"


@dataclass(slots=True)
class Measured:
    """What the judged sets came to, by the name of the set or as rows of tables."""

    pairs: dict[str, list[Pair]] = field(default_factory=dict)
    abstention: list[str] = field(default_factory=list)
    coverage: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, help="folder of a judged set of real mentors")
    folder = parser.parse_args().judged
    encoder = default_encoder(Settings(compile=True))
    try:
        found = measured(folder, encoder)
        occupations = abstention.occupation_lines(folder, encoder)
    except SourceUnreadable as error:
        sys.exit(str(error))
    together = [pair for pairs in found.pairs.values() for pair in pairs]
    sets = {**found.pairs, BOTH: together} if len(found.pairs) > 1 else found.pairs
    runs = {name: [held_out(pairs, seed) for seed in range(SEEDS)] for name, pairs in sets.items()}
    *_, widest = sets
    reliable = bins(np.mean([run.chances for run in runs[widest]], axis=0), useful(sets[widest]))
    PICTURE.write_text(picture(reliable), encoding="utf-8")
    sections = [
        f"# What a chance is worth\n\n{stamp()} Encoder {encoder.space_id} on "
        f"{encoder.runtime_id}.\n\nMade by "
        f"`make bench-calibration`.\n\n## Calibration\n\n{_prose(__doc__)}\n",
        quality_table(sets, runs),
        curve_table(sets),
        f"Judged pairs ({widest}) by the mean of their held-out chances:\n",
        reliability_table(reliable),
        f"![Share judged useful over chance given]({PICTURE.name})\n",
        label_table(sets),
        f"## Abstention\n\n{_prose(abstention.__doc__)}\n",
        *found.abstention,
        occupations,
        f"## Coverage\n\n{_prose(coverage.__doc__)}\n\n{coverage.HEAD}",
        *found.coverage,
    ]
    OUT.write_text("\n".join(sections) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def measured(folder: Path | None, encoder: Encoder) -> Measured:
    """Everything that needs an index, over each judged set. Raises SourceUnreadable."""
    found = Measured()
    for files in judged_files(folder):
        name = "samples" if files.mentors.parent == ROOT / "examples" else "real"
        judged = read_judged_set(files.goals, files.judgments)
        with tempfile.TemporaryDirectory() as temporary:
            pool = Pool(Path(temporary), read_mentors(files.mentors), encoder)
            found.pairs[name] = pairs(pool, judged)
            asked = abstention.asked_of(pool, judged)
            table = abstention.rows(asked, list(pool.mentors))
            found.abstention.append(f"{files.name}:\n\n{abstention.HEAD}\n{table}\n")
            found.coverage.append(coverage.row(name, files, judged, pool, encoder))
            pool.close()
    return found


def pairs(pool: Pool, judged: JudgedSet) -> list[Pair]:
    """Every judged pair with its score."""
    found = []
    for goal in judged.judged:
        words = len(understand(judged.texts[goal]).terms)
        found += [
            Pair(goal, one.score, words, judged.grades[goal][one.mentor.id])
            for one in pool.all(judged.texts[goal])
            if one.mentor.id in judged.grades[goal]
        ]
    return found


def quality_table(sets: Mapping[str, list[Pair]], runs: Mapping[str, list[HeldOut]]) -> str:
    lines = ["| pairs of | goals | pairs | useful | curve | ECE | Brier skill |", "|---" * 7 + "|"]
    for name, its in sets.items():
        true = useful(its)
        head = f"| {name} | {len({p.goal for p in its})} | {len(its)} | {true.mean():.1%} "
        errors = [calibration_error(run.chances, true) for run in runs[name]]
        skills = [brier_skill(run.chances, run.base, true) for run in runs[name]]
        lines.append(f"{head}| fitted, held out | {np.mean(errors):.3f} | {np.mean(skills):.3f} |")
        shipped = SHIPPED.chances(its)
        skill = brier_skill(shipped, np.full(len(its), true.mean()), true)
        lines.append(f"{head}| shipped | {calibration_error(shipped, true):.3f} | {skill:.3f} |")
    return "\n".join(lines) + "\n"


def curve_table(sets: Mapping[str, list[Pair]]) -> str:
    curves = {f"fitted to all of {name}": fit(its) for name, its in sets.items()}
    lines = ["| curve | BIAS | PER_SCORE | PER_LOG_WORDS |", "|---|---|---|---|"]
    for name, curve in {**curves, "shipped": SHIPPED}.items():
        lines.append(
            f"| {name} | {curve.bias:.2f} | {curve.per_score:.2f} | {curve.per_log_words:.2f} |"
        )
    return "\n".join(lines) + "\n"


def reliability_table(found: Sequence[Bin]) -> str:
    lines = ["| bin | pairs | mean chance | share useful |", "|---|---|---|---|"]
    lines += [
        f"| {number} | {one.pairs} | {one.chance:.3f} | {one.useful / one.pairs:.3f} |"
        for number, one in enumerate(found, 1)
    ]
    return "\n".join(lines) + "\n"


def label_table(sets: Mapping[str, list[Pair]]) -> str:
    lines = [
        "What `match` says of the judged pairs (shipped curve):\n",
        "| pairs of | match | pairs | grade 2 or more | grade 1 or more |\n|---|---|---|---|---|",
    ]
    for name, its in sets.items():
        said = [match(chance) for chance in SHIPPED.chances(its).tolist()]
        for label in ("strong", "good", "partial"):
            grades = [pair.grade for pair, one in zip(its, said, strict=True) if one == label]
            shares = [sum(g >= least for g in grades) / max(1, len(grades)) for least in (2, 1)]
            lines.append(
                f"| {name} | {label} | {len(grades)} | {shares[0]:.0%} | {shares[1]:.0%} |"
            )
    return "\n".join(lines) + "\n"


def _prose(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    main()
