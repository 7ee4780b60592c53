"""A segment: some mentors, searchable; immutable, so any number of threads may share it.

An index is a large segment and a few small ones behind it (`indexer.live`). Rows stand in the
order of ids.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue import ArrowCatalogue
from indexer.dense import FaissPassageIndex
from indexer.lexical import SparseLexicalIndex
from indexer.passages import passages, words
from indexer.vectors import text_key
from models.mentor import Mentor


@dataclass(frozen=True, slots=True)
class Segment:
    """The three parts of an index over the same rows."""

    catalogue: ArrowCatalogue
    dense: FaissPassageIndex
    lexical: SparseLexicalIndex

    @property
    def size(self) -> int:
        return self.catalogue.size

    @property
    def passages(self) -> int:
        return self.dense.size


VectorsOf = Callable[[Mapping[bytes, str]], Mapping[bytes, NDArray[np.float32]]]
"""Finds the vector of each text; both by `text_key`."""


def segment_of(mentors: Sequence[Mentor], vectors_of: VectorsOf, dimension: int) -> Segment:
    """Index `mentors`, with the vectors of their passages."""
    mentors = sorted(mentors, key=lambda mentor: mentor.id)
    texts: dict[bytes, str] = {}
    split = []
    for mentor in mentors:
        keys = [(text_key(passage.text), passage.text) for passage in passages(mentor)]
        texts.update(keys)
        split.append([key for key, _ in keys])
    vectors = vectors_of(texts) if texts else {}
    first = np.concatenate([[0], np.cumsum([len(found) for found in split])]).astype(np.int64)
    rows = [vectors[key] for found in split for key in found]
    dense = FaissPassageIndex.build(
        np.stack(rows) if rows else np.zeros((0, dimension), np.float32), first
    )
    counted = [Counter(term.stem for _, term in words(mentor)) for mentor in mentors]
    return Segment(
        ArrowCatalogue.build(mentors, dense.mean_norms()),
        dense,
        SparseLexicalIndex.build(counted),
    )


Kept = tuple[Segment, NDArray[np.int64], NDArray[np.bool_]]
"""A segment, the rows of it that stay, and who of those has a free place."""


def joined(parts: Sequence[Kept], dimension: int) -> Segment:
    """One segment of the rows that stay of several; no id may stay twice."""
    catalogue = ArrowCatalogue.joined([(s.catalogue, rows, free) for s, rows, free in parts])
    lexical = SparseLexicalIndex.joined([(s.lexical, rows) for s, rows, _ in parts])
    order = catalogue.order()
    # Vectors are many: they are copied once, to where they belong.
    dense = FaissPassageIndex.joined([(s.dense, rows) for s, rows, _ in parts], dimension, order)
    if (order == np.arange(len(order))).all():
        return Segment(catalogue, dense, lexical)
    return Segment(catalogue.in_order(order), dense, lexical.in_order(order))
