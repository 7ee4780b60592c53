"""The text recipe as a port: how a record was cut up, for whoever quotes from it."""

import functools
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.passages import passages, words
from indexer.vectors import Vectors
from models.mentor import Mentor
from models.passage import Passage
from models.terms import Term

LATELY = 1_000  # mentors whose passages are remembered, some 15 MB: the same are shown often
_READ = (
    "name", "headline", "bio", "experience", "skills", "topics", "looking_for", "industries",
    "education", "organization",
)  # fmt: skip
"""All that passages are cut from."""


class TextRecipe:
    """The recipe behind the `Recipe` port, with the vectors of one encoder's space."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._passages = functools.lru_cache(maxsize=LATELY)(_passages_of)

    def passages(self, mentor: Mentor) -> tuple[Passage, ...]:
        return self._passages(tuple(getattr(mentor, name) for name in _READ))

    def words(self, mentor: Mentor, stems: Collection[str]) -> Iterator[tuple[str, Term]]:
        return words(mentor, stems)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._vectors.of(texts)


def _passages_of(read: tuple[Any, ...]) -> tuple[Passage, ...]:
    return passages(Mentor("", **dict(zip(_READ, read, strict=True))))
