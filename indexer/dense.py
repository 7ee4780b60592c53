"""The dense index behind the `PassageIndex` port: exact cosine search with FAISS."""

import faiss
import numpy as np
from numpy.typing import NDArray


class FaissPassageIndex:
    """Passage vectors, the passages of one mentor next to each other.

    `first[m] : first[m + 1]` are the passages of the mentor at row `m`.
    """

    def __init__(self, index: "faiss.IndexFlatIP", first: NDArray[np.int64]) -> None:
        self.index = index
        self.first = first
        self._owner = np.repeat(np.arange(len(first) - 1), np.diff(first))
        self._vectors = _view(index)

    @classmethod
    def build(cls, vectors: NDArray[np.float32], first: NDArray[np.int64]) -> "FaissPassageIndex":
        """Index `vectors`: float32, shape (n_passages, dimension), unit rows."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return cls(index, first)

    def nearest(
        self, queries: NDArray[np.float32], top_k: int, eligible: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Rows of the mentors who own the `top_k` nearest passages of any query, sorted."""
        parameters = None
        if eligible is not None:
            allowed = np.packbits(eligible[self._owner], bitorder="little")
            parameters = faiss.SearchParameters(  # type: ignore[call-arg]
                sel=faiss.IDSelectorBitmap(len(self._owner), faiss.swig_ptr(allowed))
            )
        _, found = self.index.search(
            queries, min(top_k, max(1, self.index.ntotal)), params=parameters
        )
        # FAISS pads with -1 where fewer passages are eligible than were asked for.
        return np.unique(self._owner[found[found >= 0]])

    def cosines(
        self, queries: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The exact cosines of all passages of the mentors at `rows`, and how many each has.

        Computed in double precision: whatever the grouping of the sums, the result is the same
        to far below the millionth that scores are rounded to.
        """
        numbers = _ranges(self.first[rows], self.first[rows + 1])
        cosines: NDArray[np.float64] = (
            queries.astype(np.float64) @ self._vectors[numbers].astype(np.float64).T
        )
        return cosines, self.first[rows + 1] - self.first[rows]

    def mean_norms(self) -> NDArray[np.float64]:
        """The length of each mentor's mean passage vector, shape (n_mentors,), (0, 1]."""
        sums = np.add.reduceat(self._vectors, self.first[:-1], axis=0, dtype=np.float64)
        norms: NDArray[np.float64] = np.linalg.norm(sums, axis=1) / np.diff(self.first)
        return norms


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
