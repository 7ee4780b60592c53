"""Snapshot files with flipped bits or missing ends: refused, and answers go on from elsewhere."""

import os
import random

import pytest

from indexer.following import Follower
from indexer.generations import Generations
from indexer.snapshot import read
from indexer.store import Store
from models.errors import SnapshotDamaged
from tests.conftest import rounds_of
from tests.fakes import RECORDS, put, snapshot, vectors


@pytest.fixture
def store(tmp_path):
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


def damage(path, chance: random.Random) -> None:
    """Flip one bit of the file or cut it short."""
    size = path.stat().st_size
    if chance.random() < 0.5:
        os.truncate(path, chance.randrange(size))
        return
    with path.open("r+b") as file:
        at = chance.randrange(size)
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << chance.randrange(8)]))


def test_every_damaged_file_is_refused_and_the_one_before_or_a_rebuild_is_served(
    tmp_path, store, capsys
):
    generations = Generations(tmp_path / "tenant")
    first = generations.publish(snapshot(store))
    second = generations.publish(snapshot(store, {"id": "z", "headline": "Lawyer"}))
    put(store, {"id": "y", "headline": "Nurse"})
    everybody = sorted([*(str(record["id"]) for record in RECORDS), "y", "z"])
    chance, served = random.Random(11), {first: 0, None: 0}
    rounds = rounds_of("damaged snapshot files")
    for round in range(rounds):
        names = [second] if round % 2 else [second, first]
        files = [chance.choice(sorted(generations.path(name).iterdir())) for name in names]
        kept = {path: path.read_bytes() for path in files}
        for path, name in zip(files, names, strict=True):
            damage(path, chance)
            with pytest.raises(SnapshotDamaged):
                read(generations.path(name))
        follower = Follower(store, "default", generations, vectors(store))
        assert sorted(follower.index.catalogue.ids_alive()) == everybody
        assert follower.origin.snapshot == (None if len(names) == 2 else first)
        assert all(path.parent.name in str(follower.origin) for path in files)
        served[follower.origin.snapshot] += 1
        for path, content in kept.items():
            path.write_bytes(content)
    with capsys.disabled():
        print(
            f"\nmeasured: {rounds} times damaged snapshots, all refused: {served[first]} times the "
            f"one before was served, {served[None]} times a rebuild"
        )
    assert Follower(store, "default", generations, vectors(store)).origin.snapshot == second


@pytest.mark.parametrize("content", [b"", b"\xff", b"nothing", b"../..", b"000000000001-00000000"])
def test_a_current_that_leads_nowhere_costs_nothing(tmp_path, store, content):
    generations = Generations(tmp_path / "tenant")
    generations.publish(snapshot(store))
    (tmp_path / "tenant" / "CURRENT").write_bytes(content)
    follower = Follower(store, "default", generations, vectors(store))
    assert follower.index.mentors == len(RECORDS)
    assert follower.origin.snapshot is not None
