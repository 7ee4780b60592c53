"""What a goal's words find in a profile: the same word, or a related one for less."""

from collections.abc import Mapping, Sequence

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
    stems: Sequence[str], rows: NDArray[np.int64], lexical: LexicalIndex
) -> list[dict[str, tuple[str, float]]]:
    """Of each mentor at `rows` (sorted) the stems that they match, by which, and how well.

    The figures are those of `matches`; a stem that nothing matches is left out.
    """
    # What each word looked for answers; of equally good ones the first that is looked for counts.
    answers: dict[str, list[tuple[str, float]]] = {}
    for stem in stems:
        for other, credit in alike(stem).items():
            answers.setdefault(other, []).append((stem, credit))
    wanted = list(answers)
    used = lexical.saturations(wanted, rows)
    order = np.lexsort((used.stem, used.mentor))
    found: list[dict[str, tuple[str, float]]] = [{} for _ in rows]
    for mentor, by, saturation in zip(
        used.mentor[order].tolist(),
        used.stem[order].tolist(),
        used.saturation[order].tolist(),
        strict=True,
    ):
        best = found[mentor]
        for stem, credit in answers[wanted[by]]:
            if stem not in best or saturation * credit > best[stem][1]:
                best[stem] = wanted[by], saturation * credit
    return found
