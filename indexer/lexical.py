"""BM25's term saturations, kept sparse: one segment's part of the lexical index.

Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond". What a
term is worth does not come from this corpus (see `models.terms`), so the index holds only the
saturated frequencies, and a query is one sparse product. `docs/adr/0004` says why no
search engine is behind it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

# Not public, but nothing public adds the columns named to a vector without copying them first,
# which takes three times as long; `tests/indexer/test_lexical.py` would see it change.
from scipy.sparse._sparsetools import csc_matvec

from models.ports import Saturations

K1 = 1.2  # how soon repeating a word stops counting; the usual value
B = 0.75  # how much a long profile is discounted; the usual value
AVERAGE_WORDS = 65.0  # content words of a typical profile; fixed, so scores do not drift

SETS = 4_096  # of rows, whose maxima say how great a sum must be to be among the best
_ROUNDING = 2.0**-24  # the greatest relative error of one operation in single precision


class SparseLexicalIndex:
    """Saturations by mentor and stem: float32, shape (n_mentors, n_stems), compressed columns.

    Kept by rows as well: a search goes through columns, the words of a mentor are a row.
    """

    def __init__(
        self,
        saturation: "sp.csc_matrix",
        stems: Sequence[str],
        profiles: "sp.csr_matrix | None" = None,
    ) -> None:
        """`profiles`: the same by rows, where that is at hand."""
        self.matrix = saturation
        self.stems = stems
        self.profiles = saturation.tocsr() if profiles is None else profiles
        self._column = {stem: i for i, stem in enumerate(stems)}

    @classmethod
    def build(cls, profiles: Iterable[Counter[str]]) -> "SparseLexicalIndex":
        """Index one counter of stems a mentor, in row order."""
        column: dict[str, int] = {}
        indices: list[int] = []
        data: list[float] = []
        first = [0]
        for counted in profiles:
            norm = K1 * (1 - B + B * counted.total() / AVERAGE_WORDS)
            for stem, count in counted.items():
                indices.append(column.setdefault(stem, len(column)))
                data.append(count / (count + norm))
            first.append(len(indices))
        shape = (len(first) - 1, len(column))
        rows = sp.csr_matrix((np.asarray(data, np.float32), indices, first), shape=shape)
        return cls._sorted(rows, list(column))

    @classmethod
    def joined(cls, parts: Sequence["Part"]) -> "SparseLexicalIndex":
        """The mentors of all parts, those of one part after those of the other."""
        column: dict[str, int] = {}
        blocks = []
        for index, rows in parts:
            chosen = index.profiles[rows]
            used = np.unique(chosen.indices)  # nobody's stem goes with its last owner
            places = np.zeros(len(index.stems), dtype=np.int64)
            places[used] = [column.setdefault(index.stems[i], len(column)) for i in used]
            blocks.append((chosen.data, places[chosen.indices], np.diff(chosen.indptr)))
        data, indices, counts = (
            np.concatenate([np.zeros(0, kind), *found])
            for kind, found in zip(
                (np.float32, np.int64, np.int64),
                zip(*blocks, strict=True) if blocks else ((), (), ()),
                strict=True,
            )
        )
        first = np.concatenate([[0], np.cumsum(counts)])
        shape = (len(counts), len(column))
        return cls._sorted(sp.csr_matrix((data, indices, first), shape=shape), list(column))

    @classmethod
    def _sorted(cls, rows: "sp.csr_matrix", stems: Sequence[str]) -> "SparseLexicalIndex":
        """Columns in the order of stems, so that equal mentors make equal bytes."""
        order = sorted(range(len(stems)), key=stems.__getitem__)
        profiles = rows[:, order]
        matrix = profiles.tocsc()
        matrix.sort_indices()
        return cls(matrix, [stems[i] for i in order], profiles)

    def in_order(self, order: NDArray[np.int64]) -> "SparseLexicalIndex":
        """The same mentors in another order: `order[i]` is the row that becomes i."""
        profiles = self.profiles[order]
        matrix = profiles.tocsc()
        matrix.sort_indices()
        return SparseLexicalIndex(matrix, self.stems, profiles)

    def sums(self, weights: Mapping[str, float], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The weighted BM25 sum of each mentor at `rows`, >= 0, shape (len(rows),).

        A sum is taken in the order of `weights`, so it is the same to the last bit among any rows.
        """
        found = self.saturations(list(weights), rows)
        factors = np.fromiter(weights.values(), np.float64, len(weights))
        order = np.argsort(found.stem, kind="stable")
        worth = found.saturation * factors[found.stem]
        return np.bincount(found.mentor[order], worth[order], minlength=len(rows)).astype(
            np.float64
        )

    def best(
        self, weights: Mapping[str, float], top_k: int, eligible: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Rows (sorted) and exact sums of few mentors, among whom are all that count.

        Those are the `eligible` with the `top_k` greatest sums > 0, and who ties with the last of
        them. One pass over the postings in single precision says who is not among them.
        """
        rough = self._rough_sums(weights) * eligible
        rows = _hopeful(rough, top_k, 1 - 2.1 * (len(weights) + 3) * _ROUNDING)
        return rows, self.sums(weights, rows)

    def _rough_sums(self, weights: Mapping[str, float]) -> NDArray[np.float32]:
        """Sums of everybody, relative error at most (len(weights) + 1) * _ROUNDING."""
        matrix = self.matrix
        rough = np.zeros(matrix.shape[0], dtype=np.float32)
        known = [(self._column[stem], w) for stem, w in weights.items() if stem in self._column]
        if known:
            # In one call, which threads do not contend for: from the last column to the first,
            # what lies between the end of one and the beginning of the next is empty.
            columns, factors = zip(*sorted(known, reverse=True), strict=True)
            first = np.asarray(columns)
            spans = np.column_stack([matrix.indptr[first], matrix.indptr[first + 1]]).ravel()
            every = np.zeros(len(spans) - 1, dtype=np.float32)
            every[::2] = factors
            csc_matvec(len(rough), len(every), spans, matrix.indices, matrix.data, every, rough)
        return rough

    def saturations(self, stems: Sequence[str], rows: NDArray[np.int64]) -> Saturations:
        """Which of `stems`, all different, each mentor at `rows` uses, and how much."""
        known = [(self._column[stem], i) for i, stem in enumerate(stems) if stem in self._column]
        place = np.full(len(self.stems), -1, dtype=np.int32)
        if known:
            columns, places = zip(*known, strict=True)
            place[list(columns)] = places
        first = self.profiles.indptr[rows].astype(np.int64)
        counts = self.profiles.indptr[rows + 1] - first
        mentors = np.repeat(np.arange(len(rows)), counts)
        at = np.arange(len(mentors)) + np.repeat(first - np.cumsum(counts) + counts, counts)
        which = place[self.profiles.indices[at]]
        asked = np.flatnonzero(which >= 0)
        saturation = self.profiles.data[at[asked]].astype(np.float64)
        return Saturations(mentors[asked], which[asked].astype(np.int64), saturation)


Part = tuple[SparseLexicalIndex, NDArray[np.int64]]
"""A segment's lexical index, and which of its rows are wanted."""


def best_rows(sums: NDArray[np.float64], top_k: int) -> NDArray[np.int64]:
    """The rows of the `top_k` greatest sums > 0, sorted; all that tie at the edge come along."""
    if top_k < len(sums):
        sums = np.where(sums >= np.partition(sums, -top_k)[-top_k], sums, 0.0)
    return np.flatnonzero(sums > 0)


def _hopeful(rough: NDArray[np.float32], top_k: int, slack: float) -> NDArray[np.int64]:
    """Rows above 0 that are among the `top_k` greatest when each sum is off by some of `slack`.

    Rows are dealt out to many sets. The k-th greatest of the sets' maxima is no greater than the
    k-th greatest of all, and little less, so that hardly anybody else is left to be sorted.
    """
    sets = max(SETS, 4 * top_k)
    deep = len(rough) // sets
    floor = np.float32(0)
    if deep > 1:
        maxima = rough[: deep * sets].reshape(deep, sets).max(axis=0)
        floor = np.partition(maxima, -top_k)[-top_k]
    rows = np.flatnonzero(rough >= float(floor) * slack if floor > 0 else rough)
    if len(rows) > top_k:
        floor = np.partition(rough[rows], -top_k)[-top_k]
        rows = rows[rough[rows] >= float(floor) * slack]
    return rows
