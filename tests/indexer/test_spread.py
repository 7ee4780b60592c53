"""What tasks and actors do with records, and the process that writes, without Ray between them."""

import json
import pickle

import numpy as np
import pytest

from indexer.importing import Import
from indexer.mapping import ColumnMapping
from indexer.reading import RawRecord
from indexer.spread import Block, Checked, Embedding, Spread, checked_of, marks_of, read_some
from indexer.store import Store
from indexer.vectors import text_key
from indexer.writing import Writer
from models.errors import EncoderUnavailable, SourceUnreadable
from tests.fakes import RECORDS, TableEncoder, WordEncoder, put, vectors

NOBODY = np.zeros(0, np.uint64)


@pytest.fixture
def store(tmp_path):
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


def checked(record, marks=NOBODY, line=1) -> tuple[Checked, dict[bytes, str]]:
    texts: dict[bytes, str] = {}
    return checked_of(RawRecord("s", line, record), marks, texts), texts


def block_of(*records: object, marks=NOBODY, last=True) -> Block:
    texts: dict[bytes, str] = {}
    raws = [RawRecord("s", line, record) for line, record in enumerate(records, start=1)]
    found = [checked_of(raw, marks, texts) for raw in raws]
    return Block(last, "", len(found), found, texts)


def embedded(block: Block, encoder=None) -> Block:
    actor = Embedding(lambda: encoder or TableEncoder(), "table-1")
    return pickle.loads(actor({"block": pickle.dumps(block)})["block"])


def spread(store, *blocks: Block, encoder=None) -> Spread:
    return Spread(iter(blocks), store, "default", vectors(store, encoder))


def test_records_come_in_blocks_of_a_hundred_and_the_last_one_ends_the_file(tmp_path):
    (tmp_path / "m.jsonl").write_text('{"id": "a"}\n' * 205, encoding="utf-8")
    rows = [
        pickle.loads(row["block"])
        for row in read_some({"source": str(tmp_path / "m.jsonl")}, "auto", ColumnMapping())
    ]
    assert [(last, said, len(some)) for last, said, some in rows] == [
        (False, "", 100),
        (False, "", 100),
        (True, "", 5),
    ]
    assert pickle.loads(rows[2][2][-1]).line == 205


def test_long_records_come_in_smaller_blocks(tmp_path):
    line = '{"id": "a", "bio": "%s"}\n' % ("x" * 300_000)
    (tmp_path / "m.jsonl").write_text(line * 7, encoding="utf-8")
    rows = list(read_some({"source": str(tmp_path / "m.jsonl")}, "auto", ColumnMapping()))
    assert [len(pickle.loads(row["block"])[2]) for row in rows] == [3, 3, 1]


def test_a_mentor_whose_words_the_store_has_is_not_cut_again(store):
    put(store, *RECORDS)
    marks = marks_of(store, "default")
    for record in (RECORDS[0], RECORDS[0] | {"capacity": 9}):
        one, texts = checked(record, marks)
        assert one.mentor
        assert (one.cut, texts) == (None, {})
    for record in (RECORDS[0] | {"bio": "I weld."}, RECORDS[0] | {"id": "other"}):
        one, texts = checked(record, marks)
        assert one.cut
        assert set(one.cut.passages) <= texts.keys()


def test_an_actor_embeds_a_text_once_while_it_remembers_it():
    encoder = TableEncoder()
    actor = Embedding(lambda: encoder, "table-1")
    for _ in range(2):
        done = pickle.loads(actor({"block": pickle.dumps(block_of(*RECORDS))})["block"])
        assert len(done.keys) == len(done.rows) == len(set(encoder.encoded))
        assert not done.texts
    assert len(encoder.encoded) == len(set(encoder.encoded))


