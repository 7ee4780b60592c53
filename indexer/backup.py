"""Backups of a live store, and new data folders from them.

A backup is the database alone, in one file: everything else is made from it, vectors included, so
nothing is embedded again.
"""

import os
import shutil
import tempfile
from pathlib import Path

import sqlalchemy as sa

from indexer import disk
from indexer.database import Database
from indexer.folder import DATABASE, DataFolder
from indexer.store import Store
from models.errors import BadInput, DataFolderError, DataFolderForeign


def backup(store: Store, target: Path) -> None:
    """Copy the store as it is at one moment into the new file `target`, while it is in use.

    Raises BadInput when there is such a file already or it cannot be written.
    """
    if target.exists():
        raise BadInput(f"{target} exists already: name a new file.")
    if not target.parent.is_dir():
        raise BadInput(f"There is no folder {target.parent} to write {target.name} into.")
    aside = target.with_name(target.name + ".part")
    try:
        store.database.copy_to(aside)
        _check(aside)
        _sync(aside)
        aside.replace(target)
        disk.sync_folder(target.parent)
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        for leftover in target.parent.glob(aside.name + "*"):
            disk.remove(leftover)


def restore(source: Path, folder: DataFolder, url: str = "") -> Store:
    """Make a new data folder from a backup; its store is returned, snapshots are still to be made.

    With `url` the mentors go into the database there, which has none yet. Raises BadInput when the
    file is no backup, DataFolderForeign when the folder or the database is not empty.
    """
    if not source.is_file():
        raise BadInput(f"{source} does not exist or is no file: expected a backup.")
    if url:
        return _restore_elsewhere(source, folder, url)
    if folder.root.is_dir() and any(folder.root.iterdir()):
        raise DataFolderForeign(
            f"{folder.root} is not empty: restore into a new folder, then serve that one."
        )
    folder.ensure_writable()
    target = folder.root / DATABASE
    aside = target.with_name(DATABASE + disk.ASIDE)
    try:
        shutil.copyfile(source, aside)
        _check(aside)
        _sync(aside)
        aside.replace(target)
        disk.sync_folder(folder.root)
        return Store.in_folder(folder.root)
    except OSError as error:
        raise DataFolderError(f"{target} cannot be written: {error.strerror}.") from error
    except DataFolderError as error:
        raise _no_backup(source) from error
    finally:
        for leftover in folder.root.glob(aside.name + "*"):
            disk.remove(leftover)


def _restore_elsewhere(source: Path, folder: DataFolder, url: str) -> Store:
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / DATABASE  # an older one is brought to the newest form, not the backup
        shutil.copyfile(source, copy)
        try:
            backup = Database(sa.URL.create("sqlite", database=str(copy)), create=False)
        except DataFolderError as error:
            raise _no_backup(source) from error
        try:
            folder.ensure_writable()
            store = Store(url)
            try:
                if not store.database.is_empty():
                    raise DataFolderForeign(
                        f"The database at {store.database.url} is not empty: restore into a new "
                        f"one."
                    )
                store.database.take_rows(backup)
            except BaseException:
                store.close()
                raise
            return store
        finally:
            backup.close()


def _no_backup(source: Path) -> BadInput:
    return BadInput(
        f"{source} is damaged or no backup of this program: expected a file that 'mentors backup' "
        f"wrote."
    )


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _check(copy: Path) -> None:
    database = Database(sa.URL.create("sqlite", database=str(copy)), create=False)
    try:
        problems = database.problems()
        database.single_file()
    finally:
        database.close()
    if problems:
        raise DataFolderError(f"the copy is damaged: {problems[0]}")
