"""The system of record, in SQL through SQLAlchemy: mentors, change sequence, vector cache.

Every key is (tenant, id). The sequence of a tenant is a counter row updated inside the writing
transaction, so the order in which changes become visible is the order of the sequence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from indexer.records import content_hash, mentor_from_canonical, text_hash
from models.errors import DataFolderError
from models.mentor import Mentor
from models.ports import Stored

SCHEMA_VERSION = 1
_T = TypeVar("_T")

BATCH = 500  # rows of one statement; SQLite takes at most 32,766 variables

_metadata = sa.MetaData()

_schema = sa.Table("schema_version", _metadata, sa.Column("version", sa.Integer, primary_key=True))
_tenants = sa.Table(
    "tenants",
    _metadata,
    sa.Column("tenant", sa.String(200), primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)
_mentors = sa.Table(
    "mentors",
    _metadata,
    sa.Column("tenant", sa.String(200), primary_key=True),
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("text_hash", sa.String(64), nullable=False),
    sa.Column("record", sa.Text, nullable=False),
)
_vectors = sa.Table(
    "vectors",
    _metadata,
    sa.Column("space_id", sa.String(200), primary_key=True),
    sa.Column("text_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Change:
    """A mentor to write, and its canonical record."""

    mentor: Mentor
    record: str


class Store:
    """Mentors of all tenants and the vectors of their texts, behind one database URL."""

    def __init__(self, url: str | sa.URL) -> None:
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _configure_sqlite)
        self._ensure_schema()

    @classmethod
    def in_folder(cls, folder: Path) -> "Store":
        """The SQLite store of a data folder; the file is made when it is missing."""
        return cls(sa.URL.create("sqlite", database=str(folder / "mentors.db")))

    def close(self) -> None:
        self._engine.dispose()

    def sequence(self, tenant: str) -> int:
        """The sequence number of the tenant's last change; 0 before the first."""
        query = sa.select(_tenants.c.sequence).where(_tenants.c.tenant == tenant)
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def hashes(self, tenant: str, ids: Sequence[str]) -> dict[str, str]:
        """The content hash of each live mentor among `ids`."""
        columns = (_mentors.c.id, _mentors.c.content_hash)
        return {row.id: row.content_hash for row in self._rows(tenant, ids, columns)}

    def write(self, tenant: str, changes: Sequence[Change]) -> int:
        """Write mentors in one transaction; returns the sequence of the last one.

        When this returns, the changes are on disk.
        """
        with self._engine.begin() as connection:
            last = self._advance(connection, tenant, len(changes))
            first = last - len(changes) + 1
            ids = [change.mentor.id for change in changes]
            for some in _batches(ids):
                connection.execute(
                    sa.delete(_mentors).where(_mentors.c.tenant == tenant, _mentors.c.id.in_(some))
                )
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
                connection.execute(sa.insert(_mentors), rows)
        return last

    def read(self, tenant: str, ids: Sequence[str]) -> dict[str, Stored]:
        """The live mentors among `ids`, as they are now."""
        columns = (_mentors.c.id, _mentors.c.revision, _mentors.c.text_hash, _mentors.c.record)
        return {
            row.id: Stored(row.revision, row.text_hash, mentor_from_canonical(row.record))
            for row in self._rows(tenant, ids, columns)
        }

    def all(self, tenant: str) -> tuple[int, list[Mentor]]:
        """Every live mentor in the order of ids, and the sequence they stand at."""
        mentors = sa.select(_mentors.c.record).where(_mentors.c.tenant == tenant)
        counter = sa.select(_tenants.c.sequence).where(_tenants.c.tenant == tenant)
        with self._engine.begin() as connection:
            sequence = connection.scalar(counter) or 0
            records = connection.scalars(mentors).all()
        # Sorted here: databases collate text in their own ways, and rows must not depend on it.
        found = sorted((mentor_from_canonical(record) for record in records), key=lambda m: m.id)
        return sequence, found

    def count(self, tenant: str) -> int:
        """How many live mentors the tenant has."""
        query = sa.select(sa.func.count()).where(_mentors.c.tenant == tenant)
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def vectors(self, space_id: str, hashes: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The cached vectors among `hashes` (sha256 of the exact string encoded)."""
        found: dict[bytes, NDArray[np.float32]] = {}
        with self._engine.connect() as connection:
            for some in _batches(hashes):
                query = sa.select(_vectors.c.text_hash, _vectors.c.vector).where(
                    _vectors.c.space_id == space_id, _vectors.c.text_hash.in_(some)
                )
                for text_hash, vector in connection.execute(query):
                    found[text_hash] = np.frombuffer(vector, dtype=np.float32)
        return found

    def keep_vectors(self, space_id: str, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Add vectors to the cache; those already there stay."""
        for _ in range(2):
            known = self.vectors(space_id, list(vectors))
            rows = [
                {"space_id": space_id, "text_hash": text_hash, "vector": vector.tobytes()}
                for text_hash, vector in vectors.items()
                if text_hash not in known
            ]
            try:
                if rows:
                    with self._engine.begin() as connection:
                        connection.execute(sa.insert(_vectors), rows)
            except sa.exc.IntegrityError:
                continue  # another process has just added some of them: add what is still missing
            return

    def _rows(
        self, tenant: str, ids: Sequence[str], columns: tuple[sa.Column[object], ...]
    ) -> Iterator[Any]:
        with self._engine.connect() as connection:
            for some in _batches(ids):
                query = sa.select(*columns).where(
                    _mentors.c.tenant == tenant, _mentors.c.id.in_(some)
                )
                yield from connection.execute(query)

    def _advance(self, connection: sa.Connection, tenant: str, by: int) -> int:
        at = _tenants.c.tenant == tenant
        moved = connection.execute(
            sa.update(_tenants).where(at).values(sequence=_tenants.c.sequence + by)
        )
        if moved.rowcount == 0:
            connection.execute(sa.insert(_tenants).values(tenant=tenant, sequence=by))
        return connection.scalar(sa.select(_tenants.c.sequence).where(at)) or by

    def _ensure_schema(self) -> None:
        url = self._engine.url.render_as_string()  # without the password
        try:
            self._refuse_foreign(url)
            _metadata.create_all(self._engine)
            with self._engine.begin() as connection:
                version = connection.scalar(sa.select(_schema.c.version))
                if version is None:
                    connection.execute(sa.insert(_schema).values(version=SCHEMA_VERSION))
        except sa.exc.DatabaseError as error:
            raise DataFolderError(
                f"The database at {url} cannot be opened ({error.orig}): it is damaged or not a "
                f"database of this program; restore it, or index into another --data folder."
            ) from error
        if version not in (None, SCHEMA_VERSION):
            raise DataFolderError(
                f"The database at {url} has schema {version}, this program reads "
                f"{SCHEMA_VERSION}: install the version of the program that made it."
            )

    def _refuse_foreign(self, url: str) -> None:
        # A file that somebody else's program made must not be given our tables beside its own.
        inspector = sa.inspect(self._engine)
        tables = inspector.get_table_names()
        if self._engine.dialect.name != "sqlite" or _schema.name in tables:
            return
        for table in tables:
            ours = _metadata.tables.get(table)
            columns = {column["name"] for column in inspector.get_columns(table)}
            if ours is None or columns != set(ours.columns.keys()):
                raise DataFolderError(
                    f"The database at {url} has a table {table!r} of something else: it is no "
                    f"database of this program; index into another --data folder."
                )


def _batches(items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    return (items[i : i + BATCH] for i in range(0, len(items), BATCH))


def _configure_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    # WAL lets readers go on while one writer writes; FULL syncs the log at every commit, so an
    # acknowledged write survives a power cut; a writer waits for another up to five seconds.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
