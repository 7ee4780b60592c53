"""What a part of a goal is about and which kind of help it asks for.

A logistic regression on n-grams of words, of word sorts and of letters: no encoder, so a label is
the same with every one, and a weight can be looked up. `training/goal_parts.py` makes the weights,
`benchmarks/understanding.md` says how often they are right.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from models.terms import weight
from recommender.linear import Linear
from recommender.spelling import EVERYDAY, meant
from recommender.wordclass import ending

KINDS = (
    "confidence",
    "direction",
    "feedback",
    "giving_back",
    "insight",
    "network",
    "skills",
    "transition",
)
LABELS = (*KINDS, "topic", "self", "filler")
"""What the model tells apart: a wish for a kind of help, a wish for none, and the other two."""
WISHES = slice(0, len(KINDS) + 1)
SELF, FILLER = LABELS.index("self"), LABELS.index("filler")


Known = dict[str, list[int]]
"""Where the letters of a word stand in a model, by word."""

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[?!:]|->|>|\+")


@dataclass(frozen=True, slots=True)
class Label:
    """`about` is wish, self or filler; `help` one of KINDS, or None where nothing tells.

    `wish` is how likely the part is a wish and not one of the other two, range [0, 1].
    """

    about: str
    help: str | None
    wish: float


def label(text: str, model: Linear) -> Label:
    """The most likely label of a part."""
    found = chances(text, model)
    wish, other = float(found[WISHES].max()), float(max(found[SELF], found[FILLER]))
    wish /= wish + other
    best = LABELS[int(found.argmax())]
    if best in {"self", "filler"}:
        return Label(best, None, wish)
    return Label("wish", best if best in KINDS else None, wish)


def chances(text: str, model: Linear, known: Known | None = None) -> NDArray[np.float64]:
    """How likely each of LABELS is; float64, shape (n_labels,), range [0, 1], sum 1.

    `known` saves looking up the letters of words that were looked up before.
    """
    words = _words(text)
    counts = Counter(model.places[f] for f in _word_features(words) if f in model.places)
    for word in words:
        counts.update(_letter_places(word, model, {} if known is None else known))
    scores = model.bias.astype(np.float64)
    if counts:
        places = np.fromiter(counts.keys(), np.int64, len(counts))
        often = np.fromiter(counts.values(), np.float64, len(counts))
        values = (1.0 + np.log(often)) * model.rarity[places]
        scores += values @ model.weights[places] / np.sqrt(values @ values)
    odds = 1.0 / (1.0 + np.exp(-scores))
    return np.asarray(odds / odds.sum(), dtype=np.float64)


def features(text: str) -> list[str]:
    """The n-grams of a part: words, sorts of words, first and last words, letters."""
    words = _words(text)
    return [*_word_features(words), *chain.from_iterable(map(_letters, words))]


def _words(text: str) -> list[str]:
    words = _TOKEN.findall(text.replace("’", "'").lower())  # noqa: RUF001
    return ["0" if word[0].isdigit() else meant(word) for word in words]


def _word_features(words: list[str]) -> list[str]:
    sorts = ["^", *map(_sort, words), "$"]
    return [
        *("w:" + gram for gram in _grams(words, 1, 3)),
        *("s:" + gram for gram in _grams(sorts, 2, 4)),
        *("o:" + " ".join(words[:n]) for n in (1, 2, 3)),
        *("e:" + word for word in words[-1:]),
    ]


def _letter_places(word: str, model: Linear, known: Known) -> list[int]:
    if word not in known:
        known[word] = [model.places[f] for f in _letters(word) if f in model.places]
    return known[word]


def _grams(words: Sequence[str], fewest: int, most: int) -> Iterator[str]:
    for n in range(fewest, most + 1):
        for i in range(len(words) - n + 1):
            yield " ".join(words[i : i + n])


@functools.lru_cache(maxsize=50_000)
def _sort(word: str) -> str:
    # "teacher" and rarer words say what a part is about, not what is asked.
    if not word[0].isalpha() or weight(word) < EVERYDAY:
        return word
    return "RARE-" + ending(word)


def _letters(word: str) -> tuple[str, ...]:
    """Two to five letters in a row, so that a misspelt word still says something."""
    padded = f" {word} "
    return tuple("c:" + padded[i : i + n] for n in (2, 3, 4, 5) for i in range(len(padded) - n + 1))
