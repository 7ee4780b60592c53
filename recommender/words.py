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
    place: dict[str, int] = {}
    pairs = [
        (place.setdefault(other, len(place)), i, credit)
        for i, stem in enumerate(stems)
        for other, credit in alike(stem).items()
    ]
    pairs.sort()
    found = np.zeros((len(rows), len(stems)))
    if not pairs:
        return found
    word, asked, credit = (np.asarray(column) for column in zip(*pairs, strict=True))
    used = lexical.saturations(list(place), rows)
    # Each entry comes once for every word of the goal that it matches.
    first = np.searchsorted(word, used.stem)
    times = np.searchsorted(word, used.stem, side="right") - first
    entry = np.repeat(np.arange(len(times)), times)
    pair = np.arange(len(entry)) + (first - np.cumsum(times) + times)[entry]
    worth = used.saturation[entry] * credit[pair]
    np.maximum.at(found, (used.mentor[entry], asked[pair]), worth)
    return found


def matched_by(
    stems: Sequence[str], among: Collection[str], row: int, lexical: LexicalIndex
) -> dict[str, tuple[str, float]]:
    """For each stem that the mentor at `row` matches, by which of the stems `among` and how well.

    The figures are those of `matches`; a stem that nothing matches is left out.
    """
    near = {stem: {o: worth for o, worth in alike(stem).items() if o in among} for stem in stems}
    wanted = list({other: None for one in near.values() for other in one})
    used = lexical.saturations(wanted, np.asarray([row]))
    said = {
        wanted[i]: of for i, of in zip(used.stem.tolist(), used.saturation.tolist(), strict=True)
    }
    found = {}
    for stem, one in near.items():
        worth = {other: said[other] * credit for other, credit in one.items() if other in said}
        if worth:
            best = max(worth, key=lambda other: worth[other])
            found[stem] = (best, worth[best])
    return found
