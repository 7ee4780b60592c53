import logging
import shutil

import pytest

from indexer.following import Follower, Origin
from indexer.generations import Generations
from indexer.live import LiveIndex
from indexer.snapshot import Snapshot
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import SpaceMismatch
from tests.fakes import RECORDS, TableEncoder, mentors, put

ON_EVERY_STORE = True

BAKER = {"id": "baker", "headline": "I audit ovens before dawn"}


@pytest.fixture
def store(tmp_path, store_url):
    store = Store.of(tmp_path, store_url)
    yield store
    store.close()


@pytest.fixture
def encoder():
    return TableEncoder()


@pytest.fixture
def generations(tmp_path):
    return Generations(tmp_path / "tenant")


@pytest.fixture
def follow(store, generations, encoder):
    """A new follower, as a process that starts has."""

    def start(progress=None, space=None):
        vectors = Vectors(store, TableEncoder(space) if space else encoder)
        return Follower(store, "default", generations, vectors, progress)

    return start


def publish(generations, index):
    return generations.publish(Snapshot(index.space_id, "numpy", index.sequence, index.whole()))


def remove(store, *ids):
    Writer(store, "default", Vectors(store, TableEncoder())).remove(ids)


def ids(follower):
    return sorted(follower.index.catalogue.ids_alive())


def damage(generations, name, file="passages.f16"):
    path = generations.path(name) / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return f"{path} is missing or damaged."


FIVE = ["auditor", "nurse", "solicitor", "teacher", "welder"]


def test_an_empty_store_gives_an_empty_index(follow):
    follower = follow()
    assert (follower.index.sequence, ids(follower)) == (0, [])
    assert str(follower.origin) == "the database"


def test_without_a_snapshot_the_index_is_built_from_cached_vectors(follow, store, encoder):
    put(store)
    follower = follow()
    assert (follower.index.sequence, ids(follower)) == (5, FIVE)
    assert encoder.encoded == []
    assert follower.origin == Origin(None, ())


def test_the_live_snapshot_is_where_an_index_comes_from(follow, store, generations):
    put(store)
    name = publish(generations, follow().index)
    follower = follow()
    assert follower.origin == Origin(name, ())
    assert str(follower.origin) == name
    assert (follower.index.sequence, ids(follower)) == (5, FIVE)


def test_what_changed_after_the_snapshot_is_replayed(follow, store, generations):
    put(store)
    publish(generations, follow().index)
    put(store, BAKER)
    remove(store, "nurse")
    follower = follow()
    assert follower.index.sequence == 7
    assert ids(follower) == ["auditor", "baker", "solicitor", "teacher", "welder"]


def test_catching_up_takes_up_what_changed_and_says_so(follow, store):
    put(store)
    follower = follow()
    put(store, BAKER)
    assert follower.catch_up() is True
    assert (follower.index.sequence, len(ids(follower))) == (6, 6)


def test_catching_up_without_a_change_keeps_the_very_index(follow, store):
    put(store)
    follower = follow()
    before = follower.index
    assert follower.catch_up() is False
    assert follower.index is before


def test_an_index_in_use_is_not_changed_by_catching_up(follow, store):
    put(store)
    follower = follow()
    before = follower.index
    remove(store, "nurse")
    follower.catch_up()
    assert sorted(before.catalogue.ids_alive()) == FIVE
    assert "nurse" not in ids(follower)


def test_a_damaged_snapshot_is_passed_over_for_the_one_before(follow, store, generations, caplog):
    put(store)
    before = publish(generations, follow().index)
    put(store, BAKER)
    reason = damage(generations, publish(generations, follow().index))
    with caplog.at_level(logging.WARNING):
        follower = follow()
    said = f"{reason} Served: the snapshot {before}."
    assert str(follower.origin) == said
    assert caplog.messages == [said]
    assert follower.index.sequence == 6
    assert "baker" in ids(follower)


def test_when_every_snapshot_is_damaged_the_index_is_rebuilt(follow, store, generations, encoder):
    put(store)
    index = follow().index
    first = damage(generations, publish(generations, index), "manifest.json")
    second = damage(generations, publish(generations, index), "lexical.npz")
    follower = follow()
    assert follower.origin.problems == (second, first)
    assert str(follower.origin) == (f"{second} {first} Served: a rebuild from the database.")
    assert ids(follower) == FIVE
    assert encoder.encoded == []


def test_a_live_snapshot_that_is_gone_is_passed_over_for_the_one_before(follow, store, generations):
    put(store)
    index = follow().index
    before, live = publish(generations, index), publish(generations, index)
    shutil.rmtree(generations.path(live))
    assert follow().origin.snapshot == before


def test_without_current_the_newest_snapshot_is_used_without_complaint(follow, store, generations):
    put(store)
    name = publish(generations, follow().index)
    (generations.folder / "CURRENT").unlink()
    assert follow().origin == Origin(name, ())


