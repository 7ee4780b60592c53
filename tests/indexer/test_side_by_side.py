"""What one does while another is at work on the same data folder."""

import shutil
from contextlib import nullcontext

import pytest

from indexer.checking import check, repair
from indexer.database import EVERYBODY
from indexer.folder import DataFolder
from indexer.following import Follower
from indexer.generations import Generations
from indexer.keeping import Keeper
from indexer.rejects import Reject
from indexer.snapshot import read
from indexer.store import Store
from indexer.writing import Writer
from models.errors import SnapshotDamaged
from tests.fakes import RECORDS, TableEncoder, mentors, put, snapshot, vectors

ON_EVERY_STORE = True


@pytest.fixture
def store(tmp_path, store_url):
    store = Store.of(tmp_path, store_url)
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path):
    return DataFolder(tmp_path)


class Meanwhile(TableEncoder):
    """Does something else in the middle of the first embedding."""

    def __init__(self, something) -> None:
        super().__init__()
        self._something = something

    def encode_passages(self, texts):
        something, self._something = self._something, None
        if something:
            something()
        return super().encode_passages(texts)


def keeper(store, folder, tenant="default") -> Keeper:
    generations = Generations(folder.tenant(tenant))
    return Keeper(store, folder, tenant, Follower(store, tenant, generations, vectors(store)))


def headline(store, id):
    return store.read("default", [id])[id].mentor.headline


def test_a_check_sees_one_state_while_others_write(store, folder):
    put(store)
    keeper(store, folder).keep(snapshot=True)

    def write(_done, _of):
        put(store, {"id": "late", "headline": "Lawyer"}, dict(RECORDS[0]) | {"bio": "I audit."})
        Writer(store, "default", vectors(store)).remove(["nurse"])

    report = check(store, "default", folder, vectors(store), nullcontext(), write)
    assert (report.problems, report.mentors) == ((), 5)


def test_a_check_sees_one_state_while_others_merge(store, folder):
    put(store)
    kept = keeper(store, folder)
    kept.keep(snapshot=True)

    def merge(_done, _of):
        Writer(store, "default", vectors(store)).remove(["nurse"])
        kept.keep()

    assert check(store, "default", folder, vectors(store), nullcontext(), merge).problems == ()


def test_a_repair_keeps_what_is_written_meanwhile(store, folder, tmp_path):
    put(store)
    with store.database.writing(EVERYBODY) as connection:
        connection.exec_driver_sql("UPDATE mentors SET content_hash = 'x'")
        connection.exec_driver_sql("DELETE FROM vectors")

    def write():
        put(store, {"id": "nurse", "headline": "Court lawyer"})
        Writer(store, "default", vectors(store)).remove(["welder"])

    cached = vectors(store, Meanwhile(write))
    repair(store, "default", folder, cached)
    assert headline(store, "nurse") == "Court lawyer"
    assert "welder" not in store.text_hashes("default")
    assert check(store, "default", folder, vectors(store), nullcontext()).problems == ()


def test_an_import_overtaken_by_a_change_of_places_embeds_once(store):
    put(store)
    patch = Writer(store, "default", vectors(store)).patch
    encoder = Meanwhile(lambda: patch("nurse", {"active_mentees": 2}))
    newer = [dict(RECORDS[1]) | {"capacity": 5}, {"id": "new", "headline": "A new lawyer"}]
    outcomes = Writer(store, "default", vectors(store, encoder)).put(mentors(*newer))
    assert [outcome.result for outcome in outcomes] == ["added", "changed"]
    assert encoder.encoded == ["A new lawyer"]
    assert store.read("default", ["nurse"])["nurse"].mentor.capacity == 5


def test_a_process_that_starts_while_snapshots_are_swapped_takes_the_new_one(
    store, tmp_path, monkeypatch
):
    generations = Generations(tmp_path / "tenant")
    first = generations.publish(snapshot(store))
    swapped = []

    def overtaken(path):
        if not swapped:
            swapped.append(generations.publish(snapshot(store, {"id": "b", "headline": "Lawyer"})))
            shutil.rmtree(generations.path(first))
            raise SnapshotDamaged(f"{path} is missing or damaged.")
        return read(path)

    monkeypatch.setattr("indexer.following.read", overtaken)
    follower = Follower(store, "default", generations, vectors(store))
    assert (follower.origin.snapshot, follower.origin.problems) == (swapped[0], ())


def test_whoever_was_only_ever_rejected_is_erased_too(store, folder):
    put(store)
    line = '{"record": {"id": "ghost", "bio": 5}}'
    store.keep_rejects("default", "a.jsonl", [Reject("ghost", line)])
    keeper(store, folder).keep()
    (path,) = (folder.tenant("default") / "rejects").iterdir()
    assert path.read_text() == f"{line}\n"
    assert Writer(store, "default", vectors(store)).remove(["ghost"]) == {"ghost": 6}
    keeper(store, folder).keep()
    assert store.rejects("default") == {}
    assert not path.exists()


def test_what_a_crash_left_of_another_tenant_is_erased_as_well(store, folder):
    put(store, {"id": "odd", "bio": "Glaciology of Titan."}, tenant="other")
    keeper(store, folder, "other").keep(snapshot=True)
    Writer(store, "other", vectors(store)).remove(["odd"])
    put(store)
    keeper(store, folder).keep_others()
    files = [path for path in folder.root.rglob("*") if path.is_file()]
    assert all(b"laciolog" not in path.read_bytes() for path in files)
    assert store.head("other").erased_at == store.head("other").removed_at
