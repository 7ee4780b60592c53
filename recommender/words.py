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
    wanted = list(dict.fromkeys(other for one in near for other in one))
    used = lexical.saturations(wanted, rows)
    # Pairs of a word looked for and a word of the goal that it answers, grouped by the former.
    place = {other: i for i, other in enumerate(wanted)}
    word = np.asarray([place[other] for one in near for other in one], dtype=np.int64)
    order = np.argsort(word, kind="stable")
    asked = np.repeat(np.arange(len(near)), [len(one) for one in near])[order]
    credit = np.asarray([credit for one in near for credit in one.values()])[order]
    pairs = np.bincount(word, minlength=len(wanted))
    first = np.cumsum(pairs) - pairs
    # Each entry comes once for every word of the goal that it answers.
    times = pairs[used.stem]
    entry = np.repeat(np.arange(len(times)), times)
    pair = np.arange(len(entry)) + (first[used.stem] - np.cumsum(times) + times)[entry]
    found = np.zeros(len(rows) * len(stems))
    at = used.mentor[entry] * len(stems) + asked[pair]
    np.maximum.at(found, at, used.saturation[entry] * credit[pair])
    return found.reshape(len(rows), len(stems))


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
