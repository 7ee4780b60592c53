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


def candidates(
    goals: Goals, vectors: GoalVectors, index: Index, places: int, mask: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Rows of eligible mentors worth scoring, sorted: dense and lexical hits together.

    `places`: how many recommendations one page has; all eligible rows come when the two searches
    find fewer.
    """
    # By the whole goal, as scores are: searching for its parts too found nobody better.
    dense = index.dense.nearest(
        vectors.goal[None], max(NEAREST_PASSAGES, PASSAGES_PER_PLACE * places), mask
    )
    lexical = index.lexical.best(
        reach(goals.terms), max(BEST_LEXICAL, LEXICAL_PER_PLACE * places), mask
    )
    found = np.union1d(dense, lexical)
    return found if len(found) > places else np.flatnonzero(mask)
