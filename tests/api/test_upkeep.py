import json
import re
import sqlite3
from contextlib import closing

import pytest

from api import upkeep
from api.settings import Settings
from api.tenants import Tenants
from api.wiring import Indexing, Serving
from indexer import proof
from indexer.keeping import empty_log, holding
from indexer.vectors import text_key
from models.errors import DataFolderForeign, EncoderUnavailable, MentorNotFound, NoIndex
from recommender.recommend import Request
from tests.api.conftest import background_of
from tests.fakes import RECORDS, TableEncoder, WideEncoder, mentors, table_encoder, version

NURSE_ONLY = ("Tomasz Zielny", "Ward nurse turned health informatics lead", "surgical ward")


@pytest.fixture
def data(index):
    """A data folder with the five mentors."""
    return index().data


@pytest.fixture
def sql(data):
    """Edits the database behind the program's back."""

    def run(statement, *values):
        with closing(sqlite3.connect(data / "mentors.db")) as connection, connection:
            return connection.execute(statement, values).rowcount

    return run


@pytest.fixture
def lines(tmp_path):
    """Writes a file of JSON lines."""

    def write(name, *values):
        path = tmp_path / name
        path.write_text(
            "".join((v if isinstance(v, str) else json.dumps(v)) + "\n" for v in values)
        )
        return path

    return write


def refused(ran, message):
    """One sentence on standard error, nothing on standard output, and exit status 2."""
    *_, sentence = ran.err.splitlines()
    assert (ran.status, ran.out, sentence) == (2, "", message)


def files_with(folder, *needles):
    """The files below the folder that hold one of the texts."""
    return sorted(
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(needle.encode() in path.read_bytes() for needle in needles)
    )


def live(data):
    return (data / "tenants/default/CURRENT").read_text()


def ids(run, data, *options):
    ran = run("recommend", "audit", "--json", "--limit", 300, *options, "--data", data)
    return sorted(one["mentor"]["id"] for one in json.loads(ran.out)["recommendations"])


# --- verify ---


def test_verifying_a_sound_folder_says_so(run, data):
    ran = run("verify", "--data", data)
    assert ran == (
        0,
        "5 mentors, 18 passages, 1 snapshots: all agree.\n",
        "checking: 5 of 5\n",
    )


def test_verifying_as_json(run, data):
    ran = run("verify", "--json", "--data", data)
    assert ran.status == 0
    assert json.loads(ran.out) == {
        "mentors": 5,
        "passages": 18,
        "snapshots": 1,
        "problems": [],
        "notes": [],
    }


def test_a_problem_is_named_and_the_exit_status_is_one(run, data, sql):
    sql("UPDATE mentors SET text_hash = 'f00' WHERE id = 'nurse'")
    ran = run("verify", "--data", data)
    assert ran == (
        1,
        "5 mentors, 18 passages, 1 snapshots: 1 problems.\n",
        "checking: 5 of 5\n"
        "Problem: Mentors that have a hash that is not that of their record: nurse.\n",
    )


def test_a_note_is_said_and_is_no_problem(run, data):
    (data / "tenants/default/snapshots/000000000009-0123abcd.aside").mkdir()
    ran = run("verify", "--data", data)
    assert ran.status == 0
    assert ran.err.endswith("Note: Outdated or unfinished snapshots wait to be removed.\n")


def test_repairing_mends_and_says_so(run, data, sql):
    sql("UPDATE mentors SET text_hash = 'f00' WHERE id = 'nurse'")
    before = live(data)
    ran = run("verify", "--repair", "--data", data)
    assert ran.status == 0
    assert ran.out == (
        "Mended from the database.\n5 mentors, 18 passages, 1 snapshots: all agree.\n"
    )
    assert live(data) != before
    assert run("verify", "--data", data).status == 0


def test_repairing_as_json_says_what_was_found_and_what_is_left(run, data, sql):
    sql("DELETE FROM vectors WHERE text_hash = ?", text_key("Coded welder"))
    ran = run("verify", "--repair", "--json", "--data", data)
    found = json.loads(ran.out)
    assert ran.status == 0
    assert (found["problems"], found["repaired"], found["left"]) == (
        ["Mentors that lack a vector: welder."],
        True,
        [],
    )


