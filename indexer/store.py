"""The system of record, in SQL through SQLAlchemy: mentors, change sequence, vector cache.

Every key is (tenant, id). The sequence of a tenant is a counter row updated inside the writing
transaction, so the order in which changes become visible is the order of the sequence. A mentor
that has left stays as a tombstone without a word of text until every snapshot has passed it. A
vector stays as long as a passage of anybody has its text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from indexer.database import Database
from indexer.records import content_hash, readable, text_hash
from indexer.rejects import Looked, Reject, words_of
from indexer.tables import mentors, passages, rejects, tenants, vectors
from models.errors import SpaceMismatch
from models.mentor import Mentor
from models.ports import Stored

_T = TypeVar("_T")

_FLOAT = np.dtype(np.float32).itemsize
REMOVED_TOGETHER = 200  # removals of one transaction
BATCH = 500  # rows of one statement; SQLite takes at most 32,766 variables


class Conflict(Exception):
    """A mentor changed between being read and being written; read again and repeat."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a tenant stands.

    `sequence`: of the last change; `removed_at`: of the last removal; `purged_at`: tombstones up
    to here are gone; `space_id` and `runtime_id`: of the vectors its index is made of, "" before
    the first; `erased_at`: of the last removal of which no file holds anything any more.
    """

    sequence: int = 0
    removed_at: int = 0
    purged_at: int = 0
    space_id: str = ""
    runtime_id: str = ""
    erased_at: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """The sha256 of each text of a mentor that is embedded.

    `passages` are searched, in order; `items` of lists only wait to be quoted.
    """

    passages: tuple[bytes, ...] = ()
    items: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A mentor to write, and its canonical record.

    `cut` is None when the texts are as they were. `expected`: the revision it was derived from,
    or None to write over any.
    """

    mentor: Mentor
    record: str
    cut: Cut | None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a mentor; `record` is None when it has left."""

    id: str
    revision: int
    text_hash: str
    record: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A live mentor as the table has it."""

    id: str
    revision: int
    content_hash: str
    text_hash: str
    record: str


@dataclass(frozen=True, slots=True)
class Known:
    """What tells whether a record is new: the revision and the hashes of what is stored."""

    revision: int
    content_hash: str
    text_hash: str


