"""What a goal's words find in a profile: the same word, or a related one for less."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.ports import LexicalIndex
from models.related import related


def alike(stem: str) -> dict[str, float]:
    """The stem itself at 1, and each related one at what a match with it is worth."""
    return {stem: 1.0} | related(stem)


def reach(weights: Mapping[str, float]) -> dict[str, float]:
    """Every stem that some word of the goal finds, with the most that a match can be worth."""
    found: dict[str, float] = {}
    for stem, weight in weights.items():
        for other, credit in alike(stem).items():
            found[other] = max(weight * credit, found.get(other, 0.0))
    return found


def matches(
    stems: Sequence[str], rows: NDArray[np.int64], lexical: LexicalIndex
) -> NDArray[np.float64]:
    """How well each mentor at `rows` (sorted) matches each stem of a goal.

    BM25's saturation times what the word found is worth for the word asked for; the best match
    counts, so ten related words are no better than one. Float64, shape (len(rows), len(stems)),
    range [0, 1).
    """
    near = [alike(stem) for stem in stems]
    wanted = list({other: None for one in near for other in one})
    column = {other: i for i, other in enumerate(wanted)}
    saturations = lexical.saturations(wanted, rows)
    found = np.zeros((len(rows), len(stems)))
    for i, one in enumerate(near):
        worth = np.fromiter(one.values(), dtype=np.float64)
        found[:, i] = (saturations[:, [column[other] for other in one]] * worth).max(axis=1)
    return found


def matched_by(
    stems: Sequence[str], among: Collection[str], row: int, lexical: LexicalIndex
) -> dict[str, tuple[str, float]]:
    """For each stem that the mentor at `row` matches, by which of the stems `among` and how well.

    The figures are those of `matches`; a stem that nothing matches is left out.
    """
    near = {stem: {o: worth for o, worth in alike(stem).items() if o in among} for stem in stems}
    wanted = list({other: None for one in near.values() for other in one})
    said = dict(zip(wanted, lexical.saturations(wanted, np.asarray([row]))[0], strict=True))
    found = {}
    for stem, one in near.items():
        worth = {other: float(said[other]) * credit for other, credit in one.items()}
        if worth:
            best = max(worth, key=lambda other: worth[other])
            found[stem] = (best, worth[best])
    return found
