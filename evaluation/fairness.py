"""How alike two orders are, read from the top."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

Orders = Mapping[str, Sequence[str]]
"""Mentor ids by goal id, best first."""

DEPTH = 10
PERSISTENCE = 0.9  # how likely a reader is to look at one more place: ten are read on average


def rbo(one: Sequence[str], other: Sequence[str], p: float = PERSISTENCE) -> float:
    """Rank-biased overlap of two rankings without repeats, extrapolated; range [0, 1].

    Webber, Moffat & Zobel 2010, "A similarity measure for indefinite rankings",
    doi:10.1145/1852102.1852106, equation 32. Two empty rankings agree.
    """
    short, long = sorted((one, other), key=len)
    if not short:
        return 0.0 if long else 1.0
    s, l = len(short), len(long)  # noqa: E741 (the paper's names)
    shared = [len(set(short[:d]) & set(long[:d])) for d in range(1, l + 1)]
    x_s, x_l = shared[s - 1], shared[-1]
    agreed = sum(x / d * p**d for d, x in enumerate(shared, start=1))
    beyond = sum(x_s * (d - s) / (s * d) * p**d for d in range(s + 1, l + 1))
    return (1 - p) / p * (agreed + beyond) + ((x_l - x_s) / l + x_s / s) * p**l


def places_changed(one: Sequence[str], other: Sequence[str]) -> int:
    """At how many places of the longer ranking somebody else, or nobody, stands in the other."""
    same = sum(a == b for a, b in zip(one, other, strict=False))
    return max(len(one), len(other)) - same


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two sets of orders compared.

    `mean` and `least` are the rank-biased overlap over goals, range [0, 1], the least that of
    `worst`; `changed` of all `places` hold somebody else.
    """

    mean: float
    least: float
    worst: str
    changed: int
    places: int

    @classmethod
    def between(cls, one: Orders, other: Orders) -> Self:
        """Compare the orders of the goals of `one`, of which there is at least one."""
        overlaps = {goal: rbo(one[goal], other[goal]) for goal in one}
        worst = min(overlaps, key=lambda goal: overlaps[goal])
        return cls(
            round(statistics.fmean(overlaps.values()), 6),
            round(overlaps[worst], 6),
            worst,
            sum(places_changed(one[goal], other[goal]) for goal in one),
            sum(len(order) for order in one.values()),
        )
