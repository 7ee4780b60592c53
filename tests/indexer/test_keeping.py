import json
import threading

import pytest

from indexer import keeping, proof
from indexer.database import EVERYBODY
from indexer.folder import DataFolder
from indexer.following import Follower
from indexer.generations import Generations
from indexer.keeping import ERASE_AFTER_S, Keeper, holding
from indexer.rejects import Reject, kept
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import Busy, DataFolderError
from tests.fakes import RECORDS, TableEncoder, WideEncoder, mentors

ON_EVERY_STORE = True

SECONDS = 20  # how long a thread is waited for before a test fails
BAKER = {"id": "baker", "name": "Ada Brotmann", "headline": "I audit ovens before dawn"}


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    folder.ensure_writable()
    return folder


@pytest.fixture
def store(folder, store_url):
    store = Store.of(folder.root, store_url)
    yield store
    store.close()


@pytest.fixture
def vectors(store):
    return Vectors(store, WideEncoder())


@pytest.fixture
def writer(store, vectors):
    return Writer(store, "default", vectors)


@pytest.fixture
def keeper(store, folder, vectors, writer):
    """The keeper of a process that started when the five mentors were there."""
    writer.put(mentors())
    return new_keeper(store, folder, vectors)


@pytest.fixture
def clock(monkeypatch):
    """What `time.monotonic` says in `keeping`; a test sets it."""

    class Clock:
        now = 1000.0

    monkeypatch.setattr(keeping.time, "monotonic", lambda: Clock.now)
    return Clock


def new_keeper(store, folder, vectors, kind=Follower):
    follower = kind(store, "default", Generations(folder.tenant("default")), vectors)
    return Keeper(store, folder, "default", follower)


def snapshots(keeper):
    return [int(name.partition("-")[0]) for name in keeper.generations.names()]


def files_with(folder, *needles):
    """The files below the folder that hold one of the texts, as they are."""
    return sorted(
        path.name
        for path in folder.root.rglob("*")
        if path.is_file() and any(needle.encode() in path.read_bytes() for needle in needles)
    )


def evidence_of(store, id):
    stored = store.read("default", [id])[id]
    return proof.evidence(store, "default", stored.mentor)


def test_the_first_keeping_makes_a_snapshot(keeper):
    assert keeper.keep() is True
    assert snapshots(keeper) == [5]
    assert keeper.generations.live() == keeper.generations.names()[0]


def test_keeping_again_makes_no_other_snapshot(keeper):
    keeper.keep()
    name = keeper.generations.live()
    keeper.keep()
    assert keeper.generations.names() == [name]


def test_a_snapshot_is_made_when_it_is_asked_for(keeper):
    keeper.keep()
    keeper.keep(snapshot=True)
    assert snapshots(keeper) == [5, 5]


def test_the_snapshot_before_is_kept_when_nobody_was_removed(keeper, writer):
    keeper.keep()
    writer.put(mentors(BAKER))
    keeper.keep(snapshot=True)
    assert snapshots(keeper) == [6, 5]


def test_of_three_snapshots_the_oldest_goes(keeper, writer):
    for headline in ("I audit", "I bake", "I brew"):
        writer.put(mentors(BAKER | {"headline": headline}))
        keeper.keep(snapshot=True)
    assert snapshots(keeper) == [8, 7]


def test_snapshots_from_before_a_removal_are_dropped_and_a_new_one_is_made(keeper, writer):
    keeper.keep()
    writer.put(mentors(BAKER))
    keeper.keep(snapshot=True)
    writer.remove(["nurse"])
    keeper.keep()
    assert snapshots(keeper) == [7]


def test_after_a_removal_no_byte_of_the_mentor_is_in_any_file(keeper, writer, store, folder):
    keeper.keep()
    keeper.keep(snapshot=True)
    wanted = evidence_of(store, "nurse")
    assert (len(wanted.texts), len(wanted.vectors)) == (8, 6)
    found = {trace.path.name for trace in proof.look(folder.root, wanted).traces}
    assert {"catalogue.arrow", "passages.f16"} <= found
    if store.database.is_sqlite:  # of PostgreSQL, tests.indexer.test_postgres looks at its files
        assert "mentors.db" in found | {path.removesuffix("-wal") for path in found}
    writer.remove(["nurse"])
    keeper.keep()
    assert proof.look(folder.root, wanted).traces == ()
    assert files_with(folder, *wanted.texts) == []