def test_repairing_a_sound_folder_changes_nothing(run, data):
    before = live(data)
    ran = run("verify", "--repair", "--json", "--data", data)
    assert (ran.status, json.loads(ran.out)["repaired"]) == (0, False)
    assert live(data) == before


def test_a_damaged_snapshot_is_replaced_by_a_repair(run, data):
    path = data / "tenants/default/snapshots" / live(data) / "lexical.npz"
    path.write_bytes(path.read_bytes()[:-1])
    ran = run("verify", "--data", data)
    assert (ran.status, f"Problem: {path} is missing or damaged.\n" in ran.err) == (1, True)
    assert run("verify", "--repair", "--data", data).status == 0
    assert not path.exists()
    assert run("verify", "--data", data).status == 0


def test_a_record_that_cannot_be_read_is_said_to_be_left(run, data, sql):
    sql("UPDATE mentors SET record = '{broken' WHERE id = 'nurse'")
    sql("UPDATE mentors SET text_hash = 'f00' WHERE id = 'welder'")
    problem = (
        "Problem: Mentors that have a record that cannot be read (restore a backup, or index them "
        "again): nurse.\n"
    )
    ran = run("verify", "--repair", "--data", data)
    assert ran.status == 1
    assert ran.out.startswith("Not everything could be mended:\n")
    assert ran.out.endswith(": 1 problems.\n")
    assert ran.err.endswith(problem)
    assert "welder" in ids(run, data, "--filter", "available=any")


