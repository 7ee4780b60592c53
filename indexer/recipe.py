"""The text recipe as a port: how a record was cut up, for whoever quotes from it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.outlines import outline_of, read
from indexer.passages import as_read
from indexer.vectors import Vectors
from models.mentor import Mentor
from models.outline import Outline
from models.passage import Leaf
from models.ports import Stored


class TextRecipe:
    """The recipe behind the `Recipe` port, with the vectors of one encoder's space."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def outline(self, stored: Stored) -> Outline:
        return read(stored.outline, stored.text_hash) or outline_of(stored.mentor)

    def items(self, mentor: Mentor, leaves: Sequence[Leaf]) -> list[str]:
        return as_read(mentor, leaves)

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._vectors.of(texts)
