"""Reasons: the parts of the score, traced back to the mentor's own words.

Nothing here changes a score or is computed from anything but what made it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.goals import GoalPart, Goals, GoalVectors
from models.mentor import Mentor, as_record
from models.ports import Index, Recipe
from models.recommendation import Fact, Reason
from recommender.naming import SharedWords
from recommender.quoting import COVERED, Quotes
from recommender.scoring import MICRO

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
    goals: Goals,
    vectors: GoalVectors,
    row: int,
    mentor: Mentor,
    parts: NDArray[np.int64],
    index: Index,
    recipe: Recipe,
    stems: Collection[str],
) -> Explanation:
    """Why the mentor at `row` has these `parts` (millionths: passages, profile, lexical).

    `stems`: what `recommender.words.reach` finds for the goal.
    """
    at = np.asarray([row])
    cosines, _ = index.dense.cosines(np.vstack([vectors.goal[None], vectors.parts]), at)
    asking = asked(goals.parts)
    record = as_record(mentor)
    quotes = Quotes(asking, vectors, cosines, mentor, record, recipe)
    words = SharedWords(goals, row, mentor, record, index.lexical, recipe, stems)
    said = quotes.nearest()
    about = quotes.further(said, float(index.catalogue.mean_norms(at)[0]))
    named = words.reasons()
    return Explanation(
        (*said, *about, *named),
        _rest(int(parts[0]), said),
        _rest(int(parts[1]), about),
        _rest(int(parts[2]), named),
        tuple(
            part
            for part in wished(goals.parts)
            if cosines[1 + part].max() < COVERED and words.share(goals.parts[part]) < NAMED
        ),
    )


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
