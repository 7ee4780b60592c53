"""Whether the goal parts that a recommendation calls uncovered are those the judges found so.

Judges named the facets of a goal that a mentor covers; the engine speaks of parts of its text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.judgments import read_lines
from models.errors import SourceUnreadable

_COLUMN = 3  # of the judgments: the numbers of the facets covered, from 1, with commas between


@dataclass(frozen=True, slots=True)
class Facets:
    """The facets of each goal, and the places (from 0) of those covered by goal and mentor."""

    of: Mapping[str, tuple[str, ...]]
    covered: Mapping[tuple[str, str], frozenset[int]]


def read_facets(goals: Path, judgments: Path) -> Facets:
    """Facets from both files of a judged set. Raises SourceUnreadable naming the first bad line."""
    of = {}
    for number, line in read_lines(goals):
        try:
            goal = json.loads(line)
            of[str(goal["id"])] = tuple(str(facet) for facet in goal.get("facets", ()))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SourceUnreadable(
                f'{goals}, line {number}: expected {{"id": ..., "facets": [...]}}, '
                f"got {line[:60]!r}."
            ) from error
    covered = {}
    for number, line in read_lines(judgments):
        cells = line.split("\t")
        named = cells[_COLUMN].strip() if len(cells) > _COLUMN else ""
        numbers = [one.strip() for one in named.split(",")] if named else []
        known = range(1, len(of.get(cells[0], ())) + 1)
        if not all(one.isdecimal() and int(one) in known for one in numbers):
            raise SourceUnreadable(
                f"{judgments}, line {number}: expected numbers of facets of the goal "
                f"{cells[0]!r} from 1 to {len(known)} with commas between, got {named[:60]!r}."
            )
        covered[cells[0], cells[1]] = frozenset(int(one) - 1 for one in numbers)
    return Facets(of, covered)


def assigned(cosines: NDArray[np.float64], asking: Sequence[int]) -> dict[int, frozenset[int]]:
    """The facets that each goal part is about: every facet goes to the nearest asking part.

    `cosines`: shape (n_facets, n_parts). Parts that are nearest to no facet are left out.
    """
    nearest = [asking[place] for place in cosines[:, list(asking)].argmax(axis=1).tolist()]
    return {
        part: frozenset(facet for facet, its in enumerate(nearest) if its == part)
        for part in sorted(set(nearest))
    }


def agreement(said: Sequence[bool], judged: Sequence[bool]) -> float:
    """The share of equal answers."""
    return float(np.mean(np.asarray(said) == np.asarray(judged)))


def kappa(said: Sequence[bool], judged: Sequence[bool]) -> float:
    """Agreement beyond chance (Cohen 1960): 1 is perfect, 0 no better; 0 where both say one thing.

    Both as long as each other, and not empty.
    """
    yes, true = float(np.mean(said)), float(np.mean(judged))
    by_chance = yes * true + (1 - yes) * (1 - true)
    return (agreement(said, judged) - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0
