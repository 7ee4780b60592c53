import sqlite3
from contextlib import closing, nullcontext

import numpy as np
import pytest

from indexer import checking
from indexer.checking import check, repair
from indexer.folder import DataFolder
from indexer.following import Follower
from indexer.generations import Generations
from indexer.keeping import Keeper
from indexer.lists import PassageLists
from indexer.rejects import Reject
from indexer.store import Store
from indexer.vectors import Vectors, text_key
from indexer.writing import Writer
from tests.fakes import RECORDS, TableEncoder, mentors, put

NOBODY = bytes(32)
HEADLINE = text_key("Coded welder")


@pytest.fixture
def folder(tmp_path):
    """A data folder with the five mentors and a live snapshot of them; nothing has it open."""
    folder = DataFolder(tmp_path / "data")
    folder.ensure_writable()
    store = Store.in_folder(folder.root)
    put(store)
    publish(store, folder, Vectors(store, TableEncoder()))
    store.close()
    return folder


@pytest.fixture
def sql(folder):
    """Edits the database behind the program's back."""

    def run(statement, *values):
        with closing(sqlite3.connect(folder.root / "mentors.db")) as connection, connection:
            return connection.execute(statement, values).rowcount

    return run


@pytest.fixture
def opened(folder):
    """The store, and vectors of the table's space."""
    store = Store.in_folder(folder.root)
    yield store, Vectors(store, TableEncoder())
    store.close()


def publish(store, folder, vectors):
    follower = Follower(store, "default", Generations(folder.tenant("default")), vectors)
    Keeper(store, folder, "default", follower).keep(wait=True, snapshot=True)


def checked(folder, opened):
    store, vectors = opened
    return check(store, "default", folder, vectors, nullcontext())


def mended(folder, opened):
    """What is left after a repair and a new snapshot, and how many texts were encoded."""
    store, vectors = opened
    repair(store, "default", folder, vectors)
    publish(store, folder, vectors)
    return checked(folder, opened).problems, vectors.encoded


def flip(path, at=0.5):
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 1
    path.write_bytes(content)
    return path


def live(folder):
    generations = Generations(folder.tenant("default"))
    return generations.path(generations.live())


def test_a_sound_folder_has_neither_problems_nor_notes(folder, opened):
    report = checked(folder, opened)
    assert (report.mentors, report.passages, report.snapshots) == (5, 18, 1)
    assert (report.problems, report.notes) == ((), ())
    assert opened[1].encoded == 0


def test_an_empty_folder_is_sound(tmp_path):
    folder = DataFolder(tmp_path)
    store = Store.in_folder(tmp_path)
    report = check(store, "default", folder, Vectors(store, TableEncoder()), nullcontext())
    assert (report.mentors, report.problems, report.notes) == (0, (), ())
    store.close()


def test_checking_changes_no_file(folder, opened):
    def files():
        found = sorted(path for path in folder.root.rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in found if path.suffix != ".db-shm"}

    checked(folder, opened)
    before = files()
    checked(folder, opened)
    assert files() == before


def test_changes_after_the_snapshot_are_no_problem(folder, opened):
    store, vectors = opened
    writer = Writer(store, "default", vectors)
    writer.put(mentors({"id": "baker", "headline": "I audit ovens"}))
    writer.patch("auditor", {"active_mentees": 3})
    writer.patch("nurse", {"headline": "Nurse and developer"})
    writer.remove(["teacher"])
    report = checked(folder, opened)
    assert (report.mentors, report.problems) == (5, ())
    assert report.notes == ("Outdated or unfinished snapshots wait to be removed.",)


def test_the_progress_is_told_in_mentors(folder, opened, monkeypatch):
    monkeypatch.setattr(checking, "AT_ONCE", 2)
    told = []
    store, vectors = opened
    check(
        store, "default", folder, vectors, nullcontext(), lambda done, of: told.append((done, of))
    )
    assert told == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("column", ["content_hash", "text_hash"])
