"""Attention spent fairly: of mentors who are about as good, those shown less lately come first.

What somebody's exposure costs is bounded by `SPAN` of the score's scale, so nobody passes another
who is clearly better; and it depends on nobody else in the pool but through `typical`, which is
part of the index version. Scores stay as they are.
"""

import numpy as np
from numpy.typing import NDArray

from models.ports import Catalogue
from models.recommendation import Move
from recommender.diversity import reordered, window_of
from recommender.scoring import MICRO, Scored

SPAN = 0.03  # of the score: about what lies between neighbours among the first ten


def spread(
    ranked: Scored, strength: float, limit: int, catalogue: Catalogue
) -> tuple[Scored, dict[int, Move], NDArray[np.int64]]:
    """The ranking with its first places reordered, and how those who moved did, by row.

    `strength`: 0..1, 0 leaves the order as it is. Also what the first places in their new order
    count for less than their scores, in millionths, shape (window,).
    """
    window = window_of(len(ranked.rows), limit)
    costs = _costs(ranked.rows[:window], strength, catalogue)
    if not costs.any():
        return ranked, {}, costs
    order = np.argsort(costs - ranked.parts[:window].sum(axis=1), kind="stable")
    return *reordered(ranked, order), costs[order]


def _costs(rows: NDArray[np.int64], strength: float, catalogue: Catalogue) -> NDArray[np.int64]:
    """What attention costs: half of the most for somebody who had as much as is usual."""
    if strength <= 0:
        return np.zeros(len(rows), dtype=np.int64)
    everybody = catalogue.shown()
    had_some = everybody[catalogue.alive() & (everybody > 0)]
    if not len(had_some):
        return np.zeros(len(rows), dtype=np.int64)
    often = everybody[rows].astype(np.float64)
    share = often / (often + had_some.mean())
    costs: NDArray[np.int64] = np.rint(strength * SPAN * MICRO * share).astype(np.int64)
    return costs
