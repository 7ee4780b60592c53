"""What PostgreSQL is told and asked beyond the SQL that SQLite understands too.

Every transaction says whose rows it may see (`mentors.tenant`), and policies of the tables hold it
to that (`docs/adr/0020`). One writer at a time has a tenant, by an advisory lock that goes with its
transaction; so changes of a tenant become visible in the order of its sequence.
"""

import contextlib
import functools
import hashlib
import logging
import re
import threading
import time
import weakref
from collections.abc import Collection, Generator, Iterator
from typing import Any

import sqlalchemy as sa

from models.errors import BadInput, DataFolderError

EXTRA = "postgres"
EVERYBODY = "*"  # no tenant's name
WAIT_MS = 30_000  # how long a writer waits for another one
CHANNEL = "mentors_changes"
POOLED, OVER = 5, 15  # connections a process keeps, and may open beside them
_CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "mentors",
}
_MIGRATING = 0x6D656E746F7273  # "mentors"
SMALL = "alembic_version"  # one row; whoever keeps old rows of it keeps those of all tables
PAUSE_S, LONGEST_PAUSE_S = 15.0, 600.0  # between two vacuums that others keep from being done
_LOOKS_S = (0.02, 0.08, 0.3, 0.6)  # how long the reads of others are waited for until then
_UNDERSTOOD = re.compile(r"tuples:|skipping")  # what a report in English has
_CUTOFF = re.compile(r"removable cutoff: (\d+)")
_SKIPPED = re.compile(r"tuples missed: [1-9]")
_XIDS = 1 << 32
_BINARY = 1 << 16  # bytes of a table that are read together

log = logging.getLogger(__name__)

_sharing = threading.Lock()
_shared: dict[sa.URL, tuple[sa.Engine, int]] = {}


def engine_of(url: sa.URL) -> sa.Engine:
    """The connections to a database that all of a process share; `release` gives them back.

    Raises BadInput for a URL of something else, DataFolderError where the driver is missing.
    """
    if url.drivername != "postgresql+psycopg":
        raise BadInput(
            f"MENTORS_STORE: expected a URL such as postgresql+psycopg://user@host/database, got "
            f"one that begins with {url.drivername!r}."
        )
    with _sharing:
        engine, users = _shared.get(url, (None, 0))
        if engine is None:
            engine = _engine(url)
        _shared[url] = engine, users + 1
    return engine


def release(engine: sa.Engine) -> None:
    """Give back what `engine_of` gave; the last one closes the connections."""
    with _sharing:
        _, users = _shared[engine.url]
        if users > 1:
            _shared[engine.url] = engine, users - 1
            return
        del _shared[engine.url]
    engine.dispose()


def _engine(url: sa.URL) -> sa.Engine:
    given = {name: value for name, value in _CONNECT.items() if name not in url.query}
    try:
        engine = sa.create_engine(
            url,
            hide_parameters=True,  # errors are logged, and records are not
            pool_pre_ping=True,  # a server that was started again is noticed before it is asked
            pool_size=POOLED,
            max_overflow=OVER,
            pool_timeout=WAIT_MS / 1000,
            connect_args=given,
        )
    except ModuleNotFoundError as error:
        raise DataFolderError(
            f"MENTORS_STORE names a PostgreSQL database, and its driver is not installed: pip "
            f"install 'mentor-recommender[{EXTRA}]'."
        ) from error
    sa.event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {WAIT_MS}")
        # Who has set it weaker for other programs has not done so for what is acknowledged here.
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()


def refuse_unsafe(connection: sa.Connection, shown: str) -> None:
    """Raises DataFolderError for a role that policies do not bind, and for another encoding."""
    role, free, encoding = connection.execute(
        sa.text(
            "SELECT rolname, rolsuper OR rolbypassrls, current_setting('server_encoding')"
            " FROM pg_roles WHERE rolname = current_user"
        )
    ).one()
    if free:
        raise DataFolderError(
            f"The role {role!r} of the database at {shown} is a superuser or has BYPASSRLS, so "
            f"PostgreSQL would not keep tenants apart: connect as a role without (CREATE ROLE "
            f"mentors LOGIN PASSWORD ...) that owns the database."
        )
    if encoding != "UTF8":
        raise DataFolderError(
            f"The database at {shown} is encoded as {encoding}, expected UTF8: make it with "
            f"ENCODING 'UTF8'."
        )


def enter(connection: sa.Connection, tenant: str, *, writes: bool) -> None:
    """Begin a transaction that sees the rows of one tenant, or of `EVERYBODY`.

    One that writes has the tenant for itself from here on; others wait, `WAIT_MS` at most.
    """
    if writes and tenant != EVERYBODY:
        connection.execute(_OWN, {"tenant": tenant, "key": _key(tenant)})
    else:
        see(connection, tenant)


def see(connection: sa.Connection, tenant: str) -> None:
    """From now on the transaction sees the rows of this tenant, or of `EVERYBODY`."""
    connection.execute(_SEE, {"tenant": tenant})


_SEE = sa.text("SELECT set_config('mentors.tenant', :tenant, true)")
_OWN = sa.text("SELECT set_config('mentors.tenant', :tenant, true), pg_advisory_xact_lock(:key)")