def test_a_wrong_hash_is_found_and_mended(folder, sql, opened, column):
    sql(f"UPDATE mentors SET {column} = 'f00' WHERE id = 'nurse'")
    assert checked(folder, opened).problems == (
        "Mentors that have a hash that is not that of their record: nurse.",
    )
    assert mended(folder, opened) == ((), 0)


def test_a_record_of_somebody_else_is_found(folder, sql, opened):
    sql(
        "UPDATE mentors SET (record, content_hash, text_hash) = "
        "(SELECT record, content_hash, text_hash FROM mentors WHERE id = 'nurse') "
        "WHERE id = 'welder'"
    )
    assert "Mentors that have a hash that is not that of their record: welder." in (
        checked(folder, opened).problems
    )


def test_a_vector_that_is_gone_is_found_and_made_anew(folder, sql, opened):
    assert sql("DELETE FROM vectors WHERE text_hash = ?", HEADLINE) == 1
    assert checked(folder, opened).problems == ("Mentors that lack a vector: welder.",)
    assert mended(folder, opened) == ((), 1)


@pytest.mark.parametrize(
    "vector",
    [
        np.full(9, 0.5, np.float32),
        np.zeros(9, np.float32),
        np.full(9, np.nan, np.float32),
        np.ones(1, np.float32),
        np.zeros(0, np.float32),
    ],
    ids=["long", "zero", "nan", "short", "empty"],
)
def test_a_vector_that_is_no_unit_vector_is_found_and_made_anew(folder, sql, opened, vector):
    sql("UPDATE vectors SET vector = ? WHERE text_hash = ?", vector.tobytes(), HEADLINE)
    assert checked(folder, opened).problems == (
        "Mentors that have a vector that is broken: welder.",
    )
    assert mended(folder, opened) == ((), 1)


def test_a_vector_of_so_many_bytes_that_it_is_none_is_found_and_made_anew(folder, sql, opened):
    sql("UPDATE vectors SET vector = ? WHERE text_hash = ?", bytes(7), HEADLINE)
    assert checked(folder, opened).problems == (
        "Mentors that have a vector that is broken: welder.",
    )
    assert mended(folder, opened) == ((), 1)


def test_a_unit_vector_of_another_text_is_found_by_the_snapshot(folder, sql, opened):
    other = TableEncoder().encode_passages(["law"])[0]
    sql("UPDATE vectors SET vector = ? WHERE text_hash = ?", other.tobytes(), HEADLINE)
    [problem] = checked(folder, opened).problems
    assert problem.startswith("The live snapshot differs from the database in its ")
    assert "dense index" in problem


def test_a_passage_too_many_is_found_and_dropped(folder, sql, opened):
    sql("INSERT INTO passages VALUES ('default', 'nurse', 99, ?, 1)", HEADLINE)
    assert checked(folder, opened).problems == (
        "Mentors that have other passages than their record gives: nurse.",
    )
    assert mended(folder, opened) == ((), 0)


def test_an_outline_that_is_wrong_is_found_and_cut_anew(folder, sql, opened):
    assert sql("UPDATE outlines SET outline = replace(outline, 'bio', 'b') WHERE id = 'nurse'") == 1
    assert checked(folder, opened).problems == (
        "Mentors that have other passages than their record gives: nurse.",
    )
    assert mended(folder, opened) == ((), 0)


def test_a_mentor_written_before_outlines_were_kept_is_sound(folder, sql, opened):
    assert sql("DELETE FROM outlines WHERE id = 'nurse'") == 1
    assert checked(folder, opened).problems == ()


def test_a_passage_that_is_gone_is_found_and_cut_anew(folder, sql, opened):
    assert sql("DELETE FROM passages WHERE id = 'nurse' AND position = 0") == 1
    assert checked(folder, opened).problems == (
        "Mentors that have other passages than their record gives: nurse.",
        "1 cached vectors belong to no passage.",
    )
    assert mended(folder, opened) == ((), 0)


def test_passages_in_another_order_are_found_and_mended(folder, sql, opened):
    sql("UPDATE passages SET position = 98 WHERE id = 'nurse' AND position = 0")
    assert checked(folder, opened).problems == (
        "Mentors that have other passages than their record gives: nurse.",
    )
    assert mended(folder, opened) == ((), 0)