class Store:
    """Mentors of all tenants and the vectors of their texts, behind one database URL."""

    def __init__(self, url: str | sa.URL) -> None:
        self.database = Database(url)

    @classmethod
    def in_folder(cls, folder: Path) -> "Store":
        """The SQLite store of a data folder; the file is made when it is missing."""
        return cls(sa.URL.create("sqlite", database=str(folder / "mentors.db")))

    def close(self) -> None:
        self.database.close()

    # --- reading ---

    def head(self, tenant: str) -> Head:
        """Where the tenant stands."""
        with self.database.reading() as connection:
            return _head(connection, tenant)

    def tenants(self) -> list[str]:
        """The names of all tenants, sorted."""
        with self.database.reading() as connection:
            return sorted(connection.scalars(sa.select(tenants.c.tenant)))

    def spaces(self) -> list[str]:
        """The spaces of which vectors are cached, sorted."""
        with self.database.reading() as connection:
            return sorted(connection.scalars(sa.select(vectors.c.space_id).distinct()))

    def known(self, tenant: str, ids: Sequence[str]) -> dict[str, Known]:
        """Revision and hashes of each live mentor among `ids`.

        The content hash is that of the record as it is now, so a damaged one is not taken for an
        unchanged one.
        """
        columns = (mentors.c.id, mentors.c.revision, mentors.c.record, mentors.c.text_hash)
        return {
            row.id: Known(row.revision, content_hash(row.record), row.text_hash)
            for row in self._rows(tenant, ids, columns)
        }

    def rows(self, tenant: str, since: int, limit: int) -> list[Row]:
        """Live mentors by revision, from the one after `since`, with all that is kept of them."""
        query = (
            sa.select(*(mentors.c[name] for name in Row.__dataclass_fields__))
            .where(_live(tenant), mentors.c.revision > since)
            .order_by(mentors.c.revision)
            .limit(limit)
        )
        with self.database.reading() as connection:
            return [Row(*row) for row in connection.execute(query)]

    def read(self, tenant: str, ids: Sequence[str]) -> dict[str, Stored]:
        """The live mentors among `ids`, as they are now, without those whose record is damaged."""
        columns = (mentors.c.id, mentors.c.revision, mentors.c.text_hash, mentors.c.record)
        return {
            row.id: Stored(row.revision, row.text_hash, mentor)
            for row in self._rows(tenant, ids, columns)
            if (mentor := readable(row.record)) is not None
        }

    def all(self, tenant: str) -> tuple[int, list[Mentor]]:
        """Every live mentor in the order of ids, and the sequence they stand at."""
        query = sa.select(mentors.c.record).where(_live(tenant))
        with self.database.reading() as connection:
            sequence = _head(connection, tenant).sequence
            records = connection.scalars(query).all()
        # Sorted here: databases collate text in their own ways, and rows must not depend on it.
        found = (mentor for record in records if (mentor := readable(record)) is not None)
        return sequence, sorted(found, key=lambda mentor: mentor.id)

    def text_hashes(self, tenant: str) -> dict[str, tuple[int, str]]:
        """The revision and the text hash of every live mentor, by id."""
        columns = (mentors.c.id, mentors.c.revision, mentors.c.text_hash)
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(*columns).where(_live(tenant)))
            return {id: (revision, text_hash) for id, revision, text_hash in rows}

    def count(self, tenant: str) -> int:
        """How many live mentors the tenant has."""
        query = sa.select(sa.func.count()).select_from(mentors).where(_live(tenant))
        with self.database.reading() as connection:
            return connection.scalar(query) or 0

    def count_passages(self, tenant: str) -> int:
        """How many passages of the tenant's mentors are searched."""
        query = sa.select(sa.func.count()).where(
            passages.c.tenant == tenant, passages.c.searched.is_(sa.true())
        )
        with self.database.reading() as connection:
            return connection.scalar(query) or 0

    def changes(
        self, tenant: str, since: int, limit: int | None = None
    ) -> tuple[Head, list[Changed]]:
        """What changed after the sequence `since`, oldest first, and where the tenant stands.

        With a `limit` the oldest so many. A mentor comes once, as it is now.
        """
        query = (
            sa.select(mentors.c.id, mentors.c.revision, mentors.c.text_hash, mentors.c.record)
            .where(mentors.c.tenant == tenant, mentors.c.revision > since)
            .order_by(mentors.c.revision)
            .limit(limit)
        )
        with self.database.reading() as connection:
            found = [Changed(*row) for row in connection.execute(query)]
            return _head(connection, tenant), found

    def now(self, tenant: str, ids: Sequence[str]) -> list[Changed]:
        """The live mentors among `ids`, as if they had just changed."""
        columns = (mentors.c.id, mentors.c.revision, mentors.c.text_hash, mentors.c.record)
        return [Changed(*row) for row in self._rows(tenant, ids, columns)]

    def vectors(self, space_id: str, hashes: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The cached vectors among `hashes` (sha256 of the exact string encoded)."""
        found: dict[bytes, NDArray[np.float32]] = {}
        with self.database.reading() as connection:
            for some in _batches(hashes):
                query = sa.select(vectors.c.text_hash, vectors.c.vector).where(
                    vectors.c.space_id == space_id, vectors.c.text_hash.in_(some)
                )
                for text, vector in connection.execute(query):
                    whole = len(vector) // _FLOAT * _FLOAT  # a damaged one is found by its length
                    found[text] = np.frombuffer(vector[:whole], dtype=np.float32)
        return found

    def cuts(self, tenant: str, ids: Sequence[str]) -> dict[str, Cut]:
        """What is embedded for each of `ids`; those of whom nothing is are left out."""
        with self.database.reading() as connection:
            return _cuts(connection, tenant, ids)

    def vectors_owned_by(self, tenant: str, ids: Sequence[str]) -> set[bytes]:
        """The sha256 of the texts that these mentors have and nobody else does."""
        with self.database.reading() as connection:
            own = _hashes(_cuts(connection, tenant, ids).values())
            shared: set[bytes] = set()
            for some in _batches(sorted(own)):
                mine = sa.and_(passages.c.tenant == tenant, passages.c.id.in_(ids))
                query = sa.select(passages.c.text_hash).where(
                    passages.c.text_hash.in_(some), sa.not_(mine)
                )
                shared |= set(connection.scalars(query))
        return own - shared

    # --- writing ---

    def write(
        self,
        tenant: str,
        changes: Sequence[Change],
        space_id: str = "",
        runtime_id: str = "",
        fresh: Mapping[bytes, NDArray[np.float32]] | None = None,
    ) -> int:
        """Write mentors in one transaction; returns the sequence of the last one.

        `fresh` holds the vectors, in the space `space_id`, of all texts of the changes. When this
        returns, the changes are on disk. Raises Conflict when a mentor is not at the revision
        expected, SpaceMismatch when the tenant's index is of another space, StoreUnavailable.
        """
        with self.database.writing() as connection:
            last = _advance(connection, tenant, len(changes))
            _settle_space(connection, tenant, space_id, runtime_id)
            _expect(connection, tenant, changes)
            _replace_mentors(connection, tenant, changes, last - len(changes) + 1)
            cut = {c.mentor.id: c.cut for c in changes if c.cut is not None}
            _replace_passages(connection, tenant, cut, space_id, fresh or {})
        return last

    def remove(self, tenant: str, ids: Sequence[str]) -> dict[str, int]:
        """Erase the mentors among `ids` that are here; the sequence of each removal.

        Record, passages, vectors that nobody else needs and rejected records that speak of them
        go in one transaction for some of them at a time, so that others can write in between.
        Somebody who was only ever rejected counts as here. When this returns, all is on disk.
        Raises StoreUnavailable.
        """
        removed: dict[str, int] = {}
        for some in _batches(list(dict.fromkeys(ids)), REMOVED_TOGETHER):
            removed |= self._remove(tenant, some)
        return removed

    def _remove(self, tenant: str, ids: Sequence[str]) -> dict[str, int]:
        with self.database.writing() as connection:
            _advance(connection, tenant, 0)
            found = _read(connection, tenant, ids, (mentors.c.id, mentors.c.record))
            records = {row.id: row.record for row in found}
            rejected = _drop_rejects(connection, tenant, records, ids)
            leaving = [id for id in ids if id in records or id in rejected]
            if not leaving:
                return {}
            last = _advance(connection, tenant, len(leaving))
            removed = {id: last - len(leaving) + 1 + i for i, id in enumerate(leaving)}
            _bury(connection, tenant, removed)
            _replace_passages(connection, tenant, dict.fromkeys(leaving, Cut()), "", {})
            at = tenants.c.tenant == tenant
            connection.execute(sa.update(tenants).where(at).values(removed_at=last))
        return removed

    def recut(
        self,
        tenant: str,
        cut: Mapping[str, Cut],
        revisions: Mapping[str, int],
        space_id: str,
        fresh: Mapping[bytes, NDArray[np.float32]],
    ) -> None:
        """Set the passages, and the missing vectors, of mentors whose records stay as they are.

        A mentor no longer at its revision in `revisions` is passed over.
        """
        with self.database.writing() as connection:
            _advance(connection, tenant, 0)
            found = _read(connection, tenant, list(cut), (mentors.c.id, mentors.c.revision))
            still = {row.id for row in found if row.revision == revisions[row.id]}
            kept = {id: one for id, one in cut.items() if id in still}
            _replace_passages(connection, tenant, kept, space_id, fresh)

    def settle(self, tenant: str, space_id: str, runtime_id: str, at: int) -> bool:
        """Make `space_id` the tenant's, if its sequence is still `at`; whether it was."""
        with self.database.writing() as connection:
            if _advance(connection, tenant, 0) != at:
                return False
            _set_space(connection, tenant, space_id, runtime_id)
            return True

    def forget_tombstones(self, tenant: str, up_to: int) -> None:
        """Drop the tombstones of removals up to the sequence `up_to`."""
        gone = sa.and_(
            mentors.c.tenant == tenant, mentors.c.record.is_(None), mentors.c.revision <= up_to
        )
        with self.database.writing() as connection:
            if connection.execute(sa.delete(mentors).where(gone)).rowcount:
                at = tenants.c.tenant == tenant
                connection.execute(sa.update(tenants).where(at).values(purged_at=up_to))

    def count_strays(self) -> tuple[int, int]:
        """How many vectors no passage needs, and how many passages no mentor has."""
        with self.database.reading() as connection:
            return tuple(  # type: ignore[return-value]
                connection.scalar(sa.select(sa.func.count()).select_from(table).where(where))
                for table, where in ((vectors, _unneeded()), (passages, _ownerless()))
            )

    def drop_strays(self) -> None:
        """Drop the passages that no mentor has, and the vectors that no passage needs."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(passages).where(_ownerless()))
            connection.execute(sa.delete(vectors).where(_unneeded()))

    def mark_erased(self, tenant: str, up_to: int) -> None:
        """Remember that no file holds anything of those removed up to the sequence `up_to`."""
        at = sa.and_(tenants.c.tenant == tenant, tenants.c.erased_at < up_to)
        with self.database.writing() as connection:
            connection.execute(sa.update(tenants).where(at).values(erased_at=up_to))

    def drop_vectors(self, space_id: str, hashes: Sequence[bytes]) -> None:
        """Drop cached vectors, for instance broken ones."""
        with self.database.writing() as connection:
            _drop_vectors(connection, hashes, vectors.c.space_id == space_id)

    # --- rejected records ---

    def keep_rejects(self, tenant: str, source: str, found: Iterable[Reject]) -> None:
        """Keep the rejected records of one source; an earlier list for it is replaced."""
        here = sa.and_(rejects.c.tenant == tenant, rejects.c.source == source)
        rows = [
            {"tenant": tenant, "source": source, "position": i, "id": one.id, "line": one.line}
            for i, one in enumerate(found)
        ]
        with self.database.writing() as connection:
            connection.execute(sa.delete(rejects).where(here))
            for some in _batches(rows):
                connection.execute(sa.insert(rejects), list(some))

    def rejects(self, tenant: str) -> dict[str, list[Reject]]:
        """The rejected records kept, by source."""
        query = (
            sa.select(rejects.c.source, rejects.c.id, rejects.c.line)
            .where(rejects.c.tenant == tenant)
            .order_by(rejects.c.source, rejects.c.position)
        )
        found: dict[str, list[Reject]] = {}
        with self.database.reading() as connection:
            for source, id, line in connection.execute(query):
                found.setdefault(source, []).append(Reject(id, line))
        return found

    def _rows(
        self, tenant: str, ids: Sequence[str], columns: tuple[sa.Column[Any], ...]
    ) -> list[Any]:
        with self.database.reading() as connection:
            return _read(connection, tenant, ids, columns)


def _unneeded() -> sa.ColumnElement[bool]:
    return ~sa.exists().where(passages.c.text_hash == vectors.c.text_hash)


def _ownerless() -> sa.ColumnElement[bool]:
    same = sa.and_(mentors.c.tenant == passages.c.tenant, mentors.c.id == passages.c.id)
    return ~sa.exists().where(same, mentors.c.record.is_not(None))


def _live(tenant: str) -> sa.ColumnElement[bool]:
    return sa.and_(mentors.c.tenant == tenant, mentors.c.record.is_not(None))


def _read(
    connection: sa.Connection, tenant: str, ids: Sequence[str], columns: tuple[sa.Column[Any], ...]
) -> list[Any]:
    found: list[Any] = []
    for some in _batches(ids):
        query = sa.select(*columns).where(_live(tenant), mentors.c.id.in_(some))
        found += connection.execute(query)
    return found


def _head(connection: sa.Connection, tenant: str) -> Head:
    columns = [tenants.c[name] for name in Head.__dataclass_fields__]
    row = connection.execute(sa.select(*columns).where(tenants.c.tenant == tenant)).first()
    return Head(*row) if row else Head()


def _advance(connection: sa.Connection, tenant: str, by: int) -> int:
    """Move the counter and return it; from then on this transaction is the tenant's only writer."""
    at = tenants.c.tenant == tenant
    moved = connection.execute(
        sa.update(tenants).where(at).values(sequence=tenants.c.sequence + by)
    )
    if moved.rowcount == 0 and by:
        connection.execute(sa.insert(tenants).values(tenant=tenant, sequence=by))
    return connection.scalar(sa.select(tenants.c.sequence).where(at)) or 0


def _settle_space(connection: sa.Connection, tenant: str, space_id: str, runtime_id: str) -> None:
    if not space_id:
        return
    now = _head(connection, tenant)
    if now.space_id not in ("", space_id):
        raise SpaceMismatch(
            f"The index of the tenant {tenant!r} is now in the space {now.space_id}, this process "
            f"writes {space_id}: start it again with the encoder the index was made with."
        )
    if now.space_id != space_id or runtime_id not in ("", now.runtime_id):
        _set_space(connection, tenant, space_id, runtime_id)


def _set_space(connection: sa.Connection, tenant: str, space_id: str, runtime_id: str) -> None:
    values = {"space_id": space_id} | ({"runtime_id": runtime_id} if runtime_id else {})
    connection.execute(sa.update(tenants).where(tenants.c.tenant == tenant).values(**values))


def _expect(connection: sa.Connection, tenant: str, changes: Sequence[Change]) -> None:
    expected = {c.mentor.id: c.expected for c in changes if c.expected is not None}
    found = _read(connection, tenant, list(expected), (mentors.c.id, mentors.c.revision))
    if {row.id: row.revision for row in found} != expected:
        raise Conflict


def _replace_mentors(
    connection: sa.Connection, tenant: str, changes: Sequence[Change], first: int
) -> None:
    _delete_mentors(connection, tenant, [change.mentor.id for change in changes])
    rows = [
        {
            "tenant": tenant,
            "id": change.mentor.id,
            "revision": first + i,
            "content_hash": content_hash(change.record),
            "text_hash": text_hash(change.mentor),
            "record": change.record,
        }
        for i, change in enumerate(changes)
    ]
    if rows:
        connection.execute(sa.insert(mentors), rows)


def _bury(connection: sa.Connection, tenant: str, removed: Mapping[str, int]) -> None:
    _delete_mentors(connection, tenant, list(removed))
    nothing = {"tenant": tenant, "content_hash": "", "text_hash": "", "record": None}
    rows = [nothing | {"id": id, "revision": revision} for id, revision in removed.items()]
    connection.execute(sa.insert(mentors), rows)


def _delete_mentors(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> None:
    for some in _batches(ids):
        connection.execute(
            sa.delete(mentors).where(mentors.c.tenant == tenant, mentors.c.id.in_(some))
        )


def _cuts(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> dict[str, Cut]:
    found: dict[str, tuple[list[bytes], list[bytes]]] = {}
    for some in _batches(ids):
        query = (
            sa.select(passages.c.id, passages.c.text_hash, passages.c.searched)
            .where(passages.c.tenant == tenant, passages.c.id.in_(some))
            .order_by(passages.c.id, passages.c.position)
        )
        for id, text, searched in connection.execute(query):
            found.setdefault(id, ([], []))[0 if searched else 1].append(text)
    return {id: Cut(tuple(texts), tuple(items)) for id, (texts, items) in found.items()}


def _hashes(cuts: Iterable[Cut]) -> set[bytes]:
    return {text for cut in cuts for text in (*cut.passages, *cut.items)}


def _replace_passages(
    connection: sa.Connection,
    tenant: str,
    cut: Mapping[str, Cut],
    space_id: str,
    fresh: Mapping[bytes, NDArray[np.float32]],
) -> None:
    before = _hashes(_cuts(connection, tenant, list(cut)).values())
    for some in _batches(list(cut)):
        here = sa.and_(passages.c.tenant == tenant, passages.c.id.in_(some))
        connection.execute(sa.delete(passages).where(here))
    rows = [
        {"tenant": tenant, "id": id, "position": i, "text_hash": text, "searched": searched}
        for id, one in cut.items()
        for i, (text, searched) in enumerate(
            [(text, True) for text in one.passages] + [(text, False) for text in one.items]
        )
    ]
    if rows:
        connection.execute(sa.insert(passages), rows)
    now = {row["text_hash"] for row in rows}
    _keep_vectors(connection, space_id, {h: v for h, v in fresh.items() if h in now})
    _drop_unneeded(connection, sorted(before - now))


def _keep_vectors(
    connection: sa.Connection, space_id: str, fresh: Mapping[bytes, NDArray[np.float32]]
) -> None:
    """Add the vectors that are not there; the first one of a text stays."""
    known: set[bytes] = set()
    for some in _batches(list(fresh)):
        query = sa.select(vectors.c.text_hash).where(
            vectors.c.space_id == space_id, vectors.c.text_hash.in_(some)
        )
        known |= set(connection.scalars(query))
    rows = [
        {"space_id": space_id, "text_hash": text, "vector": vector.tobytes()}
        for text, vector in fresh.items()
        if text not in known
    ]
    if rows:
        connection.execute(sa.insert(vectors), rows)


def _drop_unneeded(connection: sa.Connection, hashes: Sequence[bytes]) -> None:
    """Drop the vectors, in every space, of those texts that no passage of anybody has."""
    for some in _batches(hashes):
        query = sa.select(passages.c.text_hash).where(passages.c.text_hash.in_(some)).distinct()
        needed = set(connection.scalars(query))
        _drop_vectors(connection, [h for h in some if h not in needed], sa.true())


def _drop_vectors(
    connection: sa.Connection, hashes: Sequence[bytes], where: sa.ColumnElement[bool]
) -> None:
    for some in _batches(hashes):
        connection.execute(sa.delete(vectors).where(where, vectors.c.text_hash.in_(some)))


def _drop_rejects(
    connection: sa.Connection, tenant: str, records: Mapping[str, str], ids: Sequence[str]
) -> set[str]:
    """Drop the rejected records that speak of `ids`; those of them that had one of their own."""
    query = sa.select(rejects.c.source, rejects.c.position, rejects.c.id, rejects.c.line)
    kept = connection.execute(query.where(rejects.c.tenant == tenant)).all()
    if not kept:
        return set()
    looked = [Looked(readable(records.get(id, "")) or Mentor(id)) for id in ids]
    own: set[str] = set()
    for row in kept:
        reject, words = Reject(row.id, row.line), words_of(row.line)
        if any(one.in_reject(reject, words) for one in looked):
            own |= {row.id} & set(ids)
            connection.execute(
                sa.delete(rejects).where(
                    rejects.c.tenant == tenant,
                    rejects.c.source == row.source,
                    rejects.c.position == row.position,
                )
            )
    return own


def _batches(items: Sequence[_T], size: int = BATCH) -> Iterator[Sequence[_T]]:
    return (items[i : i + size] for i in range(0, len(items), size))
