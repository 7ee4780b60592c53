"""The text recipe as a port: how a record was cut up, for whoever quotes from it."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.passages import passages, words
from indexer.vectors import Vectors
from models.mentor import Mentor
from models.passage import Passage
from models.terms import Term


class TextRecipe:
    """The recipe behind the `Recipe` port, with the vectors of one encoder's space."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def passages(self, mentor: Mentor) -> tuple[Passage, ...]:
        return passages(mentor)

    def words(self, mentor: Mentor) -> Iterator[tuple[str, Term]]:
        return words(mentor)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._vectors.of(texts)