def test_after_a_replaced_text_and_a_later_removal_neither_version_is_in_any_file(
    keeper, writer, store, folder
):
    writer.put(mentors(BAKER))
    before = evidence_of(store, "baker")
    writer.put(mentors(BAKER | {"headline": "I brew dark beer in winter"}))
    after = evidence_of(store, "baker")
    keeper.keep()
    writer.remove(["baker"])
    keeper.keep()
    for wanted in (before, after):
        assert proof.look(folder.root, wanted).traces == ()


def test_after_a_removal_the_others_are_still_in_the_live_snapshot(
    keeper, writer, store, folder, vectors
):
    keeper.keep()
    writer.remove(["nurse"])
    keeper.keep()
    follower = new_keeper(store, folder, vectors)._follower
    assert follower.origin.snapshot == keeper.generations.live()
    assert sorted(follower.index.catalogue.ids_alive()) == [
        "auditor",
        "solicitor",
        "teacher",
        "welder",
    ]


def test_the_id_of_a_removed_mentor_is_forgotten_when_every_snapshot_has_passed_it(
    keeper, writer, store, folder
):
    keeper.keep()
    writer.remove(["nurse"])
    assert [change.id for change in store.changes("default", 5)[1]] == ["nurse"]
    keeper.keep()
    assert store.changes("default", 5)[1] == []
    assert store.head("default").purged_at == 6


def test_rejected_records_that_speak_of_the_removed_go_from_their_file(
    keeper, writer, store, folder
):
    nurse = kept(2, "/capacity", "bad", RECORDS[1] | {"capacity": "x"})
    store.keep_rejects("default", "a.jsonl", [nurse, kept(3, "/bio", "bad", {"id": "other"})])
    store.keep_rejects("default", "b.jsonl", [nurse])
    keeper.keep()
    rejects = folder.tenant("default") / "rejects"
    assert sorted(path.name for path in rejects.iterdir()) == ["a.jsonl", "b.jsonl"]
    writer.remove(["nurse"])
    keeper.keep()
    assert [path.name for path in rejects.iterdir()] == ["a.jsonl"]
    [line] = (rejects / "a.jsonl").read_text().splitlines()
    assert json.loads(line)["record"] == {"id": "other"}


def test_files_among_the_rejects_that_nothing_accounts_for_go(keeper, store, folder):
    store.keep_rejects("default", "a.jsonl", [Reject("x", "{}")])
    keeper.keep()
    rejects = folder.tenant("default") / "rejects"
    (rejects / "a.jsonl.01234567.aside").write_bytes(b"half")
    keeper.keep()
    assert {path.name: path.read_text() for path in rejects.iterdir()} == {"a.jsonl": "{}\n"}


def test_half_written_snapshots_are_removed(keeper):
    keeper.keep()
    half = keeper.generations.path("000000000009-0123abcd.aside")
    half.mkdir()
    (half / "catalogue.arrow").write_bytes(b"half")
    keeper.keep()
    assert not half.exists()


def test_nothing_is_due_where_nobody_is(store, folder, vectors, clock):
    assert new_keeper(store, folder, vectors).is_due() is False


def test_few_changes_make_nothing_due(keeper, clock):
    assert keeper.is_due() is False
    clock.now += 3600
    assert keeper.is_due() is False


def test_a_removal_is_due_when_it_is_old_enough(keeper, writer, clock):
    keeper.keep()
    writer.remove(["nurse"])
    assert keeper.is_due() is False
    clock.now += ERASE_AFTER_S - 0.001
    assert keeper.is_due() is False
    clock.now += 0.001
    assert keeper.is_due() is True
    keeper.keep()
    assert keeper.is_due() is False


def test_a_later_removal_does_not_put_off_an_earlier_one(keeper, writer, clock):
    keeper.keep()
    writer.remove(["nurse"])
    keeper.is_due()
    clock.now += ERASE_AFTER_S - 1
    writer.remove(["welder"])
    keeper.is_due()
    clock.now += 1
    assert keeper.is_due() is True


