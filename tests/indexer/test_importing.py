import json
from collections import Counter

import numpy as np
import pytest

from indexer.importing import Difference, Import, Rejected
from indexer.mapping import ColumnMapping
from indexer.passages import passages, words
from indexer.store import Store
from indexer.vectors import keyed, text_key
from indexer.writing import AT_ONCE, Writer
from models.errors import SourceUnreadable
from tests.fakes import RECORDS, TableEncoder, live_index, mentors, vectors

ON_EVERY_STORE = True


@pytest.fixture
def store(tmp_path, store_url):
    store = Store.of(tmp_path, store_url)
    yield store
    store.close()


@pytest.fixture
def source(tmp_path):
    return tmp_path / "mentors.jsonl"


def put(source, *records: object) -> None:
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def read(source, store, run: Import | None = None, encoder=None, progress=None):
    writer = Writer(store, "t", vectors(store, encoder))
    return (run or Import("auto", ColumnMapping())).read(source, writer, progress)


def plan(store, *sources, sync=False) -> Difference:
    return Import("auto", ColumnMapping()).plan(sources, store, "t", sync=sync)


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
    assert store.head("t").sequence == 5
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
    assert wrong == Rejected(str(source), 2, "/bio", reason, baker("b", bio=5))
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
    run = Import("auto", ColumnMapping())
    put(source, baker("a"))
    put(tmp_path / "more.jsonl", baker("a"), baker("b"))
    read(source, store, run)
    report = read(tmp_path / "more.jsonl", store, run)
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
    put(source, *(baker(f"m{i}") for i in range(2 * AT_ONCE + 1)))
    assert counts(read(source, store)) == (201, 201, 0, 0, 0)
    assert store.count("t") == store.head("t").sequence == 201


def test_a_file_that_cannot_be_read_raises(source, store):
    with pytest.raises(SourceUnreadable, match="does not exist"):
        read(source, store)


def test_csv_with_a_mapping_is_read_like_any_other(tmp_path, store):
    source = tmp_path / "mentors.csv"
    source.write_text("Nr,Job,Can\na,Baker,rye; spelt\n", encoding="utf-8")
    mapping = ColumnMapping({"Nr": "id", "Job": "headline", "Can": "skills"})
    read(source, store, Import("auto", mapping))
    assert store.all("t") == (1, mentors(baker("a", skills=["rye", "spelt"])))


def test_progress_counts_mentors_up_to_the_last(source, store):
    put(source, *(baker(f"m{i}") for i in range(AT_ONCE + 3)))
    seen: list[int] = []
    read(source, store, progress=seen.append)
    assert seen == sorted(seen)
    assert {AT_ONCE, AT_ONCE + 3} <= set(seen)
    assert seen[-1] == AT_ONCE + 3


def test_an_index_of_what_was_read_holds_every_passage_and_word_of_everybody(store):
    made = live_index(store).whole()
    split = [passages(mentor) for mentor in mentors()]
    texts = [passage.text for one in split for passage in one]
    assert (made.size, made.passages) == (5, 18)
    assert np.diff(made.dense.first).tolist() == [len(one) for one in split]
    assert (
        made.dense.vectors.tobytes()
        == TableEncoder().encode_passages(texts).astype(np.float16).tobytes()
    )
    stems = Counter(term.stem for _, term in words(mentors()[1]))
    found = made.lexical.saturations(list(stems), np.asarray([1]))
    assert sorted(found.stem.tolist()) == list(range(len(stems)))


def test_items_of_lists_are_encoded_but_not_searched(source, store):
    encoder = TableEncoder()
    put(source, {"id": "a", "skills": ["audit", "law"]})
    read(source, store, encoder=encoder)
    assert sorted(encoder.encoded) == ["audit", "audit, law", "law"]
    assert store.count_passages("t") == 1
    assert store.cuts("t", ["a"])["a"].passages == (text_key("audit, law"),)


def test_what_was_read_needs_no_encoder_to_be_indexed(source, store):
    put(source, *RECORDS)
    read(source, store)
    again = TableEncoder()
    keys = vectors(store, again).by_key(keyed(p.text for m in mentors() for p in passages(m)))
    assert len(keys) == 18
    assert again.encoded == []


