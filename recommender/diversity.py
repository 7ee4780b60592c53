"""Diversity: mentors who resemble those above them make way for others a little further down.

Maximal marginal relevance (Carbonell & Goldstein 1998, "The use of MMR, diversity-based reranking
for reordering documents and producing summaries", doi:10.1145/290941.291025). It reorders a window
at the top of the ranking and changes no score; how far each mentor moved is told.
"""

import numpy as np
from numpy.typing import NDArray

from models.ports import PassageIndex
from models.recommendation import Move
from recommender.scoring import MICRO, Scored, micro

# Somebody from deeper down would be no match any more, only different.
WINDOW_PER_PLACE = 5
SMALLEST_WINDOW = 50


def diversified(
    ranked: Scored,
    diversity: float,
    limit: int,
    dense: PassageIndex,
    costs: NDArray[np.int64] | None = None,
) -> tuple[Scored, dict[int, Move]]:
    """The ranking with its first places reordered, and how those who moved did, by row.

    `diversity`: 0..1, the weight of being unlike everybody above; 0 leaves the order as it is.
    The window depends on `limit` alone, which all pages of a request share. `costs`: millionths
    that the first places count for less than their scores, shape (window,).
    """
    window = window_of(len(ranked.rows), limit)
    if diversity <= 0 or window == 0:
        return ranked, {}
    rows = ranked.rows[:window]
    worth = ranked.parts[:window].sum(axis=1) - (0 if costs is None else costs)
    return reordered(ranked, marginal_order(worth, likeness(rows, dense), diversity))


def reordered(ranked: Scored, order: NDArray[np.int64]) -> tuple[Scored, dict[int, Move]]:
    """The ranking with its first places in this order, and how those who moved did, by row."""
    rows = ranked.rows[: len(order)]
    moves = {
        int(rows[before]): Move(before + 1, after + 1)
        for after, before in enumerate(order.tolist())
        if before != after
    }
    whole = np.concatenate([order, np.arange(len(order), len(ranked.rows))])
    return Scored(ranked.rows[whole], ranked.parts[whole]), moves


def window_of(ranked: int, limit: int) -> int:
    """How many of the first places are reordered, for pages of `limit` mentors."""
    return min(ranked, max(SMALLEST_WINDOW, WINDOW_PER_PLACE * limit))


def likeness(rows: NDArray[np.int64], dense: PassageIndex) -> NDArray[np.int64]:
    """Cosine of the mean passage vectors of every two mentors, in millionths.

    `rows`: distinct, in any order; the result has shape (len(rows), len(rows)) in that order.
    Whole millionths, as in the score, so that the same request has the same order anywhere.
    """
    ascending = np.argsort(rows)
    means = dense.means(rows[ascending]).astype(np.float64)[np.argsort(ascending)]
    return micro(means @ means.T)


def marginal_order(
    scores: NDArray[np.int64], alike: NDArray[np.int64], diversity: float
) -> NDArray[np.int64]:
    """The order in which mentors are taken: each time the one of the greatest marginal relevance.

        (1 - diversity) * score / best score - diversity * likeness to the most alike of those taken

    `scores`: millionths, best first, shape (n,); `alike`: millionths, shape (n, n). Scores are
    small beside cosines of profiles; as shares of the best one they have a like say, so that 0.5
    is the middle. Ties go to the better placed, so the best comes first whatever the diversity.
    """
    relevance = scores * (MICRO / scores[0]) if scores[0] > 0 else scores
    taken: list[int] = []
    left = np.ones(len(scores), dtype=np.bool_)
    nearest = np.zeros(len(scores), dtype=np.int64)
    for _ in range(len(scores)):
        marginal = (1 - diversity) * relevance - diversity * nearest
        best = int(np.argmax(np.where(left, marginal, -np.inf)))
        nearest = alike[best] if not taken else np.maximum(nearest, alike[best])
        taken.append(best)
        left[best] = False
    return np.asarray(taken, dtype=np.int64)
