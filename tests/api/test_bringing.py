"""What a server does about a Milvus beside answering, with one that is slow or away."""

import math
import time

import pytest
from starlette.testclient import TestClient

from api import reembedding, wiring
from api.app import create_app
from api.settings import Settings
from api.tenants import Tenants
from indexer import bringing, remote, writing
from indexer.records import mentor_from
from models.errors import SearchUnavailable
from recommender.recommend import Request
from tests.api.conftest import add_words, background_of
from tests.fakes import WordEncoder, words_named
from tests.milvus import MemoryMilvus, Refused

SLOW_S = 0.05  # an insert
MENTORS = 100


@pytest.fixture
def milvus(monkeypatch):
    """One in memory, in which servers search."""
    made = MemoryMilvus()
    monkeypatch.setattr(wiring, "_milvus_at", lambda url: made)
    return made


@pytest.fixture
def tenants(tmp_path, milvus, monkeypatch):
    """Two tenants, of whom a step brings one mentor."""
    monkeypatch.setattr(bringing, "AT_ONCE", 1)
    opened = Tenants(
        Settings(data=tmp_path / "data", passages="milvus://memory"), words_named, create=True
    )
    for serving in (opened.first, opened.open("second")):
        serving.put(_mentors())
    yield opened
    opened.close()


def _mentors():
    return [mentor_from({"id": f"m{i}", "headline": f"work {i}"}) for i in range(MENTORS)]


def test_a_server_that_fills_a_milvus_ends_soon_and_leaves_no_tenant_waiting(
    tenants, milvus, until
):
    milvus.client.before = lambda call, _: time.sleep(SLOW_S if call == "insert" else 0)
    both = tenants.all()
    assert len(both) == 2
    background = background_of(tenants)
    background.start()
    until(lambda: all(serving.remote.applied for serving in both))
    began = time.monotonic()
    background.stop()
    assert time.monotonic() - began < MENTORS * SLOW_S / 2
    assert all(0 < serving.remote.applied < MENTORS for serving in both)


# --- what is said of a Milvus ---


@pytest.fixture
def served(tmp_path, milvus, monkeypatch, until):
    """What answers for two tenants that are searched in the Milvus, and a client of the server."""
    monkeypatch.setattr(remote, "SHOWN_S", 0.0)
    monkeypatch.setattr(remote, "HOST_READS", 0)
    settings = Settings(data=tmp_path / "data", passages="milvus://memory")
    for tenant in ("default", "second"):
        add_words(settings.model_copy(update={"tenant": tenant}))
    tenants = Tenants(settings, words_named)
    both = [tenants.first, tenants.open("second")]
    with TestClient(create_app(settings, tenants=tenants)) as client:
        yield both, client


GOAL = Request("audit venture capital")


def test_one_search_that_takes_too_long_fails_alone(served, milvus):
    (one, two), client = served

    def slow(call, _):
        if call == "search":
            raise Refused("deadline exceeded")

    milvus.client.before = slow
    with pytest.raises(SearchUnavailable, match="deadline exceeded"):
        two.recommend(GOAL)
    assert client.get("/health/ready").status_code == 200
    milvus.client.before = lambda call, name: None
    for serving in (one, two):
        assert serving.recommend(GOAL).recommendations


def test_a_milvus_that_one_tenant_finds_away_is_away_for_all(served, milvus, until):
    (one, two), client = served
    asked = []

    def away(call, _):
        asked.append(call)
        raise Refused("nobody there")

    milvus.client.before = away
    milvus._pinged_at = -math.inf
    with pytest.raises(SearchUnavailable):
        two.recommend(GOAL)
    asked.clear()
    with pytest.raises(SearchUnavailable):
        one.recommend(GOAL)
    assert client.get("/health/ready").status_code == 503
    assert "search" not in asked
    milvus.client.before = lambda call, name: None
    until(lambda: client.get("/health/ready").status_code == 200)
    for serving in (one, two):
        assert serving.recommend(GOAL).recommendations


# --- a move to another encoder ---


@pytest.fixture
def move(tmp_path, milvus, monkeypatch):
    """Moves an index that is in the Milvus, ten mentors at a time; what it did in which order.

    Meanwhile others are written in the space that is left, ten twice after all were embedded once.
    """
    monkeypatch.setattr(writing, "MOVED", 10)
    monkeypatch.setattr(reembedding, "BROUGHT", 30)
    settings = Settings(data=tmp_path / "data", passages="milvus://memory")
    there = wiring.Indexing(settings, words_named)
    there.writer.put(_mentors())
    there.publish()
    did = []

    class Watched(WordEncoder):
        def encode_passages(self, texts):
            for n in range({10: 10, 11: 10, 12: 0}.get(did.count("embed"), 1)):
                there.writer.put([mentor_from({"id": f"late{len(did)}-{n}", "bio": f"{did} {n}"})])
            did.append("embed")
            return super().encode_passages(texts)

    def moved(away=0):
        def insert(call, _):
            if call == "insert":
                did.append(call)
                if did.count(call) <= away:
                    raise Refused("nobody there")

        milvus.client.before = insert
        reembedding.reembed(
            settings.model_copy(update={"encoder": "words-2"}), lambda s: Watched(s.encoder)
        )
        return did

    moved.settings = settings
    yield moved
    there.store.close()


def _problems(settings):
    """What Milvus lacks, or has too much."""
    there = wiring.Indexing(settings.model_copy(update={"encoder": "words-2"}), words_named)
    found = there.bringer.differences().sentences()
    there.store.close()
    return found


def test_a_move_waits_for_milvus_at_large_steps_alone_and_not_for_who_writes(move):
    did = move()
    # At each thirty, when everybody has been embedded once, and at the end.
    assert did.count("embed") == MENTORS // 10 + 3
    assert did.count("insert") == MENTORS // 30 + 2
    assert _problems(move.settings) == []


def test_a_move_goes_on_while_milvus_is_away_and_brings_afterwards(move, milvus, caplog):
    did = move(away=2)
    assert did.count("insert") == MENTORS // 30 + 2
    assert [record.message for record in caplog.records] == [
        "what is embedded is brought to Milvus later: Milvus at memory: nobody there"
    ] * 2
    assert _problems(move.settings) == []
