import json
import os
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

from indexer.dense import FaissPassageIndex
from indexer.generations import Generations
from indexer.lists import PassageLists
from indexer.live import LiveIndex
from indexer.segment import Segment
from indexer.snapshot import Snapshot, read, read_manifest, write
from indexer.store import Store
from models.errors import SnapshotDamaged
from tests.fakes import RECORDS, TableEncoder, live_index, snapshot

FILES = (
    "catalogue.arrow",
    "first.npy",
    "lexical.npz",
    "manifest.json",
    "passages.f16",
    "stems.txt",
)


@pytest.fixture
def made(tmp_path):
    store = Store.in_folder(tmp_path)
    yield snapshot(store)
    store.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "snapshots" / "one"


@pytest.fixture
def written(made, folder):
    """The folder of a snapshot, with a section that readers may leave alone."""
    write(made, folder, {"extra": {"extra.bin": b"spam and eggs"}})
    return folder


def flip(path, at: int, bits: int = 0x01) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= bits
    path.write_bytes(content)


def assert_equal(one: Snapshot, other: Snapshot) -> None:
    here, there = one.segment, other.segment
    assert here.catalogue.table.equals(there.catalogue.table)
    assert here.dense.first.tolist() == there.dense.first.tolist()
    assert here.dense.vectors.tobytes() == there.dense.vectors.tobytes()
    assert list(here.lexical.stems) == list(there.lexical.stems)
    assert here.lexical.matrix.toarray().tolist() == there.lexical.matrix.toarray().tolist()
    assert (one.space_id, one.runtime_id, one.sequence) == (
        other.space_id, other.runtime_id, other.sequence,
    )  # fmt: skip


def index_of(found: Snapshot) -> LiveIndex:
    dimension = TableEncoder().dimension
    return LiveIndex(found.space_id, dimension, found.sequence, [found.segment])


def test_what_is_written_is_read_equal(made, folder):
    write(made, folder)
    assert_equal(read(folder), made)


def test_a_snapshot_that_was_read_answers_as_the_one_that_was_written(made, folder):
    write(made, folder)
    found, known, everybody = index_of(read(folder)), index_of(made), np.arange(len(RECORDS))
    query = TableEncoder().encode_queries(["nurse who codes"])
    near = found.dense.nearest(query, 2, None).tolist()
    assert near == known.dense.nearest(query, 2, None).tolist() == [1]
    cosines, written = (one.dense.cosines(query, everybody) for one in (found, known))
    assert cosines[0].tobytes() == written[0].tobytes()
    weights = {"ward": 2.0, "fund": 1.0}
    assert found.lexical.best(weights, 5, None).tolist() == [0, 1]


def test_the_manifest_counts_what_is_there(made, folder):
    assert write(made, folder) == read_manifest(folder)
    manifest = read_manifest(folder)
    assert (manifest.format, manifest.space_id, manifest.runtime_id) == (3, "table-1", "numpy")
    assert (manifest.sequence, manifest.mentors) == (5, 5)
    assert (manifest.passages, manifest.dimension) == (18, 9)
    assert sorted(manifest.files) == [file for file in FILES if file != "manifest.json"]
    assert manifest.sections == {}


def test_nothing_is_in_the_folder_but_what_the_manifest_names(written):
    manifest = read_manifest(written)
    assert list(manifest.sections) == ["extra"]
    named = {"manifest.json", *manifest.files, *manifest.sections["extra"]}
    assert {path.name for path in written.iterdir()} == named == {*FILES, "extra.bin"}


def test_equal_mentors_make_equal_bytes_however_they_came(made, folder, tmp_path):
    (tmp_path / "other").mkdir()
    store = Store.in_folder(tmp_path / "other")
    for record in reversed(RECORDS):
        index = live_index(store, record)
    write(Snapshot("table-1", "numpy", 5, index.whole()), folder)
    sums = write(made, folder.with_name("other")).files
    assert read_manifest(folder).files == sums
    store.close()


def test_a_snapshot_without_a_single_stem_comes_back(tmp_path, folder):
    store = Store.in_folder(tmp_path)
    write(snapshot(store, {"id": "m", "headline": "Me"}), folder)
    assert read(folder).segment.lexical.stems == []
    store.close()


def test_a_snapshot_of_nobody_comes_back(folder):
    nobody = LiveIndex.empty("table-1", 9)
    write(Snapshot("table-1", "numpy", 0, nobody.whole()), folder)
    found = read(folder)
    assert (found.sequence, found.segment.size, found.segment.passages) == (0, 0, 0)
    assert index_of(found).dense.nearest(np.ones((1, 9), np.float32), 5, None).tolist() == []


def test_a_folder_that_is_not_there_is_damage(folder):
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json is missing or damaged"):
        read(folder)


