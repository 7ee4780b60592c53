"""Vectors of texts: from the cache where the exact string was encoded before, else encoded.

The cache key is (space_id, sha256 of the exact string), so an unchanged text costs a hash. What is
encoded here is kept by whoever writes the mentor, in the same transaction: no vector stays of
somebody who was never written.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.store import Store
from models.ports import Encoder

CHUNK = 1024  # texts encoded together; bounds the memory of many


def text_key(text: str) -> bytes:
    """The key of a text in the cache: 32 bytes."""
    return hashlib.sha256(text.encode()).digest()


def keyed(texts: Iterable[str]) -> dict[bytes, str]:
    """Each text by its `text_key`."""
    return {text_key(text): text for text in texts}


class Vectors:
    """The passage vectors of one encoder's space."""

    def __init__(self, store: Store, encoder: Encoder, name: str = "") -> None:
        """`name`: what the encoder is called in settings, which the index remembers."""
        self._store = store
        self.encoder = encoder
        self.name = name
        self.encoded = 0
        """How many texts had to be encoded so far."""

    @property
    def space_id(self) -> str:
        return self.encoder.space_id

    def by_key(self, texts: Mapping[bytes, str]) -> dict[bytes, NDArray[np.float32]]:
        """The vector of each text, float32, shape (dimension,), at length 1, by `text_key`.

        `texts` are by their key too, as `keyed` makes them.
        """
        cached = self._store.vectors(self.space_id, list(texts))
        known = {h: v for h, v in cached.items() if len(v) == self.encoder.dimension}
        # Texts of like length together: a batch is padded to its longest.
        missing = sorted((h for h in texts if h not in known), key=lambda h: len(texts[h]))
        for first in range(0, len(missing), CHUNK):
            some = missing[first : first + CHUNK]
            rows = self.encoder.encode_passages([texts[h] for h in some])
            known |= zip(some, rows, strict=True)
            self.encoded += len(some)
        return known

    def missing(self, texts: Mapping[bytes, str]) -> int:
        """How many of the texts, by their key, would have to be encoded."""
        return len(texts) - len(self._store.vectors(self.space_id, list(texts)))

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32, shape (len(texts), dimension), unit rows, in the order of `texts`."""
        if not texts:
            return np.zeros((0, self.encoder.dimension), dtype=np.float32)
        found = self.by_key(keyed(texts))
        return np.stack([found[text_key(text)] for text in texts])