def _key(tenant: str) -> int:
    digest = hashlib.sha256(f"tenant {tenant}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


@contextlib.contextmanager
def of_everybody(connection: sa.Connection) -> Iterator[None]:
    """Within the block the transaction sees the rows of all: for what tenants share."""
    if not is_postgres(connection):
        yield
        return
    before = connection.scalar(sa.text("SELECT current_setting('mentors.tenant', true)"))
    see(connection, EVERYBODY)
    yield
    see(connection, before or "")


def is_postgres(connection: sa.Connection) -> bool:
    """Whether a connection is one to PostgreSQL."""
    return connection.dialect.name == "postgresql"


def alone_migrating(connection: sa.Connection) -> None:
    """Other processes that would migrate the database wait until this transaction has ended."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
    see(connection, EVERYBODY)


def notify(connection: sa.Connection, tenant: str) -> None:
    """Wake whoever follows the tenant, once this transaction is committed."""
    connection.execute(_NOTIFY, {"channel": CHANNEL, "tenant": tenant})


_NOTIFY = sa.text("SELECT pg_notify(:channel, :tenant)")


def listen(engine: sa.Engine, patience_s: float) -> Generator[bool]:
    """Whether anything has changed, whenever it has, and at least every `patience_s`.

    The first is said once this listens. Raises DBAPIError when the connection is lost.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        raw: Any = connection.connection.driver_connection
        try:
            yield True
            while True:
                yield len(list(raw.notifies(timeout=patience_s, stop_after=1))) > 0
        finally:
            connection.invalidate()  # nobody else is to have one that listens


def vacuum(engine: sa.Engine, tables: Collection[str]) -> bool:
    """Take out the rows that nobody sees any more; whether all that were there now are gone.

    A transaction that began before keeps them. While there is one, only the smallest table is
    looked at, which shows it, whoever's it is; ask again later then.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        now = connection.scalar(sa.text("SELECT pg_current_xact_id()::text::bigint"))
        assert now is not None
        for wait_s in (*_LOOKS_S, 0.0):
            clean = _swept(connection, (SMALL,), now)
            if clean is None:
                _say_unknown()
                _swept(connection, tables, now)
                return False
            if clean:
                return _swept(connection, tables, now) is True
            time.sleep(wait_s)
    return False


def _swept(connection: sa.Connection, tables: Collection[str], now: int) -> bool | None:
    """Vacuum tables; whether no transaction older than `now` has kept a row, None if not known."""
    said: list[str] = []
    raw: Any = connection.connection.driver_connection

    def hear(notice: Any) -> None:
        said.append(f"{notice.message_primary}\n{notice.message_detail or ''}")

    raw.add_notice_handler(hear)
    try:
        connection.exec_driver_sql(f"VACUUM (VERBOSE, SKIP_LOCKED) {', '.join(tables)}")
    finally:
        raw.remove_notice_handler(hear)
    report = "\n".join(said)
    if not _UNDERSTOOD.search(report):
        return None
    cutoffs = [int(found) for found in _CUTOFF.findall(report)]
    return (
        len(cutoffs) >= len(tables)
        and "skipping" not in report  # another process is at that table
        and all((cutoff - now) % _XIDS < _XIDS // 2 for cutoff in cutoffs)
        and not _SKIPPED.search(report)
    )


@functools.cache
def _say_unknown() -> None:
    """Once a process."""
    log.warning(
        "PostgreSQL does not report in English what a vacuum has kept, so no erasure can be shown "
        "to be done: set lc_messages = 'C' for the database."
    )


class Vacuums:
    """When to vacuum, for all of a process: what keeps one vacuum from being done keeps all."""

    def __init__(self) -> None:
        self._pause_s = self._until = self._since = 0.0
        self._left: set[str] = set()
        self._lock = threading.Lock()

    def pause(self) -> bool:
        """Whether it is too early to try again what others have kept from being done."""
        return time.monotonic() < self._until

    def put_off(self) -> None:
        """Begin a pause, twice as long as the one before."""
        self._pause_s = min(max(PAUSE_S, 2 * self._pause_s), LONGEST_PAUSE_S)
        self._until = time.monotonic() + self._pause_s

    def end_pause(self) -> None:
        self._pause_s = self._until = 0.0

    def leave(self, tables: Collection[str]) -> None:
        """Have tables vacuumed together with others that are left soon after."""
        with self._lock:
            self._since = self._since if self._left else time.monotonic()
            self._left |= set(tables)

    def take(self, after_s: float) -> list[str]:
        """The tables that have been left for so long; none of them is left then."""
        with self._lock:
            if time.monotonic() - self._since < after_s:
                return []
            taken, self._left = sorted(self._left), set()
            return taken


_vacuums: weakref.WeakKeyDictionary[sa.Engine, Vacuums] = weakref.WeakKeyDictionary()


def vacuums_of(engine: sa.Engine) -> Vacuums:
    """Those of a database that all of a process share."""
    with _sharing:
        return _vacuums.setdefault(engine, Vacuums())


def contents(connection: sa.Connection, table: str) -> Iterator[bytes]:
    """Every row of a table that can be seen, as PostgreSQL sends it in binary, piece by piece."""
    raw: Any = connection.connection.driver_connection
    everything = f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)"  # noqa: S608 (ours)
    with raw.cursor().copy(everything) as rows:
        piece = bytearray()
        for row in rows:
            piece += row
            if len(piece) >= _BINARY:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)
