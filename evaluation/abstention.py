"""Whether the best chance of an answer tells goals that somebody can help with from the others."""

import random
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import rankdata


@dataclass(frozen=True, slots=True)
class Asked:
    """One goal and the chance that each mentor is useful for it, by mentor id.

    `useful`: those who are judged so. `field`: those whose absence leaves nobody to help, None
    where that is not known. `hopeless`: nobody can help in any case.
    """

    chances: Mapping[str, float]
    useful: frozenset[str] = frozenset()
    field: frozenset[str] | None = None
    hopeless: bool = False


@dataclass(slots=True)
class Best:
    """The best chance of the answer to each goal, by what is known of the goal."""

    answerable: list[float] = field(default_factory=list)
    removed: list[float] = field(default_factory=list)
    hopeless: list[float] = field(default_factory=list)

    @property
    def unanswerable(self) -> list[float]:
        """Both kinds of goals with which nobody can help."""
        return self.removed + self.hopeless


def best_chances(asked: Iterable[Asked], there: Collection[str]) -> Best:
    """What the answers of a corpus of the mentors `there` come to.

    It is exact, since no chance depends on who else is there. A goal whose field is removed counts
    beside the goal itself; one that nobody at all is left to answer does not count.
    """
    found, corpus = Best(), frozenset(there)
    for goal in asked:
        if goal.hopeless:
            _add(found.hopeless, goal, corpus)
        if goal.useful & corpus:
            _add(found.answerable, goal, corpus)
        if goal.field is not None:
            _add(found.removed, goal, corpus - goal.field)
    return found


def auroc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """How often one of `higher` is above one of `lower`, ties half (Mann and Whitney 1947).

    NaN where either is empty.
    """
    pairs = len(higher) * len(lower)
    if not pairs:
        return float("nan")
    ranks = rankdata([*higher, *lower])[: len(higher)].sum()
    return float((ranks - len(higher) * (len(higher) + 1) / 2) / pairs)


def share_below(chances: Sequence[float], least: float) -> float:
    """The share of answers whose best chance is below `least`; NaN without any."""
    return float(np.mean(np.asarray(chances) < least)) if chances else float("nan")


def naming(words: str, texts: Mapping[str, str]) -> frozenset[str]:
    """The ids of the texts in which a word begins as the pattern `words` says, in any case."""
    pattern = re.compile(rf"(?<![a-z])(?:{words})", re.IGNORECASE)
    return frozenset(id for id, text in texts.items() if pattern.search(text))


def subsample(ids: Collection[str], share: float, seed: int) -> list[str]:
    """`share` of the mentors by chance, at least one; the same for the same seed."""
    size = max(1, round(share * len(ids)))
    return random.Random(seed).sample(sorted(ids), size)  # noqa: S311 (a sample, no secret)


def _add(chances: list[float], goal: Asked, corpus: frozenset[str]) -> None:
    there = [chance for id, chance in goal.chances.items() if id in corpus]
    if there:
        chances.append(max(there))
