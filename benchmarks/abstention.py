"""Whether the engine abstains when nobody can help.

Answerable is a goal for which a mentor of grade 2 or more is there. Nobody can help (a) with a goal
whose field has been taken out of the corpus: everybody of grade 1 or more for it, and everybody in
whose words a pattern of field words, written by hand, is found (`benchmarks/fields.json`); (b) with
goals that are nobody's work there, or no career goals (`benchmarks/unanswerable.txt`, each with
words that would name somebody who can help: a goal is left out where they do), the judged set's
own goals of this kind among them. The engine abstains when the best chance of the answer is below
`recommender.calibration.GOOD`. The score of a mentor depends on nobody else, so everybody is scored
once for each goal, and a smaller corpus is a part of these scores: half and a tenth of the mentors
are drawn five times, the goals that are still answerable are judged anew, and rows are means.
"""

import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from machine import ROOT
from occupations import OCCUPATIONS, occupation_set
from pool import Pool

from evaluation.abstention import (
    Asked,
    Best,
    auroc,
    best_chances,
    naming,
    share_below,
    subsample,
)
from evaluation.baselines import whole_profile
from evaluation.judgments import JudgedSet
from evaluation.measures import RELEVANT
from models.errors import SourceUnreadable
from models.ports import Encoder
from recommender.calibration import GOOD

FIELDS = ROOT / "benchmarks" / "fields.json"
UNANSWERABLE = ROOT / "benchmarks" / "unanswerable.txt"
SHARES = ((1.0, 1), (0.5, 5), (0.1, 5))  # of the corpus, and how many subsamples of this size
ASKED = 200  # occupations
MINOR_GROUP = 4  # characters of a code, "29-1" for those who treat patients
HEAD = (
    "| corpus | mentors | answerable goals | (a) | (b) | AUROC, (a) | (b) | both | both, lowest "
    "| abstains: answerable | (a) | (b) |\n" + "|---" * 12 + "|"
)


def asked_of(pool: Pool, judged: JudgedSet) -> list[Asked]:
    """Every goal of the set, of `FIELDS` and of `UNANSWERABLE` that can be asked of this pool."""
    mentors = pool.mentors.values()
    texts = {mentor.id: f"{whole_profile(mentor)}. {mentor.organization}" for mentor in mentors}
    given = json.loads(FIELDS.read_text(encoding="utf-8"))
    asked = [
        _judged(pool, goal, judged, naming(words, texts) if words else None)
        for goal, words in ((goal, given["goals"].get(goal)) for goal in judged.texts)
    ]
    asked += [
        Asked(chances(pool, goal), field=naming(words, texts))
        for goal, words in given["further"].items()
    ]
    for line in UNANSWERABLE.read_text(encoding="utf-8").splitlines():
        goal, _, words = line.partition("\t")
        if not (words and naming(words, texts)):
            asked.append(Asked(chances(pool, goal), hopeless=True))
    return asked


def chances(pool: Pool, goal: str) -> dict[str, float]:
    """The chance of everybody."""
    return {one.mentor.id: one.chance for one in pool.all(goal)}


def _judged(pool: Pool, goal: str, judged: JudgedSet, named: frozenset[str] | None) -> Asked:
    grades = judged.grades.get(goal, {})
    return Asked(
        chances(pool, judged.texts[goal]),
        frozenset(id for id, grade in grades.items() if grade >= RELEVANT),
        None if named is None else named | {id for id, grade in grades.items() if grade},
        hopeless=goal not in judged.judged,
    )


def rows(asked: Sequence[Asked], ids: Sequence[str]) -> str:
    """A row for each size of the corpus, the mean of its subsamples."""
    return "\n".join(
        _row(
            f"{share:.0%}",
            [best_chances(asked, subsample(ids, share, seed)) for seed in range(seeds)],
            round(share * len(ids)),
        )
        for share, seeds in SHARES
    )


def _row(name: str, drawn: Sequence[Best], size: int) -> str:
    kinds = [("answerable",), ("removed",), ("hopeless",)]
    counts = [_mean([len(getattr(one, kind)) for one in drawn]) for (kind,) in kinds]
    apart = [
        [auroc(one.answerable, getattr(one, kind)) for one in drawn]
        for kind in ("removed", "hopeless", "unanswerable")
    ]
    silent = [_mean([share_below(getattr(one, k), GOOD) for one in drawn]) for (k,) in kinds]
    cells = [
        *(f"{count:g}" for count in counts),
        *(f"{_mean(one):.3f}" for one in apart),
        f"{min(apart[-1]):.3f}",
        *(f"{share:.0%}" for share in silent),
    ]
    return f"| {name} | {size} | {' | '.join(cells)} |"


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def occupation_lines(folder: Path | None, encoder: Encoder) -> str:
    """Occupations as mentors: one is asked for, then it and all like it are taken out."""
    if not folder or not (folder / OCCUPATIONS).is_file():
        print(f"No {OCCUPATIONS} in {folder}: occupations are left out.")
        return ""
    mentors, judged = occupation_set(folder, development=True)
    near = _related(folder / OCCUPATIONS)
    goals = sorted(random.Random(0).sample(judged.judged, min(ASKED, len(judged.judged))))
    with tempfile.TemporaryDirectory() as temporary:
        pool = Pool(Path(temporary), mentors, encoder)
        asked = [
            Asked(chances(pool, judged.texts[code]), frozenset([code]), near[code])
            for code in goals
        ]
        pool.close()
    found = best_chances(asked, [mentor.id for mentor in mentors])
    return (
        f"O*NET's {len(mentors):,} occupations read as mentors (`benchmarks/occupations.py`; no "
        f"title is indexed) and {len(goals)} goals about development occupations, each asked of "
        "everybody, and without the occupation, its primary related ones and its SOC minor group: "
        f"AUROC {auroc(found.answerable, found.removed):.3f}; abstains for "
        f"{share_below(found.answerable, GOOD):.0%} with the occupation there and for "
        f"{share_below(found.removed, GOOD):.0%} without.\n"
    )


def _related(path: Path) -> Mapping[str, frozenset[str]]:
    """By code: the occupation, its primary related ones and all of its minor group."""
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    found = {}
    try:
        related = {
            row["code"]: row["related_primary"] for row in map(json.loads, filter(None, lines))
        }
    except (ValueError, TypeError, KeyError) as error:
        raise SourceUnreadable(f"{path}: every line needs a code and related_primary.") from error
    for code, like in related.items():
        group = {other for other in related if other[:MINOR_GROUP] == code[:MINOR_GROUP]}
        found[code] = frozenset([code, *like]) | group
    return found