@pytest.mark.parametrize("file", [*FILES, "extra.bin"])
@pytest.mark.parametrize("where", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("bits", [0x01, 0x80])
def test_a_file_with_one_bit_changed_is_refused_by_name(written, file, where, bits):
    flip(written / file, int((written / file).stat().st_size * where), bits)
    with pytest.raises(SnapshotDamaged, match=f"{file} is missing or damaged"):
        read(written)


@pytest.mark.parametrize("file", [*FILES, "extra.bin"])
@pytest.mark.parametrize("kept", [0, 1, -1])
def test_a_file_cut_short_is_refused_by_name(written, file, kept):
    os.truncate(written / file, kept if kept >= 0 else (written / file).stat().st_size - 1)
    with pytest.raises(SnapshotDamaged, match=f"{file} is missing or damaged"):
        read(written)


@pytest.mark.parametrize("file", [*FILES, "extra.bin"])
def test_a_missing_file_is_refused_by_name(written, file):
    (written / file).unlink()
    with pytest.raises(SnapshotDamaged, match=f"{file} is missing or damaged"):
        read(written)


def test_the_manifest_is_sealed_to_the_last_byte(written):
    path = written / "manifest.json"
    good = path.read_bytes()
    for at in range(len(good)):
        flip(path, at)
        with pytest.raises(SnapshotDamaged):
            read_manifest(written)
        path.write_bytes(good)
    assert read_manifest(written).sequence == 5


@pytest.mark.parametrize("manifest", [b"[]", b"7", b"{}", b"null", b'"x"', b"[" * 100_000, b"\xff"])
def test_a_manifest_that_is_none_is_damage(written, manifest):
    (written / "manifest.json").write_bytes(manifest)
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json is missing or damaged"):
        read(written)


@pytest.mark.parametrize("format", [2, 4, "3"])
def test_another_format_is_refused_with_both_numbers(written, format):
    (written / "manifest.json").write_text(json.dumps({"format": format, "shape": "unheard of"}))
    with pytest.raises(SnapshotDamaged, match=f"has format {format!r}, this program reads 3"):
        read(written)


def test_a_snapshot_in_use_survives_its_files_being_dropped(made, tmp_path):
    generations = Generations(tmp_path / "tenant")
    found = read(generations.path(generations.publish(made)))
    generations.drop_all()
    assert_equal(found, made)


@pytest.fixture
def with_lists(made, folder, monkeypatch):
    """A snapshot with inverted lists, though it has few passages."""
    monkeypatch.setattr("indexer.lists.FROM", 2)
    dense = made.segment.dense
    listed = FaissPassageIndex.build(dense.vectors, dense.first)
    segment = Segment(made.segment.catalogue, listed, made.segment.lexical)
    return replace(made, segment=segment)


def test_lists_are_written_where_there_are_any_and_read_equal(with_lists, folder):
    assert "lists.faiss" in write(with_lists, folder).files
    found = read(folder)
    assert_equal(found, with_lists)
    one, other = (each.segment.dense.lists.index for each in (found, with_lists))
    assert faiss.serialize_index(one).tobytes() == faiss.serialize_index(other).tobytes()


def test_lists_with_one_bit_changed_are_refused_by_name(with_lists, folder):
    write(with_lists, folder)
    flip(folder / "lists.faiss", 300)
    with pytest.raises(SnapshotDamaged, match=r"lists\.faiss is missing or damaged"):
        read(folder)


def test_lists_of_other_passages_are_damage_however_right_their_sum(with_lists, folder):
    lists = PassageLists.of(with_lists.segment.dense.vectors[1:], np.zeros(17, np.int64), 1)
    dense = FaissPassageIndex(
        with_lists.segment.dense.vectors, with_lists.segment.dense.first, lists
    )
    write(replace(with_lists, segment=replace(with_lists.segment, dense=dense)), folder)
    with pytest.raises(SnapshotDamaged, match=r"lists\.faiss is missing or damaged"):
        read(folder)


def test_vectors_and_lists_are_mapped_and_last_when_their_files_are_removed(with_lists, tmp_path):
    generations = Generations(tmp_path / "tenant")
    found = read(generations.path(generations.publish(with_lists)))
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8")
    assert {"passages.f16", "lists.faiss"} <= {
        line.rpartition("/")[2] for line in mapped.split("\n")
    }
    generations.drop_all()
    assert_equal(found, with_lists)
    query = TableEncoder().encode_queries(["nurse who codes"])
    assert index_of(found).dense.nearest(query, 2, None).tolist() == [1]


def test_a_disk_that_is_full_is_an_error_of_the_system(made, folder, monkeypatch):
    def full(_handle, _content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("indexer.disk.os.write", full)
    with pytest.raises(OSError, match="No space left on device"):
        write(made, folder)
    with pytest.raises(SnapshotDamaged):
        read(folder)


def test_a_disk_that_fills_up_in_the_midst_of_lists_is_an_error_of_the_system(
    with_lists, folder, monkeypatch
):
    real, after = os.write, []

    def full(handle, content):
        if (folder / "lists.faiss").exists():
            after.append(handle)
            if len(after) == 3:
                raise OSError(28, "No space left on device")
        return real(handle, content)

    monkeypatch.setattr("indexer.disk.os.write", full)
    with pytest.raises(OSError, match="No space left on device"):
        write(with_lists, folder)
    assert (len(after), (folder / "stems.txt").exists()) == (3, False)
