"""Exact cosine search over passage vectors with FAISS: one segment's part of the dense index."""

import threading
from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

_limiting = threading.Lock()


class FaissPassageIndex:
    """Passage vectors, the passages of one mentor next to each other.

    `first[m] : first[m + 1]` are the passages of the mentor at row `m`.
    """

    def __init__(self, index: "faiss.IndexFlatIP", first: NDArray[np.int64]) -> None:
        self.index = index
        self.first = first
        self._owner = np.repeat(np.arange(len(first) - 1), np.diff(first))
        self.vectors = _view(index)

    @classmethod
    def build(cls, vectors: NDArray[np.float32], first: NDArray[np.int64]) -> "FaissPassageIndex":
        """Index `vectors`: float32, shape (n_passages, dimension), unit rows."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return cls(index, first)

    @classmethod
    def joined(cls, parts: Sequence["Part"], dimension: int) -> "FaissPassageIndex":
        """The passages of all parts, the mentors of one part after those of the other."""
        starts = [index.first[rows] for index, rows in parts]
        counts = [index.first[rows + 1] - index.first[rows] for index, rows in parts]
        chosen = [
            index.vectors[_ranges(start, start + count)]
            for (index, _), start, count in zip(parts, starts, counts, strict=True)
        ]
        vectors = np.concatenate([np.zeros((0, dimension), np.float32), *chosen])
        first = np.concatenate([[0], np.cumsum(np.concatenate([np.zeros(0, np.int64), *counts]))])
        return cls.build(vectors, first.astype(np.int64))

    def in_order(self, order: NDArray[np.int64]) -> "FaissPassageIndex":
        """The same passages, the mentors in another order: `order[i]` is the row that becomes i."""
        return FaissPassageIndex.joined([(self, order)], self.vectors.shape[1])

    def top(
        self, queries: NDArray[np.float32], top_k: int, eligible: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The `top_k` nearest passages of eligible mentors: their cosines and their owners' rows.

        Both of shape (n_queries, top_k); where fewer are eligible the cosine is -inf and the row
        -1. FAISS reads passages one by one here, so a cosine does not depend on the others.
        """
        wanted = eligible[self._owner]
        if not wanted.any():
            shape = (len(queries), top_k)
            return np.full(shape, -np.inf, np.float32), np.full(shape, -1)
        allowed = np.packbits(wanted, bitorder="little")
        parameters = faiss.SearchParameters(  # type: ignore[call-arg]
            sel=faiss.IDSelectorBitmap(len(self._owner), faiss.swig_ptr(allowed))
        )
        # Threads of several searches at once that wait for each other by spinning stall for
        # seconds when cores are few; requests run side by side instead. The setting is the
        # calling thread's own.
        faiss.omp_set_num_threads(1)
        cosines, found = self.index.search(queries, top_k, params=parameters)
        padded = found < 0
        cosines[padded] = -np.inf
        return cosines, np.where(padded, -1, self._owner[found])

    def cosines(
        self, queries: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The exact cosines of all passages of the mentors at `rows`, and how many each has.

        Computed in double precision: whatever the grouping of the sums, the result is the same
        to far below the millionth that scores are rounded to.
        """
        numbers = _ranges(self.first[rows], self.first[rows + 1])
        cosines: NDArray[np.float64] = (
            queries.astype(np.float64) @ self.vectors[numbers].astype(np.float64).T
        )
        return cosines, self.first[rows + 1] - self.first[rows]

    def means(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The direction of each mean passage vector, float32, shape (len(rows), dimension).

        Unit rows, summed in double precision; zeros where the passages cancel out.
        """
        starts, counts = self.first[rows], self.first[rows + 1] - self.first[rows]
        chosen = self.vectors[_ranges(starts, starts + counts)]
        begins = np.cumsum(counts) - counts
        sums = np.add.reduceat(chosen, begins, axis=0, dtype=np.float64)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        directions: NDArray[np.float32] = (sums / np.where(lengths, lengths, 1.0)).astype(
            np.float32
        )
        return directions

    def mean_norms(self) -> NDArray[np.float64]:
        """The length of each mentor's mean passage vector, shape (n_mentors,), (0, 1]."""
        sums = np.add.reduceat(self.vectors, self.first[:-1], axis=0, dtype=np.float64)
        norms: NDArray[np.float64] = np.linalg.norm(sums, axis=1) / np.diff(self.first)
        return norms


def index_from(content: bytes) -> "faiss.Index":
    """A FAISS index from its bytes. Raises RuntimeError when they are none.

    No array of an index can be larger than the bytes it came in; the limit that says so is the
    whole process's, so it is set and put back under a lock.
    """
    flat = np.frombuffer(content, dtype=np.uint8)
    with _limiting:
        before = faiss.get_deserialization_vector_byte_limit()
        faiss.set_deserialization_vector_byte_limit(len(flat))
        try:
            return faiss.deserialize_index(flat)
        finally:
            faiss.set_deserialization_vector_byte_limit(before)


Part = tuple[FaissPassageIndex, NDArray[np.int64]]
"""A segment's dense index, and which of its rows are wanted."""


def owners_of_nearest(
    cosines: Sequence[NDArray[np.float32]], owners: Sequence[NDArray[np.int64]], top_k: int
) -> tuple[NDArray[np.int64], bool]:
    """The distinct owners, sorted, of the `top_k` nearest passages and of all that tie with them.

    `cosines` and `owners`: from each segment, shape (n_queries, width) with a width > `top_k`.
    Also whether that is all of them: which of many ties a search finds is chance, and a wider
    search is needed when the last ones it found still tie.
    """
    nearness, found = np.concatenate(cosines, axis=1), np.concatenate(owners, axis=1)
    edge = -np.partition(-nearness, top_k - 1, axis=1)[:, top_k - 1, None]
    missed = any((one[:, -1:] >= edge).any() and np.isfinite(edge).any() for one in cosines)
    within = (nearness >= edge) & (found >= 0)
    return np.unique(found[within]), not missed


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """The integers of all half-open ranges, one range after the other."""
    lengths = ends - starts
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    numbers: NDArray[np.int64] = np.arange(lengths.sum()) - before + np.repeat(starts, lengths)
    return numbers


def _view(index: "faiss.IndexFlatIP") -> NDArray[np.float32]:
    """The index's own vectors, without a copy."""
    flat = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
    view: NDArray[np.float32] = flat.reshape(index.ntotal, index.d)
    return view
