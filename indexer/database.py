"""The database behind the store: how it is opened, brought to the newest schema, and kept clean.

SQLite in the data folder, or PostgreSQL by URL (`indexer.postgres`, `docs/adr/0020`).

Durability, chosen on purpose (`docs/adr/0005`): SQLite's write-ahead log with `synchronous=FULL`
syncs at every commit, so what was acknowledged survives a power cut; `secure_delete` overwrites
what is deleted; `BEGIN IMMEDIATE` makes writers queue instead of failing half-way; every read is
one transaction and so one state of the database.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import sqlalchemy as sa

from indexer import postgres
from indexer.postgres import EVERYBODY
from indexer.tables import metadata, tenants
from models.errors import BadInput, DataFolderError, NoIndex, StoreUnavailable

__all__ = ["EVERYBODY", "HEAD", "Database"]

HEAD = "0006"
"""The newest migration; `mentors` made by an older one are migrated when they are opened."""

WAIT_MS = 30_000  # how long a writer waits for another one; a bulk import commits in under a second

_FIRST = "0001"  # what databases had before migrations were counted, under `schema_version` 1
_LOG_WAIT_MS = 200
_AGAIN_S = 0.01
_TAKEN_TOGETHER = 500  # rows copied at once


class Database:
    """One database by URL. Raises DataFolderError when it cannot be used."""

    def __init__(self, url: str | sa.URL, *, create: bool = True) -> None:
        """Without `create` a database that is empty is refused."""
        address = _address(url)
        self.is_sqlite = address.drivername == "sqlite"
        self.url = _shown(address)
        self.answers = True
        """Whether the database could be reached when it was last asked."""
        self._own = threading.local()
        self._open = True
        self._vacuums: postgres.Vacuums | None = None
        self._engine: sa.Engine
        self._reader: sa.Engine
        self._writer: sa.Engine
        if self.is_sqlite:
            # Errors are logged, and records are not.
            self._engine = sa.create_engine(address, hide_parameters=True)
            sa.event.listen(self._engine, "connect", _configure_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
            self._writer = self._engine.execution_options(writes=True)
            self._reader = self._engine
        else:
            self._engine = postgres.engine_of(address)
            self._vacuums = postgres.vacuums_of(self._engine)
            # Whoever writes sees what the one before has committed while this one waited.
            self._writer = self._engine.execution_options(isolation_level="READ COMMITTED")
            self._reader = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        try:
            self._migrate(create=create)
        except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
            self.close()
            raise StoreUnavailable(
                f"The database at {self.url} cannot be opened now ({_why(error)}): end what blocks "
                f"it, look at {self._looked_at}, and try again."
            ) from error
        except sa.exc.ProgrammingError as error:  # of SQLite there are none
            self.close()
            raise DataFolderError(
                f"The database at {self.url} cannot be opened ({_why(error)}): expected one of "
                f"this program, or an empty one that its role owns."
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

    @property
    def _looked_at(self) -> str:
        return "the folder and the disk" if self.is_sqlite else "the server and its log"

    def close(self) -> None:
        if self.is_sqlite:
            self._engine.dispose()
        elif self._open:
            postgres.release(self._engine)
        self._open = False

    @contextlib.contextmanager
    def reading(self, tenant: str) -> Iterator[sa.Connection]:
        """One state of the database, for rows of one tenant or of `EVERYBODY`.

        Raises StoreUnavailable.
        """
        shared = getattr(self._own, "connection", None)
        if shared is not None:
            self._see(shared, tenant)
            yield shared
            return
        with self._said("read"), self._reader.begin() as connection:
            self._see(connection, tenant)
            yield connection

    @contextlib.contextmanager
    def one_state(self) -> Iterator[None]:
        """Everything that this thread reads within the block is of one state of the database.

        Others go on writing; the write-ahead log cannot be emptied meanwhile.
        """
        with self._said("read"), self._reader.begin() as connection:
            self._see(connection, EVERYBODY)
            connection.execute(sa.select(sa.func.count()).select_from(tenants))  # it begins here
            self._own.connection = connection
            try:
                yield
            finally:
                self._own.connection = None

    @contextlib.contextmanager
    def writing(self, tenant: str) -> Iterator[sa.Connection]:
        """One transaction, the only one that writes for the tenant: on disk when the block is left.

        For `EVERYBODY` others may write at the same time where the database is PostgreSQL. Raises
        StoreUnavailable.
        """
        shared = getattr(self._own, "writer", None)
        if shared is not None:
            self._see(shared, tenant)
            yield shared
            return
        with self._said("written") as said, self._writer.begin() as connection:
            if not self.is_sqlite:
                postgres.enter(connection, tenant, writes=True)
            yield connection
            said.committing = True

    @contextlib.contextmanager
    def together(self, tenant: str) -> Iterator[sa.Connection]:
        """Everything that this thread reads and writes within the block is one transaction."""
        with self.writing(tenant) as connection:
            self._own.connection = self._own.writer = connection
            try:
                yield connection
            finally:
                self._own.connection = self._own.writer = None

    def _see(self, connection: sa.Connection, tenant: str) -> None:
        if not self.is_sqlite:
            postgres.see(connection, tenant)

    def listen(self, patience_s: float) -> Generator[bool]:
        """Whether anybody has changed something, whenever that is so, or at least so often.

        Only a wake-up: what has changed is asked of the sequence. Raises StoreUnavailable when the
        connection is lost. Of SQLite nothing is ever heard.
        """
        if not self.is_sqlite:
            with self._said("listened to"):
                yield from postgres.listen(self._engine, patience_s)

    def purge_log(self, *only: sa.Table) -> bool:
        """Empty the write-ahead log, which still holds older pages; whether it is empty now.

        A reader of an older state keeps it from being emptied; ask again then. Of PostgreSQL, whose
        log is its own business, the dead rows go instead, of all tables or of `only` some.
        """
        if not self.is_sqlite:
            tables = [table.name for table in only] or list(metadata.tables)
            with self._said("written"):
                return postgres.vacuum(self._engine, tables)
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

    def purge_in_turn(self, *only: sa.Table) -> bool:
        """As `purge_log`, for whoever tries again and again.

        Of PostgreSQL False at once for a while after others have kept rows, longer each time: what
        a dump of hours keeps is not asked for every second, by each tenant.
        """
        if self.pauses:
            return False
        done = self.purge_log(*only)
        if self._vacuums and not done:
            self._vacuums.put_off()
        elif self._vacuums:
            self._vacuums.end_pause()
        return done

    @property
    def pauses(self) -> bool:
        """Whether `purge_in_turn` would do nothing now."""
        return self._vacuums is not None and self._vacuums.pause()

    def end_pause(self) -> None:
        """Let the next `purge_in_turn` try whatever came before."""
        if self._vacuums:
            self._vacuums.end_pause()

    def purge_soon(self, *only: sa.Table) -> None:
        """As `purge_log` in SQLite; dead rows of PostgreSQL are left to `purge_left`.

        A request that deletes a row does not go through whole tables.
        """
        if self._vacuums:
            self._vacuums.leave([table.name for table in only])
        else:
            self.purge_log(*only)

    def purge_left(self, after_s: float = 0.0) -> None:
        """Purge what `purge_soon` has left for so long; what others keep is left again."""
        tables = self._vacuums.take(after_s) if self._vacuums else []
        done = not tables
        try:
            done = done or self.purge_in_turn(*(metadata.tables[name] for name in tables))
        finally:
            if self._vacuums and not done:
                self._vacuums.leave(tables)

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
            with contextlib.suppress(StoreUnavailable), self.writing(EVERYBODY) as connection:
                connection.exec_driver_sql("REINDEX")

    def copy_to(self, target: Path) -> None:
        """A consistent copy of a database in use, in a file of SQLite.

        By SQLite's online backup; of PostgreSQL row by row, at one state.
        """
        if not self.is_sqlite:
            with contextlib.closing(Database(_file(target))) as rows:
                rows.take_rows(self)
            return
        with (
            self._said("copied"),
            contextlib.closing(sqlite3.connect(target)) as copy,
            self._engine.connect() as connection,
        ):
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.backup(copy)

    def take_rows(self, source: "Database") -> None:
        """Every row of another database, as it is at one moment, into this one, which has none."""
        with source.reading(EVERYBODY) as there, self.writing(EVERYBODY) as here:
            streaming = there.execution_options(yield_per=_TAKEN_TOGETHER)
            for table in metadata.sorted_tables:
                for some in streaming.execute(sa.select(table)).mappings().partitions():
                    here.execute(sa.insert(table), [dict(row) for row in some])

    def is_empty(self) -> bool:
        """Whether nobody has written anything yet."""
        with self.reading(EVERYBODY) as connection:
            return not any(
                connection.scalar(sa.select(sa.exists().select_from(table)))
                for table in metadata.sorted_tables
            )

    def single_file(self) -> None:
        """Leave the write-ahead log, so that the database is one file; for copies only."""
        if self.is_sqlite:
            with self._said("written"), self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.execute("PRAGMA journal_mode=DELETE")

    def contents(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Every row of every table of PostgreSQL, as bytes; of SQLite nothing, which is a file."""
        if not self.is_sqlite:
            for name in metadata.tables:
                with self.reading(EVERYBODY) as connection:
                    yield name, postgres.contents(connection, name)

    @contextlib.contextmanager
    def _said(self, what: str) -> Iterator["_Saying"]:
        saying = _Saying()
        try:
            yield saying
            self.answers = True
        except (sa.exc.IntegrityError, sa.exc.ProgrammingError):
            raise
        except (*_FAILURES, self._engine.dialect.loaded_dbapi.Error) as error:
            lost = getattr(error, "connection_invalidated", False)
            if not (self.is_sqlite or lost) and getattr(error, "statement", "") is None:
                self.answers = False  # there was no connection to be had
            kept = "nothing of this change was kept"
            if saying.committing and lost:
                kept = "whether this change was kept is not known, and making it again is harmless"
            raise StoreUnavailable(
                f"The database at {self.url} cannot be {what} now ({_why(error)}): {kept}; free "
                f"disk space or end what blocks it, and try again."
            ) from error

    def _migrate(self, *, create: bool) -> None:
        with self._engine.begin() as connection:
            if not self.is_sqlite:
                postgres.refuse_unsafe(connection, self.url)
            if _revision(connection) == HEAD:
                return
        with self._writer.begin() as connection:
            if not self.is_sqlite:
                postgres.alone_migrating(connection)
            found = _revision(connection)
            if found == HEAD:  # another process was faster
                return
            self._refuse_foreign(connection)
            if found is None and not create:
                raise NoIndex(f"The database at {self.url} is empty.")
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


_FAILURES = (sa.exc.DBAPIError, sa.exc.TimeoutError)


def _why(error: Exception) -> str:
    """What the database says, without the statement that PostgreSQL repeats below it."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


class _Saying:
    """How far a transaction has come."""

    committing = False


def _address(url: str | sa.URL) -> sa.URL:
    try:
        return sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise BadInput(
            "MENTORS_STORE is no URL: expected one such as postgresql+psycopg://user@host/database."
        ) from error


def _shown(address: sa.URL) -> str:
    """The URL without its password, nor what it asks, where the driver takes others too."""
    if address.drivername == "sqlite":
        return address.render_as_string()
    return address.set(query={}).render_as_string()


def _file(path: Path) -> sa.URL:
    return sa.URL.create("sqlite", database=str(path))


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