def test_pages_that_are_damaged_are_a_problem_and_no_full_disk(run, data):
    with closing(sqlite3.connect(data / "mentors.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        page = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'passages_by_text'"
        ).fetchone()[0]
    content = bytearray((data / "mentors.db").read_bytes())
    content[page * 4096 - 40 : page * 4096 - 8] = bytes(range(32))
    (data / "mentors.db").write_bytes(content)
    ran = run("verify", "--data", data)
    assert ran.status == 1
    assert "Problem: The database: " in ran.err


def test_verifying_with_another_encoder_is_refused_and_nothing_is_mended_with_it(run, data, sql):
    sql("DELETE FROM vectors WHERE text_hash = ?", text_key("Coded welder"))
    before = live(data)
    ran = run("verify", "--repair", "--data", data, space="table-2")
    assert ran.status == 2
    assert "table-1" in ran.err.splitlines()[-1]
    assert sql("DELETE FROM vectors WHERE text_hash = ?", text_key("Coded welder")) == 0
    assert live(data) == before


def test_verifying_waits_for_whoever_keeps_the_snapshots(run, data, monkeypatch):
    monkeypatch.setattr("indexer.keeping.PATIENCE_S", 0)
    folder = data / "tenants/default"
    with holding(folder, 0):
        refused(
            run("verify", "--data", data),
            f"Another process has kept the snapshots in {folder} for over 0 s: try again, or end "
            "it.",
        )


@pytest.mark.parametrize("command", [["verify"], ["erase", "x"], ["backup", "b.db"]])
def test_without_a_data_folder_there_is_nothing_to_keep(run, tmp_path, command):
    folder = tmp_path / "none"
    refused(
        run(*command, "--data", folder),
        f"There is no data folder at {folder}: run 'mentors index FILE' first, or name the right "
        "folder with --data or MENTORS_DATA.",
    )
    assert not folder.exists()


# --- erase ---


def test_an_erased_mentor_is_in_no_file(run, data):
    assert files_with(data, *NURSE_ONLY) == ["mentors.db"]
    assert run("erase", "nurse", "--data", data) == (0, "The mentor nurse is erased.\n", "")
    assert files_with(data, *NURSE_ONLY) == []
    assert ids(run, data) == ["auditor", "teacher"]
    assert run("verify", "--data", data).status == 0


def test_both_snapshots_are_cleared_of_an_erased_mentor(run, data, lines):
    source = lines("more.jsonl", {"id": "baker", "headline": "I audit ovens"})
    run("index", source, "--data", data)
    assert len(list((data / "tenants/default/snapshots").iterdir())) == 2
    run("erase", "nurse", "--data", data)
    assert len(list((data / "tenants/default/snapshots").iterdir())) == 1
    assert files_with(data, *NURSE_ONLY) == []


def test_a_proof_says_what_was_looked_for_and_where(run, data):
    ran = run("erase", "nurse", "--prove", "--data", data)
    first, second = ran.out.splitlines()
    assert (ran.status, first, ran.err) == (0, "The mentor nurse is erased.", "")
    files = [path for path in data.rglob("*") if path.is_file()]
    said = re.fullmatch(
        r"Looked for 8 texts and 6 vectors of this mentor alone in (\d+) files \(([\d,]+) bytes, "
        r"compressed ones opened\): no trace\.",
        second,
    )
    assert said
    assert int(said[1]) == len(files) + 2  # the database's log, while it is open
    assert int(said[2].replace(",", "")) >= sum(path.stat().st_size for path in files)


def test_a_trace_that_is_left_is_named_and_the_exit_status_is_one(run, data):
    left = data / "notes.txt"
    left.write_text("Tomasz Zielny called")
    ran = run("erase", "nurse", "--prove", "--data", data)
    assert ran.status == 1
    assert ran.err == f"Found: {left}: the text 'Tomasz Zielny'\n"
    assert ran.out.startswith("The mentor nurse is erased.\n")
    assert ran.out.endswith("compressed ones opened): 1 traces.\n")


def test_nobody_cannot_be_erased(run, data):
    refused(run("erase", "ghost", "--data", data), "There is no mentor with the id 'ghost'.")
    run("erase", "nurse", "--data", data)
    refused(run("erase", "nurse", "--data", data), "There is no mentor with the id 'nurse'.")


def test_rejected_records_of_an_erased_mentor_go_too(run, data, lines):
    bad = RECORDS[1] | {"capacity": "two", "bio": "A secret of the nurse's life at night."}
    run("index", lines("bad.jsonl", bad, {"id": "other", "bio": 5}), "--data", data)
    [kept] = (data / "tenants/default/rejects").iterdir()
    assert "secret" in kept.read_text()
    run("erase", "nurse", "--prove", "--data", data)
    assert files_with(data, "A secret of the nurse") == []
    assert [json.loads(line)["record"]["id"] for line in kept.read_text().splitlines()] == ["other"]


def test_a_word_that_others_rejected_records_have_is_no_trace(run, data, lines):
    run(
        "index",
        lines("bad.jsonl", {"id": "x", "skills": ["due diligence"], "bio": 5}),
        "--data",
        data,
    )
    ran = run("erase", "auditor", "--prove", "--data", data)
    assert (ran.status, ran.err) == (0, "")


def test_an_encoder_of_another_space_does_not_stop_an_erasure_half_way(run, data):
    ran = run("erase", "nurse", "--data", data, space="table-2")
    if ran.status == 0:
        assert files_with(data, *NURSE_ONLY) == []
    else:  # refused: then nothing was removed either
        assert "nurse" in ids(run, data)


def test_a_database_from_before_passages_were_kept_is_erased_from_as_well(run, data, sql):
    # As an older version left it: vectors, but no passages and no space.
    sql("DELETE FROM passages")
    sql("UPDATE tenants SET space_id = '', runtime_id = ''")
    run("erase", "nurse", "--data", data)
    texts = ["Ward nurse turned health informatics lead", "leaving the hospital"]
    for text in texts:
        assert sql("DELETE FROM vectors WHERE text_hash = ?", text_key(text)) == 0


def encoder_missing(_settings):
    raise EncoderUnavailable("The encoder '/models/mine' cannot be loaded.")


def encoder_of_another_recipe(_settings):
    return TableEncoder("table-r2")


@pytest.mark.parametrize("encoder", [encoder_missing, encoder_of_another_recipe])
def test_an_erasure_needs_no_encoder(data, monkeypatch, encoder):
    monkeypatch.setattr("api.wiring.default_encoder", encoder)
    found = upkeep.erase(Settings(data=data), "nurse", prove=True)
    assert (found.texts, found.vectors, found.traces) == (8, 6, ())
    assert files_with(data, *NURSE_ONLY) == []
    assert list((data / "tenants/default/snapshots").iterdir()) == []
    serving = Serving(Settings(data=data), table_encoder)
    assert serving.follower.index.mentors == 4
    serving.close()


def test_vectors_from_before_passages_were_kept_are_erased_without_an_encoder(
    data, sql, monkeypatch
):
    sql("DELETE FROM passages")
    sql("UPDATE tenants SET space_id = '', runtime_id = ''")
    monkeypatch.setattr("api.wiring.default_encoder", encoder_missing)
    upkeep.erase(Settings(data=data), "nurse", prove=False)
    text = text_key("Ward nurse turned health informatics lead")
    assert sql("DELETE FROM vectors WHERE text_hash = ?", text) == 0


def test_a_served_folder_can_be_erased_from(run, index, serve, until):
    settings = index()
    client = serve(settings)
    ran = run("erase", "nurse", "--prove", "--data", settings.data)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith(": no trace.\n")
    assert client.get("/v1/mentors/nurse").status_code == 404


# --- what a server erases ---


def test_a_server_that_ends_has_erased_whoever_was_removed(data):
    tenants = Tenants(Settings(data=data), table_encoder)
    background = background_of(tenants)
    background.start()
    tenants.first.remove("nurse")
    assert files_with(data, *NURSE_ONLY) != []
    background.stop()
    tenants.close()
    assert files_with(data, *NURSE_ONLY) == []


def test_after_a_removal_and_publishing_no_byte_is_left_of_text_or_vectors(tmp_path):
    indexing = Indexing(Settings(data=tmp_path / "data"), lambda _: WideEncoder())
    indexing.writer.put(mentors())
    indexing.publish()
    indexing.writer.put(mentors({"id": "baker", "headline": "I audit ovens before dawn"}))
    indexing.publish()
    wanted = proof.evidence(
        indexing.store, "default", indexing.store.read("default", ["nurse"])["nurse"].mentor
    )
    before = {trace.path.parent.name for trace in proof.look(tmp_path, wanted).traces}
    assert len(before) == 3  # the data folder itself and both snapshots
    indexing.writer.remove(["nurse"])
    indexing.publish()
    empty_log(indexing.store)
    assert proof.look(tmp_path, wanted).traces == ()
    indexing.close()


# --- backup and restore ---


def test_a_backup_is_made_and_restored(run, data, tmp_path):
    file, new = tmp_path / "saved.db", tmp_path / "new"
    ran = run("backup", file, "--data", data)
    size = file.stat().st_size
    assert ran == (0, f"{file} holds all mentors and their vectors ({size:,} bytes).\n", "")
    ran = run("restore", file, "--data", new)
    assert (ran.status, ran.out) == (0, f"{new} is ready; tenants: default.\n")
    assert ids(run, new) == ids(run, data)
    assert run("verify", "--data", new).out == "5 mentors, 18 passages, 1 snapshots: all agree.\n"


def test_every_tenant_is_restored_with_a_snapshot(run, index, tmp_path):
    index(tenant="b")
    data = index({"id": "x", "headline": "I audit"}, tenant="a").data
    run("backup", tmp_path / "saved.db", "--data", data)
    ran = run("restore", tmp_path / "saved.db", "--data", tmp_path / "new")
    assert ran.out == f"{tmp_path / 'new'} is ready; tenants: a, b.\n"
    assert ids(run, tmp_path / "new", "--tenant", "a") == ["x"]
    assert len(list((tmp_path / "new").glob("tenants/*/CURRENT"))) == 2


def test_a_restore_encodes_nothing(run, data, tmp_path, monkeypatch):
    run("backup", tmp_path / "saved.db", "--data", data)
    encoders = []

    def encoder(_settings):
        encoders.append(TableEncoder())
        return encoders[-1]

    monkeypatch.setattr("api.wiring.default_encoder", encoder)
    upkeep.restore(Settings(data=tmp_path / "new"), tmp_path / "saved.db")
    assert [one.encoded for one in encoders] == [[]]


def test_a_served_folder_can_be_backed_up(run, index, serve, tmp_path):
    settings = index()
    client = serve(settings)
    client.put("/v1/mentors/baker", json={"headline": "I audit ovens"})
    assert run("backup", tmp_path / "saved.db", "--data", settings.data).status == 0
    run("restore", tmp_path / "saved.db", "--data", tmp_path / "new")
    assert "baker" in ids(run, tmp_path / "new")


def test_a_backup_overwrites_nothing(run, data, tmp_path):
    file = tmp_path / "saved.db"
    file.write_bytes(b"x")
    refused(run("backup", file, "--data", data), f"{file} exists already: name a new file.")
    assert file.read_bytes() == b"x"


def test_a_backup_into_a_folder_that_is_not_there_is_refused_in_one_sentence(run, data, tmp_path):
    ran = run("backup", tmp_path / "none" / "saved.db", "--data", data)
    assert ran.status == 2
    assert "Something went wrong inside" not in ran.err


def test_a_restore_overwrites_nothing(run, data, tmp_path):
    run("backup", tmp_path / "saved.db", "--data", data)
    refused(
        run("restore", tmp_path / "saved.db", "--data", data),
        f"{data} is not empty: restore into a new folder, then serve that one.",
    )


def test_a_file_that_is_no_backup_is_refused(run, tmp_path):
    new = tmp_path / "new"
    refused(
        run("restore", tmp_path / "none.db", "--data", new),
        f"{tmp_path / 'none.db'} does not exist or is no file: expected a backup.",
    )
    (tmp_path / "diary").write_text("Dear diary, " * 100)
    ran = run("restore", tmp_path / "diary", "--data", new)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"{tmp_path / 'diary'} is damaged or no backup of this program: ")
    assert len(ran.err.splitlines()) == 1


