"""Every step of a swap of snapshots recorded, and the power cut after each."""

import pytest

from indexer import disk
from indexer.following import Follower
from indexer.generations import Generations
from indexer.snapshot import Snapshot, read
from indexer.store import Store
from indexer.writing import Writer
from models.errors import SnapshotDamaged
from tests.fakes import put, snapshot, vectors
from tests.live.recorded import Disk, RecordingOs, power_cuts


@pytest.fixture
def store(tmp_path):
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


@pytest.fixture
def recording(monkeypatch):
    recorder = RecordingOs()

    def begin() -> list[tuple]:
        monkeypatch.setattr(disk, "os", recorder)
        return recorder.steps

    return begin


def newest_whole(folder) -> Snapshot:
    """What a process that starts here loads; the first that is tried must be whole."""
    generations = Generations(folder)
    return read(generations.path(generations.names()[0]))


@pytest.mark.parametrize("earlier", [1, 2])
def test_a_power_cut_during_a_swap_leaves_the_old_or_the_new_snapshot(
    tmp_path, store, recording, earlier
):
    folder = tmp_path / "tenant"
    folder.mkdir()
    generations = Generations(folder)
    for i in range(earlier):
        generations.publish(snapshot(store, {"id": f"old{i}", "headline": "Nurse"}))
    before, newer = Disk(folder), snapshot(store, {"id": "new", "headline": "Lawyer"})
    steps = recording()
    generations.publish(newer)
    generations.tidy(0)
    kinds = [step[0] for step in steps]
    assert {"create", "write", "sync", "mkdir", "rename"} <= set(kinds)
    seen = []
    cuts = tmp_path / "cuts"
    cuts.mkdir()
    for done, left in power_cuts(before, steps, cuts, seed=earlier):
        found = newest_whole(left)
        assert found.sequence in (earlier, earlier + 1)
        seen.append((done, found.sequence))
        follower = Follower(store, "default", Generations(left), vectors(store))
        assert follower.index.mentors == earlier + 1
        assert follower.origin.problems == ()
    assert seen[0] == (0, earlier)
    assert {sequence for done, sequence in seen if done == len(steps)} == {earlier + 1}


def test_a_power_cut_during_erasure_never_brings_the_removed_back_once_it_is_done(
    tmp_path, store, recording
):
    folder = tmp_path / "tenant"
    folder.mkdir()
    generations = Generations(folder)
    put(store)
    generations.publish(snapshot(store, {"id": "odd", "bio": "Glaciology of Titan."}))
    Writer(store, "default", vectors(store)).remove(["odd"])
    before, newer = Disk(folder), snapshot(store, {"id": "b", "headline": "Lawyer"})
    steps = recording()
    generations.publish(newer)
    generations.tidy(store.head("default").removed_at)
    cuts = tmp_path / "cuts"
    cuts.mkdir()
    for done, left in power_cuts(before, steps, cuts, seed=3):
        follower = Follower(store, "default", Generations(left), vectors(store))
        assert "odd" not in follower.index.catalogue.ids_alive()
        texts = b"".join(path.read_bytes() for path in left.rglob("*") if path.is_file())
        if done == len(steps):
            assert b"glaciolog" not in texts


def test_a_swap_that_does_not_sync_is_caught(tmp_path, store, recording, monkeypatch):
    """The simulation can fail: without syncing, some power cut leaves a damaged snapshot."""
    folder = tmp_path / "tenant"
    folder.mkdir()
    generations = Generations(folder)
    generations.publish(snapshot(store, {"id": "a", "headline": "Nurse"}))
    before, newer = Disk(folder), snapshot(store, {"id": "b", "headline": "Lawyer"})
    steps = recording()
    monkeypatch.setattr(RecordingOs, "fsync", lambda _self, _handle: None)
    generations.publish(newer)
    cuts = tmp_path / "cuts"
    cuts.mkdir()
    damaged = 0
    for _, left in power_cuts(before, steps, cuts, seed=5):
        try:
            newest_whole(left)
        except SnapshotDamaged:
            damaged += 1
    assert damaged > 0
