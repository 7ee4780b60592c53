"""Cosine search over passage vectors: one segment's part of the dense index.

Vectors are kept as float16, rounded once (`docs/adr/0014`). Whatever finds a passage, its cosine
comes from these, by FAISS's float16 kernel, which reads passages one by one: so it does not depend
on the others, and cosines of several segments can be compared to the last bit.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer import lists
from indexer.lists import PassageLists

FEW = 20_000  # eligible passages that are faster read one by one than found through lists
_SPARE = 1.25  # how many more passages are taken from the lists, whose order is approximate
_AT_ONCE = 65_536  # passages copied at a time
_limiting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Allowed:
    """The passages of a segment that a search may find: how many, and their numbers or bits.

    `numbers`: sorted, where they are so few that each is read; else `bits`: uint8, the lowest bit
    first.
    """

    count: int
    numbers: NDArray[np.int64] | None = None
    bits: NDArray[np.uint8] | None = None


class FaissPassageIndex:
    """Passage vectors, the passages of one mentor next to each other.

    `vectors`: float16, shape (n_passages, dimension), unit rows but for rounding; they may be
    mapped from a file. `first[m] : first[m + 1]` are the passages of the mentor at row `m`.
    `lists`: where there are many passages.
    """

    def __init__(
        self,
        vectors: NDArray[np.float16],
        first: NDArray[np.int64],
        lists: PassageLists | None = None,
    ) -> None:
        self.first = first
        self.lists = lists
        self._flat = None if lists else _flat(vectors)
        self.vectors = vectors if self._flat is None else _view(self._flat)

    @classmethod
    def build(
        cls, vectors: NDArray[np.float32] | NDArray[np.float16], first: NDArray[np.int64]
    ) -> "FaissPassageIndex":
        """Index `vectors`: shape (n_passages, dimension), unit rows; they are rounded here."""
        rounded = vectors.astype(np.float16)
        many = len(rounded) >= lists.FROM
        return cls(rounded, first, PassageLists.trained(rounded) if many else None)

    @classmethod
    def joined(
        cls, parts: Sequence["Part"], dimension: int, order: NDArray[np.int64] | None = None
    ) -> "FaissPassageIndex":
        """The passages of all parts, the mentors of one part after those of the other.

        With `order` the mentor that would be at `order[i]` becomes row i. The lists of the
        largest part are kept and take up the passages of the others, unless they do not fit.
        """
        moves, first = _moves(parts, order)
        vectors = np.empty((int(first[-1]), dimension), np.float16)
        for (index, _), (sources, targets) in zip(parts, moves, strict=True):
            for at in range(0, len(sources), _AT_ONCE):
                here = slice(at, at + _AT_ONCE)
                vectors[targets[here]] = index.vectors[sources[here]]
        return cls(vectors, first, _lists_of(vectors, parts, moves))

    @property
    def size(self) -> int:
        """How many passages there are."""
        return len(self.vectors)

    def allowed(self, eligible: NDArray[np.bool_]) -> Allowed | None:
        """The passages of eligible mentors; None when that is all of them."""
        if eligible.all():
            return None
        flags = np.repeat(eligible, np.diff(self.first))
        count = int(np.count_nonzero(flags))
        if self.lists and count <= FEW:
            return Allowed(count, numbers=np.flatnonzero(flags))
        return Allowed(count, bits=np.packbits(flags, bitorder="little"))

    def top(
        self, queries: NDArray[np.float32], top_k: int, allowed: Allowed | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The `top_k` nearest passages that are allowed: their cosines and their owners' rows.

        Both of shape (n_queries, top_k), nearest first; where fewer are allowed the cosine is -inf
        and the row -1. Exact, but for passages that the lists miss where there are any.
        """
        cosines, found = self.nearest(queries, top_k, allowed)
        cosines[found < 0] = -np.inf
        return cosines, np.where(found < 0, -1, np.searchsorted(self.first, found, "right") - 1)

    def nearest(
        self, queries: NDArray[np.float32], top_k: int, allowed: Allowed | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """As `top`, with the numbers of the passages instead of their owners' rows."""
        # Threads of several searches at once that wait for each other by spinning stall for
        # seconds when cores are few; requests run side by side instead. The setting is the
        # calling thread's own.
        faiss.omp_set_num_threads(1)
        if allowed is not None and not allowed.count:
            shape = (len(queries), top_k)
            return np.full(shape, -np.inf, np.float32), np.full(shape, -1)
        if self._flat is not None:
            return _searched(self._flat, queries, top_k, allowed)
        if allowed is not None and allowed.numbers is not None:
            return self._among(allowed.numbers, queries, top_k)
        return self._through_lists(queries, top_k, allowed)

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
        # A rounded vector may be longer than 1 by some millionths.
        return np.clip(cosines, -1.0, 1.0), self.first[rows + 1] - self.first[rows]

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
        """The length of each mentor's mean passage vector, shape (n_mentors,), (0, 1].

        Above 1 by no more than rounding the vectors may have added.
        """
        sums = np.add.reduceat(self.vectors, self.first[:-1], axis=0, dtype=np.float64)
        norms: NDArray[np.float64] = np.linalg.norm(sums, axis=1) / np.diff(self.first)
        return norms

    def _among(
        self, numbers: NDArray[np.int64], queries: NDArray[np.float32], top_k: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The nearest of the passages with these numbers, all of which are read."""
        cosines, found = _flat(self.vectors[numbers]).search(queries, top_k)
        return cosines, np.where(found < 0, -1, numbers[found])

    def _through_lists(
        self, queries: NDArray[np.float32], top_k: int, allowed: Allowed | None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        assert self.lists is not None
        bits, share = (None, 1.0) if allowed is None else (allowed.bits, allowed.count / self.size)
        found = self.lists.search(queries, int(_SPARE * top_k), bits, share)
        scored = [
            self._among(near[near >= 0], queries[i : i + 1], top_k) for i, near in enumerate(found)
        ]
        cosines, exact = (np.concatenate(each) for each in zip(*scored, strict=True))
        return cosines, exact


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

Move = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Where passages are in a part, and where they come to be."""


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


def _moves(
    parts: Sequence[Part], order: NDArray[np.int64] | None
) -> tuple[list[Move], NDArray[np.int64]]:
    """Of each part, what goes where; and where each mentor's passages begin in the end."""
    starts = np.concatenate([np.zeros(0, np.int64), *(p.first[rows] for p, rows in parts)])
    ends = np.concatenate([np.zeros(0, np.int64), *(p.first[rows + 1] for p, rows in parts)])
    order = np.arange(len(starts)) if order is None else order
    first = np.concatenate([[0], np.cumsum((ends - starts)[order])]).astype(np.int64)
    begins = np.empty(len(starts), np.int64)  # in the end, by the mentor's place now
    begins[order] = first[:-1]
    moves, at = [], 0
    for _, rows in parts:
        here = slice(at, at + len(rows))
        lengths = ends[here] - starts[here]
        targets = _ranges(begins[here], begins[here] + lengths)
        moves.append((_ranges(starts[here], ends[here]), targets))
        at += len(rows)
    return moves, first


def _lists_of(
    vectors: NDArray[np.float16], parts: Sequence[Part], moves: Sequence[Move]
) -> PassageLists | None:
    if len(vectors) < lists.FROM:
        return None
    largest = max(range(len(parts)), key=lambda i: len(moves[i][0]))
    kept = parts[largest][0].lists
    if kept is None or not kept.fit(len(vectors)):
        return PassageLists.trained(vectors)
    sources, targets = moves[largest]
    numbers = np.full(len(vectors), -1)
    numbers[targets] = kept.numbers()[sources]
    others = np.flatnonzero(numbers < 0)
    numbers[others] = kept.nearest(vectors[others])
    return PassageLists.of(vectors, numbers, kept.index.nlist)


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """The integers of all half-open ranges, one range after the other."""
    lengths = ends - starts
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    numbers: NDArray[np.int64] = np.arange(lengths.sum()) - before + np.repeat(starts, lengths)
    return numbers


def _flat(vectors: NDArray[np.float16]) -> "faiss.IndexScalarQuantizer":
    """An index of a copy of these vectors, read one by one."""
    index = faiss.IndexScalarQuantizer(
        vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    index.is_trained = True  # there is nothing to learn
    if len(vectors):
        index.add_sa_codes(np.ascontiguousarray(vectors).view(np.uint8))
    return index


def _view(index: "faiss.IndexScalarQuantizer") -> NDArray[np.float16]:
    """The index's own vectors, without a copy."""
    if not index.ntotal:
        return np.zeros((0, index.d), np.float16)
    flat = faiss.rev_swig_ptr(index.codes.data(), index.ntotal * index.code_size)
    view: NDArray[np.float16] = flat.view(np.float16).reshape(index.ntotal, index.d)
    return view


def _searched(
    index: "faiss.Index", queries: NDArray[np.float32], top_k: int, allowed: Allowed | None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All that are allowed, read one by one."""
    parameters = None
    if allowed is not None and allowed.bits is not None:
        selector = faiss.IDSelectorBitmap(len(allowed.bits), faiss.swig_ptr(allowed.bits))
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
    cosines, found = index.search(queries, top_k, params=parameters)
    return cosines, found
