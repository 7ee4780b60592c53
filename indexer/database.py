"""The database behind the store: how it is opened, brought to the newest schema, and kept clean.

Durability, chosen on purpose (`docs/adr/0005`): SQLite's write-ahead log with `synchronous=FULL`
syncs at every commit, so what was acknowledged survives a power cut; `secure_delete` overwrites
what is deleted; `BEGIN IMMEDIATE` makes writers queue instead of failing half-way; every read is
one transaction and so one state of the database.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from indexer.tables import tenants
from models.errors import DataFolderError, StoreUnavailable

HEAD = "0005"
"""The newest migration; `mentors` made by an older one are migrated when they are opened."""

WAIT_MS = 30_000  # how long a writer waits for another one; a bulk import commits in under a second

_FIRST = "0001"  # what databases had before migrations were counted, under `schema_version` 1
_LOG_WAIT_MS = 200
_AGAIN_S = 0.01


class Database:
    """One database by URL. Raises DataFolderError when it cannot be used."""

    def __init__(self, url: str | sa.URL, *, create: bool = True) -> None:
        """Without `create` a database that is empty is refused."""
        # Errors are logged, and records are not.
        self._engine = sa.create_engine(url, hide_parameters=True)
        self.url = self._engine.url.render_as_string()  # without the password
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        if self.is_sqlite:
            sa.event.listen(self._engine, "connect", _configure_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        self._own = threading.local()
        self._writer = self._engine.execution_options(writes=True)
        try:
            self._migrate(create=create)
        except sa.exc.OperationalError as error:
            self.close()
            raise StoreUnavailable(
                f"The database at {self.url} cannot be opened now ({error.orig}): end what blocks "
                f"it, look at the folder and the disk, and try again."
            ) from error
        except sa.exc.DatabaseError as error:
            self.close()
            raise DataFolderError(
                f"The database at {self.url} cannot be opened ({error.orig}): it is damaged or "
                f"not a database of this program; restore it, or index into another --data folder."
            ) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One state of the database. Raises StoreUnavailable."""
        shared = getattr(self._own, "connection", None)
        if shared is not None:
            yield shared
            return
        with self._said("read"), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def one_state(self) -> Iterator[None]:
        """Everything that this thread reads within the block is of one state of the database.

        Others go on writing; the write-ahead log cannot be emptied meanwhile.
        """
        with self._said("read"), self._engine.begin() as connection:
            connection.execute(sa.select(sa.func.count()).select_from(tenants))  # it begins here
            self._own.connection = connection
            try:
                yield
            finally:
                self._own.connection = None

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction: on disk when the block has been left. Raises StoreUnavailable."""
        shared = getattr(self._own, "writer", None)
        if shared is not None:
            yield shared
            return
        with self._said("written"), self._writer.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def together(self) -> Iterator[sa.Connection]:
        """Everything that this thread reads and writes within the block is one transaction."""
        with self.writing() as connection:
            self._own.connection = self._own.writer = connection
            try:
                yield connection
            finally:
                self._own.connection = self._own.writer = None

    def purge_log(self) -> bool:
        """Empty the write-ahead log, which still holds older pages; whether it is empty now.

        A reader of an older state keeps it from being emptied; ask again then.
        """
        if not self.is_sqlite:
            return True
        with self._said("written"), self._engine.connect() as connection:
            # Outside any transaction: the raw connection is in autocommit.
            raw = connection.connection.driver_connection
            assert raw is not None
            # While it waits for readers, writers wait for it: a long reader must not stop them.
            raw.execute(f"PRAGMA busy_timeout={_LOG_WAIT_MS}")
            try:
                busy, frames, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.execute(f"PRAGMA busy_timeout={WAIT_MS}")
        return not busy and frames <= 0

    def problems(self) -> list[str]:
        """What the database itself finds wrong with its pages; empty when all is well."""
        if not self.is_sqlite:
            return []
        try:
            with self._engine.begin() as connection:
                found = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
        except sa.exc.DatabaseError as error:  # some damage ends the check itself
            return [f"The database: {error.orig}."]
        return [] if found == ["ok"] else [f"The database: {line}." for line in found]

    def reindex(self) -> None:
        """Make SQLite's own indexes anew from its tables, as far as they can be read."""
        if self.is_sqlite:
            with contextlib.suppress(StoreUnavailable), self.writing() as connection:
                connection.exec_driver_sql("REINDEX")

    def copy_to(self, target: Path) -> None:
        """A consistent copy of a database in use, by SQLite's online backup."""
        if not self.is_sqlite:
            raise DataFolderError(
                f"The database at {self.url} is not SQLite: back it up with its own tools."
            )
        with (
            self._said("copied"),
            contextlib.closing(sqlite3.connect(target)) as copy,
            self._engine.connect() as connection,
        ):
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.backup(copy)

    def single_file(self) -> None:
        """Leave the write-ahead log, so that the database is one file; for copies only."""
        if self.is_sqlite:
            with self._said("written"), self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.execute("PRAGMA journal_mode=DELETE")

    @contextlib.contextmanager
    def _said(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sa.exc.IntegrityError, sa.exc.ProgrammingError):
            raise
        except (sa.exc.DatabaseError, sqlite3.Error) as error:
            reason = getattr(error, "orig", error)
            raise StoreUnavailable(
                f"The database at {self.url} cannot be {what} now ({reason}): nothing of this "
                f"change was kept; free disk space or end what blocks it, and try again."
            ) from error

    def _migrate(self, *, create: bool) -> None:
        with self._engine.begin() as connection:
            if _revision(connection) == HEAD:
                return
        with self._writer.begin() as connection:
            found = _revision(connection)
            if found == HEAD:  # another process was faster
                return
            self._refuse_foreign(connection)
            if found is None and not create:
                raise DataFolderError(f"The database at {self.url} is empty.")
            _upgrade(connection, found, self.url)

    def _refuse_foreign(self, connection: sa.Connection) -> None:
        # A file that somebody else's program made must not be given our tables beside its own.
        inspector = sa.inspect(connection)
        names = set(inspector.get_table_names())
        if not self.is_sqlite or names & {"alembic_version", "schema_version"}:
            return
        for table in sorted(names):
            raise DataFolderError(
                f"The database at {self.url} has a table {table!r} of something else: it is no "
                f"database of this program; index into another --data folder."
            )


