"""Queries before bulk work: two cores cannot do both at once without someone waiting.

A query takes one pass of the encoder and never waits here. Background work goes in small pieces,
and each piece first lets the queries under way finish.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.ports import Encoder, QueryReading

PIECE = 16  # texts of background work between two looks at who is waiting
PATIENCE_S = 0.25  # background work goes on after this even if queries never pause


class QueriesFirst:
    """An encoder that several threads share: passages stand back for queries."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._under_way = 0
        self._changed = threading.Condition()

    @property
    def space_id(self) -> str:
        return self.encoder.space_id

    @property
    def runtime_id(self) -> str:
        return self.encoder.runtime_id

    @property
    def dimension(self) -> int:
        return self.encoder.dimension

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Encoder.encode_queries`, at once."""
        with self._query():
            return self.encoder.encode_queries(texts)

    def read_query(self, text: str) -> QueryReading:
        """As `Encoder.read_query`, at once."""
        return _Counted(self.encoder.read_query(text), self._query)

    @contextlib.contextmanager
    def _query(self) -> Iterator[None]:
        with self._changed:
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Encoder.encode_passages`, a piece at a time, each after the queries under way."""
        rows = [np.zeros((0, self.dimension), dtype=np.float32)]
        for first in range(0, len(texts), PIECE):
            with self._changed:
                self._changed.wait_for(lambda: not self._under_way, PATIENCE_S)
            rows.append(self.encoder.encode_passages(texts[first : first + PIECE]))
        return np.concatenate(rows)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A query that is under way while somebody waits for it."""

    reading: QueryReading
    under_way: Callable[[], contextlib.AbstractContextManager[None]]

    def rows(self, stretches: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
        with self.under_way():
            return self.reading.rows(stretches)