def test_a_snapshot_ahead_of_the_store_is_not_used(tmp_path, follow, store, generations):
    put(store)
    store.database.copy_to(tmp_path / "older.db")
    put(store, BAKER)
    name = publish(generations, follow().index)
    restored = Store(f"sqlite:///{tmp_path / 'older.db'}")
    follower = Follower(restored, "default", generations, Vectors(restored, TableEncoder()))
    assert str(follower.origin) == (
        f"The snapshot {name} is of another database. Served: a rebuild from the database."
    )
    assert (follower.index.sequence, ids(follower)) == (5, FIVE)
    restored.close()


def test_a_snapshot_from_before_the_index_moved_is_not_used_without_complaint(
    follow, store, generations
):
    put(store)
    publish(generations, follow().index)
    Writer(store, "default", Vectors(store, TableEncoder("table-2"))).adopt()
    follower = follow(space="table-2")
    assert follower.origin == Origin(None, ())
    assert (follower.index.space_id, ids(follower)) == ("table-2", FIVE)


def test_an_encoder_of_another_space_is_refused_at_the_start(follow, store):
    put(store)
    with pytest.raises(SpaceMismatch) as raised:
        follow(space="table-2")
    assert str(raised.value) == (
        "The index was made in the space table-1, the encoder's is table-2: set MENTORS_ENCODER "
        "to the model the index was made with, or leave it unset, or run 'mentors reembed' to move "
        "the index to another model."
    )


def test_when_the_index_moves_to_another_space_the_follower_stays_and_knows_it(follow, store):
    put(store)
    follower = follow()
    second = Writer(store, "default", Vectors(store, TableEncoder("table-2")))
    second.adopt()
    assert (follower.catch_up(), follower.stalled) == (False, True)
    second.put(mentors(BAKER))
    assert (follower.catch_up(), follower.stalled) == (False, True)
    assert ids(follower) == FIVE


def test_when_the_index_comes_back_to_its_space_the_follower_goes_on(follow, store):
    put(store)
    follower = follow()
    Writer(store, "default", Vectors(store, TableEncoder("table-2"))).adopt()
    follower.catch_up()
    Writer(store, "default", Vectors(store, TableEncoder())).adopt()
    put(store, BAKER)
    assert (follower.catch_up(), follower.stalled) == (True, False)
    assert ids(follower) == sorted([*FIVE, "baker"])


def test_a_removal_whose_tombstone_is_there_is_replayed(follow, store):
    put(store)
    follower = follow()
    remove(store, "nurse")
    follower.catch_up()
    assert "nurse" not in ids(follower)


def test_a_follower_so_far_behind_that_tombstones_were_forgotten_drops_the_removed(follow, store):
    put(store)
    follower = follow()
    remove(store, "nurse", "welder")
    store.forget_tombstones("default", 7)
    assert [change.id for change in store.changes("default", 5)[1]] == []
    assert follower.catch_up() is True
    assert (follower.index.sequence, ids(follower)) == (7, ["auditor", "solicitor", "teacher"])


def test_a_snapshot_older_than_forgotten_tombstones_does_not_bring_anybody_back(
    follow, store, generations
):
    put(store)
    name = publish(generations, follow().index)
    remove(store, "nurse")
    store.forget_tombstones("default", 6)
    put(store, BAKER)
    follower = follow()
    assert follower.origin.snapshot == name
    assert ids(follower) == ["auditor", "baker", "solicitor", "teacher", "welder"]


def test_a_long_way_is_gone_in_pieces_that_are_told(follow, store, monkeypatch):
    monkeypatch.setattr("indexer.following.AT_ONCE", 2)
    put(store)
    told = []
    follower = follow(lambda done, of: told.append((done, of)))
    assert told == [(2, 5), (4, 5)]
    assert (follower.index.sequence, ids(follower)) == (5, FIVE)


def test_a_long_way_is_gone_with_few_segments(follow, store, monkeypatch):
    monkeypatch.setattr("indexer.following.AT_ONCE", 1)
    monkeypatch.setattr("indexer.following.SEGMENTS", 4)
    put(store, *({**BAKER, "id": f"baker{n:02}"} for n in range(40)))
    seen = []
    advanced = LiveIndex.advanced

    def watched(index, sequence, changes, vectors):
        after = advanced(index, sequence, changes, vectors)
        seen.append(len(after.segments))
        return after

    monkeypatch.setattr(LiveIndex, "advanced", watched)
    follower = follow()
    assert ids(follower) == [f"baker{n:02}" for n in range(40)]
    assert len(seen) == 41  # the last step finds nothing more
    assert max(seen) < 10  # small ones are joined, as many as there are sizes stay


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 6])
def test_however_the_changes_are_cut_up_the_same_mentors_count(follow, store, monkeypatch, at_once):
    monkeypatch.setattr("indexer.following.AT_ONCE", at_once)
    put(store)
    remove(store, "nurse")
    put(store, RECORDS[0] | {"headline": "Auditor of ships"}, BAKER)
    follower = follow()
    assert follower.index.sequence == 8
    assert ids(follower) == ["auditor", "baker", "solicitor", "teacher", "welder"]
