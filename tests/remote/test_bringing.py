"""What the store has comes to Milvus, whoever brings it, however often, and whatever breaks."""

import contextlib
import itertools
import random
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from indexer import bringing
from indexer.bringing import Bringer, forget, traces
from indexer.milvus import Mark, Milvus, Passages, Row, key_of, mentor_key, owner_key
from indexer.records import mentor_from
from indexer.remote import Remote
from models.errors import BadInput, SearchUnavailable
from tests.conftest import ROOT, rounds_of
from tests.fakes import AXES, WordEncoder
from tests.remote.brought import Brought

WORDS = [word for axis in AXES for word in axis.split()]
_numbers = itertools.count()


def record(id, chance):
    words = chance.choices(WORDS, k=chance.randint(3, 12))
    return {"id": id, "headline": words[0], "bio": f"{' '.join(words)}. {' '.join(words[:3])}."}


def mentors(chance, *ids):
    return [mentor_from(record(id, chance)) for id in ids]


@pytest.fixture(scope="module")
def url(shared_milvus):
    return f"{shared_milvus.url}/bringing"


@pytest.fixture
def brought(url, tmp_path):
    """Thirty mentors of a new tenant, whose passages are in Milvus."""
    some = mentors(random.Random(1), *(f"m{i}" for i in range(30)))
    made = Brought(tmp_path, url, WordEncoder(), some, f"tenant{next(_numbers)}")
    made.bringer.bring_all()
    return made


def another(brought):
    """Another process that brings the same tenant's passages, as far as Milvus can tell."""
    remote = Remote(brought.passages)
    return Bringer(brought.store, brought.tenant, brought.vectors, remote)


def keys(brought, *ids):
    return brought.passages.keys_of([owner_key(brought.tenant, id) for id in ids])


def test_what_is_written_changed_and_removed_is_so_in_milvus(brought):
    assert brought.is_exact()
    chance = random.Random(2)
    before = keys(brought, "m1")
    brought.writer.put(mentors(chance, "m1", "new"))
    brought.writer.remove(["m2"])
    brought.bringer.bring_all()
    assert brought.is_exact()
    assert keys(brought, "m1").isdisjoint(before)
    assert keys(brought, "new") != set()
    assert keys(brought, "m2") == set()
    assert brought.passages.mark().sequence == brought.store.head(brought.tenant).sequence


def test_a_change_of_places_touches_no_row(brought):
    before = brought.passages.keys()
    brought.writer.patch("m3", {"capacity": 1, "active_mentees": 1})
    brought.bringer.bring_all()
    assert brought.passages.keys() == before
    assert brought.is_exact()


def test_words_that_come_back_are_there_again(brought):
    chance, back = random.Random(3), random.Random(3)
    for one in (mentors(chance, "m4"), mentors(random.Random(4), "m4"), mentors(back, "m4")):
        brought.writer.put(one)
        brought.bringer.bring_all()
        assert brought.is_exact()


def test_bringing_from_the_beginning_again_changes_nothing(brought):
    count = brought.passages.count()
    brought.passages.milvus.marked(brought.tenant, brought.passages.collection, Mark())
    again = another(brought)
    again.bring_all()
    assert brought.passages.count() == count
    assert brought.is_exact()


def test_who_left_while_tombstones_were_forgotten_is_gone_from_milvus(brought):
    brought.writer.remove(["m5"])
    brought.writer.put(mentors(random.Random(5), "later"))
    brought.store.forget_tombstones(brought.tenant, brought.store.head(brought.tenant).sequence)
    brought.bringer.bring_all()
    assert keys(brought, "m5") == set()
    assert brought.is_exact()


def test_a_store_of_another_history_takes_over(brought, url, tmp_path):
    some = mentors(random.Random(9), "m1", "x")
    other = Brought(tmp_path / "restored", url, WordEncoder(), some, brought.tenant)
    other.bringer.bring_all()
    assert other.is_exact()
    assert keys(other, "m7") == set()


def test_two_at_once_do_no_harm(brought, monkeypatch):
    monkeypatch.setattr(bringing, "AT_ONCE", 7)
    may_begin = Bringer._may_begin
    # Neither minds the other's mark, before it begins.
    monkeypatch.setattr(
        Bringer, "_may_begin", lambda one, mark: may_begin(one, Mark(mark.sequence))
    )
    chance = random.Random(6)
    brought.writer.put(mentors(chance, *(f"m{i}" for i in range(10, 40))))
    two = [another(brought), another(brought)]
    failed = []

    def work(one):
        try:
            one.bring()
        except SearchUnavailable as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in two]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    brought.bringer.bring_all()
    assert failed == []
    assert brought.is_exact()


