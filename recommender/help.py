"""What a part of a goal is about and which kind of help it asks for.

A logistic regression on n-grams of words, of word sorts and of letters: no encoder, so a label is
the same with every one, and a weight can be looked up. `training/goal_parts.py` makes the weights,
`benchmarks/understanding.md` says how often they are right.
"""

import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
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


_OF_WORDS, _OF_SORTS = (1, 2, 3), (2, 3, 4)  # n of the n-grams
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


def chances(text: str, model: Linear) -> NDArray[np.float64]:
    """How likely each of LABELS is; float64, shape (n_labels,), range [0, 1], sum 1."""
    found: NDArray[np.float64] = Stretches(text, model).chances([(0, len(text))])[0]
    return found


class Stretches:
    """The labels of many stretches of one text, whose n-grams are looked up once."""

    def __init__(self, text: str, model: Linear) -> None:
        found = list(_TOKEN.finditer(text.replace("’", "'")))  # noqa: RUF001
        self._model = model
        self._starts = [match.start() for match in found]
        self._ends = [match.end() for match in found]
        self._words = [_read(match.group().lower()) for match in found]
        self._sorts = [_sort(word) for word in self._words]
        letters = [_letter_places(word, model) for word in self._words]
        self._letters = np.concatenate([np.zeros(0, np.int64), *letters])
        self._letters_to = np.cumsum([0, *map(len, letters)]).tolist()
        self._inner = [
            (n, self._places(kind, words, n))
            for kind, words, sizes in (
                ("w:", self._words, _OF_WORDS),
                ("s:", self._sorts, _OF_SORTS),
            )
            for n in sizes
        ]

    def chances(self, spans: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
        """As `chances`, for stretches that cut through no word: shape (len(spans), n_labels).

        `spans`: code-point offsets into the text.
        """
        found = [self._found(*span) for span in spans]
        counts = [len(one) for one in found]
        keys = np.concatenate([np.zeros(0, np.int64), *found])
        stretch = np.repeat(np.arange(len(spans)), counts)[keys >= 0]  # -1: unknown to the model
        size = len(self._model.rarity)
        keys, often = np.unique(stretch * size + keys[keys >= 0], return_counts=True)
        stretch, places = np.divmod(keys, size)
        values = (1.0 + np.log(often)) * self._model.rarity[places]
        scores = np.tile(self._model.bias.astype(np.float64), (len(spans), 1))
        if len(keys):
            lengths = np.sqrt(np.bincount(stretch, values * values, minlength=len(spans)))
            here, starts = np.unique(stretch, return_index=True)
            weighted = (values / lengths[stretch])[:, None] * self._model.weights[places]
            scores[here] += np.add.reduceat(weighted, starts, axis=0)
        odds = 1.0 / (1.0 + np.exp(-scores))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float64)

    def _found(self, start: int, end: int) -> NDArray[np.int64]:
        """Where the n-grams of a stretch stand in the model, each as often as it occurs."""
        first, last = bisect_left(self._starts, start), bisect_right(self._ends, end)
        last = max(first, last)
        known = self._model.places
        edges = [place for f in self._edges(first, last) if (place := known.get(f)) is not None]
        letters = self._letters[self._letters_to[first] : self._letters_to[last]]
        inner = [grams[first : max(first, last - n + 1)] for n, grams in self._inner]
        return np.concatenate([np.asarray(edges, dtype=np.int64), letters, *inner])

    def _places(self, kind: str, words: Sequence[str], n: int) -> NDArray[np.int64]:
        """Where each n-gram stands in the model, by its first word; -1 for one that does not."""
        grams = (kind + " ".join(words[i : i + n]) for i in range(len(words) - n + 1))
        return np.asarray([self._model.places.get(gram, -1) for gram in grams], dtype=np.int64)

    def _edges(self, first: int, last: int) -> list[str]:
        """The features that only this stretch has: of its first and last words."""
        words, sorts = self._words[first:last], ["^", *self._sorts[first:last], "$"]
        return [
            *("s:" + " ".join(sorts[:n]) for n in _OF_SORTS if n <= len(sorts)),
            *("s:" + " ".join(sorts[-n:]) for n in _OF_SORTS if n < len(sorts)),
            *("o:" + " ".join(words[:n]) for n in (1, 2, 3)),
            *("e:" + word for word in words[-1:]),
        ]


def features(text: str) -> list[str]:
    """The n-grams of a part: words, sorts of words, first and last words, letters."""
    words = _words(text)
    return [*_word_features(words), *chain.from_iterable(map(_letters, words))]


def _words(text: str) -> list[str]:
    found = _TOKEN.findall(text.replace("’", "'"))  # noqa: RUF001
    return [_read(word.lower()) for word in found]


def _read(word: str) -> str:
    return "0" if word[0].isdigit() else meant(word)


def _word_features(words: list[str]) -> list[str]:
    sorts = ["^", *map(_sort, words), "$"]
    return [
        *("w:" + gram for n in _OF_WORDS for gram in _grams(words, n)),
        *("s:" + gram for n in _OF_SORTS for gram in _grams(sorts, n)),
        *("o:" + " ".join(words[:n]) for n in (1, 2, 3)),
        *("e:" + word for word in words[-1:]),
    ]


@functools.lru_cache(maxsize=50_000)
def _letter_places(word: str, model: Linear) -> NDArray[np.int64]:
    """Where the letters of a word stand in the model, once for each time they stand in the word."""
    places = [place for f in _letters(word) if (place := model.places.get(f)) is not None]
    return np.asarray(places, dtype=np.int64)


def _grams(words: Sequence[str], n: int) -> list[str]:
    return [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]


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