# --- index --sync ---

CREW = tuple({"id": f"m{i}", "headline": f"I audit {i} ships"} for i in range(10))


@pytest.fixture
def ten(run, tmp_path, lines):
    """A data folder with ten mentors."""
    assert run("index", lines("ten.jsonl", *CREW), "--data", tmp_path / "ten").status == 0
    return tmp_path / "ten"


def test_without_sync_nobody_is_removed(run, ten, lines):
    run("index", lines("some.jsonl", *CREW[:3]), "--data", ten)
    assert len(ids(run, ten)) == 10


def test_a_sync_removes_whoever_is_no_longer_listed(run, ten, lines):
    source = lines("eight.jsonl", *CREW[:7], {"id": "new", "headline": "I audit"}, CREW[7])
    ran = run("index", source, "--sync", "--data", ten)
    assert ran.status == 0
    read, removed, built = ran.out.splitlines()
    assert read == f"{source}: 9 records, 1 added, 0 changed, 8 unchanged, 0 rejected"
    assert removed == "2 mentors who are no longer listed were removed."
    assert built.startswith("Indexed 9 mentors in ")
    assert ids(run, ten) == sorted(["new", *(f"m{i}" for i in range(8))])
    assert files_with(ten, "I audit 8 ships", "I audit 9 ships") == []