def test_each_removal_has_its_own_time_once_the_one_before_is_erased(keeper, writer, clock):
    keeper.keep()
    writer.remove(["nurse"])
    keeper.is_due()
    clock.now += ERASE_AFTER_S
    keeper.keep()
    keeper.is_due()
    writer.remove(["welder"])
    assert keeper.is_due() is False
    clock.now += ERASE_AFTER_S
    assert keeper.is_due() is True


def test_what_a_crash_left_unerased_is_due_after_a_new_start(
    keeper, writer, clock, store, folder, vectors
):
    keeper.keep()
    writer.remove(["nurse"])
    again = new_keeper(store, folder, vectors)
    assert again.is_due() is False
    clock.now += ERASE_AFTER_S
    assert again.is_due() is True


def test_half_written_files_of_a_crash_are_due_too(keeper, clock):
    keeper.keep()
    keeper.generations.path("000000000009-0123abcd.aside").mkdir()
    assert keeper.is_due() is False
    clock.now += ERASE_AFTER_S
    assert keeper.is_due() is True


def test_many_changes_make_a_snapshot_due_at_once(keeper, writer, monkeypatch, clock):
    monkeypatch.setattr(keeping, "BEHIND", 3)
    keeper.keep()
    for places in (7, 8, 9):
        writer.patch("nurse", {"capacity": places})
    assert keeper.is_due() is False
    writer.patch("nurse", {"capacity": 10})
    assert keeper.is_due() is True
    keeper.keep()
    assert snapshots(keeper) == [9, 5]
    assert keeper.is_due() is False


def test_the_larger_the_pool_the_more_changes_are_worth_a_snapshot(
    keeper, writer, monkeypatch, clock
):
    monkeypatch.setattr(keeping, "BEHIND", 1)
    monkeypatch.setattr(keeping, "BEHIND_SHARE", 0.6)
    keeper.keep()
    for places in (7, 8, 9):
        writer.patch("nurse", {"capacity": places})
    assert keeper.is_due() is False
    writer.patch("nurse", {"capacity": 10})
    assert keeper.is_due() is True


def test_a_keeper_gives_way_while_another_process_holds_the_lock(keeper):
    keeper.keep()
    with holding(keeper.generations.folder, 0):
        assert keeper.keep(snapshot=True) is False
    assert snapshots(keeper) == [5]
    assert keeper.keep(snapshot=True) is True


def test_a_command_waits_for_another_process_to_let_go_of_the_lock(keeper):
    keeper.keep()
    begun, answers = threading.Event(), []

    def wait():
        begun.set()
        answers.append(keeper.keep(wait=True, snapshot=True))

    waiting = threading.Thread(target=wait)
    with holding(keeper.generations.folder, 0):
        waiting.start()
        assert begun.wait(SECONDS)
        assert keeper.keep() is False
        assert answers == []
    waiting.join(SECONDS)
    assert answers == [True]
    assert snapshots(keeper) == [5, 5]


def test_a_command_that_waited_too_long_says_who_is_in_the_way(keeper, monkeypatch):
    monkeypatch.setattr(keeping, "PATIENCE_S", 0)
    keeper.keep()
    folder = keeper.generations.folder
    with holding(folder, 0), pytest.raises(Busy) as raised:
        keeper.keep(wait=True)
    assert str(raised.value) == (
        f"Another process has kept the snapshots in {folder} for over 0 s: try again, or end it."
    )


def test_erasing_does_nothing_when_nobody_is_left_to_erase(keeper):
    keeper.erase()
    assert snapshots(keeper) == []


def test_erasing_at_once_does_not_wait_for_the_removals_to_gather(keeper, writer, store, folder):
    keeper.keep()
    wanted = evidence_of(store, "nurse")
    writer.remove(["nurse"])
    keeper.erase()
    assert proof.look(folder.root, wanted).traces == ()
    assert snapshots(keeper) == [6]


def test_a_reader_of_an_older_state_puts_the_erasure_off_until_it_has_gone(
    keeper, writer, store, monkeypatch
):
    monkeypatch.setattr("indexer.database.WAIT_MS", 0)
    keeper.keep()
    other = Store(store.database.url)
    with other.database.reading(EVERYBODY) as connection:
        connection.exec_driver_sql("SELECT count(*) FROM mentors").scalar()
        writer.remove(["nurse"])
        if store.database.is_sqlite:
            store.database._engine.dispose()  # connections made anew do not wait for the reader
        keeper.erase()
        assert keeper._erased(store.head("default")) is False
    other.close()
    keeper.erase()
    assert keeper._erased(store.head("default")) is True


