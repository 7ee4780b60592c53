"""What brings passages to a Milvus, step by step; `tests/remote` has the same on a real one."""

import pytest

from indexer import bringing
from indexer.bringing import Stopped
from indexer.records import mentor_from
from models.errors import SearchUnavailable
from tests.milvus import Filled, MemoryMilvus


def mentors(*ids):
    return [mentor_from({"id": id, "headline": id, "bio": f"I know {id} well."}) for id in ids]


@pytest.fixture
def milvus():
    return MemoryMilvus()


@pytest.fixture
def filled(tmp_path, milvus, monkeypatch):
    """Twenty mentors, of whom a step brings two."""
    monkeypatch.setattr(bringing, "AT_ONCE", 2)
    made = Filled(tmp_path, milvus, mentors(*(f"m{i}" for i in range(20))))
    yield made
    made.store.close()


def test_a_round_brings_a_step_and_says_that_there_may_be_more(filled):
    assert filled.bringer.look()
    assert filled.remote.applied == filled.passages.mark().sequence == 2
    rounds = 1
    while filled.bringer.look():
        rounds += 1
    assert rounds == 10
    assert filled.remote.applied == filled.head
    assert filled.passages.mark().holder == ""
    assert filled.passages.served_from() == filled.passages.collection
    assert filled.is_exact()


def test_trouble_in_the_middle_of_a_long_fill_is_over_before_the_fill_is(filled, monkeypatch):
    monkeypatch.setattr("indexer.remote.PROBE_S", 0.0)
    filled.bringer.look()
    filled.remote.failed(SearchUnavailable("one search took too long"))
    with pytest.raises(SearchUnavailable):
        filled.remote.has(1)
    filled.bringer.look()
    assert filled.remote.problem == ""
    assert 0 < filled.remote.applied < filled.head


def test_rows_are_sealed_when_a_fill_of_many_steps_is_done(filled, milvus, monkeypatch):
    monkeypatch.setattr(bringing, "FLUSH_FROM", 10)
    calls = []
    milvus.client.before = lambda call, name: calls.append(call)
    filled.bringer.bring()
    assert calls.count("flush") == 1


def test_who_left_before_a_long_fill_is_looked_for_once(filled, milvus):
    filled.writer.remove(["m3"])
    filled.store.forget_tombstones("default", filled.head)
    filled.passages.make()
    filled.bringer.step()
    calls = []
    milvus.client.before = lambda call, name: calls.append(call)
    filled.bringer.step()
    once = calls.count("query")
    calls.clear()
    filled.bringer.step()
    assert calls.count("query") == once
    filled.bringer.bring()
    assert filled.is_exact()


def test_a_process_that_ends_leaves_off_looking_for_who_left(filled):
    filled.bringer.bring()
    filled.writer.remove(["m3"])
    filled.writer.put(mentors("later"))
    filled.store.forget_tombstones("default", filled.head)
    with pytest.raises(Stopped):
        filled.bringer.step(stopping=lambda: True)
    assert filled.bringer.look(lambda: True) is False
    filled.bringer.bring_all()
    assert filled.is_exact()
