"""How sure a measured figure is: 95 % intervals of shares and of paired differences."""

import math
from collections.abc import Sequence

import numpy as np

NORMAL_95 = 1.959964  # two-sided 95 % of the normal distribution
RESAMPLINGS = 10_000
SEED = 7


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    if not of:
        return 0.0, 1.0
    z2 = NORMAL_95**2
    centre = (hits + z2 / 2) / (of + z2)
    half = NORMAL_95 / (of + z2) * math.sqrt(hits * (of - hits) / of + z2 / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def paired_gain(base: Sequence[float], ours: Sequence[float]) -> tuple[float, float, float]:
    """The mean of `ours` - `base` over the same goals, and the ends of its 95 % interval.

    Percentiles of 10,000 bootstrap resamplings of the goals with a fixed seed (Efron 1979,
    doi:10.1214/aos/1176344552). Raises ValueError when the two differ in length or are empty.
    """
    if len(base) != len(ours) or not base:
        raise ValueError(f"Expected values of the same goals, got {len(base)} and {len(ours)}.")
    gains = np.asarray(ours, dtype=np.float64) - np.asarray(base, dtype=np.float64)
    picks = np.random.default_rng(SEED).integers(0, len(gains), (RESAMPLINGS, len(gains)))
    low, high = np.quantile(gains[picks].mean(axis=1), [0.025, 0.975])
    return float(gains.mean()), float(low), float(high)