def test_reading_again_without_a_change_encodes_nothing(source, store):
    put(source, *RECORDS)
    read(source, store)
    again = TableEncoder()
    read(source, store, encoder=again)
    assert again.encoded == []


def test_a_change_encodes_only_the_new_passages(source, store):
    put(source, baker("a"), baker("b"))
    read(source, store)
    put(source, baker("a", capacity=3), baker("b", headline="Nurse"))
    again = TableEncoder()
    read(source, store, encoder=again)
    assert again.encoded == ["Nurse"]


def test_a_plan_says_what_reading_would_do_and_does_nothing(source, store):
    put(source, baker("a"), baker("b"), baker("c", skills=["rye"], capacity=2))
    read(source, store)
    bad = baker("e", bio=5)
    put(source, baker("a"), baker("c", bio="Bread.", capacity=3), baker("d"), bad)
    found = plan(store, source)
    assert (found.added, found.unchanged) == (["d"], 1)
    assert found.changed == {"c": ["bio", "capacity", "skills"]}
    assert [reject.value for reject in found.rejects] == [bad]
    assert (found.removed, found.share, found.nameless) == ([], 0.0, [])
    assert store.head("t").sequence == 3


def test_a_plan_of_a_sync_names_who_is_in_no_file_and_their_share(source, store, tmp_path):
    put(source, *(baker(id) for id in "abcde"))
    read(source, store)
    put(source, baker("a"))
    put(tmp_path / "more.jsonl", baker("c"), baker("f"))
    found = plan(store, source, tmp_path / "more.jsonl", sync=True)
    assert (found.added, found.unchanged, found.removed) == (["f"], 2, ["b", "d", "e"])
    assert found.share == 0.6


def test_a_sync_removes_nobody_whose_record_was_rejected(source, store):
    put(source, baker("a"), baker("b"), baker("c"))
    read(source, store)
    put(source, baker("a"), baker("b", bio=5))
    found = plan(store, source, sync=True)
    assert (found.removed, found.nameless) == (["c"], [])


def test_a_sync_tells_which_records_could_be_anybodys(source, store):
    put(source, baker("a"), baker("b"))
    read(source, store)
    put(source, baker("a"), {"headline": "Baker"}, ["no object"])
    found = plan(store, source, sync=True)
    assert [reject.line for reject in found.nameless] == [2, 3]
    assert found.removed == ["b"]


def test_a_sync_of_an_empty_store_removes_nobody(source, store):
    put(source, baker("a"))
    found = plan(store, source, sync=True)
    assert (found.added, found.removed, found.share) == (["a"], [], 0.0)


def test_a_plan_finds_an_id_that_comes_again_in_another_file(source, store, tmp_path):
    put(source, baker("a"))
    put(tmp_path / "more.jsonl", baker("a", bio="Bread."))
    found = plan(store, source, tmp_path / "more.jsonl")
    assert found.added == ["a"]
    assert [reject.reason for reject in found.rejects] == [
        f"/id 'a' was already in {source}, line 1"
    ]


def test_a_plan_of_a_file_that_cannot_be_read_raises(source, store):
    with pytest.raises(SourceUnreadable, match="does not exist"):
        plan(store, source)


def test_a_plan_of_more_records_than_one_transaction_takes_sees_them_all(source, store):
    put(source, *(baker(f"m{i:04}") for i in range(AT_ONCE + 1)))
    read(source, store)
    put(source, *(baker(f"m{i:04}", capacity=i % 2) for i in range(AT_ONCE + 1)), baker("new"))
    found = plan(store, source, sync=True)
    assert (len(found.changed), found.added) == (AT_ONCE + 1, ["new"])
    assert (found.unchanged, found.removed) == (0, [])


def test_a_rejected_record_is_kept_with_its_id_and_all_that_was_wrong(source, store):
    put(source, baker("b", bio=5))
    kept = read(source, store).rejects[0].kept()
    assert kept.id == "b"
    assert json.loads(kept.line) == {
        "line": 1,
        "field": "/bio",
        "reason": "/bio expected text, got a number",
        "record": baker("b", bio=5),
    }