def test_a_disk_that_refuses_leaves_the_old_snapshot_live_and_is_said(keeper, monkeypatch):
    keeper.keep()
    name = keeper.generations.live()

    def full(path, _content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("indexer.disk.write", full)
    with pytest.raises(DataFolderError, match="cannot be written \\(No space left on device\\)"):
        keeper.keep(snapshot=True)
    assert keeper.generations.live() == name


def test_a_tenant_folder_that_cannot_be_made_is_said_in_one_sentence(keeper, folder):
    (folder.root / "tenants").write_bytes(b"in the way")
    with pytest.raises(DataFolderError, match="cannot be written"):
        keeper.keep()


class Overtaken(Follower):
    """Somebody is removed as soon as it has caught up."""

    writer = None

    def catch_up(self):
        moved = super().catch_up()
        if self.writer:
            self.writer.remove(["nurse"])
            self.writer = None
        return moved


def test_somebody_removed_while_snapshots_are_kept_is_in_none_of_them(
    keeper, writer, store, folder, vectors
):
    keeper.keep()
    overtaken = new_keeper(store, folder, vectors, Overtaken)
    overtaken._follower.writer = writer
    wanted = evidence_of(store, "nurse")
    overtaken.keep()
    assert proof.look(folder.root, wanted).traces == ()


def test_after_a_removal_while_snapshots_are_kept_current_names_no_snapshot_that_is_gone(
    keeper, writer, store, folder, vectors
):
    keeper.keep()
    overtaken = new_keeper(store, folder, vectors, Overtaken)
    overtaken._follower.writer = writer
    overtaken.keep()
    live = overtaken.generations.live()
    assert live is None or overtaken.generations.path(live).is_dir() or overtaken.is_due()


def test_an_index_of_a_space_that_another_took_over_is_not_written(keeper, store):
    keeper.keep()
    Writer(store, "default", Vectors(store, TableEncoder("table-2"))).adopt()
    name = keeper.generations.live()
    keeper.keep(snapshot=True)
    assert keeper.generations.names() == [name]


def test_a_live_snapshot_of_before_the_index_moved_is_as_good_as_none(
    keeper, store, folder, monkeypatch
):
    monkeypatch.setattr(keeping, "BEHIND", 4)
    keeper.keep()
    other = Vectors(store, WideEncoder("wide-2"))
    Writer(store, "default", other).adopt()
    moved = new_keeper(store, folder, other)
    assert moved.is_due() is True
    moved.keep()
    assert moved.is_due() is False
    assert snapshots(moved) == [5, 5]


def test_a_live_snapshot_that_is_gone_is_made_anew(keeper, clock):
    keeper.keep()
    gone = keeper.generations.live()
    for path in keeper.generations.path(gone).iterdir():
        path.unlink()
    keeper.generations.path(gone).rmdir()
    keeper.is_due()
    clock.now += ERASE_AFTER_S
    assert keeper.is_due() is True
    keeper.keep()
    assert snapshots(keeper) == [5]
    assert keeper.generations.path(keeper.generations.live()).is_dir()
    assert keeper.is_due() is False


def test_snapshots_of_another_history_are_not_taken_up_when_the_store_has_passed_them(
    keeper, writer, store, folder, vectors, tmp_path
):
    store.database.copy_to(tmp_path / "older.db")
    writer.put(mentors(BAKER))
    keeper.keep(snapshot=True)  # at 6, with the baker

    restored = Store(f"sqlite:///{tmp_path / 'older.db'}")
    vectors = Vectors(restored, WideEncoder())
    first = new_keeper(restored, folder, vectors)
    assert sorted(first._follower.index.catalogue.ids_alive())[1] == "nurse"
    if first.is_due():
        first.keep()
    later = Writer(restored, "default", vectors)
    later.put(mentors({"id": "brewer", "headline": "I brew"}))
    later.put(mentors({"id": "cook", "headline": "I cook"}))
    first.keep()
    second = new_keeper(restored, folder, vectors)._follower
    expected = {mentor.id for mentor in restored.all("default")[1]}
    assert set(second.index.catalogue.ids_alive()) == expected
    restored.close()
