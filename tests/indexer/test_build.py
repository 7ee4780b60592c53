import json
from collections import Counter

import numpy as np
import pytest

from indexer.build import BATCH, Reject, build_snapshot, ingest, snapshot_of
from indexer.folder import DataFolder
from indexer.mapping import ColumnMapping
from indexer.passages import passages, words
from indexer.snapshot import load
from indexer.store import Store
from indexer.vectors import Vectors
from models.errors import SourceUnreadable
from tests.fakes import RECORDS, TableEncoder, mentors


@pytest.fixture
def store(tmp_path):
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


@pytest.fixture
def source(tmp_path):
    return tmp_path / "mentors.jsonl"


def put(source, *records: object) -> None:
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def read(source, store, seen: dict[str, str] | None = None):
    return ingest(source, "auto", ColumnMapping(), store, "t", {} if seen is None else seen)


def counts(report) -> tuple[int, int, int, int, int]:
    return (
        report.records, report.added, report.changed, report.unchanged, len(report.rejects),
    )  # fmt: skip


def baker(id: str, **more: object) -> dict[str, object]:
    return {"id": id, "headline": "Baker"} | more


def test_every_record_of_a_file_is_added(source, store):
    put(source, *RECORDS)
    assert counts(read(source, store)) == (5, 5, 0, 0, 0)
    assert store.all("t") == (5, mentors())


def test_reading_an_unchanged_file_again_writes_nothing(source, store):
    put(source, *RECORDS)
    read(source, store)
    before = store.read("t", [str(record["id"]) for record in RECORDS])
    assert counts(read(source, store)) == (5, 0, 0, 5, 0)
    assert store.sequence("t") == 5
    assert store.read("t", list(before)) == before


def test_only_what_changed_is_written(source, store):
    put(source, baker("a"), baker("b"))
    read(source, store)
    put(source, baker("a"), baker("b", capacity=2), baker("c"))
    assert counts(read(source, store)) == (3, 1, 1, 1, 0)
    found = store.read("t", ["a", "b", "c"])
    assert [found[id].revision for id in "abc"] == [1, 3, 4]


def test_the_order_of_fields_is_no_change(source, store):
    put(source, baker("a", bio="Bread."))
    read(source, store)
    put(source, dict(reversed(baker("a", bio="Bread.").items())))
    assert counts(read(source, store)) == (1, 0, 0, 1, 0)


def test_a_bad_record_is_reported_with_its_line_field_and_reason(source, store):
    put(source, baker("a"), baker("b", bio=5), ["no object"], baker("c"))
    report = read(source, store)
    assert counts(report) == (4, 2, 0, 0, 2)
    wrong, no_object = report.rejects
    reason = "/bio expected text, got a number"
    assert wrong == Reject(str(source), 2, "/bio", reason, baker("b", bio=5))
    assert str(wrong) == f"{source}, line 2: {reason}."
    assert (no_object.line, no_object.field) == (3, "")
    assert [mentor.id for mentor in store.all("t")[1]] == ["a", "c"]


def test_a_line_that_cannot_be_decoded_is_reported_and_the_others_go_on(source, store):
    source.write_bytes(b'{"id": "a", "headline": \n' + json.dumps(baker("b")).encode())
    report = read(source, store)
    assert counts(report) == (2, 1, 0, 0, 1)
    assert str(report.rejects[0]) == (
        f"{source}, line 1: is not JSON: expecting value (column 25)."
    )


def test_an_id_that_comes_again_is_rejected_and_the_first_record_stays(source, store):
    put(source, baker("a"), baker("a", headline="Miller"))
    (reject,) = read(source, store).rejects
    assert (reject.line, reject.field) == (2, "/id")
    assert reject.reason == f"/id 'a' was already in {source}, line 1"
    assert store.read("t", ["a"])["a"].mentor.headline == "Baker"


def test_an_id_may_not_come_again_in_another_file(source, store, tmp_path):
    seen: dict[str, str] = {}
    put(source, baker("a"))
    put(tmp_path / "more.jsonl", baker("a"), baker("b"))
    read(source, store, seen)
    report = read(tmp_path / "more.jsonl", store, seen)
    assert counts(report) == (2, 1, 0, 0, 1)
    assert report.rejects[0].reason == f"/id 'a' was already in {source}, line 1"


