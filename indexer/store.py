"""The system of record, in SQL through SQLAlchemy: mentors, change sequence, vector cache.

Every key is (tenant, id). The sequence of a tenant is a counter row updated inside the writing
transaction, so the order in which changes become visible is the order of the sequence. A mentor
that has left stays as a tombstone without a word of text until every snapshot has passed it. A
vector stays as long as a passage has its text whose tenant is in its space, or on the way to it.
"""

import contextlib
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from indexer import statements as sql
from indexer.database import EVERYBODY, Database
from indexer.folder import DATABASE
from indexer.records import content_hash, readable
from indexer.rejects import Reject
from indexer.statements import Change, Changed, Conflict, Cut, Head, Known, Row, changed_since
from indexer.tables import exposures, mentors, outlines, passages, rejects, tenants, vectors
from models.errors import StoreUnavailable
from models.mentor import Mentor
from models.ports import Stored

__all__ = [
    "Change",
    "Changed",
    "Conflict",
    "Cut",
    "Head",
    "Known",
    "Row",
    "Store",
    "changed_since",
]

_SECRET = 32  # bytes
_FLOAT = np.dtype(np.float32).itemsize
REMOVED_TOGETHER = 200  # removals of one transaction
LOOKED_AT_TOGETHER = 2_000  # vectors of one transaction that may have to go


