"""Mentors like one of them: by the cosine of their mean passage vectors, which their words make.

The cosine of a mentor's mean with a direction is the mean of the passages' cosines with it, over
the length of the mean. So each passage adds a share of the likeness, and those that add most are
quoted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.mentor import Mentor, text_at
from models.ports import Index, Recipe
from recommender.paging import Pages, Shown
from recommender.scoring import MICRO, Scored, best_first, micro, profile_cosine, shares

QUOTED = 3
NEAREST_PASSAGES = 1_000
PASSAGES_PER_PLACE = 40


@dataclass(frozen=True, slots=True)
class Said:
    """A quote, and what its passage adds to the likeness; offsets as in `Reason`."""

    field: str
    quote: str
    start: int
    end: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Similar:
    """A mentor, the likeness [-1, 1], and the quotes that with `other_passages` sum to it."""

    mentor: Mentor
    likeness: float
    said: tuple[Said, ...]
    other_passages: float


def similar(
    row: int,
    limit: int,
    mask: NDArray[np.bool_],
    index: Index,
    pages: Pages,
    recipe: Recipe,
    *,
    available: bool | None,
) -> tuple[Similar, ...]:
    """The `limit` mentors most like the one at `row`, out of the `mask`, most alike first."""
    direction = index.dense.means(np.asarray([row]))
    mask = mask.copy()
    mask[row] = False
    top_k = max(NEAREST_PASSAGES, PASSAGES_PER_PLACE * limit)
    rows = index.dense.nearest(direction, top_k, mask)
    if len(rows) <= limit:
        rows = np.flatnonzero(mask)
    if not len(rows):
        return ()
    cosines, counts = index.dense.cosines(direction, rows)
    likeness = profile_cosine(cosines[0], counts, index.catalogue.mean_norms(rows))
    ranked = best_first(rows, micro(likeness)[:, None], index.catalogue)
    page = pages.page(Scored(ranked.rows, ranked.parts), 0, limit, available)
    return _told(page.shown, direction, index, recipe)


def _told(
    shown: Sequence[Shown], direction: NDArray[np.float32], index: Index, recipe: Recipe
) -> tuple[Similar, ...]:
    found = []
    for one in shown:
        row = np.asarray([one.row])
        cosines, counts = index.dense.cosines(direction, row)
        each = cosines[0] / counts[0] / index.catalogue.mean_norms(row)[0]
        best = np.argsort(-each, kind="stable")[:QUOTED]
        outline, total = recipe.outline(one.stored), int(one.parts.sum())
        said = []
        for passage, adds in zip(best.tolist(), shares(each[best]), strict=True):
            leaf = outline.leaves(passage)[0]
            quote = text_at(one.mentor, leaf.pointer)[leaf.start : leaf.end]
            said.append(Said(leaf.pointer, quote, leaf.start, leaf.end, adds))
        rest = total - sum(round(s.contribution * MICRO) for s in said)
        found.append(Similar(one.mentor, total / MICRO, tuple(said), rest / MICRO))
    return tuple(found)
