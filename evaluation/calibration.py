"""Whether a chance of being useful holds, and the curve behind it fitted anew to judged pairs.

Platt 1999, "Probabilistic Outputs for Support Vector Machines", by Newton's method; the expected
calibration error over bins of equal mass (Naeini et al. 2015, "Obtaining Well Calibrated
Probabilities Using Bayesian Binning"), and the Brier skill score (Brier 1950).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from evaluation.measures import RELEVANT

BINS = 10
FOLDS = 5
SEEDS = 20  # shufflings of the goals into folds, since one alone is luck
STEPS = 50  # Newton needs about eight
RIDGE = 1e-6  # keeps the system solvable where all goals have equally many words

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """A judged pair: the score, the distinct content words of the goal (>= 0), the grade 0..3."""

    goal: str
    score: float
    words: int
    grade: int


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve over the score and the natural logarithm of the goal's words."""

    bias: float
    per_score: float
    per_log_words: float

    def chances(self, pairs: Sequence[Pair]) -> Array:
        """The chance that each pair is useful; shape (n,), range (0, 1)."""
        return _chances(_features(pairs), [self.bias, self.per_score, self.per_log_words])


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Pairs by curves that were fitted without their goals.

    `chances`: range (0, 1); `base`: the share of useful pairs among those the curve was fitted to.
    Both float64, shape (n,).
    """

    chances: Array
    base: Array


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of neighbouring chances: how many, their mean chance, and how many are useful."""

    pairs: int
    chance: float
    useful: int


def useful(pairs: Sequence[Pair]) -> NDArray[np.bool_]:
    """Whether the grade of each pair is `RELEVANT` or more; shape (n,)."""
    return np.asarray([pair.grade >= RELEVANT for pair in pairs], dtype=np.bool_)


def fit(pairs: Sequence[Pair]) -> Curve:
    """The curve under which the judgments are likeliest; some are useful and some are not."""
    features, found = _features(pairs), useful(pairs)
    weights = np.zeros(features.shape[1])
    for _ in range(STEPS):
        chances = _chances(features, weights)
        slope = features.T @ (found - chances) - RIDGE * weights
        bend = (features.T * (chances * (1.0 - chances))) @ features
        step = np.linalg.solve(bend + RIDGE * np.eye(len(weights)), slope)
        weights = weights + step
        if np.abs(step).max() < RIDGE:
            break
    return Curve(*weights.tolist())


def held_out(pairs: Sequence[Pair], seed: int) -> HeldOut:
    """Every pair by a curve that was fitted to four fifths of the goals, its own not among them."""
    goals = np.random.default_rng(seed).permutation(sorted({pair.goal for pair in pairs}))
    fold = {goal: place % FOLDS for place, goal in enumerate(goals.tolist())}
    of = np.asarray([fold[pair.goal] for pair in pairs])
    found, chances, base = useful(pairs), np.zeros(len(pairs)), np.zeros(len(pairs))
    for one in set(fold.values()):
        tested = of == one
        curve = fit([pair for pair, out in zip(pairs, tested, strict=True) if not out])
        chances[tested] = curve.chances(
            [pair for pair, out in zip(pairs, tested, strict=True) if out]
        )
        base[tested] = found[~tested].mean()
    return HeldOut(chances, base)


def bins(chances: Array, found: NDArray[np.bool_]) -> list[Bin]:
    """`BINS` bins of equally many pairs, the lowest chances first; at least one pair each."""
    parts = np.array_split(np.argsort(chances, kind="stable"), BINS)
    return [
        Bin(len(part), float(chances[part].mean()), int(found[part].sum()))
        for part in parts
        if len(part)
    ]


def calibration_error(chances: Array, found: NDArray[np.bool_]) -> float:
    """The mean distance of chance and share of useful pairs over the bins, range [0, 1]."""
    apart = [abs(one.pairs * one.chance - one.useful) for one in bins(chances, found)]
    return sum(apart) / len(chances)


def brier_skill(chances: Array, base: Array, found: NDArray[np.bool_]) -> float:
    """How much nearer to the truth than always saying `base`: 1 is perfect, 0 no better."""
    return float(1.0 - ((chances - found) ** 2).sum() / ((base - found) ** 2).sum())


def _features(pairs: Sequence[Pair]) -> Array:
    return np.asarray([[1.0, pair.score, math.log(max(pair.words, 1))] for pair in pairs])


def _chances(features: Array, weights: Sequence[float] | Array) -> Array:
    return np.asarray(expit(features @ np.asarray(weights)), dtype=np.float64)
