"""Quotes: the passages behind the passages part and the profile part of a score."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.goals import GoalVectors
from models.mentor import Mentor, string_at
from models.passage import Leaf, Passage
from models.ports import Recipe
from models.recommendation import Reason
from recommender.scoring import BEST_PASSAGES, PASSAGES, PROFILE, shares

QUOTED = 0.28  # cosine below which a passage is counted but not quoted; benchmarks/faithfulness.md
COVERED = 0.48  # cosine from which a passage answers a part; benchmarks/calibration.md, coverage


class Quotes:
    """What one mentor says about one goal.

    `asking`: the goal parts that a quote can answer. `cosines`: of the mentor's passages with the
    goal (row 0) and with each of its parts, shape (1 + n_parts, n_passages). `record`: that of the
    mentor.
    """

    def __init__(
        self,
        asking: Sequence[int],
        vectors: GoalVectors,
        cosines: NDArray[np.float64],
        mentor: Mentor,
        record: Mapping[str, object],
        recipe: Recipe,
    ) -> None:
        self._asking = asking
        self._vectors = vectors
        self._goal, self._parts = cosines[0], cosines[1:]
        self._passages = recipe.passages(mentor)
        self._record = record
        self._recipe = recipe

    def nearest(self) -> tuple[Reason, ...]:
        """The passages that make the passages part, each under the goal part it answers best."""
        best = self._best()
        adds = shares(PASSAGES * self._goal[best] / len(best))
        reasons: list[Reason] = []
        for i, contribution in zip(self._shown(), adds, strict=False):
            answered = max(self._asking, key=lambda part: self._parts[part, i])
            reasons.append(self._reason(i, "passages", answered, contribution, reasons))
        return tuple(reasons)

    def further(self, said: Sequence[Reason], mean_norm: float) -> tuple[Reason, ...]:
        """For each goal part that no quote answers yet, the passage that does, if one does.

        Such a passage is not among the nearest to the whole goal; what it adds is its share of
        the profile part, the mean of all passages. `mean_norm` is the length of that mean.
        """
        quoted = set(self._shown())
        chosen: dict[int, int] = {}
        for part in self._asking:
            i = int(self._parts[part].argmax())
            open_still = all(self._parts[part, j] < COVERED for j in quoted)
            if open_still and self._parts[part, i] >= COVERED:
                chosen[part] = i
                quoted.add(i)
        each = PROFILE / len(self._passages) / mean_norm
        adds = shares(each * self._goal[list(chosen.values())])
        reasons: list[Reason] = []
        for (part, i), contribution in zip(chosen.items(), adds, strict=True):
            reasons.append(self._reason(i, "profile", part, contribution, [*said, *reasons]))
        return tuple(reasons)

    def _best(self) -> NDArray[np.int64]:
        return np.argsort(-self._goal, kind="stable")[:BEST_PASSAGES]

    def _shown(self) -> list[int]:
        best = self._best().tolist()
        return [i for i in best if i == best[0] or self._goal[i] >= QUOTED]

    def _reason(
        self, i: int, kind: str, goal: int, contribution: float, others: Sequence[Reason]
    ) -> Reason:
        near = self._vectors.goal if kind == "passages" else self._vectors.parts[goal]
        leaf = self._leaf(self._passages[i], near, {(r.field, r.start) for r in others})
        return Reason(
            goal,
            kind,
            leaf.pointer,
            string_at(self._record, leaf.pointer)[leaf.start : leaf.end],
            leaf.start,
            leaf.end,
            round(float(self._goal[i]), 6),
            contribution,
        )

    def _leaf(
        self, passage: Passage, near: NDArray[np.float32], quoted: Collection[tuple[str, int]]
    ) -> Leaf:
        """The stretch to quote: of a passage joined from several, the one nearest to `near`.

        One that another reason quotes already is passed over while there is another.
        """
        if not passage.items:
            return passage.leaves[0]
        cosines = (self._recipe.vectors(passage.items) @ near).tolist()
        order = sorted(range(len(cosines)), key=lambda i: -cosines[i])
        nearest = [passage.leaves[i] for i in order]
        fresh = [leaf for leaf in nearest if (leaf.pointer, leaf.start) not in quoted]
        return (fresh or nearest)[0]