def test_one_that_was_stopped_in_the_middle_of_a_step_leaves_nothing_of_yesterday(
    brought, monkeypatch
):
    stopped, relief = another(brought), another(brought)
    monkeypatch.setattr(bringing, "RELIEVED_S", 0.1)
    brought.writer.put(mentors(random.Random(7), "m1"))
    insert, gone = Passages.insert, []

    def slow(self, rows):
        """Somebody else takes over before the insert, and brings what is newer."""
        if not gone:
            gone.append(True)
            brought.writer.remove(["m1"])
            assert relief.bring() is False  # it has seen the other's mark ...
            time.sleep(0.2)
            relief.bring_all()  # ... which has not been written since
        insert(self, rows)

    monkeypatch.setattr(Passages, "insert", slow)
    stopped.bring()
    assert gone
    assert keys(brought, "m1") == set()
    assert brought.is_exact()


def test_an_insert_without_an_answer_that_was_made_is_not_doubled(brought, monkeypatch):
    insert, tried = Passages.insert, []

    def twice(self, rows):
        insert(self, rows)
        if not tried:
            tried.append(True)
            insert(self, rows)  # as when an answer is lost and the client sends it again

    monkeypatch.setattr(Passages, "insert", twice)
    brought.writer.put(mentors(random.Random(8), "again"))
    brought.bringer.bring_all()
    assert tried
    assert brought.is_exact()


def test_differences_are_told_and_mended(brought):
    passages, encoder = brought.passages, WordEncoder()
    some = sorted(keys(brought, "m1"))
    passages.delete(some)
    nobody = mentor_key(brought.tenant, "nobody", "words")
    vector = encoder.encode_passages(["audit"])[0].astype(np.float16)
    facets = (0, 0, 0, 0)
    passages.insert([Row(key_of(nobody, 0), owner_key(brought.tenant, "nobody"), facets, vector)])
    twice = min(keys(brought, "m2"))
    passages.insert([Row(twice, owner_key(brought.tenant, "m2"), facets, vector)])
    assert brought.bringer.differences().sentences()[0] == (
        "Mentors whose passages Milvus lacks: m1."
    )
    assert brought.bringer.differences().sentences()[1:] == [
        "1 passages in Milvus belong to no mentor.",
        "1 passages are in Milvus more than once.",
    ]
    brought.bringer.mend()
    assert brought.is_exact()


def test_another_vector_than_the_stores_is_found_and_mended(brought):
    key = min(keys(brought, "m3"))
    brought.passages.delete([key])
    wrong = WordEncoder().encode_passages(["something else"])[0].astype(np.float16)
    brought.passages.insert([Row(key, owner_key(brought.tenant, "m3"), (0, 0, 0, 0), wrong)])
    assert brought.bringer.differences().missing == ("m3",)
    brought.bringer.mend()
    assert brought.is_exact()


def test_an_erased_mentor_is_not_answered_and_others_are(brought, monkeypatch):
    vectors = list(brought.vectors.of(["zqonly words of one person"]))
    mine = mentor_from({"id": "gone", "bio": "zqonly words of one person"})
    brought.writer.put([mine])
    brought.bringer.bring_all()
    milvus = brought.passages.milvus
    monkeypatch.setattr(bringing, "COMPACT_S", 5.0)  # others' segments come first here
    assert traces(milvus, brought.tenant, "gone", vectors) == [
        f"{brought.passages.collection} has rows of the mentor",
        f"{brought.passages.collection} has a vector of the mentor",
    ]
    brought.store.remove(brought.tenant, ["gone"])
    forget(milvus, brought.tenant, "gone")
    assert traces(milvus, brought.tenant, "gone", vectors) == []
    assert keys(brought, "m1") != set()


def test_a_space_that_was_left_is_dropped_later_and_the_alias_leads_to_the_new_one(
    brought, url, tmp_path, monkeypatch
):
    assert brought.passages.served_from() == brought.passages.collection
    moved = Brought(tmp_path, url, WordEncoder("words-2"), tenant=brought.tenant)
    assert moved.writer.adopt()
    brought.writer.remove(["m1"])
    moved.bringer.bring_all()
    assert moved.is_exact()
    assert moved.passages.served_from() == moved.passages.collection != brought.passages.collection
    assert keys(brought, "m1") == set()  # who left is not answered in the old space either
    assert brought.passages.count() > 0  # from which others may still be answering
    monkeypatch.setattr(bringing, "LEFT_S", -1.0)
    monkeypatch.setattr(bringing, "GONE_S", -1.0)
    moved.bringer.tend()
    assert brought.passages.mark().sequence == 0  # nobody searches there any more ...
    assert brought.passages.count() > 0  # ... and then it goes
    moved.bringer.tend()
    assert [one.collection for one, _ in Passages.of(moved.passages.milvus, brought.tenant)] == [
        moved.passages.collection
    ]
    assert brought.passages.count() == 0


