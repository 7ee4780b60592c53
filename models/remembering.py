"""An encoder that remembers what it encoded lately.

A server in a space that its index has left finds no vectors of list items in the store any more,
and the same mentors are quoted in one answer after another.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.ports import Encoder, QueryReading
from models.stages import count

MOST = 4_096  # texts remembered: the items of a few hundred mentors, 6 MB at 384 dimensions


class Remembering:
    """An encoder that several threads share: a passage met lately is not encoded again."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._lately: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._changing = threading.Lock()

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
        return self.encoder.encode_queries(texts)

    def read_query(self, text: str) -> QueryReading:
        return self.encoder.read_query(text)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Encoder.encode_passages`; of the texts only hashes are kept."""
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        with self._changing:
            rows = {key: self._lately[key] for key in keys if key in self._lately}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in rows}
        count("remembered", len(rows))
        count("not remembered", len(new))
        if new:
            encoded = self.encoder.encode_passages(list(new.values()))
            # Copies, else each row would keep all those it was encoded with.
            rows |= {key: row.copy() for key, row in zip(new, encoded, strict=True)}
        self._remember(rows)
        return np.stack([rows[key] for key in keys])

    def _remember(self, rows: dict[bytes, NDArray[np.float32]]) -> None:
        with self._changing:
            for key, row in rows.items():
                self._lately[key] = row
                self._lately.move_to_end(key)
            while len(self._lately) > MOST:
                self._lately.popitem(last=False)
