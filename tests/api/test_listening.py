"""A server on PostgreSQL is woken by changes, and does without where it is not."""

from contextlib import closing

import pytest

from api.settings import Settings
from indexer import postgres
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from tests.api.conftest import add_mentors, serving_at, wait_until
from tests.api.test_http import ids, recommend
from tests.fakes import RECORDS, TableEncoder, mentors, table_encoder
from tests.postgres import migrated
from tests.postgres import postgres as server_of

pytestmark = pytest.mark.scale
MATE = {"id": "mate", "bio": "Officer on ships at sea."}


@pytest.fixture
def database():
    server = server_of()
    name = server.new(migrated())
    yield server, name
    server.drop(name)


@pytest.fixture
def settings(database, tmp_path):
    server, name = database
    return add_mentors(Settings(data=tmp_path / "data", store=server.url(name)), *RECORDS)


def write(settings, *records):
    """As another process does."""
    with closing(Store(settings.store)) as store:
        Writer(store, "default", Vectors(store, TableEncoder())).put(mentors(*records))


def found(client):
    return ids(recommend(client, goals="I want to be an officer on ships at sea"))


def test_a_change_that_nothing_is_heard_of_is_followed_all_the_same(settings, monkeypatch):
    """As behind a pooler, where notifications get lost."""
    monkeypatch.setattr(postgres, "notify", lambda *_: None)
    with serving_at(settings, table_encoder) as client:
        assert "mate" not in found(client)
        write(settings, MATE)
        wait_until(lambda: "mate" in found(client))


def test_a_server_that_cannot_listen_any_more_begins_again(settings, database):
    server, name = database
    with serving_at(settings, table_encoder) as client:
        server.cut(name)
        write(settings, MATE)
        wait_until(lambda: "mate" in found(client))
        listening = (
            "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN mentors_changes'"
            f" AND datname = '{name}'"
        )
        wait_until(lambda: server.admin(listening)[0][0] == 1)