def test_a_sync_with_everybody_removes_nobody_and_says_nothing_of_it(run, ten, lines):
    ran = run("index", lines("all.jsonl", *CREW), "--sync", "--data", ten)
    assert len(ran.out.splitlines()) == 2
    assert len(ids(run, ten)) == 10


def test_several_files_are_synced_as_one(run, ten, lines):
    first, second = lines("a.jsonl", *CREW[:5]), lines("b.jsonl", *CREW[5:])
    assert run("index", first, second, "--sync", "--data", ten).status == 0
    assert len(ids(run, ten)) == 10


def test_a_sync_that_would_remove_too_many_is_refused_before_anything_is_written(run, ten, lines):
    source = lines("seven.jsonl", {"id": "new", "headline": "I audit"}, *CREW[:7])
    before = live(ten)
    refused(
        run("index", source, "--sync", "--data", ten),
        "--sync would remove 3 mentors, 30 % of all, more than 20 %: if that is meant, say "
        "--max-removed 31. Nothing was changed.",
    )
    assert len(ids(run, ten)) == 10
    assert live(ten) == before


def test_more_may_be_removed_when_that_is_said(run, ten, lines):
    source = lines("two.jsonl", *CREW[:2])
    assert run("index", source, "--sync", "--max-removed", 79.9, "--data", ten).status == 2
    ran = run("index", source, "--sync", "--max-removed", 80, "--data", ten)
    assert ran.status == 0
    assert ids(run, ten) == ["m0", "m1"]


def test_less_may_be_removed_when_that_is_said(run, ten, lines):
    source = lines("nine.jsonl", *CREW[:9])
    refused(
        run("index", source, "--sync", "--max-removed", 5.5, "--data", ten),
        "--sync would remove 1 mentors, 10 % of all, more than 5.5 %: if that is meant, say "
        "--max-removed 11. Nothing was changed.",
    )


