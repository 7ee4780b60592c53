"""What brings passages to a Milvus, step by step; `tests/remote` has the same on a real one."""

import time
from types import SimpleNamespace

import pytest

from indexer import bringing, remote
from indexer.bringing import Stopped
from indexer.milvus import Mark
from indexer.records import mentor_from
from models.errors import SearchUnavailable
from tests.fakes import WordEncoder
from tests.milvus import Filled, MemoryMilvus, Refused


def mentors(*ids):
    return [mentor_from({"id": id, "headline": id, "bio": f"I know {id} well."}) for id in ids]


@pytest.fixture
def milvus():
    return MemoryMilvus()


@pytest.fixture
def twenty(tmp_path, milvus):
    made = Filled(tmp_path, milvus, mentors(*(f"m{i}" for i in range(20))))
    yield made
    made.store.close()


@pytest.fixture
def filled(twenty, monkeypatch):
    """Twenty mentors, of whom a step brings two."""
    monkeypatch.setattr(bringing, "AT_ONCE", 2)
    return twenty


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


def test_trouble_in_the_middle_of_a_long_fill_is_over_before_the_fill_is(
    filled, milvus, monkeypatch
):
    monkeypatch.setattr(remote, "PROBE_S", 0.0)
    filled.bringer.look()
    milvus.client.before = away
    assert not milvus.ping()
    milvus.client.before = lambda call, name: None
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


def test_a_mend_loses_nobody_who_is_written_and_brought_meanwhile(tmp_path, filled, milvus):
    filled.bringer.bring_all()
    other = Filled(tmp_path, milvus)
    filled.writer.put(mentors("before"))
    met = []

    def write(call, _):
        """Once, between what the store should have given and what Milvus has."""
        if call == "query" and not met:
            met.append(True)
            other.writer.put(mentors("brought"))
            other.bringer.bring_all()
            other.writer.put(mentors("written"))

    other.bringer.bring_all()
    all_wanted = filled.bringer._all_wanted

    def then_write(progress):
        found = all_wanted(progress)
        milvus.client.before = write
        return found

    filled.bringer._all_wanted = then_write
    filled.bringer.mend()
    assert met
    milvus.client.before = lambda call, name: None
    del filled.bringer._all_wanted
    filled.bringer.bring_all()
    other.store.close()
    assert filled.is_exact()


def test_a_mend_waits_for_whoever_is_at_a_step(tmp_path, filled, milvus, monkeypatch):
    monkeypatch.setattr(bringing, "RELIEVED_S", 0.3)
    filled.bringer.bring_all()
    key = min(filled.passages.keys())
    filled.passages.delete([key])
    mark = filled.passages.mark()
    milvus.marked("default", filled.passages.collection, Mark(mark.sequence, "somebody", 7))
    began = time.monotonic()
    filled.bringer.mend()
    assert time.monotonic() - began >= 0.3
    assert filled.is_exact()


def away(call, name):
    raise Refused("nobody there")


# --- what a search may miss ---


@pytest.fixture
def searched(twenty, monkeypatch):
    """Passages that Milvus is asked for, however few."""
    monkeypatch.setattr(remote, "HOST_READS", 0)
    return twenty


def calls_of(milvus):
    calls = []
    milvus.client.before = lambda call, name: calls.append(call)
    return calls


@pytest.fixture
def clock(monkeypatch):
    """The time of what is known of a Milvus, which passes when a test says so."""
    made = SimpleNamespace(now=1_000.0)
    made.monotonic = lambda: made.now
    monkeypatch.setattr(remote, "time", made)
    return made


def test_who_was_brought_a_moment_ago_is_found_in_a_segment_made_just_now(searched, milvus, clock):
    milvus.client.lag_s = 1_000.0
    searched.bringer.bring_all()
    dense = searched.there().dense
    query = WordEncoder().encode_queries(["m7"])
    assert len(dense.nearest(query, 500, None)) == 20
    clock.now += 5.0
    searched.remote.look()
    assert len(dense.nearest(query, 500, None)) == 20
    clock.now += 1.0
    milvus.client.lag_s = 0.0
    calls = calls_of(milvus)
    assert len(dense.nearest(query, 500, None)) == 20
    assert calls == ["search"]


def test_what_is_brought_again_and_again_is_searched_for_what_has_long_been_there(searched, clock):
    searched.bringer.bring_all()
    first = searched.head
    for i in range(14):
        assert not searched.remote.has(searched.head)
        clock.now += 0.5
        searched.writer.put(mentors(f"new{i}"))
        searched.bringer.bring_all()
    assert searched.remote.has(first)
    assert not searched.remote.has(searched.head)


def test_a_milvus_that_has_lost_its_rows_is_not_searched_any_more(searched, milvus, clock):
    searched.bringer.bring_all()
    clock.now += 6.0
    assert searched.remote.has(searched.head)
    milvus.client.rows.clear()
    searched.remote.look()
    assert not searched.remote.has(1)
    searched.bringer.bring_all()
    assert not searched.remote.has(1)
    clock.now += 6.0
    assert searched.remote.has(searched.head)
    assert searched.is_exact()


def test_a_mark_read_a_little_late_takes_nothing_back(searched, clock):
    searched.remote.reached(10)
    clock.now += 6.0
    searched.remote.reached(20)
    clock.now += 3.0
    searched.remote.reached(15)
    assert searched.remote.has(10)
    clock.now += 3.0
    assert searched.remote.has(15)
    assert not searched.remote.has(16)


# --- a space that was left ---


@pytest.fixture
def stuck(searched, milvus, tmp_path, monkeypatch):
    """A process that is still in the space that `searched` has left."""
    monkeypatch.setattr(remote, "SHOWN_S", 0.0)
    monkeypatch.setattr(bringing, "LEFT_S", 0.0)
    monkeypatch.setattr(bringing, "LOOK_S", 0.0)
    searched.bringer.bring_all()
    searched.remote.look()
    moved = Filled(tmp_path, milvus, space="words-2")
    moved.writer.adopt()
    moved.bringer.bring_all()
    yield searched, moved
    moved.store.close()


def test_a_process_stuck_in_a_space_that_was_left_answers_in_full_to_the_end(
    stuck, milvus, monkeypatch
):
    old, new = stuck
    dense, query = old.there().dense, WordEncoder().encode_queries(["m7"])
    calls, found = calls_of(milvus), []

    def tended():
        time.sleep(1.1)  # marks have whole seconds
        new.bringer.tend()
        old.bringer.look()
        calls.clear()
        found.append(len(dense.nearest(query, 500, None)))
        return "search" in calls

    assert tended() is False  # whose mark says that nothing is there, before a row is deleted
    assert old.passages.count() > 0
    monkeypatch.setattr(bringing, "GONE_S", 0.0)
    tended()
    tended()
    assert found == [20, 20, 20]
    assert milvus.spaces_of("default").keys() == {new.passages.collection}
    assert old.passages.collection not in milvus.client.rows
    assert new.is_exact()


def test_looking_makes_no_collection(tmp_path, milvus):
    looked = Filled(tmp_path, milvus)
    looked.remote.look()
    looked.bringer.look()
    looked.bringer.bring_all()
    assert (looked.remote.problem, looked.remote.applied) == ("", 0)
    assert list(milvus.client.rows) == []
    looked.store.close()
