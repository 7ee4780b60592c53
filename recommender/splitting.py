"""Cut a goal text into parts: sentences, lines, list items, and clauses with a say of their own."""

import functools
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.help import Stretches
from recommender.linear import Linear, Models
from recommender.reading import Reading, read
from recommender.seams import features

EVEN = 0.45
"""A seam counts from this chance on: in cross-validation more parts are then right than from 0.4
or 0.5 on, by less than one in a hundred."""
_OPENING = re.compile(r"[\"'“‘(\[{¿¡$£€#@]*\Z")  # noqa: RUF001 (typographic quotes)
_CLOSING = " \t\r\n\f\v\u00a0,;-–—•*+/>→|&=("  # noqa: RUF001 (dashes)


def parts_of(text: str, models: Models) -> list[tuple[int, int]]:
    """Code-point offsets of the parts of `text`, which holds a word, in order.

    Every word lies in exactly one part; list markers and the white space between lie in none.
    """
    reading = read(text)
    starts = [0, *cuts(reading, models)]
    ends = [*starts[1:], len(reading.words)]
    return [_trimmed(reading, start, end) for start, end in zip(starts, ends, strict=True)]


def cuts(reading: Reading, models: Models) -> list[int]:
    """The words before which a part begins, the first word left out."""
    chance = seam_chances(reading, models)
    return [
        seam.word
        for seam, likely in zip(reading.seams, chance.tolist(), strict=True)
        if seam.certain or likely > EVEN
    ]


def seam_chances(reading: Reading, models: Models) -> NDArray[np.float64]:
    """How likely a part begins at each seam; float64, shape (n_seams,), range [0, 1]."""
    found = seam_features(reading, models.help)
    scores = [_score(one, models.seam) for one in found]
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(scores))), dtype=np.float64)


def seam_features(reading: Reading, help: Linear) -> list[dict[str, float]]:
    """The features of each seam, with what `help` says about the words beside it."""
    stretches = Stretches(reading.text, help)

    def chances(between: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
        spans = reading.spans
        return stretches.chances([(spans[first][0], spans[end - 1][1]) for first, end in between])

    return features(reading, chances)


def _score(found: dict[str, float], model: Linear) -> float:
    weights = _weights(model)
    return float(model.bias[0]) + sum(
        weights[name] * value for name, value in found.items() if name in weights
    )


@functools.cache
def _weights(model: Linear) -> dict[str, float]:
    return dict(zip(model.places, model.weights[:, 0].tolist(), strict=True))


def _trimmed(reading: Reading, start: int, end: int) -> tuple[int, int]:
    """The part of words `start` to before `end`, with the quotes and brackets that are its own."""
    text, spans = reading.text, reading.spans
    begin = _opening(text, spans[start][0]) if start else _first(text, spans[0][0])
    if end == len(spans):
        return begin, len(text.rstrip())
    gap = text[spans[end - 1][1] : _opening(text, spans[end][0])]
    return begin, spans[end - 1][1] + len(_closed(gap))


def _opening(text: str, at: int) -> int:
    match = _OPENING.search(text, 0, at)
    return match.start() if match else at


def _first(text: str, at: int) -> int:
    """Where the first part begins: with the first sign, unless that marks a list item."""
    ahead = text[:at]
    marked = bool(ahead.strip()) and (ahead.strip()[0] in "-–—•*+" or any(map(str.isalnum, ahead)))  # noqa: RUF001
    return _opening(text, at) if marked else len(ahead) - len(ahead.lstrip())


def _closed(gap: str) -> str:
    """What closes a part: its gap up to a new line or marker, less blanks, commas and dashes."""
    line = gap.split("\n", maxsplit=1)[0]
    return re.split(r"\s\(?[0-9a-zA-Z]{1,2}[.)]\s*$", line)[0].rstrip(_CLOSING)
