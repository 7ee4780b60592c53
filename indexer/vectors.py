"""Vectors of texts: from the cache where the exact string was encoded before, else encoded.

The cache key is (space_id, sha256 of the exact string), so an unchanged text costs a hash.
"""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.store import Store
from models.ports import Encoder

CHUNK = 1024  # texts between two progress reports, and between two commits of the cache


class Vectors:
    """The passage vectors of one encoder's space, kept in the store."""

    def __init__(self, store: Store, encoder: Encoder) -> None:
        self._store = store
        self._encoder = encoder

    def of(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """Float32, shape (len(texts), dimension), unit rows, in the order of `texts`."""
        hashes = [hashlib.sha256(text.encode()).digest() for text in texts]
        by_hash = dict(zip(hashes, texts, strict=True))
        known = self._store.vectors(self._encoder.space_id, list(by_hash))
        # Texts of like length together: a batch is padded to its longest.
        missing = sorted((h for h in by_hash if h not in known), key=lambda h: len(by_hash[h]))
        for first in range(0, len(missing), CHUNK):
            some = missing[first : first + CHUNK]
            rows = self._encoder.encode_passages([by_hash[h] for h in some])
            fresh = dict(zip(some, rows, strict=True))
            self._store.keep_vectors(self._encoder.space_id, fresh)
            known |= fresh
            if progress:
                progress(first + len(some), len(missing))
        if not hashes:
            return np.zeros((0, self._encoder.dimension), dtype=np.float32)
        return np.stack([known[h] for h in hashes])
