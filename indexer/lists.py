"""Inverted lists beside the vectors of a large segment, so that a search reads a few of them.

Sivic & Zisserman 2003, "Video Google"; the lists are FAISS's, the codes of eight bits a dimension.
A list holds the passages nearest to its centre, and a search reads the lists whose centres are
nearest to the query. What it finds is merely where to look: the caller scores it exactly.

Which list a passage is in depends on who was there when the lists were trained. All else (centres,
the range that codes span, the codes) is made of the passages that are there now, whenever a
segment is made, so nothing of a mentor who was erased stays in it (`docs/adr/0008`).
"""

import math
import os
from collections.abc import Iterator

import faiss
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

FROM = 50_000  # passages; below, reading all of them is as fast (benchmarks/search.md)
_LISTS = 1.3  # lists over the square root of the passages, rounded to a power of two
_LOPSIDED = 2.0  # from so many times too few or too many lists on they are trained anew
READ = 128  # lists read for a query; benchmarks/search.md has the recall
_SAMPLE = 32  # passages a list that training looks at
_ROUNDS = 6
_MANY = 2_048  # lists from which the centres are searched through lists of their own
_SEED = 1
_AT_ONCE = 65_536  # passages in memory as float32 at a time


class PassageLists:
    """Each passage of a segment in one list, by its number in the segment."""

    def __init__(self, index: "faiss.IndexIVFScalarQuantizer") -> None:
        self.index = index

    @classmethod
    def trained(cls, vectors: NDArray[np.float16]) -> "PassageLists":
        """Lists for `vectors`, shape (n, dimension), by k-means over a sample of them.

        Equal vectors in one order give equal lists on one machine.
        """
        # Nobody searches on the thread that builds, so all cores may help it.
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        count = _lists_for(len(vectors))
        chance = np.random.default_rng(_SEED)
        some = np.sort(chance.choice(len(vectors), min(len(vectors), _SAMPLE * count), False))
        means = faiss.Kmeans(
            vectors.shape[1], count, niter=_ROUNDS, seed=_SEED, spherical=True,
            min_points_per_centroid=1, max_points_per_centroid=_SAMPLE,
        )  # fmt: skip
        means.train(vectors[some].astype(np.float32))
        return cls.of(vectors, _nearest(means.index, vectors), count)

    @classmethod
    def of(
        cls, vectors: NDArray[np.float16], numbers: NDArray[np.int64], count: int
    ) -> "PassageLists":
        """`count` lists of which each passage is in that of its number."""
        dimension = vectors.shape[1]
        centres, span = _fitted(vectors, numbers, count)
        flat = faiss.IndexFlatIP(dimension)
        flat.add(centres)
        index = faiss.IndexIVFScalarQuantizer(
            flat, dimension, count, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT, False
        )
        faiss.copy_array_to_vector(span, index.sq.trained)
        index.is_trained = True
        for at, rows in _stretches(vectors):
            ids = np.arange(at, at + len(rows))
            lists = np.ascontiguousarray(numbers[at : at + len(rows)])
            index.add_core(
                len(rows), faiss.swig_ptr(rows), faiss.swig_ptr(ids), faiss.swig_ptr(lists)
            )
        return cls(index)

    def fit(self, passages: int) -> bool:
        """Whether the lists are about as many as so many passages need."""
        ratio = _LISTS * math.sqrt(passages) / self.index.nlist
        return 1 / _LOPSIDED < ratio < _LOPSIDED

    def nearest(self, vectors: NDArray[np.float16]) -> NDArray[np.int64]:
        """The number of the list for each of `vectors`, shape (n,)."""
        return _nearest(self.index.quantizer, vectors)

    def numbers(self) -> NDArray[np.int64]:
        """The number of each passage's list, shape (n,); -1 for a passage that is in none."""
        numbers = np.full(self.index.ntotal, -1)
        for i in range(self.index.nlist):
            ids = self._ids(i)
            numbers[ids[(ids >= 0) & (ids < len(numbers))]] = i
        return numbers

    def search(
        self,
        queries: NDArray[np.float32],
        top_k: int,
        allowed: NDArray[np.uint8] | None,
        share: float,
    ) -> NDArray[np.int64]:
        """Passages near each query, about the nearest `top_k`; shape (n_queries, <= top_k).

        `allowed`: a bit for each passage that may be found, lowest first; `share` of them are set.
        The fewer may be found, the further away they are, so more lists are read; all, where
        those held too few. -1 where there is nobody.
        """
        selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(allowed)) if (
            allowed is not None
        ) else None  # fmt: skip
        width, wanted = min(top_k, self.index.ntotal), min(top_k, share * self.index.ntotal)
        lists = min(self.index.nlist, math.ceil(READ / math.cbrt(share)))
        while True:
            parameters = faiss.SearchParametersIVF(nprobe=lists, sel=selector)  # type: ignore[call-arg]
            found: NDArray[np.int64] = self.index.search(queries, width, params=parameters)[1]
            if lists == self.index.nlist or (found >= 0).sum(axis=1).min(initial=width) >= wanted:
                return found
            lists = self.index.nlist

    def agree(self, vectors: NDArray[np.float16]) -> bool:
        """Whether every passage is in one list, and centres and codes are those of `vectors`.

        Processors round differently, so a code may be one off.
        """
        numbers = self.numbers()
        if len(numbers) != len(vectors) or (numbers < 0).any():
            return False
        centres, span = _fitted(vectors, numbers, self.index.nlist)
        kept = self.index.quantizer.reconstruct_n(0, self.index.nlist)
        if not np.allclose(kept, centres, atol=1e-5):
            return False
        step = span[len(span) // 2 :] / 255 * 1.01 + 1e-6
        for i in range(self.index.nlist):
            ids = self._ids(i)
            if len(ids) and (np.abs(self._decoded(i) - vectors[ids]) > step).any():
                return False
        return True

    def _ids(self, number: int) -> NDArray[np.int64]:
        ids: NDArray[np.int64] = faiss.rev_swig_ptr(
            self._lists.get_ids(number), self._lists.list_size(number)
        )
        return ids

    def _decoded(self, number: int) -> NDArray[np.float32]:
        shape = self._lists.list_size(number), self._lists.code_size
        codes = faiss.rev_swig_ptr(self._lists.get_codes(number), shape[0] * shape[1])
        rows: NDArray[np.float32] = self.index.sq.decode(codes.reshape(shape))
        return rows

    @property
    def _lists(self) -> "faiss.InvertedLists":
        assert self.index.invlists is not None
        return self.index.invlists


def _lists_for(passages: int) -> int:
    """A power of two."""
    return int(2 ** round(math.log2(max(1.0, _LISTS * math.sqrt(passages)))))


def _fitted(
    vectors: NDArray[np.float16], numbers: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The direction of each list's mean, and the lowest value and the range of each dimension."""
    sums = np.zeros((count, vectors.shape[1]))
    lowest, highest = np.full(vectors.shape[1], np.inf), np.full(vectors.shape[1], -np.inf)
    for at, rows in _stretches(vectors):
        places = numbers[at : at + len(rows)], np.arange(len(rows))
        member = sp.csr_matrix((np.ones(len(rows), np.float32), places), shape=(count, len(rows)))
        sums += member @ rows
        lowest, highest = (
            np.minimum(lowest, rows.min(axis=0)),
            np.maximum(highest, rows.max(axis=0)),
        )
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    centres = (sums / np.where(lengths, lengths, 1.0)).astype(np.float32)
    return centres, np.concatenate([lowest, highest - lowest]).astype(np.float32)


def _nearest(centres: "faiss.Index", vectors: NDArray[np.float16]) -> NDArray[np.int64]:
    index = _grouped(centres) if centres.ntotal >= _MANY else centres
    found = [index.search(rows, 1)[1][:, 0] for _, rows in _stretches(vectors)]
    return np.concatenate([np.zeros(0, np.int64), *found])


def _grouped(centres: "faiss.Index") -> "faiss.Index":
    """The centres in lists: finds 98 of 100 nearest ones, and millions of passages in minutes."""
    groups = math.isqrt(centres.ntotal)
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(centres.d), centres.d, groups, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.spherical = True
    rows = centres.reconstruct_n(0, centres.ntotal)
    index.train(rows)
    index.add(rows)
    index.nprobe = max(1, groups // 16)  # nobody else has this index
    return index


def _stretches(vectors: NDArray[np.float16]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    for at in range(0, len(vectors), _AT_ONCE):
        yield at, vectors[at : at + _AT_ONCE].astype(np.float32)
