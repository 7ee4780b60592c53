"""Where one mentor stands: the place among everybody eligible, and what is in the way."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import fields, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from models.mentor import Mentor
from models.ports import Catalogue
from models.recommendation import Obstacle
from recommender.eligibility import Exclusions, Filters, eligible
from recommender.scoring import MICRO, Scored, best_first

TOP = 10  # a page as it comes unless another limit is named
AT_ONCE = 4_096  # mentors scored together; bounds the memory of a large pool
LOOKED_UP = 300  # of those above, checked against the store as a list of any limit would be


def obstacles(
    catalogue: Catalogue,
    row: int,
    mentor: Mentor,
    filters: Filters,
    exclude: Exclusions,
    now: datetime | None = None,
) -> tuple[Obstacle, ...]:
    """Each filter and exclusion by which the mentor cannot be recommended, by name."""
    found = [
        *_places(mentor, filters.available),
        *(
            Obstacle("filtered", f"Does not pass the filter {name!r}.", (("filter", name),))
            for name, only in _one_by_one(filters)
            if not eligible(catalogue, only, Exclusions(), now)[row]
        ),
    ]
    if mentor.id in exclude.ids:
        found.append(Obstacle("excluded", "Excluded by id.", (("exclude", "ids"),)))
    others = replace(exclude, ids=())
    if not eligible(catalogue, Filters(available=None), others, now)[row]:
        text = "Excluded by organization."
        found.append(Obstacle("excluded", text, (("exclude", "organization"),)))
    return tuple(found)


def _places(mentor: Mentor, wanted: bool | None) -> Iterator[Obstacle]:
    if wanted is False and mentor.can_take_a_mentee:
        text = "Does not pass the filter 'available': has a free place."
        yield Obstacle("filtered", text, (("filter", "available"),))
    if not wanted:
        return
    if not mentor.available:
        yield Obstacle("unavailable", "Is not available at present.")
    if mentor.places_free == 0:
        yield Obstacle("full", "Has no free place at present.")


def _one_by_one(filters: Filters) -> Iterator[tuple[str, Filters]]:
    """Each condition alone under its name, but for `available`, which the store knows better."""
    nothing = Filters(available=None, timezone=filters.timezone)
    for name, value in filters.attributes.items():
        yield f"attributes.{name}", replace(nothing, attributes={name: value})
    for name in (field.name for field in fields(Filters)):
        value = getattr(filters, name)
        if name not in ("available", "timezone", "attributes") and value != getattr(nothing, name):
            yield name, replace(nothing, **{name: value})


def ranking(
    score: Callable[[NDArray[np.int64]], Scored], rows: NDArray[np.int64], catalogue: Catalogue
) -> Scored:
    """Everybody at `rows`, sorted and at least one, scored a piece at a time; best first."""
    pieces = [score(rows[first : first + AT_ONCE]) for first in range(0, len(rows), AT_ONCE)]
    found = np.concatenate([piece.rows for piece in pieces])
    parts = np.concatenate([piece.parts for piece in pieces])
    return best_first(found, parts, catalogue)


def place(
    ranked: Scored, row: int, there: Callable[[NDArray[np.int64]], Collection[int]]
) -> tuple[int, tuple[Obstacle, ...]]:
    """The place of the mentor at `row`, from 1, and an obstacle where it is not among the first.

    `there` says who of some rows may still be shown; whoever may not takes no place.
    """
    at = int(np.flatnonzero(ranked.rows == row)[0])
    present = there(ranked.rows[: min(at, LOOKED_UP)])
    above = [i for i in range(at) if i >= LOOKED_UP or int(ranked.rows[i]) in present]
    rank = len(above) + 1
    if rank <= TOP:
        return rank, ()
    score, last = (int(ranked.parts[i].sum()) / MICRO for i in (at, above[TOP - 1]))
    return rank, (
        Obstacle(
            "not_in_top",
            f"Comes at place {rank:,} with a score of {score:.3f}; place {TOP} has {last:.3f}.",
            (("rank", rank), ("score", score), (f"score_at_{TOP}", last)),
        ),
    )
