"""Who is in a segment, and the values that filters look at, as one Arrow table.

A row is a mentor; rows stand in the order of ids, so a tie broken by row is broken by id.
"""

import bisect
import json
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from indexer.owners import Owners, owners_of_attributes, owners_of_texts
from indexer.records import text_hash
from models.mentor import Location, Mentor

_TEXTS = ("country", "timezone", "seniority", "organization")
_LISTS = ("languages", "industries", "skills", "organizations")
_BISECTED = 300  # rows for each id that is looked for, from which on a hash of all is not worth it
SCHEMA = pa.schema(
    [("id", pa.string()), ("text_hash", pa.string())]
    + [(name, pa.string()) for name in _TEXTS]
    + [(name, pa.list_(pa.string())) for name in _LISTS]
    + [("available", pa.bool_()), ("mean_norm", pa.float64()), ("attributes", pa.string())]
)


class ArrowCatalogue:
    """One segment's part of the catalogue."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        # Left in Arrow's buffers: as Python strings they are half a second and 190 MB a million.
        self._ids: pa.StringArray = table["id"].combine_chunks()
        self._hashes: pa.StringArray = table["text_hash"].combine_chunks()
        self.mean_norms: NDArray[np.float64] = table["mean_norm"].to_numpy()
        self._making = threading.Lock()
        self._texts: dict[str, Owners] = {}
        self._attributes: dict[str, Owners] | None = None

    @classmethod
    def build(cls, mentors: Sequence[Mentor], mean_norms: NDArray[np.float64]) -> "ArrowCatalogue":
        """`mentors` in the order of ids; `mean_norms`: shape (n_mentors,)."""
        rows = [
            _row(mentor) | {"mean_norm": float(norm)}
            for mentor, norm in zip(mentors, mean_norms, strict=True)
        ]
        return cls(pa.Table.from_pylist(rows, schema=SCHEMA))

    @classmethod
    def joined(cls, parts: Sequence["Part"]) -> "ArrowCatalogue":
        """The mentors of all parts, those of one part after those of the other."""
        tables = [catalogue.table.take(pa.array(rows)) for catalogue, rows, _ in parts]
        whole = pa.concat_tables([SCHEMA.empty_table(), *tables])
        free = np.concatenate([np.zeros(0, np.bool_), *(free for _, _, free in parts)])
        column = SCHEMA.get_field_index("available")
        return cls(whole.set_column(column, "available", pa.array(free)).combine_chunks())

    def in_order(self, order: NDArray[np.int64]) -> "ArrowCatalogue":
        """The same mentors in another order: `order[i]` is the row that becomes i."""
        return ArrowCatalogue(self.table.take(pa.array(order)).combine_chunks())

    def order(self) -> NDArray[np.int64]:
        """The rows in the order of ids."""
        order: NDArray[np.int64] = pc.sort_indices(self._ids).to_numpy().astype(np.int64)
        return order

    @property
    def size(self) -> int:
        return len(self._ids)

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """The ids of the mentors at `rows`."""
        found: list[str] = self._ids.take(pa.array(rows)).to_pylist()
        return found

    def text_hashes(self, rows: NDArray[np.int64]) -> list[str]:
        """The `indexer.records.text_hash` of each mentor at `rows` when it was indexed."""
        found: list[str] = self._hashes.take(pa.array(rows)).to_pylist()
        return found

    def text_hash(self, row: int) -> str:
        """The `indexer.records.text_hash` of the mentor at `row` when it was indexed."""
        found: str = self._hashes[row].as_py()
        return found

    def row(self, id: str) -> int | None:
        """The row of the mentor, or None."""
        at = bisect.bisect_left(self._ids, id, key=pa.StringScalar.as_py)
        return at if at < self.size and self._ids[at].as_py() == id else None

    def find(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The row of each of the ids, -1 for those who are not here; shape (len(ids),)."""
        if _BISECTED * len(ids) < self.size:
            rows_or_none = (self.row(id) for id in ids)
            return np.asarray([-1 if row is None else row for row in rows_or_none], np.int64)
        found = pc.index_in(pa.array(ids, pa.string()), value_set=self._ids)
        rows: NDArray[np.int64] = found.fill_null(-1).to_numpy().astype(np.int64)
        return rows

    def having(self, column: str, texts: Collection[str]) -> NDArray[np.bool_]:
        """Which rows have one of `texts` in `column`, without regard to case; shape (size,)."""
        return self._owners(column).having({text.casefold() for text in texts})

    def where(self, column: str, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Which rows have a text in `column` for which `holds`; shape (size,).

        Texts are given without case, but for time zones, whose names have one.
        """
        return self._owners(column).where(holds)

    def where_attribute(self, name: str, holds: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """Which rows have an attribute of the name, for whose value `holds`; shape (size,)."""
        if self._attributes is None:
            with self._making:
                if self._attributes is None:  # no other thread has made them meanwhile
                    whole = self.table["attributes"].combine_chunks()
                    self._attributes = owners_of_attributes(whole)
        owners = self._attributes.get(name)
        return np.zeros(self.size, dtype=np.bool_) if owners is None else owners.where(holds)

    def available(self) -> NDArray[np.bool_]:
        """Available and with a free place, as of the snapshot; shape (n_mentors,)."""
        values: NDArray[np.bool_] = self.table["available"].to_numpy(zero_copy_only=False)
        return values

    def _owners(self, column: str) -> Owners:
        """Made when a filter first asks for them: who has which text of `column`."""
        if column not in self._texts:
            with self._making:
                if column not in self._texts:
                    whole = self.table[column].combine_chunks()
                    self._texts[column] = owners_of_texts(whole, folded=column != "timezone")
        return self._texts[column]


def _row(mentor: Mentor) -> dict[str, object]:
    location = mentor.location or Location()
    return {
        "id": mentor.id,
        "text_hash": text_hash(mentor),
        "country": location.country,
        "timezone": location.timezone,
        "seniority": mentor.seniority,
        "organization": mentor.organization,
        "languages": list(mentor.languages),
        "industries": list(mentor.industries),
        "skills": list(mentor.skills),
        # The present organisations: "not from where I work" means posts without an end too.
        "organizations": [mentor.organization]
        + [post.organization for post in mentor.experience if not post.end],
        "available": mentor.can_take_a_mentee,
        "attributes": json.dumps(dict(mentor.attributes), ensure_ascii=False),
    }


Part = tuple[ArrowCatalogue, NDArray[np.int64], NDArray[np.bool_]]
"""A segment's catalogue, which of its rows are wanted, and who of them has a free place now."""