def test_the_share_that_a_refusal_names_is_enough(run, ten, lines):
    source = lines("none.jsonl", {"id": "new", "headline": "I audit"})
    ran = run("index", source, "--sync", "--data", ten)
    assert "say --max-removed 100." in ran.err
    assert run("index", source, "--sync", "--max-removed", 100, "--data", ten).status == 0
    assert ids(run, ten) == ["new"]


@pytest.mark.parametrize("share", ["-1", "101", "many"])
def test_a_share_that_is_none_is_refused(run, ten, lines, share):
    source = lines("all.jsonl", *CREW)
    ran = run("index", source, "--sync", "--max-removed", share, "--data", ten)
    assert (ran.status, ran.out) == (2, "")


def test_a_mentor_whose_record_was_rejected_is_not_removed(run, ten, lines):
    source = lines("bad.jsonl", *CREW[:8], CREW[8] | {"capacity": -1})
    ran = run("index", source, "--sync", "--data", ten)
    assert ran.status == 2
    assert "1 mentors who are no longer listed were removed." in ran.out
    assert ids(run, ten) == [f"m{i}" for i in range(9)]


def test_a_record_of_nobody_knows_whom_stops_a_sync(run, ten, lines):
    source = lines("broken.jsonl", *CREW[:9], '{"id": "m9", "headline":')
    ran = run("index", source, "--sync", "--data", ten)
    assert (ran.status, ran.out) == (2, "")
    sentence = ran.err.splitlines()[-1]
    assert sentence.startswith(f"--sync would remove 1 mentors, but {source}, line 10: ")
    assert sentence.endswith(
        "Whose record that is cannot be told: mend it first. Nothing was changed."
    )
    assert len(ids(run, ten)) == 10


def test_a_record_of_nobody_knows_whom_is_no_hindrance_when_nobody_is_missing(run, ten, lines):
    source = lines("broken.jsonl", *CREW, "{broken")
    ran = run("index", source, "--sync", "--data", ten)
    assert ran.status == 2
    assert "10 unchanged, 1 rejected" in ran.out
    assert len(ids(run, ten)) == 10


def test_a_file_that_cannot_be_read_stops_a_sync_before_anything_is_written(run, ten, lines):
    first, second = lines("a.jsonl", *CREW[:9], {"id": "new", "headline": "I audit"}), ten / "none"
    ran = run("index", first, second, "--format", "jsonl", "--sync", "--data", ten)
    assert (ran.status, ran.out) == (2, "")
    assert ids(run, ten) == [f"m{i}" for i in range(10)]


def test_a_sync_touches_no_other_tenant(run, ten, lines):
    run("index", lines("b.jsonl", CREW[0]), "--data", ten, "--tenant", "b")
    source = lines("b2.jsonl", CREW[1])
    run("index", source, "--sync", "--max-removed", 100, "--data", ten, "--tenant", "b")
    assert ids(run, ten, "--tenant", "b") == ["m1"]
    assert len(ids(run, ten)) == 10


def snapshot_of_files(folder):
    return {
        path: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".db-shm", ".db-wal", ".lock")
    }


def test_a_dry_run_lists_what_would_change_and_changes_nothing(run, ten, lines):
    changed = CREW[0] | {"headline": "I brew", "capacity": 4}
    source = lines("dry.jsonl", changed, *CREW[1:9], {"id": "new", "bio": "I audit"})
    before = snapshot_of_files(ten)
    ran = run("index", source, "--sync", "--dry-run", "--data", ten)
    assert ran == (
        0,
        "+ new\n"
        "~ m0 (capacity, headline)\n"
        "- m9\n"
        "Would add 1, change 1, remove 1 and leave 8 mentors as they are; 0 records would be "
        "rejected. Nothing was changed.\n",
        "",
    )
    assert snapshot_of_files(ten) == before
    assert ids(run, ten) == [f"m{i}" for i in range(10)]


def test_a_dry_run_without_sync_removes_nobody(run, ten, lines):
    ran = run("index", lines("dry.jsonl", CREW[0]), "--dry-run", "--data", ten)
    assert ran.out == (
        "Would add 0, change 0, remove 0 and leave 1 mentors as they are; 0 records would be "
        "rejected. Nothing was changed.\n"
    )


def test_a_dry_run_names_what_would_be_rejected(run, ten, lines):
    source = lines("dry.jsonl", CREW[0], {"id": "x", "bio": 5})
    ran = run("index", source, "--dry-run", "--data", ten)
    assert ran.status == 2
    assert ran.err == f"{source}, line 2: /bio expected text, got a number.\n"
    assert "1 records would be rejected" in ran.out


