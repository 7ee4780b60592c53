"""O*NET's occupations as a judged set: the occupation behind a title.

Every occupation is a mentor whose bio is its description and whose experience is its tasks; no
title is indexed. A goal asks to become what one of its holders calls the job (the first reported
title), and the occupation is the only right answer: all others are judged irrelevant, so nothing
is unjudged. The evaluation occupations are those of a list on which nothing is ever tuned; the
others are for development. O*NET 27.0, CC BY 4.0, attributed to USDOL/ETA.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation.judgments import HIGHEST, JudgedSet
from indexer.records import mentor_from
from models.errors import RecordRejected, SourceUnreadable
from models.mentor import Mentor

OCCUPATIONS, EVALUATION = "onet_occupations.jsonl", "onet_eval_codes.txt"
GOAL = "I want to become a {title}. How do I get there?"


@dataclass(frozen=True, slots=True)
class Occupation:
    """One occupation as O*NET describes it; `title` is the first one reported, or ""."""

    mentor: Mentor
    title: str


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
