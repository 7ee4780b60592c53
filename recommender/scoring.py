"""The score: a sum of named parts, none of which depends on who else is in the pool.

    passages   mean cosine of the goal with the mentor's best passages: has said this
    profile    cosine of the goal with the mean of all passages: is about this
    lexical    share of the goal's rare words found in the profile, or related ones: names this

Every part is rounded to millionths before it is summed, so the same mentor has the same score
filtered, paged, alone or on another host.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.goals import Goals, GoalVectors
from models.ports import Catalogue, LexicalIndex, PassageIndex
from recommender.words import matches

VERSION = "s3"
"""Raise it when any score can change: it is part of every index version."""

# Fixed weights, summing to 1. Each undoes the spread of its signal within one goal's candidates
# (benchmarks/candidates.md: about 0.07, 0.08 and 0.03), so all three have a like say; ablations
# are in benchmarks/quality.md.
PASSAGES = 0.25
PROFILE = 0.20
LEXICAL = 0.55

PARTS = ("passages", "profile", "lexical")

BEST_PASSAGES = 3  # the mean of three beats the best one: one lucky sentence is no expertise
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Scored:
    """The scored candidates, best first, ties in the order of ids.

    `rows`: int64, shape (n,). `parts`: int64 millionths, shape (n, 3), in the order passages,
    profile, lexical; the score of a mentor is their sum, range -450,000 to 1,000,000.
    """

    rows: NDArray[np.int64]
    parts: NDArray[np.int64]


def score(
    goals: Goals,
    vectors: GoalVectors,
    rows: NDArray[np.int64],
    catalogue: Catalogue,
    dense: PassageIndex,
    lexical: LexicalIndex,
) -> Scored:
    """Score the mentors at `rows` (sorted, distinct)."""
    if not len(rows):
        return Scored(rows, np.zeros((0, 3), dtype=np.int64))
    cosines, counts = dense.cosines(vectors.goal[None], rows)
    signals = np.column_stack(
        [
            PASSAGES * best_passages_mean(cosines[0], counts),
            PROFILE * profile_cosine(cosines[0], counts, catalogue.mean_norms(rows)),
            LEXICAL * lexical_share(goals.terms, rows, lexical),
        ]
    )
    parts = micro(signals)
    return best_first(rows, parts, catalogue)


def best_first(rows: NDArray[np.int64], parts: NDArray[np.int64], catalogue: Catalogue) -> Scored:
    """The mentors at `rows`, which are distinct, with these `parts` of their scores, in order."""
    totals = parts.sum(axis=1)
    order = np.argsort(-totals, kind="stable")
    # Ids are compared only where scores are equal, which few are.
    equal = np.diff(totals[order]) == 0
    tied = np.flatnonzero(np.append(equal, False) | np.insert(equal, 0, False))
    if len(tied):
        among = order[tied]
        ids = np.asarray(catalogue.ids(rows[among]))
        order[tied] = among[np.lexsort((ids, -totals[among]))]
    return Scored(rows[order], parts[order])


def followed_by(first: Scored, then: Scored) -> Scored:
    """All of `first` before all of `then`."""
    rows = np.concatenate([first.rows, then.rows])
    return Scored(rows, np.concatenate([first.parts, then.parts]))


def best_passages_mean(
    cosines: NDArray[np.float64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Mean of each mentor's best `BEST_PASSAGES` cosines, or of all where there are fewer.

    `cosines`: shape (n_passages,), grouped by mentor; `counts`: passages a mentor, shape (n,).
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    left = cosines.copy()
    sums = np.zeros(len(counts))
    for _ in range(BEST_PASSAGES):
        best = np.maximum.reduceat(left, first)
        sums += np.where(np.isfinite(best), best, 0.0)
        taken = np.flatnonzero(left == best[owner])
        left[taken[np.diff(owner[taken], prepend=-1) > 0]] = -np.inf  # one, where several tie
    return sums / np.minimum(counts, BEST_PASSAGES)


def profile_cosine(
    cosines: NDArray[np.float64], counts: NDArray[np.int64], mean_norms: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cosine of the goal with each mentor's mean passage vector.

    It needs no further vector: the mean of the cosines, over the length of the mean vector.
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    sums = np.bincount(owner, cosines, minlength=len(counts)).astype(np.float64)
    return sums / counts / mean_norms


def lexical_share(
    weights: Mapping[str, float], rows: NDArray[np.int64], lexical: LexicalIndex
) -> NDArray[np.float64]:
    """BM25 over what the goal could attain at most, range [0, 1); shape (len(rows),)."""
    attainable = sum(weights.values())
    if not attainable:
        return np.zeros(len(rows))
    found = matches(list(weights), rows, lexical)
    return found @ np.fromiter(weights.values(), dtype=np.float64) / attainable


def micro(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole millionths."""
    return np.rint(values * MICRO).astype(np.int64)


def shares(amounts: NDArray[np.float64]) -> list[float]:
    """Each amount in whole millionths, so rounded that every running sum is the rounded one."""
    sums = micro(np.cumsum(amounts)).tolist()
    return [(sum_ - before) / MICRO for before, sum_ in zip([0, *sums], sums, strict=False)]