def test_a_dry_run_of_a_sync_that_would_be_refused_lists_it_and_is_refused(run, ten, lines):
    ran = run("index", lines("dry.jsonl", *CREW[:5]), "--sync", "--dry-run", "--data", ten)
    assert ran.status == 2
    assert ran.out.startswith("- m5\n- m6\n- m7\n- m8\n- m9\n")
    assert ran.err == (
        "--sync would remove 5 mentors, 50 % of all, more than 20 %: if that is meant, say "
        "--max-removed 51. Nothing was changed.\n"
    )


def test_a_dry_run_makes_no_data_folder(run, tmp_path, lines):
    source = lines("dry.jsonl", *CREW)
    ran = run("index", source, "--sync", "--dry-run", "--data", tmp_path / "none")
    assert ran.status == 0
    assert ran.out.endswith(
        "Would add 10, change 0, remove 0 and leave 0 mentors as they are; 0 records would be "
        "rejected. Nothing was changed.\n"
    )
    assert not (tmp_path / "none").exists()


def test_a_dry_run_needs_no_encoder(run, ten, lines, monkeypatch):
    source = lines("dry.jsonl", {"id": "new", "headline": "I audit"})

    def none(_settings):
        raise AssertionError("loaded")

    monkeypatch.setattr("api.wiring.SentenceTransformerEncoder", none)
    assert run("index", source, "--dry-run", "--data", ten).status == 0


# --- serving from nothing ---


@pytest.fixture
def created(tmp_path):
    serving = Serving(Settings(data=tmp_path / "new"), table_encoder, create=True)
    yield serving
    serving.close()


def test_a_server_may_begin_with_nobody(created):
    assert created.recommend(Request("audit")).recommendations == ()
    assert created.recommender.index_version == version(0)


def test_a_server_that_began_with_nobody_takes_mentors(created):
    created.put(mentors(RECORDS[0]))
    assert [one.mentor.id for one in created.recommend(Request("audit")).recommendations] == [
        "auditor"
    ]


def test_a_server_may_begin_in_a_folder_that_is_empty(tmp_path):
    Serving(Settings(data=tmp_path), table_encoder, create=True).close()
    assert (tmp_path / "mentors.db").is_file()


def test_a_server_that_is_told_to_begin_opens_what_is_there(data):
    serving = Serving(Settings(data=data), table_encoder, create=True)
    assert serving.follower.index.mentors == 5
    serving.close()


def test_a_server_never_begins_in_a_folder_of_something_else(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(DataFolderForeign, match="it belongs to something else"):
        Serving(Settings(data=tmp_path), table_encoder, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_server_that_is_not_told_to_begin_says_how(data):
    with pytest.raises(NoIndex) as raised:
        Serving(Settings(data=data, tenant="other"), table_encoder)
    assert str(raised.value) == (
        f"Nothing is indexed in {data / 'tenants' / 'other'}: run 'mentors index FILE' with the "
        "same --data and --tenant, or 'mentors serve --create' to begin with nobody."
    )


def test_a_server_that_began_with_nobody_patches_nobody(created):
    with pytest.raises(MentorNotFound):
        created.patch("nurse", {"capacity": 1})
    assert created.remove("nurse") is None


def test_a_repair_counts_what_is_there_after_it(run, data, sql):
    sql("DELETE FROM passages WHERE id = 'nurse' AND position = 0")
    ran = run("verify", "--repair", "--data", data)
    assert ran.out.endswith("5 mentors, 18 passages, 1 snapshots: all agree.\n")


def test_a_sync_that_is_refused_has_not_embedded_everybody_anew_either(run, ten, lines):
    source = lines("two.jsonl", *CREW[:2])
    ran = run("index", source, "--sync", "--data", ten, space="table-2")
    assert "Nothing was changed." in ran.err
    assert len(ids(run, ten)) == 10  # by the encoder that the index was made with


def test_a_backup_inside_the_data_folder_is_refused(run, data):
    target = data / "tenants" / "backup.db"
    refused(
        run("backup", target, "--data", data),
        f"{target} is inside the data folder, where nobody would ever erase from it: name a file "
        "elsewhere.",
    )
    assert not target.exists()
