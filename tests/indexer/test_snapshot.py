import json
import os

import numpy as np
import pytest

from indexer.snapshot import Snapshot, live_name, load, read_manifest, save
from indexer.store import Store
from models.errors import NoIndex, SnapshotDamaged
from tests.fakes import RECORDS, TableEncoder, snapshot

FILES = (
    "catalogue.arrow",
    "first.npy",
    "lexical.npz",
    "manifest.json",
    "passages.faiss",
    "stems.txt",
)


@pytest.fixture
def made(tmp_path):
    store = Store.in_folder(tmp_path)
    yield snapshot(store, TableEncoder())
    store.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "tenants" / "default"


@pytest.fixture
def live(made, folder):
    """The folder of a saved snapshot."""
    return folder / "snapshots" / save(made, folder)


def flip(path, at: int, bits: int = 0x01) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= bits
    path.write_bytes(content)


def assert_equal(one: Snapshot, other: Snapshot) -> None:
    assert one.catalogue.table.equals(other.catalogue.table)
    assert one.dense.first.tolist() == other.dense.first.tolist()
    assert one.dense._vectors.tobytes() == other.dense._vectors.tobytes()
    assert list(one.lexical.stems) == list(other.lexical.stems)
    assert one.lexical.matrix.toarray().tolist() == other.lexical.matrix.toarray().tolist()
    assert (one.space_id, one.runtime_id, one.sequence) == (
        other.space_id, other.runtime_id, other.sequence,
    )  # fmt: skip


def test_what_is_saved_is_loaded_equal(made, folder):
    save(made, folder)
    assert_equal(load(folder), made)


def test_a_loaded_snapshot_answers_as_the_one_that_was_saved(made, folder):
    save(made, folder)
    loaded, everybody = load(folder), np.arange(len(RECORDS))
    query = TableEncoder().encode_queries(["nurse who codes"])
    assert (
        loaded.dense.nearest(query, 2, None).tolist() == made.dense.nearest(query, 2, None).tolist()
    )
    cosines, saved = loaded.dense.cosines(query, everybody), made.dense.cosines(query, everybody)
    assert cosines[0].tobytes() == saved[0].tobytes()
    weights = {"ward": 2.0, "fund": 1.0}
    assert loaded.lexical.best(weights, 5, None).tolist() == [0, 1]


def test_the_manifest_counts_what_is_there(made, folder):
    manifest = read_manifest(folder, save(made, folder))
    assert (manifest.format, manifest.space_id, manifest.runtime_id) == (1, "table-1", "numpy")
    assert (manifest.sequence, manifest.mentors) == (5, 5)
    assert manifest.passages == made.dense.index.ntotal
    assert sorted(manifest.files) == [file for file in FILES if file != "manifest.json"]


def test_a_snapshot_without_a_single_stem_comes_back(tmp_path, folder):
    store = Store.in_folder(tmp_path)
    save(snapshot(store, TableEncoder(), {"id": "m", "headline": "Me"}), folder)
    assert load(folder).lexical.stems == []
    store.close()


def test_without_a_snapshot_there_is_no_index(folder):
    with pytest.raises(NoIndex, match="run 'mentors index FILE' with the same --data"):
        load(folder)


def test_without_current_there_is_no_index(live, folder):
    (folder / "CURRENT").unlink()
    with pytest.raises(NoIndex):
        load(folder)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("where", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("bits", [0x01, 0x80])
def test_a_file_with_one_bit_changed_is_refused_by_name(live, folder, file, where, bits):
    flip(live / file, int((live / file).stat().st_size * where), bits)
    with pytest.raises(SnapshotDamaged, match=f"{file} is missing or damaged"):
        load(folder)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kept", [0, 1, -1])
def test_a_file_cut_short_is_refused_by_name(live, folder, file, kept):
    os.truncate(live / file, kept if kept >= 0 else (live / file).stat().st_size - 1)
    with pytest.raises(SnapshotDamaged, match=f"{file} is missing or damaged"):
        load(folder)


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_refused_by_name(live, folder, file):
    (live / file).unlink()
    with pytest.raises(SnapshotDamaged, match=f"{file} is missing or damaged"):
        load(folder)


def test_the_manifest_is_sealed_to_the_last_byte(live, folder):
    path = live / "manifest.json"
    good = path.read_bytes()
    for at in range(len(good)):
        flip(path, at)
        with pytest.raises(SnapshotDamaged):
            read_manifest(folder, live.name)
        path.write_bytes(good)
    assert read_manifest(folder, live.name).sequence == 5


@pytest.mark.parametrize("content", [b"", b"\xff", b"nothing", b"a\0b", b"../..", b"/"])
def test_a_current_that_leads_nowhere_is_damage(live, folder, content):
    (folder / "CURRENT").write_bytes(content)
    with pytest.raises(SnapshotDamaged, match="is missing or damaged: run 'mentors index'"):
        load(folder)


@pytest.mark.parametrize("manifest", [b"[]", b"7", b"{}", b"null", b'"x"'])
def test_a_manifest_that_is_none_is_damage(live, folder, manifest):
    (live / "manifest.json").write_bytes(manifest)
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json is missing or damaged"):
        load(folder)


def test_another_format_is_refused_with_both_numbers(live, folder):
    (live / "manifest.json").write_text(json.dumps({"format": 2, "shape": "unheard of"}))
    with pytest.raises(SnapshotDamaged, match="has format 2, this program reads 1"):
        load(folder)


def test_current_names_the_snapshot_saved_last(made, folder):
    first, second = save(made, folder), save(made, folder)
    assert first != second
    assert (folder / "CURRENT").read_text() == live_name(folder) == second
    assert sorted(path.name for path in folder.iterdir()) == ["CURRENT", "snapshots"]


def test_the_live_snapshot_and_the_one_before_are_kept(made, folder):
    names = [save(made, folder)]
    for _ in range(12):  # the random part of names sorts either way
        names.append(save(made, folder))
        assert {path.name for path in (folder / "snapshots").iterdir()} == set(names[-2:])


def test_a_snapshot_that_was_never_finished_is_cleared_away(made, folder):
    (folder / "snapshots" / "000000000009-dead").mkdir(parents=True)
    name = save(made, folder)
    assert [path.name for path in (folder / "snapshots").iterdir()] == [name]


def test_a_snapshot_in_use_survives_its_files_being_dropped(made, folder):
    save(made, folder)
    loaded = load(folder)
    save(made, folder)
    save(made, folder)
    assert_equal(loaded, made)


def test_a_damaged_current_does_not_stop_the_next_save(made, folder):
    save(made, folder)
    (folder / "CURRENT").write_bytes(b"\xff")
    save(made, folder)
    assert_equal(load(folder), made)
