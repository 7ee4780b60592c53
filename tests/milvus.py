"""A Milvus in memory: what is done with one is tried without a server, and may be held up."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from indexer.bringing import Bringer
from indexer.live import LiveIndex
from indexer.milvus import Milvus, Passages
from indexer.remote import Remote
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import SearchUnavailable
from tests.fakes import WordEncoder


class Refused(Exception):
    """What the client raises."""


class Client:
    """What is asked of pymilvus's; expressions are read as Python, which they are here.

    `lag_s`: of what age what is inserted shows where no Strong answer is asked for. `before`: is
    told each call, and may raise Refused or take its time.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[dict]] = {}
        self.aliases: dict[str, str] = {}
        self.lag_s = 0.0
        self.before: Callable[[str, str], object] = lambda call, name: None

    def __getattribute__(self, call):
        found = super().__getattribute__(call)
        if not callable(found) or call.startswith("_") or call == "before":
            return found

        def told(name="", *args, **more):
            self.before(call, name)
            more.pop("timeout", None)
            return found(name, *args, **more)

        return told

    def list_collections(self, _):
        return list(self.rows)

    def has_collection(self, name):
        return name in self.rows

    def drop_collection(self, name):
        self.rows.pop(name, None)

    def insert(self, name, rows):
        self._of(name).extend(row | {"at": time.monotonic()} for row in rows)

    def upsert(self, name, rows):
        self.rows[name] = [
            row for row in self._of(name) if row["key"] not in {new["key"] for new in rows}
        ] + [row | {"at": -np.inf} for row in rows]

    def delete(self, name, ids=(), filter=None):
        gone = {row["key"] for row in self._where(name, filter)} if filter else set(ids)
        self.rows[name] = [row for row in self._of(name) if row["key"] not in gone]

    def query(self, name, where, fields, limit=None, consistency_level="Bounded"):
        found = self._shown(name, where, consistency_level)
        if fields == ["count(*)"]:
            return [{"count(*)": len(found)}]
        return [{field: row[field] for field in fields} for row in found[:limit]]

    def search(self, name, queries, filter, limit, search_params, consistency_level):
        found = self._shown(name, filter, consistency_level)
        return [
            sorted(
                ({"id": r["key"], "distance": float(query @ r["vector"])} for r in found),
                key=lambda hit: -hit["distance"],
            )[:limit]
            for query in queries
        ]

    def flush(self, name):
        self._of(name)

    def alter_alias(self, name, alias):
        self._of(name)
        self.aliases[alias] = name

    def describe_alias(self, alias):
        if alias not in self.aliases:
            raise Refused(alias)
        return {"collection_name": self.aliases[alias]}

    def _of(self, name):
        if name not in self.rows:
            raise Refused(f"collection {name} not found")
        return self.rows[name]

    def _where(self, name, where):
        return [row for row in self._of(name) if eval(where, {}, row)]

    def _shown(self, name, where, level):
        until = time.monotonic() - (0.0 if level == "Strong" else self.lag_s)
        return [row for row in self._where(name, where) if row["at"] <= until]


class MemoryMilvus(Milvus):
    """One that any number of tenants may share."""

    def __init__(self, prefix: str = "mentors") -> None:
        self.errors = (Refused,)
        self.name, self.prefix = "memory", prefix
        self.client = Client()
        self._begin()

    def do(self, work):
        try:
            return work(self.client)
        except Refused as error:
            raise SearchUnavailable(f"Milvus at memory: {error}") from error

    def make_marks(self):
        self.client.rows.setdefault(f"{self.prefix}_marks", [])

    def made(self, name, make):
        self.client.rows.setdefault(name, [])

    def searched(self, name):
        self.client._of(name)

    def close(self):
        pass


class Filled:
    """A store, and what brings a tenant of it to a Milvus."""

    def __init__(self, folder: Path, milvus: Milvus, mentors=(), tenant="default", space="words-1"):
        self.tenant = tenant
        self.store = Store.in_folder(folder)
        encoder = WordEncoder(space)
        self.vectors = Vectors(self.store, encoder, space)
        self.writer = Writer(self.store, tenant, self.vectors)
        if mentors:
            self.writer.put(mentors)
        self.passages = Passages(milvus, tenant, space, encoder.dimension)
        self.remote = Remote(self.passages)
        self.bringer = Bringer(self.store, tenant, self.vectors, self.remote)

    @property
    def head(self) -> int:
        return self.store.head(self.tenant).sequence

    def there(self) -> LiveIndex:
        """The index made anew now, as a server does after enough changes, and searched there."""
        head, changes = self.store.changes(self.tenant, 0)
        empty = LiveIndex.empty(self.vectors.space_id, self.vectors.encoder.dimension)
        index = empty.advanced(head.sequence, changes, self.vectors).made_anew()
        return index.searched_by(lambda segment: self.remote.over(segment, index.sequence))

    def is_exact(self) -> bool:
        """Whether Milvus has what the store has, nothing else and nothing twice."""
        return not self.bringer.differences().sentences()
