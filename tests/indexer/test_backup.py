import os
import sqlite3
from contextlib import closing

import pytest

from indexer.backup import backup, restore
from indexer.database import EVERYBODY
from indexer.folder import DataFolder
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import BadInput, DataFolderError, DataFolderForeign
from tests.fakes import TableEncoder, mentors, put


@pytest.fixture
def store(tmp_path):
    (tmp_path / "data").mkdir()
    store = Store.in_folder(tmp_path / "data")
    put(store)
    yield store
    store.close()


@pytest.fixture
def saved(store, tmp_path):
    backup(store, tmp_path / "saved.db")
    return tmp_path / "saved.db"


@pytest.fixture
def new(tmp_path):
    return DataFolder(tmp_path / "new")


def restored(source, folder):
    store = restore(source, folder)
    try:
        return store.all("default"), store.head("default")
    finally:
        store.close()


def test_a_backup_is_one_file_with_everything_in_it(store, saved, tmp_path, new):
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "saved.db"]
    assert restored(saved, new) == (store.all("default"), store.head("default"))


def test_nothing_is_embedded_again_after_a_restore(saved, new):
    store = restore(saved, new)
    encoder = TableEncoder()
    Writer(store, "default", Vectors(store, encoder)).put(mentors())
    assert encoder.encoded == []
    assert store.head("default").sequence == 5
    store.close()


def test_a_restored_store_can_be_written(saved, new):
    store = restore(saved, new)
    put(store, {"id": "baker", "headline": "I audit ovens"})
    assert store.count("default") == 6
    store.close()


def test_a_restored_folder_holds_the_database_and_nothing_else(saved, new):
    restore(saved, new).close()
    assert [path.name for path in new.root.iterdir()] == ["mentors.db"]


def test_a_backup_can_be_restored_again_and_again(saved, tmp_path):
    before = saved.read_bytes()
    found = [restored(saved, DataFolder(tmp_path / name)) for name in ("a", "b")]
    assert found[0] == found[1]
    assert saved.read_bytes() == before


def test_all_tenants_are_in_a_backup(store, tmp_path, new):
    put(store, {"id": "a", "headline": "I audit"}, tenant="other")
    backup(store, tmp_path / "saved.db")
    found = restore(tmp_path / "saved.db", new)
    assert found.tenants() == ["default", "other"]
    found.close()


def test_a_backup_of_a_store_in_use_is_one_state_of_it(store, tmp_path, new):
    with store.database.writing(EVERYBODY) as connection:
        connection.exec_driver_sql("UPDATE tenants SET sequence = 99")
        backup(store, tmp_path / "saved.db")
    assert restored(tmp_path / "saved.db", new)[1].sequence == 5
    assert store.head("default").sequence == 99


def test_somebody_removed_before_the_backup_is_not_in_it(store, tmp_path):
    Writer(store, "default", Vectors(store, TableEncoder())).remove(["nurse"])
    backup(store, tmp_path / "saved.db")
    assert b"Zielny" not in (tmp_path / "saved.db").read_bytes()
    assert b"Oduya" in (tmp_path / "saved.db").read_bytes()


def test_a_file_that_is_there_is_not_overwritten(store, tmp_path):
    (tmp_path / "saved.db").write_bytes(b"dear diary")
    with pytest.raises(BadInput) as raised:
        backup(store, tmp_path / "saved.db")
    assert str(raised.value) == f"{tmp_path / 'saved.db'} exists already: name a new file."
    assert (tmp_path / "saved.db").read_bytes() == b"dear diary"


def test_a_backup_into_a_folder_that_is_not_there_is_refused(store, tmp_path):
    with pytest.raises((BadInput, DataFolderError), match="none"):
        backup(store, tmp_path / "none" / "saved.db")


def test_a_backup_that_fails_leaves_no_half_file(store, tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match=r"saved\.db cannot be written: No space left on device"):
        backup(store, tmp_path / "saved.db")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_file_that_is_not_there_is_no_backup(tmp_path, new):
    with pytest.raises(BadInput) as raised:
        restore(tmp_path / "none.db", new)
    assert str(raised.value) == (
        f"{tmp_path / 'none.db'} does not exist or is no file: expected a backup."
    )
    assert not new.root.exists()


def test_a_folder_is_no_backup(tmp_path, new):
    with pytest.raises(BadInput, match="is no file: expected a backup"):
        restore(tmp_path, new)


def test_a_folder_that_is_not_empty_is_not_restored_into(saved, new):
    new.root.mkdir()
    (new.root / "photo.jpg").write_bytes(b"x")
    with pytest.raises(DataFolderForeign) as raised:
        restore(saved, new)
    assert str(raised.value) == (
        f"{new.root} is not empty: restore into a new folder, then serve that one."
    )
    assert [path.name for path in new.root.iterdir()] == ["photo.jpg"]


def test_a_folder_that_is_empty_is_restored_into(saved, new):
    new.root.mkdir()
    assert restored(saved, new)[1].sequence == 5


@pytest.mark.parametrize(
    "content", [b"dear diary, " * 500, b"x", b"SQLite format 3\0" + b"x" * 900]
)
def test_a_file_of_something_else_is_no_backup(tmp_path, new, content):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(
        BadInput, match=f"{tmp_path / 'other'} is damaged or no backup of this program: "
    ):
        restore(tmp_path / "other", new)
    assert list(new.root.iterdir()) == []


def test_an_empty_file_is_no_backup(tmp_path, new):
    (tmp_path / "other").write_bytes(b"")
    with pytest.raises(BadInput, match="is damaged or no backup of this program"):
        restore(tmp_path / "other", new)
    assert list(new.root.iterdir()) == []


def test_a_database_of_something_else_is_no_backup(tmp_path, new):
    with closing(sqlite3.connect(tmp_path / "cows.db")) as connection:
        connection.execute("CREATE TABLE cows (name)")
    with pytest.raises(BadInput, match="is damaged or no backup of this program"):
        restore(tmp_path / "cows.db", new)
    assert list(new.root.iterdir()) == []


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_backup_cut_short_is_refused(saved, new, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BadInput, match="is damaged or no backup of this program"):
        restore(saved, new)
    assert list(new.root.iterdir()) == []


def test_a_live_database_copied_with_its_log_left_behind_is_taken_as_it_stands(
    store, tmp_path, new
):
    store.database.purge_log()
    (tmp_path / "copied.db").write_bytes((tmp_path / "data" / "mentors.db").read_bytes())
    assert restored(tmp_path / "copied.db", new) == (store.all("default"), store.head("default"))