def test_each_vector_is_that_of_its_text():
    block = block_of(*RECORDS)
    done = embedded(block)
    for key, row in zip(done.keys, done.rows, strict=True):
        assert (row == TableEncoder().encode_passages([block.texts[key]])[0]).all()


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        (lambda: TableEncoder("table-9"), "of the space table-9, expected table-1"),
        (lambda: (_ for _ in ()).throw(OSError("no library")), r"OSError: no library"),
        (lambda: (_ for _ in ()).throw(EncoderUnavailable("No weights.")), r"^No weights\.$"),
    ],
)
def test_an_actor_without_its_encoder_says_so_and_nothing_is_written(store, encoder, said):
    actor = Embedding(encoder, "table-1")
    failed = pickle.loads(actor({"block": pickle.dumps(block_of(*RECORDS))})["block"])
    with pytest.raises(EncoderUnavailable, match=said):
        spread(store, failed).read("s", lambda _: None)
    assert store.head("default").sequence == 0


def test_words_that_changed_after_the_tasks_were_told_are_embedded_here(store):
    put(store, *RECORDS)
    block = embedded(block_of(*RECORDS, marks=marks_of(store, "default")))
    put(store, RECORDS[0] | {"bio": "I weld.", "headline": "Welder", "skills": []})
    encoder = TableEncoder()
    report = spread(store, block, encoder=encoder).read("s", lambda _: None)
    assert (report.changed, report.unchanged) == (1, 4)
    cut = store.cuts("default", ["auditor"])["auditor"]
    here = store.vectors("table-1", [*cut.passages, *cut.items])
    assert here.keys() == {*cut.passages, *cut.items}
    assert {text_key(text) for text in encoder.encoded} <= here.keys()


def test_a_conflict_with_another_writer_is_written_over(store, monkeypatch):
    put(store, *RECORDS)
    block = embedded(block_of(RECORDS[0] | {"capacity": 9}, marks=marks_of(store, "default")))
    known, others = Store.known, [RECORDS[0] | {"capacity": 7}]

    def then_others_write(self, tenant, ids):
        found = known(self, tenant, ids)
        if others:
            put(store, others.pop())
        return found

    monkeypatch.setattr(Store, "known", then_others_write)
    assert spread(store, block).read("s", lambda _: None).changed == 1
    assert store.read("default", ["auditor"])["auditor"].mentor.capacity == 9


def test_an_id_may_come_once_in_all_files(store, tmp_path):
    first, second = block_of(*RECORDS), block_of(RECORDS[1], {"id": "x", "bio": "Law.", "shoe": 1})
    both = spread(store, embedded(first), embedded(second))
    both.read("a.jsonl", lambda _: None)
    report = both.read("b.jsonl", lambda _: None)
    assert [str(reject) for reject in report.rejects] == [
        "b.jsonl, line 1: /id 'nurse' was already in a.jsonl, line 2."
    ]
    assert (report.records, report.added, report.ignored) == (2, 1, {"shoe"})


def test_a_file_without_records_is_said(store):
    with pytest.raises(SourceUnreadable, match=r"a\.csv holds no record"):
        spread(store, Block(last=True)).read("a.csv", lambda _: None)


def test_what_is_written_is_what_the_import_in_one_process_writes(tmp_path):
    source = tmp_path / "m.jsonl"
    stores = [Store(f"sqlite:///{tmp_path}/{name}.db") for name in ("here", "there")]
    records = [*RECORDS, {"id": "half"}, RECORDS[0]]
    source.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    Import("auto", ColumnMapping()).read(
        source, Writer(stores[0], "default", vectors(stores[0], WordEncoder("table-1")))
    )
    block = embedded(block_of(*records), WordEncoder("table-1"))
    spread(stores[1], block, encoder=WordEncoder("table-1")).read(source, lambda _: None)
    assert stores[0].all("default") == stores[1].all("default")
    ids = [str(record["id"]) for record in RECORDS]
    assert stores[0].cuts("default", ids) == stores[1].cuts("default", ids)
    for one in stores:
        one.close()