def test_a_passage_of_nobody_is_found_and_dropped(folder, sql, opened):
    sql("INSERT INTO passages VALUES ('default', 'ghost', 0, ?, 1)", HEADLINE)
    assert checked(folder, opened).problems == ("1 passages belong to no mentor.",)
    assert mended(folder, opened) == ((), 0)


def test_a_vector_of_nobody_is_found_and_dropped(folder, sql, opened):
    vector = TableEncoder().encode_passages(["law"])[0]
    sql("INSERT INTO vectors VALUES ('table-1', ?, ?)", NOBODY, vector.tobytes())
    assert checked(folder, opened).problems == ("1 cached vectors belong to no passage.",)
    assert mended(folder, opened) == ((), 0)


def test_two_mentors_of_one_revision_are_found(folder, sql, opened):
    sql("UPDATE mentors SET revision = 2 WHERE id = 'auditor'")
    [problem, *_] = checked(folder, opened).problems
    assert problem in (
        "Mentors that have a revision that is not theirs: nurse.",
        "Mentors that have a revision that is not theirs: auditor.",
    )


def test_a_revision_beyond_the_sequence_is_found(folder, sql, opened):
    sql("UPDATE mentors SET revision = 77 WHERE id = 'welder'")
    assert "Mentors that have a revision that is not theirs: welder." in (
        checked(folder, opened).problems
    )


UNREADABLE = "have a record that cannot be read (restore a backup, or index them again)"
BROKEN = ["{broken", "[]", "null", "7", '{"id": "nurse"}', '{"id": "nurse", "shoe": 43}', ""]


@pytest.mark.parametrize("record", BROKEN)
def test_a_record_that_cannot_be_read_is_found(folder, sql, opened, record):
    sql("UPDATE mentors SET record = ? WHERE id = 'nurse'", record)
    problems = checked(folder, opened).problems
    assert problems == (f"Mentors that {UNREADABLE}: nurse.",)


@pytest.mark.parametrize("record", BROKEN)
def test_a_record_that_cannot_be_read_is_left_by_a_repair(folder, sql, opened, record):
    sql("UPDATE mentors SET record = ? WHERE id = 'nurse'", record)
    sql("UPDATE mentors SET text_hash = 'f00' WHERE id = 'welder'")
    store, vectors = opened
    repair(store, "default", folder, vectors)
    assert checked(folder, opened).problems == (f"Mentors that {UNREADABLE}: nurse.",)


def test_after_a_repair_the_others_are_served_although_one_record_cannot_be_read(
    folder, sql, opened
):
    sql("UPDATE mentors SET record = '{broken' WHERE id = 'nurse'")
    store, vectors = opened
    repair(store, "default", folder, vectors)
    generations = Generations(folder.tenant("default"))
    index = Follower(store, "default", generations, vectors).index
    assert sorted(index.catalogue.ids_alive()) == ["auditor", "solicitor", "teacher", "welder"]


def test_indexing_a_mentor_again_mends_a_record_that_cannot_be_read(folder, sql, opened):
    sql("UPDATE mentors SET record = '{broken' WHERE id = 'nurse'")
    store, vectors = opened
    Writer(store, "default", vectors).put(mentors(RECORDS[1]))
    assert checked(folder, opened).problems == ()


def test_a_mentor_whose_record_cannot_be_read_can_be_removed(folder, sql, opened):
    sql("UPDATE mentors SET record = '{broken' WHERE id = 'nurse'")
    store, vectors = opened
    assert Writer(store, "default", vectors).remove(["nurse"]) == {"nurse": 6}
    assert checked(folder, opened).problems == ()


def test_of_many_mentors_with_one_fault_five_are_named(folder, sql, opened):
    store, _ = opened
    put(store, *({"id": f"m{i}", "headline": "I audit"} for i in range(4)))
    sql("UPDATE mentors SET text_hash = 'f00'")
    assert checked(folder, opened).problems == (
        "Mentors that have a hash that is not that of their record: auditor, nurse, solicitor, "
        "teacher, welder and 4 more.",
    )