def test_the_id_of_a_rejected_record_is_still_free(source, store):
    put(source, baker("a", bio=5), baker("a"))
    assert counts(read(source, store)) == (2, 1, 0, 0, 1)


def test_unknown_fields_are_reported_and_the_record_taken(source, store):
    put(source, baker("a", shoe=44), baker("b", photo="x"), baker("c", bio=1, hat=2))
    report = read(source, store)
    assert counts(report) == (3, 2, 0, 0, 1)
    assert report.ignored == {"shoe", "photo"}


def test_more_records_than_one_transaction_takes_are_all_written(source, store):
    put(source, *(baker(f"m{i}") for i in range(2 * BATCH + 1)))
    assert counts(read(source, store)) == (1001, 1001, 0, 0, 0)
    assert store.count("t") == store.sequence("t") == 1001


def test_a_file_that_cannot_be_read_raises(source, store):
    with pytest.raises(SourceUnreadable, match="does not exist"):
        read(source, store)


def test_csv_with_a_mapping_is_read_like_any_other(tmp_path, store):
    source = tmp_path / "mentors.csv"
    source.write_text("Nr,Job,Can\na,Baker,rye; spelt\n", encoding="utf-8")
    mapping = ColumnMapping({"Nr": "id", "Job": "headline", "Can": "skills"})
    ingest(source, "auto", mapping, store, "t", {})
    assert store.all("t") == (1, mentors(baker("a", skills=["rye", "spelt"])))


def test_a_snapshot_holds_every_passage_and_word_of_everybody(store):
    encoder, found = TableEncoder(), mentors()
    made = snapshot_of(found, 7, encoder, Vectors(store, encoder))
    split = [passages(mentor) for mentor in found]
    texts = [passage.text for one in split for passage in one]
    assert (made.sequence, made.space_id, made.catalogue.size) == (7, "table-1", 5)
    assert np.diff(made.dense.first).tolist() == [len(one) for one in split]
    assert made.dense._vectors.tobytes() == encoder.encode_passages(texts).tobytes()
    stems = Counter(term.stem for _, term in words(found[1]))
    assert (made.lexical.saturations(list(stems), np.asarray([1])) > 0).all()


def test_items_of_lists_are_encoded_but_not_searched(store):
    encoder = TableEncoder()
    found = mentors({"id": "a", "skills": ["audit", "law"]})
    made = snapshot_of(found, 1, encoder, Vectors(store, encoder))
    assert made.dense.index.ntotal == 1
    assert sorted(encoder.encoded) == ["audit", "audit, law", "law"]


def test_nobody_makes_an_empty_snapshot(store):
    encoder = TableEncoder()
    made = snapshot_of([], 0, encoder, Vectors(store, encoder))
    assert (made.catalogue.size, made.dense.index.ntotal) == (0, 0)


def test_what_is_built_is_live(source, store, tmp_path):
    put(source, *RECORDS)
    read(source, store)
    folder = DataFolder(tmp_path)
    made = build_snapshot(store, "t", TableEncoder(), folder)
    loaded = load(folder.tenant("t"))
    assert (loaded.sequence, made.sequence) == (5, 5)
    assert loaded.catalogue.table.equals(made.catalogue.table)


def test_building_again_without_a_change_encodes_nothing(source, store, tmp_path):
    put(source, *RECORDS)
    read(source, store)
    build_snapshot(store, "t", TableEncoder(), DataFolder(tmp_path))
    read(source, store)
    again = TableEncoder()
    build_snapshot(store, "t", again, DataFolder(tmp_path))
    assert again.encoded == []


def test_a_change_encodes_only_the_new_passages(source, store, tmp_path):
    put(source, baker("a"), baker("b"))
    read(source, store)
    build_snapshot(store, "t", TableEncoder(), DataFolder(tmp_path))
    put(source, baker("a", capacity=3), baker("b", headline="Nurse"))
    read(source, store)
    again = TableEncoder()
    build_snapshot(store, "t", again, DataFolder(tmp_path))
    assert again.encoded == ["Nurse"]