def _revision(connection: sa.Connection) -> str | None:
    """The migration the database stands at; None for an empty database."""
    names = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in names:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if "schema_version" in names:
        version = connection.exec_driver_sql("SELECT version FROM schema_version").scalar()
        return _FIRST if version in (None, 1) else f"schema {version}"
    return None


def _upgrade(connection: sa.Connection, found: str | None, url: str) -> None:
    from alembic import command  # a third of a second to import, needed once in a database's life
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise DataFolderError(
            f"The database at {url} stands at {found!r}, this program knows {HEAD!r} at most: "
            f"install the version of the program that made it, or a newer one."
        )
    if found == _FIRST and "schema_version" in sa.inspect(connection).get_table_names():
        command.stamp(config, _FIRST)
        connection.exec_driver_sql("DROP TABLE schema_version")
    command.upgrade(config, "head")


def _configure_sqlite(connection: object, _record: object) -> None:
    # The driver must not open and close transactions on its own.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        f"busy_timeout={WAIT_MS}",
        "synchronous=FULL",
        "secure_delete=ON",
        "temp_store=MEMORY",  # no text in files outside the data folder
        "journal_size_limit=0",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    _use_write_ahead_log(cursor)
    cursor.close()


def _use_write_ahead_log(cursor: sqlite3.Cursor) -> None:
    """Change to the log, once in a database's life; SQLite does not wait for a writer here."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
