import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from indexer.records import canonical_json, content_hash, text_hash
from indexer.store import BATCH, Change, Store
from models.errors import DataFolderError
from models.mentor import Mentor
from models.ports import Stored

A, B = Mentor("a", headline="Baker"), Mentor("b", headline="Miller", attributes={"x": ("y", 1)})


@pytest.fixture
def store(tmp_path):
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


def change(mentor: Mentor) -> Change:
    return Change(mentor, canonical_json(mentor))


def test_a_new_tenant_stands_at_zero_and_is_empty(store):
    assert store.sequence("t") == 0
    assert store.count("t") == 0
    assert store.all("t") == (0, [])


def test_what_is_written_is_read_with_its_revision_and_text_hash(store):
    store.write("t", [change(A), change(B)])
    assert store.read("t", ["b", "a"]) == {
        "a": Stored(1, text_hash(A), A),
        "b": Stored(2, text_hash(B), B),
    }


def test_the_sequence_goes_up_by_one_a_change(store):
    assert store.write("t", [change(A), change(B)]) == 2
    assert store.write("t", [change(A)]) == 3
    assert store.write("t", []) == 3
    assert store.sequence("t") == 3


def test_writing_a_mentor_again_replaces_the_record_and_raises_its_revision(store):
    store.write("t", [change(A), change(B)])
    store.write("t", [change(replace(A, headline="Brewer"))])
    assert store.count("t") == 2
    assert store.read("t", ["a"])["a"].mentor.headline == "Brewer"
    assert [store.read("t", [id])[id].revision for id in "ab"] == [3, 2]


def test_hashes_are_of_the_canonical_records(store):
    store.write("t", [change(A)])
    assert store.hashes("t", ["a", "nobody"]) == {"a": content_hash(canonical_json(A))}


def test_unknown_ids_are_left_out(store):
    store.write("t", [change(A)])
    assert store.read("t", ["nobody"]) == {}
    assert store.read("t", []) == {}
    assert store.hashes("t", ["nobody"]) == {}


def test_all_come_in_the_order_of_code_points(store):
    ids = ["b", "a", "B", "é", "10", "9", "e"]
    store.write("t", [change(Mentor(id, headline="x")) for id in ids])
    sequence, mentors = store.all("t")
    assert (sequence, [m.id for m in mentors]) == (7, ["10", "9", "B", "a", "b", "e", "é"])


def test_tenants_share_neither_mentors_nor_sequence(store):
    store.write("t", [change(A), change(B)])
    store.write("u", [change(replace(A, headline="Brewer"))])
    assert (store.sequence("t"), store.sequence("u")) == (2, 1)
    assert (store.count("t"), store.count("u")) == (2, 1)
    assert store.read("t", ["a"])["a"].mentor == A
    assert store.read("u", ["b"]) == {}


def test_more_mentors_than_one_statement_takes_are_written_and_read(store):
    ids = [f"m{i}" for i in range(2 * BATCH + 1)]
    changes = [change(Mentor(id, headline="x")) for id in ids]
    assert store.write("t", changes) == len(ids)
    assert store.write("t", changes) == 2 * len(ids)
    assert set(store.read("t", ids)) == set(store.hashes("t", ids)) == set(ids)


def test_a_failed_write_leaves_everything_as_it_was(store):
    store.write("t", [change(A)])
    with pytest.raises(Exception, match="UNIQUE constraint failed"):
        store.write("t", [change(B), change(B)])
    assert store.all("t") == (1, [A])


def test_what_one_process_wrote_another_reads(store, tmp_path):
    store.write("t", [change(A)])
    other = Store.in_folder(tmp_path)
    assert other.all("t") == (1, [A])
    other.close()


def test_a_text_with_a_nul_and_an_astral_character_comes_back(store):
    mentor = Mentor("a", headline="x\0y 🍞")
    store.write("t", [change(mentor)])
    assert store.read("t", ["a"])["a"].mentor == mentor


def test_vectors_come_back_bit_for_bit_and_only_in_their_space(store):
    vector = np.asarray([0.6, -0.8, 1e-38], dtype=np.float32)
    store.keep_vectors("space", {b"h": vector})
    found = store.vectors("space", [b"h", b"other"])
    assert list(found) == [b"h"]
    assert found[b"h"].tobytes() == vector.tobytes()
    assert store.vectors("elsewhere", [b"h"]) == {}


def test_a_vector_is_kept_once_and_the_first_one_stays(store):
    store.keep_vectors("space", {b"h": np.float32([1, 0])})
    store.keep_vectors("space", {b"h": np.float32([0, 1]), b"i": np.float32([0, 1])})
    found = store.vectors("space", [b"h", b"i"])
    assert {h: v.tolist() for h, v in found.items()} == {b"h": [1, 0], b"i": [0, 1]}


@pytest.mark.parametrize("name", ["what?", "a#b", "50%20", "émoji 🍞"])
def test_a_folder_of_any_name_holds_its_own_database(tmp_path, name):
    (tmp_path / name).mkdir()
    store = Store.in_folder(tmp_path / name)
    store.write("t", [change(A)])
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "mentors.db").stat().st_size > 0


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "mentors.db").write_bytes(b"Dear diary, " * 500)
    with pytest.raises(DataFolderError, match=r"mentors\.db cannot be opened \(file is not a data"):
        Store.in_folder(tmp_path)


def test_a_database_cut_short_is_refused(tmp_path):
    store = Store.in_folder(tmp_path)
    store.write("t", [change(A)])
    store.close()
    path = tmp_path / "mentors.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataFolderError, match="it is damaged or not a database of this program"):
        Store.in_folder(tmp_path)


@pytest.mark.parametrize("table", ["cows (name)", "mentors (name)"])
def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path, table):
    path = tmp_path / "mentors.db"
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE {table}")
    connection.close()
    before = path.stat().st_size
    with pytest.raises(DataFolderError, match=r"has a table '\w+' of something else"):
        Store.in_folder(tmp_path)
    assert path.stat().st_size == before


def test_a_database_of_another_schema_is_refused(tmp_path):
    Store.in_folder(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "mentors.db")
    connection.execute("UPDATE schema_version SET version = 9")
    connection.commit()
    connection.close()
    with pytest.raises(DataFolderError, match="has schema 9, this program reads 1"):
        Store.in_folder(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataFolderError, match="unable to open database file"):
        Store.in_folder(tmp_path / "none")