@pytest.mark.parametrize(
    "file",
    ["manifest.json", "catalogue.arrow", "first.npy", "passages.f16", "stems.txt", "lexical.npz"],
)
def test_a_file_of_a_snapshot_with_one_bit_changed_is_found_and_mended(folder, opened, file):
    path = flip(live(folder) / file)
    assert checked(folder, opened).problems == (f"{path} is missing or damaged.",)
    assert mended(folder, opened) == ((), 0)


@pytest.fixture
def listed(folder, opened, monkeypatch):
    """The live snapshot with inverted lists, though it has few passages."""
    monkeypatch.setattr("indexer.lists.FROM", 2)
    republish(folder, opened)
    return live(folder)


def republish(folder, opened):
    Generations(folder.tenant("default")).drop_all()
    publish(opened[0], folder, opened[1])


def test_inverted_lists_that_agree_with_the_vectors_are_no_problem(folder, opened, listed):
    assert (listed / "lists.faiss").is_file()
    assert checked(folder, opened).problems == ()


def test_inverted_lists_of_other_vectors_are_found_and_mended(folder, opened, listed):
    of = PassageLists.of
    turned = classmethod(lambda _, rows, *others: of(rows[::-1].copy(), *others))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PassageLists, "of", turned)
        republish(folder, opened)
    assert checked(folder, opened).problems == (
        "The live snapshot differs from the database in its inverted lists.",
    )
    assert mended(folder, opened) == ((), 0)


def test_a_damaged_older_snapshot_is_found_too(folder, opened):
    older = live(folder)
    store, vectors = opened
    publish(store, folder, vectors)
    path = flip(older / "first.npy")
    report = checked(folder, opened)
    assert report.problems == (f"{path} is missing or damaged.",)
    assert report.snapshots == 2


def test_a_live_snapshot_that_is_gone_is_found_and_mended(folder, opened):
    gone = live(folder)
    for path in gone.iterdir():
        path.unlink()
    gone.rmdir()
    assert checked(folder, opened).problems == (f"{gone}/manifest.json is missing or damaged.",)
    assert mended(folder, opened) == ((), 0)


def test_a_snapshot_ahead_of_the_database_is_found_and_mended(folder, sql, opened):
    sql("UPDATE mentors SET revision = revision - 4 WHERE id = 'welder'")
    sql("UPDATE mentors SET record = NULL, revision = -revision WHERE id <> 'welder'")
    sql("DELETE FROM mentors WHERE id <> 'welder'")
    sql("DELETE FROM passages WHERE id <> 'welder'")
    sql("UPDATE tenants SET sequence = 1")
    name = live(folder).name
    problems = checked(folder, opened).problems
    assert problems[-1] == f"The snapshot {name} is not of this database."
    assert mended(folder, opened) == ((), 0)


def test_a_snapshot_that_another_history_left_is_found(folder, sql, opened):
    store, vectors = opened
    record = RECORDS[1] | {"headline": "Porter"}
    Writer(store, "default", vectors).put(mentors(record))
    sql("UPDATE mentors SET revision = 2 WHERE id = 'nurse'")
    sql("UPDATE tenants SET sequence = 5")
    assert checked(folder, opened).problems == (
        "The live snapshot differs from the database in its catalogue, dense index, lexical index.",
    )
    assert mended(folder, opened)[0] == ()


def test_a_missing_snapshot_is_a_note(folder, opened):
    Generations(folder.tenant("default")).drop_all()
    report = checked(folder, opened)
    assert report.problems == ()
    assert report.notes == (
        "There is no snapshot: the index is rebuilt from the database when needed.",
    )


def test_a_snapshot_of_another_space_is_a_note(folder, opened):
    store, _ = opened
    vectors = Vectors(store, TableEncoder("table-2"))
    Writer(store, "default", vectors).adopt()
    report = check(store, "default", folder, vectors, nullcontext())
    assert report.problems == ()
    assert report.notes == (f"The snapshot {live(folder).name} is of another space, table-1.",)


