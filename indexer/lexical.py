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

K1 = 1.2  # how soon repeating a word stops counting; the usual value
B = 0.75  # how much a long profile is discounted; the usual value
AVERAGE_WORDS = 65.0  # content words of a typical profile; fixed, so scores do not drift


class SparseLexicalIndex:
    """Saturations by mentor and stem: float32, shape (n_mentors, n_stems), compressed columns."""

    def __init__(self, saturation: "sp.csc_matrix", stems: Sequence[str]) -> None:
        self.matrix = saturation
        self.stems = stems
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
            chosen = index.matrix.tocsr()[rows]
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
        matrix = rows[:, order].tocsc()
        matrix.sort_indices()
        return cls(matrix, [stems[i] for i in order])

    def in_order(self, order: NDArray[np.int64]) -> "SparseLexicalIndex":
        """The same mentors in another order: `order[i]` is the row that becomes i."""
        matrix = self.matrix.tocsr()[order].tocsc()
        matrix.sort_indices()
        return SparseLexicalIndex(matrix, self.stems)

    def sums(self, weights: Mapping[str, float]) -> NDArray[np.float64]:
        """The weighted BM25 sum of each mentor, >= 0, shape (n_mentors,)."""
        known = [(self._column[stem], w) for stem, w in weights.items() if stem in self._column]
        if not known:
            return np.zeros(self.matrix.shape[0])
        columns, factors = zip(*known, strict=True)
        sums: NDArray[np.float64] = self.matrix[:, list(columns)] @ np.asarray(factors)
        return sums

    def saturations(self, stems: Sequence[str], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Float64, shape (len(rows), len(stems)), range [0, 1): 0 where the stem is absent."""
        found = np.zeros((len(rows), len(stems)))
        for i, stem in enumerate(stems):
            if (column := self._column.get(stem)) is None:
                continue
            begin, end = self.matrix.indptr[column : column + 2]
            owners, values = self.matrix.indices[begin:end], self.matrix.data[begin:end]
            at = np.minimum(np.searchsorted(owners, rows), len(owners) - 1)
            found[:, i] = np.where(owners[at] == rows, values[at], 0.0)
        return found


Part = tuple[SparseLexicalIndex, NDArray[np.int64]]
"""A segment's lexical index, and which of its rows are wanted."""


def best_rows(sums: NDArray[np.float64], top_k: int) -> NDArray[np.int64]:
    """The rows of the `top_k` greatest sums > 0, sorted; all that tie at the edge come along."""
    if top_k < len(sums):
        sums = np.where(sums >= np.partition(sums, -top_k)[-top_k], sums, 0.0)
    return np.flatnonzero(sums > 0)
