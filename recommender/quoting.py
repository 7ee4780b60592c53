"""Quotes: the passages behind the passages part and the profile part of a score."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.goals import GoalVectors
from models.mentor import Mentor, text_at
from models.outline import Outline
from models.passage import Leaf
from models.ports import Recipe
from models.recommendation import Reason
from recommender.scoring import BEST_PASSAGES, PASSAGES, PROFILE, shares

QUOTED = 0.28  # cosine below which a passage is counted but not quoted; benchmarks/faithfulness.md
COVERED = 0.48  # cosine from which a passage answers a part; benchmarks/calibration.md, coverage

ItemVectors = Mapping[str, NDArray[np.float32]]
"""The passage vectors of the items of lists, by what the encoder reads for each."""


@dataclass(frozen=True, slots=True)
class _Quote:
    """The passage at `passage`, shown for the goal part `goal`."""

    passage: int
    goal: int
    contribution: float


class Quotes:
    """What one mentor says about one goal.

    `asking`: the goal parts that a quote can answer. `cosines`: of the mentor's passages with the
    goal (row 0) and with each of its parts, shape (1 + n_parts, n_passages). `mean_norm`: the
    length of the mean passage vector.
    """

    def __init__(
        self,
        asking: Sequence[int],
        cosines: NDArray[np.float64],
        mean_norm: float,
        mentor: Mentor,
        outline: Outline,
    ) -> None:
        self._asking = asking
        self._goal = cosines[0].tolist()
        self._parts = cosines[1:].tolist()
        self._mentor = mentor
        self._outline = outline
        best = np.argsort(-cosines[0], kind="stable")[:BEST_PASSAGES]
        self._nearest = self._of_nearest(best.tolist(), cosines[0])
        self._further = self._of_further(cosines, mean_norm)
        self._items: dict[int, tuple[tuple[Leaf, ...], list[str]]] = {}

    def nearness(self, part: int) -> float:
        """The greatest cosine of any passage with a goal part."""
        return float(max(self._parts[part]))

    def items(self, recipe: Recipe) -> list[str]:
        """What the encoder reads for the items of those passages quoted that have several."""
        for quote in (*self._nearest, *self._further):
            leaves = self._outline.leaves(quote.passage)
            if len(leaves) > 1:
                self._items[quote.passage] = leaves, recipe.items(self._mentor, leaves)
        return [item for _, items in self._items.values() for item in items]

    def nearest(self, vectors: GoalVectors, read: ItemVectors) -> tuple[Reason, ...]:
        """The passages that make the passages part, each under the goal part it answers best.

        `read`: the vectors of `items`.
        """
        reasons: list[Reason] = []
        for quote in self._nearest:
            reasons.append(self._reason(quote, "passages", vectors.goal, read, reasons))
        return tuple(reasons)

    def further(
        self, vectors: GoalVectors, read: ItemVectors, said: Sequence[Reason]
    ) -> tuple[Reason, ...]:
        """For each goal part that no quote answers yet, the passage that does, if one does.

        Such a passage is not among the nearest to the whole goal; what it adds is its share of
        the profile part, the mean of all passages.
        """
        reasons: list[Reason] = []
        for quote in self._further:
            near = vectors.parts[quote.goal]
            reasons.append(self._reason(quote, "profile", near, read, [*said, *reasons]))
        return tuple(reasons)

    def _of_nearest(self, best: list[int], goal: NDArray[np.float64]) -> list[_Quote]:
        adds = shares(PASSAGES * goal[best] / len(best))
        shown = [i for i in best if i == best[0] or self._goal[i] >= QUOTED]
        return [
            _Quote(i, max(self._asking, key=lambda part: self._parts[part][i]), contribution)
            for i, contribution in zip(shown, adds, strict=False)
        ]

    def _of_further(self, cosines: NDArray[np.float64], mean_norm: float) -> list[_Quote]:
        quoted = {quote.passage for quote in self._nearest}
        chosen: dict[int, int] = {}
        for part in self._asking:
            of_part = self._parts[part]
            nearest = max(of_part)
            if nearest >= COVERED and all(of_part[j] < COVERED for j in quoted):
                chosen[part] = of_part.index(nearest)
                quoted.add(chosen[part])
        each = PROFILE / len(self._goal) / mean_norm
        adds = shares(each * cosines[0][list(chosen.values())])
        return [
            _Quote(i, part, contribution)
            for (part, i), contribution in zip(chosen.items(), adds, strict=True)
        ]

    def _reason(
        self,
        quote: _Quote,
        kind: str,
        near: NDArray[np.float32],
        read: ItemVectors,
        others: Sequence[Reason],
    ) -> Reason:
        leaf = self._leaf(quote.passage, near, read, {(r.field, r.start) for r in others})
        return Reason(
            quote.goal,
            kind,
            leaf.pointer,
            text_at(self._mentor, leaf.pointer)[leaf.start : leaf.end],
            leaf.start,
            leaf.end,
            round(self._goal[quote.passage], 6),
            quote.contribution,
        )

    def _leaf(
        self,
        passage: int,
        near: NDArray[np.float32],
        read: ItemVectors,
        quoted: Collection[tuple[str, int]],
    ) -> Leaf:
        """The stretch to quote: of a passage joined from several, the one nearest to `near`.

        One that another reason quotes already is passed over while there is another.
        """
        if passage not in self._items:
            return self._outline.leaves(passage)[0]
        leaves, items = self._items[passage]
        cosines = (np.stack([read[item] for item in items]) @ near).tolist()
        order = sorted(range(len(cosines)), key=lambda i: -cosines[i])
        nearest = [leaves[i] for i in order]
        fresh = [leaf for leaf in nearest if (leaf.pointer, leaf.start) not in quoted]
        return (fresh or nearest)[0]
