"""Judged sets: goals as JSON lines, judgments as tab-separated goal, mentor, grade."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from models.errors import SourceUnreadable

HIGHEST = 3
_FEWEST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Goals by id, and the grade 0..3 of each judged mentor by goal.

    `judged` holds the goals that can be measured: not off topic, and with a grade above 0.
    """

    texts: dict[str, str]
    grades: dict[str, dict[str, int]]
    judged: tuple[str, ...]


def read_judged_set(goals: Path, qrels: Path) -> JudgedSet:
    """Read both files. Raises SourceUnreadable naming the first bad line."""
    texts, offtopic = _read_goals(goals)
    grades = _read_grades(qrels)
    unknown = sorted(set(grades) - set(texts))
    if unknown:
        raise SourceUnreadable(f"{qrels} judges the goal {unknown[0]!r}, which is not in {goals}.")
    judged = [id for id in texts if id not in offtopic and any(grades.get(id, {}).values())]
    if not judged:
        raise SourceUnreadable(f"{qrels} has no grade above 0 for any goal of {goals}.")
    return JudgedSet(texts, grades, tuple(judged))


def _read_goals(path: Path) -> tuple[dict[str, str], set[str]]:
    texts: dict[str, str] = {}
    offtopic: set[str] = set()
    for number, line in read_lines(path):
        try:
            goal = json.loads(line)
            texts[str(goal["id"])] = str(goal["text"])
        except (ValueError, TypeError, KeyError) as error:
            raise SourceUnreadable(
                f'{path}, line {number}: expected {{"id": ..., "text": ...}}, got {line[:60]!r}.'
            ) from error
        if goal.get("kind") == "offtopic":
            offtopic.add(str(goal["id"]))
    return texts, offtopic


def _read_grades(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for number, line in read_lines(path):
        cells = line.split("\t")
        grade = cells[2].strip() if len(cells) >= _FEWEST_COLUMNS else ""
        if not grade.isdecimal() or int(grade) > HIGHEST:
            raise SourceUnreadable(
                f"{path}, line {number}: expected goal, mentor and grade 0..{HIGHEST} with tabs "
                f"between, got {line[:60]!r}."
            )
        grades[cells[0]][cells[1]] = int(grade)
    return dict(grades)


def read_lines(path: Path) -> list[tuple[int, str]]:
    """The lines that are not blank with their numbers, from 1. Raises SourceUnreadable."""
    try:
        # Not splitlines(): JSON strings may hold U+2028 and its like.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"{path} cannot be read as UTF-8 text: {error}.") from error
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
