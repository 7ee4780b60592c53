"""Vectors of stretches of a text, each read in the context of the whole.

The encoder reads the whole text once; a stretch is the mean of the vectors of its own tokens (late
chunking: Günther et al. 2024, "Late Chunking: Contextual Chunk Embeddings Using Long-Context
Embedding Models"). That halves what a goal costs, and "the same for my team" knows what "the same"
is. Only a model that pools by the mean can be read so; of others each stretch is encoded alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]


def stretch_rows(
    text: str,
    stretches: Sequence[Span],
    tokens: NDArray[np.float32],
    offsets: Sequence[Span],
    alone: Callable[[Sequence[str]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """The vector of each stretch: float32, shape (len(stretches), dimension), unit rows.

    `tokens`: the vectors of the tokens, shape (n_tokens, dimension). `offsets`: the code points of
    `text` that each token stands for, (0, 0) or before 0 for those of the model's own. A stretch
    of which no token was read, beyond the model's maximum, is encoded by `alone`.
    """
    starts, ends = np.asarray(offsets, dtype=np.int64).reshape(-1, 2).T
    rows = np.zeros((len(stretches), tokens.shape[1]), dtype=np.float32)
    for i, (start, end) in enumerate(stretches):
        within = (starts < end) & (ends > start) & (ends > starts)
        total = tokens[within].sum(axis=0, dtype=np.float64)
        length = float(np.linalg.norm(total))
        rows[i] = total / length if length else alone([text[start:end]])[0]
    return rows


def placed(offsets: Sequence[Span], text: str, prompt: str) -> list[Span]:
    """Offsets into a prompt with the trimmed text behind it, as offsets into the text."""
    shift = len(text) - len(text.lstrip()) - len(prompt)
    return [(start + shift, end + shift) for start, end in offsets]


@dataclass(frozen=True, slots=True)
class ReadAlone:
    """A query whose stretches are texts of their own; it is encoded when its vectors are wanted."""

    text: str
    encode: Callable[[Sequence[str]], NDArray[np.float32]]

    def rows(self, stretches: Sequence[Span]) -> NDArray[np.float32]:
        """As `models.ports.QueryReading.rows`."""
        return self.encode([self.text, *(self.text[start:end] for start, end in stretches)])


@dataclass(frozen=True, slots=True)
class ReadInContext:
    """A query whose stretches are read in its context.

    `outcome` waits for the vector of the text, shape (dimension,), and those of its tokens.
    """

    text: str
    outcome: Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]
    offsets: Sequence[Span]
    alone: Callable[[Sequence[str]], NDArray[np.float32]]

    def rows(self, stretches: Sequence[Span]) -> NDArray[np.float32]:
        """As `models.ports.QueryReading.rows`."""
        row, tokens = self.outcome()
        rows = stretch_rows(self.text, stretches, tokens, self.offsets, self.alone)
        return np.vstack([row, rows])
