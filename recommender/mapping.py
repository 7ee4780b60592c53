"""The map of the mentors who may be recommended, and where a goal and its answer lie on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.goals import GoalVectors
from models.ports import Index, MentorStore
from models.recommendation import Places, Point

MOST_POINTS = 2_000  # more cannot be told apart on a screen, and would be a long answer


@dataclass(frozen=True, slots=True)
class Charted:
    """Mentors with a free place as points, in the order of ids.

    `total`: how many there are; where they are more than `MOST_POINTS`, the points are evenly
    chosen.
    """

    index_version: str
    map: str
    total: int
    points: tuple[Point, ...]


def charted(index: Index, index_version: str, tenant: str, store: MentorStore) -> Charted:
    """The map, without whoever has left or is full by now."""
    free = np.flatnonzero(index.catalogue.alive() & index.catalogue.available())
    rows = free
    if len(free) > MOST_POINTS:
        rows = free[np.linspace(0, len(free) - 1, MOST_POINTS).astype(np.int64)]
    ids = index.catalogue.ids(rows)
    stored = store.read(tenant, ids)
    points = tuple(
        Point(id, stored[id].mentor.headline, float(x), float(y))
        for id, (x, y) in zip(ids, index.map.points(rows), strict=True)
        if id in stored and stored[id].mentor.can_take_a_mentee
    )
    return Charted(index_version, index.map.version, len(free), points)


def places(vectors: GoalVectors, rows: Sequence[int], index: Index) -> Places:
    """Where the goal and the mentors at `rows` lie."""
    ((x, y),) = index.map.place(vectors.goal[None])
    points = index.map.points(np.asarray(rows, dtype=np.int64))
    return Places(
        index.map.version, (float(x), float(y)), tuple((a, b) for a, b in points.tolist())
    )
