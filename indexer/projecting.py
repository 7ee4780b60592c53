"""The map: mentors as points of a plane, along the two directions in which they differ most (PCA).

A new mentor or a goal is placed by the same two directions, without moving anybody else. Of
hundreds of dimensions two are left, so who is near on the map is often alike, not always: nothing
is ranked by it.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indexer.segment import Segment

FITTED = 5_000  # mentors that directions are made from; more would not turn them visibly
_AT_ONCE = 4_096  # mentors placed together; bounds the memory of a large pool
_NO_REACH = 1e-6  # below which mentors do not differ, so that nothing can be stretched


@dataclass(frozen=True, eq=False)
class Projector:
    """Where unit vectors lie on the map.

    `centre`: float32, shape (dimension,); `axes`: float32, shape (2, dimension), orthogonal, as
    long as it takes for the mentors they were made from to fill the unit circle. `fitted`: how many
    mentors the index had then.
    """

    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
    fitted: int

    @cached_property
    def version(self) -> str:
        """Names the map: points of equal versions may be shown together."""
        content = self.centre.tobytes() + self.axes.tobytes()
        return hashlib.sha256(content).hexdigest()[:12]

    def place(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Unit rows of shape (n, dimension) as points of the map, float64, shape (n, 2)."""
        points: NDArray[np.float64] = (vectors.astype(np.float64) - self.centre) @ self.axes.T
        return points

    def fits(self, mentors: int) -> bool:
        """Whether the index has neither doubled nor halved since."""
        return self.fitted / 2 < mentors < self.fitted * 2


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A segment's mentors on the map: float32, shape (n_mentors, 2), in the order of rows."""

    projector: Projector
    segment: Segment
    points: NDArray[np.float32]


def fitted(means: NDArray[np.float32], mentors: int) -> Projector:
    """The directions in which `means` differ most; equal ones have equal directions.

    `means`: unit rows, shape (n, dimension), n >= 1, of an index of so many `mentors`.
    """
    rows = means.astype(np.float64)
    centre = rows.mean(axis=0)
    apart = rows - centre
    _, directions = np.linalg.eigh(apart.T @ apart)
    axes = directions[:, :-3:-1].T
    # A direction and its opposite are as good; the one whose longest component is positive stays.
    longest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(2), longest])[:, None]
    reach = float(np.linalg.norm(apart @ axes.T, axis=1).max())
    axes /= reach if reach > _NO_REACH else 1.0
    return Projector(centre.astype(np.float32), axes.astype(np.float32), mentors)


def evenly(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most so many of `rows`, evenly spread over them."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def charted(segment: Segment) -> Chart | None:
    """Everybody of a segment on a map made for them; None where there is nobody."""
    rows = np.arange(segment.size)
    if not len(rows):
        return None
    projector = fitted(segment.dense.means(evenly(rows, FITTED)), segment.size)
    points = [
        projector.place(segment.dense.means(rows[at : at + _AT_ONCE]))
        for at in range(0, len(rows), _AT_ONCE)
    ]
    return Chart(projector, segment, np.concatenate(points).astype(np.float32))