def test_vectors_of_a_space_that_the_index_has_left_are_a_note_until_a_repair(folder, sql, opened):
    store, vectors = opened
    sql("INSERT INTO vectors SELECT 'table-0', text_hash, vector FROM vectors LIMIT 3")
    report = checked(folder, opened)
    assert report.problems == ()
    assert report.notes == (
        "3 cached vectors are of a space that the index has left: the next 'mentors reembed' "
        "drops them.",
    )
    repair(store, "default", folder, vectors)
    assert store.spaces() == ["table-1"]


def test_vectors_of_a_space_that_the_index_moves_to_are_not_worth_a_note(folder, sql, opened):
    sql("INSERT INTO vectors SELECT 'table-2', text_hash, vector FROM vectors")
    sql("UPDATE tenants SET moving_to = 'table-2'")
    report = checked(folder, opened)
    assert (report.problems, report.notes) == ((), ())


def test_half_written_snapshots_are_a_note(folder, opened):
    Generations(folder.tenant("default")).path("000000000009-0123abcd.aside").mkdir()
    report = checked(folder, opened)
    assert report.problems == ()
    assert report.notes == ("Outdated or unfinished snapshots wait to be removed.",)


def test_a_repair_of_a_sound_folder_drops_snapshots_and_nothing_else(folder, opened):
    store, vectors = opened
    before = store.head("default"), store.all("default"), store.cuts("default", ["nurse"])
    repair(store, "default", folder, vectors)
    after = store.head("default"), store.all("default"), store.cuts("default", ["nurse"])
    assert after == before
    assert Generations(folder.tenant("default")).names() == []
    assert vectors.encoded == 0


def test_several_faults_are_found_together_and_mended_together(folder, sql, opened):
    sql("UPDATE mentors SET text_hash = 'f00' WHERE id = 'nurse'")
    sql("DELETE FROM vectors WHERE text_hash = ?", HEADLINE)
    sql("INSERT INTO passages VALUES ('default', 'ghost', 0, ?, 1)", NOBODY)
    path = flip(live(folder) / "stems.txt")
    assert checked(folder, opened).problems == (
        "Mentors that have a hash that is not that of their record: nurse.",
        "Mentors that lack a vector: welder.",
        "1 passages belong to no mentor.",
        f"{path} is missing or damaged.",
    )
    assert mended(folder, opened) == ((), 1)


@pytest.fixture
def page(folder):
    """Changes bytes of the page of the database on which an index begins."""
    with closing(sqlite3.connect(folder.root / "mentors.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        found = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'passages_by_text'"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    path = folder.root / "mentors.db"

    def change(at, content):
        at = (found - 1) * size + at % size
        whole = path.read_bytes()
        path.write_bytes(whole[:at] + content + whole[at + len(content) :])

    return change


def test_a_database_index_that_lacks_rows_is_found(folder, page, sql):
    page(3, (5).to_bytes(2))  # five cells
    store = Store.in_folder(folder.root)
    problems = check(
        store, "default", folder, Vectors(store, TableEncoder()), nullcontext()
    ).problems
    assert any("missing from index passages_by_text" in problem for problem in problems)
    assert all(p.startswith("The database: ") for p in problems[:2])
    store.close()


def test_pages_that_are_damaged_are_a_problem_that_is_found(folder, page):
    page(-40, bytes(range(32)))  # the first key
    store = Store.in_folder(folder.root)
    report = check(store, "default", folder, Vectors(store, TableEncoder()), nullcontext())
    assert report.problems[0].startswith("The database: ")
    store.close()


def test_a_mentor_whose_record_cannot_be_read_can_be_removed_beside_rejected_records(
    folder, sql, opened
):
    sql("UPDATE mentors SET record = '{broken' WHERE id = 'nurse'")
    store, vectors = opened
    store.keep_rejects("default", "a.jsonl", [Reject("other", "{}")])
    assert Writer(store, "default", vectors).remove(["nurse"]) == {"nurse": 6}
