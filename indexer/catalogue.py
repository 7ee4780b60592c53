"""Who is in a segment, and the values that filters look at, as one Arrow table.

A row is a mentor; rows stand in the order of ids, so a tie broken by row is broken by id.
"""

import bisect
import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from indexer.records import text_hash
from models.mentor import Attribute, Location, Mentor

_TEXTS = ("country", "timezone", "seniority", "organization")
_LISTS = ("languages", "industries", "skills", "organizations")
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
        self._ids: list[str] = table["id"].to_pylist()
        self._hashes: list[str] = table["text_hash"].to_pylist()
        self.mean_norms: NDArray[np.float64] = table["mean_norm"].to_numpy()

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
        return np.asarray(sorted(range(self.size), key=self._ids.__getitem__), dtype=np.int64)

    @property
    def size(self) -> int:
        return len(self._ids)

    def id(self, row: int) -> str:
        """The id of the mentor at `row`."""
        return self._ids[row]

    def text_hash(self, row: int) -> str:
        """The `indexer.records.text_hash` of the mentor at `row` when it was indexed."""
        return self._hashes[row]

    def row(self, id: str) -> int | None:
        """The row of the mentor, or None."""
        at = bisect.bisect_left(self._ids, id)
        return at if at < self.size and self._ids[at] == id else None

    def texts(self, column: str) -> list[str]:
        """One string a row; "" where the record has none."""
        values: list[str] = self.table[column].to_pylist()
        return values

    def lists(self, column: str) -> list[list[str]]:
        """One list of strings a row."""
        values: list[list[str]] = self.table[column].to_pylist()
        return values

    def available(self) -> NDArray[np.bool_]:
        """Available and with a free place, as of the snapshot; shape (n_mentors,)."""
        values: NDArray[np.bool_] = self.table["available"].to_numpy(zero_copy_only=False)
        return values

    def attributes(self) -> list[dict[str, Attribute]]:
        """The free attributes of each row."""
        return [json.loads(text) for text in self.table["attributes"].to_pylist()]


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
