"""Data folders, the command run in process, and a real server on a loopback port."""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import uvicorn

from api import cli
from api.app import create_app
from api.background import Background
from api.callers import Callers
from api.settings import Settings
from api.tenants import Tenants
from api.wiring import EncoderFactory, Indexing
from indexer.keys import Keys
from indexer.store import Store
from tests.fakes import RECORDS, TableEncoder, encoder_named, mentors, table_encoder, words_named

SECONDS = 20  # how long anything is waited for before a test fails


class Ran(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


PATIENCE_S = 60.0  # on a machine that is busy with other things nobody is refused for it


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MENTORS_")]:
        monkeypatch.delenv(name)


def wait_until(holds: Callable[[], object]) -> None:
    """Poll until `holds()`; fails after a deadline."""
    deadline, pause = time.monotonic() + SECONDS, threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "nothing happened before the deadline"
        pause.wait(0.01)


def add_mentors(settings: Settings, *records: dict[str, object]) -> Settings:
    """Put the records into the store of the data folder and make a new snapshot live."""
    indexing = Indexing(settings, table_encoder)
    indexing.writer.put(mentors(*records))
    indexing.publish()
    indexing.close()
    return settings


def add_words(settings: Settings) -> Settings:
    """As `add_mentors` with those of the fakes, in the space of the servers of `tests.live`."""
    indexing = Indexing(settings, words_named)
    indexing.writer.put(mentors())
    indexing.publish()
    indexing.close()
    return settings


@contextlib.contextmanager
def serving_at(
    settings: Settings, encoder: EncoderFactory, port: int = 0
) -> Iterator[httpx.Client]:
    """A client of a server that runs in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", port))
    app = create_app(settings, encoder)
    config = uvicorn.Config(app, http="api.protocol:Protocol", ws="none", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, timeout=SECONDS, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        listener.close()


def new_key(settings: Settings, *scopes: str, tenant: str = "default", origin: str = "") -> str:
    """A new API key, as its owner sends it."""
    store = Store.of(settings.data, settings.store)
    try:
        return Keys(store.database).create(tenant, scopes, origin=origin)[1]
    finally:
        store.close()


def background_of(tenants: Tenants) -> Background:
    """What a server of these tenants does beside answering."""
    first = tenants.first
    return Background(tenants, Callers(Keys(first.store.database), first.tenant))


def bearer(key: str) -> dict[str, str]:
    """The header that presents a key."""
    return {"authorization": f"Bearer {key}"}


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    return wait_until


@pytest.fixture
def index(tmp_path: Path, store_url: str) -> Callable[..., Settings]:
    """Indexes records, or the five of the fakes, into the test's data folder."""

    def make(*records: dict[str, object], **settings: Any) -> Settings:
        given: dict[str, Any] = {"patience_s": PATIENCE_S} | settings
        return add_mentors(Settings(data=tmp_path / "data", store=store_url, **given), *records)

    return make


@pytest.fixture
def serve() -> Iterator[Callable[..., httpx.Client]]:
    """Starts a server over a data folder; it stops when the test ends."""
    with contextlib.ExitStack() as stack:

        def start(settings: Settings, encoder: EncoderFactory = table_encoder) -> httpx.Client:
            return stack.enter_context(serving_at(settings, encoder))

        yield start


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder with the five mentors and 25 more who know about ships; only to be read."""
    crew = [{"id": f"sea{i:02}", "bio": f"Officer on {i} ships at sea."} for i in range(25)]
    return add_mentors(
        Settings(data=tmp_path_factory.mktemp("home"), patience_s=PATIENCE_S), *RECORDS, *crew
    )


@pytest.fixture(scope="module")
def client(home: Settings) -> Iterator[httpx.Client]:
    """A client of a server over `home`."""
    with serving_at(home, table_encoder) as client:
        yield client


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], store_url: str
) -> Callable[..., Ran]:
    """Runs `mentors ...` in this process, with tables for encoders; all of `space` where given."""
    if store_url:
        monkeypatch.setenv("MENTORS_STORE", store_url)

    def command(*arguments: object, space: str = "") -> Ran:
        encoder = (lambda _settings: TableEncoder(space)) if space else encoder_named
        monkeypatch.setattr("api.wiring.default_encoder", encoder)
        monkeypatch.setattr(sys, "argv", ["mentors", *map(str, arguments)])
        status: object = 0
        try:
            cli.main()
        except SystemExit as left:
            status = left.code or 0
        assert isinstance(status, int)
        return Ran(status, *capsys.readouterr())

    return command


@pytest.fixture(scope="module")
def scratch(
    tmp_path_factory: pytest.TempPathFactory, module_store_url: str
) -> Iterator[httpx.Client]:
    """A client of a server over the five mentors, which the tests of a module change together."""
    data = tmp_path_factory.mktemp("scratch")
    settings = add_mentors(Settings(data=data, store=module_store_url), *RECORDS)
    with serving_at(settings, table_encoder) as client:
        yield client
