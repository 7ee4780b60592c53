"""Who has which value: what a filter looks at, turned round once for a segment that never changes.

A filter then looks at each value once, however many mentors have it, and marks its owners.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from models.mentor import Attribute

POPULAR = 8  # a value that one mentor in so many has is kept as a mask, which is joined faster


@dataclass(frozen=True, slots=True)
class Owners:
    """The rows of the value at `place[value]` are `rows[first[place]:first[place + 1]]`, sorted.

    `place` maps each value, or what stands for it, to its place in `values`; `size`: of all rows.
    """

    values: Sequence[Any]
    place: dict[Any, int]
    first: NDArray[np.int32]
    rows: NDArray[np.int64]
    size: int
    _masks: dict[int, NDArray[np.bool_]] = field(default_factory=dict)

    def having(self, wanted: Collection[Any]) -> NDArray[np.bool_]:
        """Which rows have one of these values; shape (size,)."""
        return self._marked(self.place[one] for one in wanted if one in self.place)

    def where(self, holds: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """Which rows have a value for which `holds`; shape (size,)."""
        return self._marked(i for i, value in enumerate(self.values) if holds(value))

    def _marked(self, places: Iterable[int]) -> NDArray[np.bool_]:
        mask = np.zeros(self.size, dtype=np.bool_)
        for i in places:
            owners = self.rows[self.first[i] : self.first[i + 1]]
            if len(owners) * POPULAR > self.size:
                mask |= self._mask(i)
            else:
                mask[owners] = True
        return mask

    def _mask(self, i: int) -> NDArray[np.bool_]:
        mask = self._masks.get(i)
        if mask is None:
            mask = np.zeros(self.size, dtype=np.bool_)
            mask[self.rows[self.first[i] : self.first[i + 1]]] = True
            self._masks[i] = mask  # whole before another thread can see it
        return mask


def owners_of_texts(column: pa.Array, *, folded: bool) -> Owners:
    """The owners of each text of a column of texts or of lists of texts.

    `folded`: texts that differ only in case are one value, in the case that `str.casefold` gives.
    """
    first = np.arange(len(column) + 1)
    if pa.types.is_list(column.type):
        first = column.offsets.to_numpy() - column.offsets[0].as_py()
        column = column.flatten()
    encoded = column.dictionary_encode()
    place: dict[str, int] = {}
    texts = (text.casefold() if folded else text for text in encoded.dictionary.to_pylist())
    merged = np.asarray([place.setdefault(text, len(place)) for text in texts], dtype=np.int32)
    return _turned(list(place), place, merged[encoded.indices.to_numpy()], first)


def owners_of_attributes(column: pa.Array) -> dict[str, Owners]:
    """The owners of each value of each attribute, from JSON objects as texts.

    A list is a value as a whole. Values are told apart as JSON does: true is not 1.
    """
    encoded = column.dictionary_encode()
    places: dict[str, dict[Any, int]] = {}
    values: dict[str, list[Attribute]] = {}
    codes: dict[str, NDArray[np.int32]] = {}
    texts = encoded.dictionary.to_pylist()
    for i, text in enumerate(texts):
        for name, value in json.loads(text).items():
            if name not in places:
                places[name], values[name] = {}, []
                codes[name] = np.full(len(texts), -1, dtype=np.int32)
            codes[name][i] = place = places[name].setdefault(_key(value), len(values[name]))
            if place == len(values[name]):
                values[name].append(value)
    indices = encoded.indices.to_numpy()
    found = {}
    for name, coded in codes.items():
        of = coded[indices]
        first = np.concatenate([[0], np.cumsum(of >= 0)])
        found[name] = _turned(values[name], places[name], of[of >= 0], first)
    return found


def _turned(
    values: Sequence[Any], place: dict[Any, int], codes: NDArray[np.int32], first: NDArray[Any]
) -> Owners:
    """`codes`: places of the values of each row, row by row; `first`: where each row's begin."""
    size = len(first) - 1
    marks = np.ones(len(codes), dtype=np.bool_)
    whole = sp.csr_matrix((marks, codes, first), shape=(size, len(values))).tocsc()
    return Owners(values, place, whole.indptr, whole.indices.astype(np.int64), size)


def _key(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_key(item) for item in value)
    return type(value), value
