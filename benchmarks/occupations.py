"""Find the occupation behind a title, in O*NET's occupations read as mentors.

Every occupation is a mentor whose bio is its description and whose experience is its tasks; no
title is indexed. A goal asks to become what one of its holders calls the job (the first reported
title), and the occupation is the only right answer: all others are judged irrelevant, so nothing
is unjudged. The evaluation occupations are those of a list on which nothing is ever tuned; the
others are for development (--development).
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from machine import ROOT, stamp
from peers import peer_runs
from pool import Pool

from api.settings import Settings
from api.wiring import default_encoder
from evaluation.baselines import NAME as WHOLE
from evaluation.baselines import whole_profile_run
from evaluation.judgments import HIGHEST, JudgedSet
from evaluation.measures import MEASURES, means, per_goal
from indexer.records import mentor_from
from models.errors import RecordRejected, SourceUnreadable
from models.mentor import Mentor

OUT = ROOT / "benchmarks" / "occupations.md"
OCCUPATIONS, EVALUATION = "onet_occupations.jsonl", "onet_eval_codes.txt"
GOAL = "I want to become a {title}. How do I get there?"
DEPTH = 300
SHOWN = MEASURES[1]  # nDCG@10; the condensed one is the same where everything is judged


@dataclass(frozen=True, slots=True)
class Occupation:
    """One occupation as O*NET describes it; `title` is the first one reported, or ""."""

    mentor: Mentor
    title: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--occupations", type=Path, required=True, help=f"folder of {OCCUPATIONS}")
    parser.add_argument("--development", action="store_true", help="ask for the other occupations")
    given = parser.parse_args()
    if not (given.occupations / OCCUPATIONS).is_file():
        print(f"No {OCCUPATIONS} in {given.occupations}: nothing is measured.")
        return
    try:
        mentors, judged = occupation_set(given.occupations, development=given.development)
    except SourceUnreadable as error:
        sys.exit(str(error))
    found = {name: means(per_goal(judged, run)) for name, run in runs(mentors, judged).items()}
    which = "the other occupations" if given.development else "the evaluation occupations"
    report = (
        f"# The occupation behind a title\n\n{stamp()}\n\nMade by `make bench-occupations`. "
        f"{' '.join(__doc__.split())}\n\n{len(mentors):,} occupations (O*NET 27.0, CC BY 4.0, "
        f"attributed to USDOL/ETA); {len(judged.judged)} goals, about {which}.\n\n"
        f"| system | nDCG@10 | hit@3 |\n|---|---|---|\n"
    )
    report += "".join(
        f"| {name} | {mean[SHOWN]:.3f} | {mean['hit@3']:.3f} |\n" for name, mean in found.items()
    )
    if not given.development:
        OUT.write_text(report, encoding="utf-8")
    print(report)


def runs(mentors: Sequence[Mentor], judged: JudgedSet) -> dict[str, Mapping[str, Sequence[str]]]:
    """Rankings of this engine and of the baselines."""
    encoder = default_encoder(Settings())
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(Path(folder), mentors, encoder)
        ours = {goal: pool.ranking(text) for goal, text in judged.texts.items()}
        pool.close()
    return {
        WHOLE: whole_profile_run(mentors, judged.texts, encoder, DEPTH),
        **peer_runs(mentors, judged.texts, DEPTH),
        "this engine": ours,
    }


def occupation_set(folder: Path, *, development: bool = False) -> tuple[list[Mentor], JudgedSet]:
    """All occupations as mentors in the order of ids, and a goal for each evaluation occupation.

    With `development` a goal for each of the others instead. An occupation without a reported
    title has no goal. Raises SourceUnreadable.
    """
    occupations = _read_occupations(folder / OCCUPATIONS)
    held_out = _read_codes(folder / EVALUATION, {one.mentor.id for one in occupations})
    titles = {
        one.mentor.id: one.title
        for one in occupations
        if one.title and (one.mentor.id in held_out) != development
    }
    nothing = dict.fromkeys((one.mentor.id for one in occupations), 0)
    return [one.mentor for one in occupations], JudgedSet(
        {code: GOAL.format(title=title) for code, title in titles.items()},
        {code: nothing | {code: HIGHEST} for code in titles},
        tuple(titles),
    )


def _read_occupations(path: Path) -> list[Occupation]:
    found = []
    for number, line in _lines(path):
        try:
            found.append(_occupation(json.loads(line)))
        except (ValueError, TypeError, KeyError, RecordRejected) as error:
            raise SourceUnreadable(
                f"{path}, line {number}: expected an occupation with code, description, tasks and "
                f"reported_titles, got {line[:60]!r}."
            ) from error
    return sorted(found, key=lambda one: one.mentor.id)


def _occupation(row: Mapping[str, object]) -> Occupation:
    tasks, titles = row["tasks"], row["reported_titles"]
    if not isinstance(tasks, list) or not isinstance(titles, list):
        raise TypeError
    record = {
        "id": row["code"],
        "bio": row["description"],
        "experience": [{"description": " ".join(tasks)}],
    }
    return Occupation(mentor_from(record), titles[0] if titles else "")


def _read_codes(path: Path, known: set[str]) -> frozenset[str]:
    codes = {line for _, line in _lines(path)}
    unknown = sorted(codes - known)
    if unknown:
        raise SourceUnreadable(f"{path} names {unknown[0]!r}, which is no code of {OCCUPATIONS}.")
    return frozenset(codes)


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"{path} cannot be read as UTF-8 text: {error}.") from error
    return [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]


if __name__ == "__main__":
    main()