def test_a_collection_that_somebody_has_dropped_is_filled_anew(tmp_path, shared_milvus):
    some = mentors(random.Random(1), *(f"m{i}" for i in range(30)))
    made = Brought(tmp_path, f"{shared_milvus.url}/dropped", WordEncoder(), some)
    made.bringer.bring_all()
    made.passages.milvus.do(lambda client: client.drop_alias(made.passages.alias))
    made.passages.milvus.do(lambda client: client.drop_collection(made.passages.collection))
    made.remote.look()
    assert made.remote.applied == 0
    made.bringer.bring_all()
    assert made.is_exact()


def test_tenants_of_one_collection_do_not_meet(brought):
    one = brought.passages
    other = Passages(one.milvus, "other", "words-1", 64)
    vector = WordEncoder().encode_passages(["audit"])[0].astype(np.float16)
    key = key_of(mentor_key("other", "m1", "words"), 0)
    other.insert([Row(key, owner_key("other", "m1"), (0, 0, 0, 0), vector)])
    query = WordEncoder().encode_queries(["audit"])
    assert [hit for hit, _ in other.nearest(query, 50, strong=True)[0]] == [key]
    assert key not in {hit for hit, _ in one.nearest(query, 500, strong=True)[0]}
    assert brought.is_exact()


def test_an_address_that_is_none_says_so():
    with pytest.raises(BadInput, match="is no address of a Milvus"):
        Milvus("milvus://")


def test_a_milvus_that_is_not_there_is_told_in_one_sentence():
    passages = Passages(Milvus("milvus://127.0.0.1:9"), "default", "words-1", 64)
    with pytest.raises(SearchUnavailable, match=r"^Milvus at 127.0.0.1:9: "):
        passages.mark()


RELIEVED_S = 0.2


def worker(folder, url, tenant):
    words = [str(folder), url, tenant, str(RELIEVED_S)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.remote.worker", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_an_applier_killed_at_any_moment_leaves_nothing_that_the_next_does_not_finish(
    brought, url, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(bringing, "RELIEVED_S", RELIEVED_S)
    chance = random.Random(11)
    kills = rounds_of("kills of an applier")
    in_the_middle = steps = 0
    began = brought.passages.mark().sequence
    for _ in range(kills):
        ids = [f"m{chance.randrange(80)}" for _ in range(40)]
        brought.writer.put(mentors(chance, *dict.fromkeys(ids)))
        brought.writer.remove([f"m{chance.randrange(80)}" for _ in range(8)])
        process = worker(tmp_path, url, brought.tenant)
        assert process.stdout.readline() == "READY\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "STEP\n"  # from here on it is at work
        threading.Event().wait(chance.uniform(0.0, 1.0))
        process.kill()
        said, _ = process.communicate()
        in_the_middle += "DONE" not in said
        steps += 1 + said.count("STEP")
    mark = brought.passages.mark()
    behind = brought.store.head(brought.tenant).sequence - mark.sequence
    brought.bringer.bring_all()
    assert brought.is_exact()
    with capsys.disabled():
        print(
            f"\nmeasured: an applier killed {kills} times, {in_the_middle} of them at work, in "
            f"{steps} steps, which brought the mark from {began} to {mark.sequence}; the next "
            f"brought {behind} changes, and Milvus had what the store has"
        )
    assert in_the_middle >= kills / 2
    assert mark.sequence > began


def test_the_extra_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(BadInput, match=r"pip install 'mentor-recommender\[milvus\]'"):
        Milvus("milvus://127.0.0.1:19530")


def test_one_that_is_at_work_is_waited_for(brought, monkeypatch):
    monkeypatch.setattr(bringing, "RELIEVED_S", 60.0)
    brought.writer.put(mentors(random.Random(12), "m1"))
    mark = brought.passages.mark()
    busy = Mark(mark.sequence, "somebody", mark.beat + 1)
    brought.passages.milvus.marked(brought.tenant, brought.passages.collection, busy)
    one = another(brought)
    assert one.bring() is False
    assert one.bring() is False
    with contextlib.suppress(SearchUnavailable):
        brought.passages.milvus.marked(brought.tenant, brought.passages.collection, mark)
    assert one.bring() is True
    assert brought.is_exact()
