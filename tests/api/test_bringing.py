"""What a server does about a Milvus beside answering, with one that is slow or away."""

import time

import pytest

from api import wiring
from api.settings import Settings
from api.tenants import Tenants
from indexer import bringing
from indexer.records import mentor_from
from tests.api.conftest import background_of
from tests.fakes import words_named
from tests.milvus import MemoryMilvus

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
