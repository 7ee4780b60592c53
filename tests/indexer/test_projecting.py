"""The map: what its directions are, who lies where, and what a snapshot keeps of it."""

import dataclasses

import numpy as np
import pytest

from indexer.following import Follower
from indexer.generations import Generations
from indexer.live import LiveIndex
from indexer.projecting import Projector, charted, evenly, fitted
from indexer.snapshot import read, read_manifest, write
from indexer.store import Store
from models.errors import SnapshotDamaged
from tests.fakes import RECORDS, TableEncoder, live_index, put, snapshot, vectors

CREW = [{"id": f"sea{i:02}", "bio": f"Officer on {i} ships at sea."} for i in range(9)]


@pytest.fixture
def store(tmp_path):
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_directions_are_those_in_which_mentors_differ_most():
    drawn = np.random.default_rng(1).standard_normal((200, 5))
    drawn *= [9.0, 1.0, 4.0, 0.5, 0.1]
    projector = fitted(drawn.astype(np.float32), 200)
    directions = projector.axes / np.linalg.norm(projector.axes, axis=1, keepdims=True)
    assert np.abs(directions[:, [0, 2]]) == pytest.approx(np.eye(2), abs=0.1)
    assert directions[0] @ directions[1] == pytest.approx(0.0, abs=1e-6)


def test_mentors_fill_the_unit_circle():
    rows = unit(np.random.default_rng(2).standard_normal((50, 8)))
    points = fitted(rows, 50).place(rows)
    assert np.linalg.norm(points, axis=1).max() == pytest.approx(1.0, abs=1e-5)
    assert points.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-5)


def test_the_same_mentors_have_the_same_map_whichever_way_round_it_comes_out():
    rows = unit(np.random.default_rng(3).standard_normal((50, 8)))
    one, other = fitted(rows, 50), fitted(rows.copy(), 50)
    assert one.version == other.version
    for axis in one.axes:
        assert axis[np.abs(axis).argmax()] > 0
    assert fitted(rows[:49], 49).version != one.version


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_mentors_who_are_alike_are_no_trouble(count):
    rows = unit(np.ones((count, 4)))
    points = fitted(rows, count).place(rows)
    assert np.isfinite(points).all()
    assert np.abs(points) == pytest.approx(np.zeros((count, 2)), abs=1e-3)


def test_a_map_fits_until_mentors_have_doubled_or_halved():
    projector = Projector(np.zeros(2, np.float32), np.eye(2, dtype=np.float32), 10)
    assert [projector.fits(n) for n in (5, 6, 10, 19, 20)] == [False, True, True, True, False]


def test_some_are_chosen_evenly():
    rows = np.arange(100, 200)
    assert evenly(rows, 200) is rows
    assert evenly(rows, 4).tolist() == [100, 133, 166, 199]


def test_nobody_has_no_map(store):
    empty = LiveIndex.empty("table-1", TableEncoder().dimension)
    assert charted(empty.whole()) is None
    assert empty.mapped() is empty
    assert empty.map.version == ""
    assert empty.map.place(np.ones((2, 9), np.float32)).tolist() == [[0.0, 0.0]] * 2


def test_a_snapshot_keeps_the_map_as_a_section_and_finds_it_again(store, tmp_path):
    made = snapshot(store)
    chart = charted(made.segment)
    write(dataclasses.replace(made, chart=chart), tmp_path / "one")
    assert list(read_manifest(tmp_path / "one").sections) == ["map"]
    found = read(tmp_path / "one").chart
    assert found.projector.version == chart.projector.version
    assert found.projector.fitted == chart.projector.fitted == 5
    assert found.points.tolist() == chart.points.tolist()


def test_a_snapshot_from_before_there_were_maps_is_read_all_the_same(store, tmp_path):
    write(snapshot(store), tmp_path / "one")
    assert read(tmp_path / "one").chart is None


def test_a_map_of_other_mentors_is_refused(store, tmp_path):
    made = snapshot(store)
    chart = charted(made.segment)
    wrong = dataclasses.replace(chart, points=chart.points[:-1])
    write(dataclasses.replace(made, chart=wrong), tmp_path / "one")
    with pytest.raises(SnapshotDamaged, match=r"map\.npz"):
        read(tmp_path / "one")


def followed(store, folder):
    return Follower(store, "default", Generations(folder), vectors(store))


def published(store, folder):
    made = snapshot(store)
    Generations(folder).publish(dataclasses.replace(made, chart=charted(made.segment)))


def test_those_in_the_snapshot_stay_where_they_were_and_others_land_beside_the_like(
    store, tmp_path
):
    put(store, *CREW)
    published(store, tmp_path / "t")
    index = followed(store, tmp_path / "t").index
    ids = index.catalogue.ids(np.arange(index.catalogue.size))
    before = dict(zip(ids, index.map.points(np.arange(len(ids))).tolist(), strict=True))
    put(store, {"id": "late", "bio": "Officer on 3 ships at sea."})
    later = followed(store, tmp_path / "t").index
    rows = np.asarray([later.catalogue.row(id) for id in [*ids, "late"]])
    places = later.map.points(rows).tolist()
    assert later.map.version == index.map.version
    assert dict(zip(ids, places[:-1], strict=True)) == before
    assert places[-1] == pytest.approx(before["sea03"], abs=1e-3)


def test_points_come_in_the_order_of_the_rows_asked_for(store):
    index = live_index(store, *CREW).mapped()
    rows = np.asarray([3, 0, 7])
    one_by_one = [index.map.points(np.asarray([row]))[0].tolist() for row in rows]
    assert index.map.points(rows).tolist() == one_by_one


def test_a_pool_that_has_doubled_has_another_map(store, tmp_path):
    follower = followed(store, tmp_path / "t")
    put(store)
    follower.catch_up()
    first = follower.index.map.version
    put(store, *CREW[:2])
    follower.catch_up()
    assert follower.index.map.version == first
    put(store, *CREW)
    follower.catch_up()
    assert follower.index.map.version != first


def test_an_index_that_is_made_anew_forgets_directions_made_from_those_who_are_gone(store):
    index = live_index(store, *RECORDS, *CREW).mapped()
    without = index.without(["auditor"])
    assert without.mapped().map.version == index.map.version
    anew = without.made_anew()
    assert anew.map.version == ""
    assert anew.mapped().map.version not in ("", index.map.version)


def test_who_was_erased_is_in_no_map_that_is_written(store, tmp_path):
    """A direction made from few mentors would be nearly one of their vectors."""
    put(store, *CREW)
    alone = charted(snapshot(store).segment).projector
    store.remove("default", ["sea00"])
    put(store)
    without = charted(snapshot(store).segment).projector
    assert without.version != alone.version
