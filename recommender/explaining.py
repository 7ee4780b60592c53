"""Reasons: the parts of the score, traced back to the mentor's own words.

Nothing here changes a score or is computed from anything but what made it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.goals import GoalPart, Goals, GoalVectors
from models.mentor import Mentor
from models.ports import Index, Recipe
from models.recommendation import Fact, Reason
from recommender.naming import SharedWords
from recommender.paging import Shown
from recommender.quoting import COVERED, Quotes
from recommender.scoring import MICRO
from recommender.words import matched_by

NAMED = 0.25  # share of a part's word weight that answers it; benchmarks/calibration.md, coverage
ASKING = 0.25  # share of the most informative part's weight below which a part asks nothing


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasons of one recommendation; sums as in `models.recommendation.Recommendation`."""

    reasons: tuple[Reason, ...]
    other_passages: float
    other_profile: float
    other_terms: float
    uncovered_goals: tuple[int, ...]


def unexplained(parts: NDArray[np.int64]) -> Explanation:
    """No reasons: everything is in the remainders."""
    passages, profile, lexical = (int(part) / MICRO for part in parts)
    return Explanation((), passages, profile, lexical, ())


def explain(
    goals: Goals, vectors: GoalVectors, shown: Sequence[Shown], index: Index, recipe: Recipe
) -> list[Explanation]:
    """Why each of those shown has the parts of the score that they have.

    What they need of index and cache is read for all of them at once.
    """
    if not shown:
        return []
    order = sorted(range(len(shown)), key=lambda i: shown[i].row)
    rows = np.asarray([shown[i].row for i in order])
    toward = np.vstack([vectors.goal[None], vectors.parts])
    cosines, counts = index.dense.cosines(toward, rows)
    each = np.split(cosines, np.cumsum(counts)[:-1], axis=1)
    mean_norms = index.catalogue.mean_norms(rows).tolist()
    matched = matched_by(list(goals.terms), rows, index.lexical)
    asking, wishes = asked(goals.parts), wished(goals.parts)
    outlines = [recipe.outline(shown[i].stored) for i in order]
    quotes = [
        Quotes(asking, cosines, mean_norm, shown[i].mentor, outline)
        for i, cosines, mean_norm, outline in zip(order, each, mean_norms, outlines, strict=True)
    ]
    items = {item for one in quotes for item in one.items(recipe)}
    read = dict(zip(items, recipe.vectors(list(items)), strict=True))
    found: dict[int, Explanation] = {}
    for i, one, outline, by in zip(order, quotes, outlines, matched, strict=True):
        words = SharedWords(goals, shown[i].mentor, outline, by)
        said = one.nearest(vectors, read)
        about = one.further(vectors, read, said)
        named = words.reasons()
        passages, profile, lexical = shown[i].parts.tolist()
        found[i] = Explanation(
            (*said, *about, *named),
            _rest(passages, said),
            _rest(profile, about),
            _rest(lexical, named),
            tuple(
                part
                for part in wishes
                if one.nearness(part) < COVERED and words.share(goals.parts[part]) < NAMED
            ),
        )
    return [found[i] for i in range(len(shown))]


def asked(parts: Sequence[GoalPart]) -> list[int]:
    """The goal parts that a quote can answer: the wishes, and what is told of oneself.

    Somebody who came from the same place is an answer, and a wish may be taken for a story.
    """
    return sorted({*wished(parts), *_telling(parts)})


def wished(parts: Sequence[GoalPart]) -> list[int]:
    """The wishes that say something, or whatever does where nothing reads like a wish."""
    return _telling([part for part in parts if part.about == "wish"] or parts)


def _telling(parts: Sequence[GoalPart]) -> list[int]:
    most = max(part.informativeness for part in parts)
    return [part.part for part in parts if part.informativeness >= ASKING * most]


def _rest(part: int, reasons: Sequence[Reason]) -> float:
    return (part - sum(round(reason.contribution * MICRO) for reason in reasons)) / MICRO


def facts(mentor: Mentor) -> tuple[Fact, ...]:
    """What is true of the mentor besides the match."""
    if mentor.capacity is None:
        return ()
    free, of = mentor.places_free or 0, mentor.capacity
    return (Fact("places_free", f"{free} of {of} places free", (("free", free), ("of", of))),)