class Store:
    """Mentors of all tenants and the vectors of their texts, behind one database URL."""

    def __init__(self, url: str | sa.URL, *, create: bool = True) -> None:
        """Without `create` a database that is empty is refused."""
        self.database = Database(url, create=create)

    @classmethod
    def of(cls, folder: Path, url: str = "", *, create: bool = True) -> "Store":
        """The store at a URL, or that of a data folder where there is none.

        Without `create` a database that is empty is refused.
        """
        return cls(url or _file(folder), create=create)

    @classmethod
    def in_folder(cls, folder: Path) -> "Store":
        """The SQLite store of a data folder; the file is made when it is missing."""
        return cls(_file(folder))

    def close(self) -> None:
        self.database.close()

    # --- reading ---

    def head(self, tenant: str) -> Head:
        """Where the tenant stands."""
        with self.database.reading(tenant) as connection:
            return sql.head_of(connection, tenant)

    def tenants(self) -> list[str]:
        """The names of all tenants, sorted."""
        with self.database.reading(EVERYBODY) as connection:
            return sorted(connection.scalars(sa.select(tenants.c.tenant)))

    def spaces(self) -> list[str]:
        """The spaces of which vectors are cached, sorted."""
        with self.database.reading(EVERYBODY) as connection:
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
            .where(sql.live(tenant), mentors.c.revision > since)
            .order_by(mentors.c.revision)
            .limit(limit)
        )
        with self.database.reading(tenant) as connection:
            return [Row(*row) for row in connection.execute(query)]

    def read(self, tenant: str, ids: Sequence[str]) -> dict[str, Stored]:
        """The live mentors among `ids`, as they are now, without those whose record is damaged."""
        with self.database.reading(tenant) as connection:
            return {
                id: Stored(revision, text_hash, mentor, outline or "")
                for id, revision, text_hash, record, outline in sql.read_whole(
                    connection, tenant, ids
                )
                if (mentor := readable(record)) is not None
            }

    def all(self, tenant: str) -> tuple[int, list[Mentor]]:
        """Every live mentor in the order of ids, and the sequence they stand at."""
        query = sa.select(mentors.c.record).where(sql.live(tenant))
        with self.database.reading(tenant) as connection:
            sequence = sql.head_of(connection, tenant).sequence
            records = connection.scalars(query).all()
        # Sorted here: databases collate text in their own ways, and rows must not depend on it.
        found = (mentor for record in records if (mentor := readable(record)) is not None)
        return sequence, sorted(found, key=lambda mentor: mentor.id)

    def text_hashes(self, tenant: str) -> dict[str, tuple[int, str]]:
        """The revision and the text hash of every live mentor, by id."""
        columns = (mentors.c.id, mentors.c.revision, mentors.c.text_hash)
        with self.database.reading(tenant) as connection:
            rows = connection.execute(sa.select(*columns).where(sql.live(tenant)))
            return {id: (revision, text_hash) for id, revision, text_hash in rows}

    def count(self, tenant: str) -> int:
        """How many live mentors the tenant has."""
        query = sa.select(sa.func.count()).select_from(mentors).where(sql.live(tenant))
        with self.database.reading(tenant) as connection:
            return connection.scalar(query) or 0

    def count_passages(self, tenant: str) -> int:
        """How many passages of the tenant's mentors are searched."""
        query = sa.select(sa.func.count()).where(
            passages.c.tenant == tenant, passages.c.searched.is_(sa.true())
        )
        with self.database.reading(tenant) as connection:
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
        with self.database.reading(tenant) as connection:
            found = [Changed(*row) for row in connection.execute(query)]
            return sql.head_of(connection, tenant), found

    def exposures(self, tenant: str, since: int, ids: Sequence[str]) -> tuple[Head, dict[str, int]]:
        """Where the tenant stands, and how often mentors were shown lately.

        Those whose count changed after the sequence `since`, and those of `ids` who have one.
        """
        here = exposures.c.tenant == tenant
        columns = (exposures.c.id, exposures.c.shown)
        found: dict[str, int] = {}
        with self.database.reading(tenant) as connection:
            head = sql.head_of(connection, tenant)
            if head.exposed_at:
                query = sa.select(*columns).where(here, exposures.c.revision > since)
                found |= {row.id: row.shown for row in connection.execute(query)}
                for some in sql.batches(ids):
                    query = sa.select(*columns).where(here, exposures.c.id.in_(some))
                    found |= {row.id: row.shown for row in connection.execute(query)}
        return head, found

    def secret(self, tenant: str) -> bytes:
        """What the tenant's recommendations are signed with: 32 bytes, made when first asked for.

        Empty where the tenant has nothing yet, and where nothing can be written.
        """
        at = tenants.c.tenant == tenant
        query = sa.select(tenants.c.secret).where(at)
        with self.database.reading(tenant) as connection:
            kept = connection.scalar(query)
        if kept is None:
            unset = sa.and_(at, tenants.c.secret.is_(None))
            with contextlib.suppress(StoreUnavailable), self.database.writing(tenant) as connection:
                fresh = secrets.token_bytes(_SECRET)
                connection.execute(sa.update(tenants).where(unset).values(secret=fresh))
                kept = connection.scalar(query)
        return kept or b""

    def now(self, tenant: str, ids: Sequence[str]) -> list[Changed]:
        """The live mentors among `ids`, as if they had just changed."""
        columns = (mentors.c.id, mentors.c.revision, mentors.c.text_hash, mentors.c.record)
        return [Changed(*row) for row in self._rows(tenant, ids, columns)]

    def vectors(self, space_id: str, hashes: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The cached vectors among `hashes` (sha256 of the exact string encoded)."""
        found: dict[bytes, NDArray[np.float32]] = {}
        with self.database.reading(EVERYBODY) as connection:
            for some in sql.batches(hashes):
                query = sa.select(vectors.c.text_hash, vectors.c.vector).where(
                    vectors.c.space_id == space_id, vectors.c.text_hash.in_(some)
                )
                for text, vector in connection.execute(query):
                    whole = len(vector) // _FLOAT * _FLOAT  # a damaged one is found by its length
                    found[text] = np.frombuffer(vector[:whole], dtype=np.float32)
        return found

    def cuts(self, tenant: str, ids: Sequence[str]) -> dict[str, Cut]:
        """What is embedded for each of `ids`; those of whom nothing is are left out."""
        with self.database.reading(tenant) as connection:
            return sql.cuts_of(connection, tenant, ids)

    def vectors_owned_by(self, tenant: str, ids: Sequence[str]) -> set[bytes]:
        """The sha256 of the texts that these mentors have and nobody else does."""
        with self.database.reading(EVERYBODY) as connection:
            own = sql.hashes_of(sql.cuts_of(connection, tenant, ids).values())
            shared: set[bytes] = set()
            for some in sql.batches(sorted(own)):
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
        encoder: str = "",
    ) -> int:
        """Write mentors in one transaction; returns the sequence of the last one.

        `fresh` holds the vectors, in the space `space_id` of the encoder called `encoder`, of all
        texts of the changes. When this returns, the changes are on disk. Raises Conflict when a
        mentor is not at the revision expected, SpaceMismatch when the tenant's index is of another
        space, StoreUnavailable.
        """
        with self.database.writing(tenant) as connection:
            last = sql.advance(connection, tenant, len(changes))
            sql.settle_space(connection, tenant, space_id, runtime_id, encoder)
            sql.expect(connection, tenant, changes)
            sql.replace_mentors(connection, tenant, changes, last - len(changes) + 1)
            cut = {c.mentor.id: c.cut for c in changes if c.cut is not None}
            sql.replace_passages(connection, tenant, cut, space_id, fresh or {})
        return last

    def remove(
        self, tenant: str, ids: Sequence[str], expected: Collection[int] | None = None
    ) -> dict[str, int]:
        """Erase the mentors among `ids` that are here; the sequence of each removal.

        With `expected`, only if they are at one of these revisions, else PreconditionFailed is
        raised. Record, passages, vectors that nobody else needs, feedback about them and rejected
        records that speak of them go in one transaction for some of them at a time, so that others
        can write in between.
        Somebody who was only ever rejected counts as here. When this returns, all is on disk.
        Raises StoreUnavailable.
        """
        removed: dict[str, int] = {}
        for some in sql.batches(list(dict.fromkeys(ids)), REMOVED_TOGETHER):
            removed |= self._remove(tenant, some, expected)
        return removed

    def _remove(
        self, tenant: str, ids: Sequence[str], expected: Collection[int] | None
    ) -> dict[str, int]:
        columns = (mentors.c.id, mentors.c.record, mentors.c.revision)
        with self.database.writing(tenant) as connection:
            sql.advance(connection, tenant, 0)
            found = sql.read_live(connection, tenant, ids, columns)
            if expected is not None and any(row.revision not in expected for row in found):
                raise changed_since(ids[0])
            records = {row.id: row.record for row in found}
            rejected = sql.drop_rejects(connection, tenant, records, ids)
            leaving = [id for id in ids if id in records or id in rejected]
            if not leaving:
                return {}
            last = sql.advance(connection, tenant, len(leaving))
            removed = {id: last - len(leaving) + 1 + i for i, id in enumerate(leaving)}
            sql.bury(connection, tenant, removed)
            sql.replace_passages(connection, tenant, dict.fromkeys(leaving, Cut()), "", {})
            sql.forget_feedback(connection, tenant, leaving)
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
        with self.database.writing(tenant) as connection:
            sql.advance(connection, tenant, 0)
            found = sql.read_live(connection, tenant, list(cut), (mentors.c.id, mentors.c.revision))
            still = {row.id for row in found if row.revision == revisions[row.id]}
            kept = {id: one for id, one in cut.items() if id in still}
            sql.replace_passages(connection, tenant, kept, space_id, fresh)

    @contextlib.contextmanager
    def alone(self, tenant: str) -> Iterator[None]:
        """Nobody else writes for the tenant within the block, and all of it is one transaction."""
        with self.database.together(tenant) as connection:
            sql.advance(connection, tenant, 0)
            yield

    def set_out(self, tenant: str, space_id: str) -> None:
        """Begin to move the tenant to another space, or to none ("")."""
        with self.database.writing(tenant) as connection:
            at = sa.and_(tenants.c.tenant == tenant, tenants.c.space_id != space_id)
            connection.execute(sa.update(tenants).where(at).values(moving_to=space_id))

    def settle(
        self, tenant: str, space_id: str, runtime_id: str, at: int, encoder: str = ""
    ) -> bool:
        """Make `space_id` the tenant's, if its sequence is still `at`; whether it was.

        It is refused as well while another process moves the tenant elsewhere.
        """
        with self.database.writing(tenant) as connection:
            sql.advance(connection, tenant, 0)
            head = sql.head_of(connection, tenant)
            if head.sequence != at or head.moving_to not in ("", space_id):
                return False
            sql.set_space(connection, tenant, space_id, runtime_id, encoder)
            return True

    def forget_tombstones(self, tenant: str, up_to: int) -> None:
        """Drop the tombstones of removals up to the sequence `up_to`."""
        gone = sa.and_(
            mentors.c.tenant == tenant, mentors.c.record.is_(None), mentors.c.revision <= up_to
        )
        with self.database.writing(tenant) as connection:
            # Those that a process of an older version has left behind go before the tombstone does.
            of_gone = sa.exists().where(
                gone, mentors.c.tenant == outlines.c.tenant, mentors.c.id == outlines.c.id
            )
            connection.execute(sa.delete(outlines).where(of_gone))
            if connection.execute(sa.delete(mentors).where(gone)).rowcount:
                at = tenants.c.tenant == tenant
                connection.execute(sa.update(tenants).where(at).values(purged_at=up_to))

    def count_strays(self) -> tuple[int, int]:
        """How many vectors no passage has, and how many passages and outlines no mentor has."""
        with self.database.reading(EVERYBODY) as connection:
            return (
                sql.count(connection, vectors, sql.textless()),
                sql.count(connection, passages, sql.ownerless())
                + sql.count(connection, outlines, sql.outlines_of_nobody()),
            )

    def count_left_behind(self) -> int:
        """How many vectors are of texts still there, in a space that their tenants have left."""
        with self.database.reading(EVERYBODY) as connection:
            return sql.count(connection, vectors, sql.unneeded() & ~sql.textless())

    def drop_strays(self) -> None:
        """Drop the passages that no mentor has, and the vectors that no passage needs.

        The vectors of a whole space are many, so others can write in between.
        """
        with self.database.writing(EVERYBODY) as connection:
            connection.execute(sa.delete(passages).where(sql.ownerless()))
            connection.execute(sa.delete(outlines).where(sql.outlines_of_nobody()))
        for space_id in self.spaces():
            after: bytes | None = b""
            while after is not None:
                with self.database.writing(EVERYBODY) as connection:
                    after = sql.drop_some_strays(connection, space_id, after, LOOKED_AT_TOGETHER)

    def mark_erased(self, tenant: str, up_to: int) -> None:
        """Remember that no file holds anything of those removed up to the sequence `up_to`."""
        at = sa.and_(tenants.c.tenant == tenant, tenants.c.erased_at < up_to)
        with self.database.writing(tenant) as connection:
            connection.execute(sa.update(tenants).where(at).values(erased_at=up_to))

    def drop_vectors(self, space_id: str, hashes: Sequence[bytes]) -> None:
        """Drop cached vectors, for instance broken ones."""
        with self.database.writing(EVERYBODY) as connection:
            sql.drop_vectors(connection, hashes, vectors.c.space_id == space_id)

    # --- rejected records ---

    def keep_rejects(self, tenant: str, source: str, found: Iterable[Reject]) -> None:
        """Keep the rejected records of one source; an earlier list for it is replaced."""
        here = sa.and_(rejects.c.tenant == tenant, rejects.c.source == source)
        rows = [
            {"tenant": tenant, "source": source, "position": i, "id": one.id, "line": one.line}
            for i, one in enumerate(found)
        ]
        with self.database.writing(tenant) as connection:
            connection.execute(sa.delete(rejects).where(here))
            for some in sql.batches(rows):
                connection.execute(sa.insert(rejects), list(some))

    def rejects(self, tenant: str) -> dict[str, list[Reject]]:
        """The rejected records kept, by source."""
        query = (
            sa.select(rejects.c.source, rejects.c.id, rejects.c.line)
            .where(rejects.c.tenant == tenant)
            .order_by(rejects.c.source, rejects.c.position)
        )
        found: dict[str, list[Reject]] = {}
        with self.database.reading(tenant) as connection:
            for source, id, line in connection.execute(query):
                found.setdefault(source, []).append(Reject(id, line))
        return found

    def _rows(
        self, tenant: str, ids: Sequence[str], columns: tuple[sa.Column[Any], ...]
    ) -> list[Any]:
        with self.database.reading(tenant) as connection:
            return sql.read_live(connection, tenant, ids, columns)


def _file(folder: Path) -> sa.URL:
    return sa.URL.create("sqlite", database=str(folder / DATABASE))
