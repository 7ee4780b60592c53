"""The lexical index behind the `LexicalIndex` port: BM25's term saturations, kept sparse.

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
        matrix = rows.tocsc()
        matrix.sort_indices()
        return cls(matrix, list(column))

    def best(
        self, weights: Mapping[str, float], top_k: int, eligible: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Rows of the `top_k` mentors with the greatest weighted sum > 0, sorted."""
        known = [(self._column[stem], w) for stem, w in weights.items() if stem in self._column]
        if not known:
            return np.zeros(0, dtype=np.int64)
        columns, factors = zip(*known, strict=True)
        sums = self.matrix[:, list(columns)] @ np.asarray(factors)
        if eligible is not None:
            sums = np.where(eligible, sums, 0.0)
        if top_k < len(sums):
            # Ties at the edge all come along, so that which one stays never depends on chance.
            sums = np.where(sums >= np.partition(sums, -top_k)[-top_k], sums, 0.0)
        return np.flatnonzero(sums > 0)

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
