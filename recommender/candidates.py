"""Candidates: mentors near the goal in meaning, and mentors who use its rare words."""

import numpy as np
from numpy.typing import NDArray

from models.goals import Goals, GoalVectors
from models.ports import Index
from recommender.words import reach

# Deep enough that no mentor of a judged top 10 is missed (benchmarks/candidates.md); a larger page
# goes deeper.
NEAREST_PASSAGES = 500
BEST_LEXICAL = 200
PASSAGES_PER_PLACE = 20
LEXICAL_PER_PLACE = 5


def named(goals: Goals, index: Index, places: int, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows of eligible mentors who use the goal's rare words, sorted; it takes no vectors.

    `places`: how many recommendations one page has.
    """
    top_k = max(BEST_LEXICAL, LEXICAL_PER_PLACE * places)
    return index.lexical.best(reach(goals.terms), top_k, mask)


def candidates(
    named: NDArray[np.int64],
    vectors: GoalVectors,
    index: Index,
    places: int,
    mask: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Rows of eligible mentors worth scoring, sorted: those `named` and those near in meaning.

    `places`: how many recommendations one page has; all eligible rows come when the two searches
    find fewer.
    """
    # By the whole goal, as scores are: searching for its parts too found nobody better.
    dense = index.dense.nearest(
        vectors.goal[None], max(NEAREST_PASSAGES, PASSAGES_PER_PLACE * places), mask
    )
    found = np.union1d(dense, named)
    return found if len(found) > places else np.flatnonzero(mask)
