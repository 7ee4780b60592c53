"""Who is in an index, and the values that filters look at, as one Arrow table.

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
_SCHEMA = pa.schema(
    [("id", pa.string()), ("text_hash", pa.string())]
    + [(name, pa.string()) for name in _TEXTS]
    + [(name, pa.list_(pa.string())) for name in _LISTS]
    + [("available", pa.bool_()), ("mean_norm", pa.float64()), ("attributes", pa.string())]
)


class ArrowCatalogue:
    """The catalogue behind the `Catalogue` port."""

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
        return cls(pa.Table.from_pylist(rows, schema=_SCHEMA))

    @property
    def size(self) -> int:
        return len(self._ids)

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        return [self._ids[row] for row in rows]

    def text_hash(self, row: int) -> str:
        """The `indexer.records.text_hash` of the mentor at `row` when it was indexed."""
        return self._hashes[row]

    def rows(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The rows of the ids that are here, sorted; unknown ids are left out."""
        places = [(bisect.bisect_left(self._ids, id), id) for id in set(ids)]
        here = [at for at, id in places if at < self.size and self._ids[at] == id]
        return np.asarray(sorted(here), dtype=np.int64)

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
