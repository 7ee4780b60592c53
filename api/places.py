"""Where the settings say that mentors and snapshots are."""

import contextlib

from api.settings import Settings
from indexer.folder import DataFolder
from indexer.store import Store
from models.errors import NoIndex


def folder_of(settings: Settings) -> DataFolder:
    """The data folder."""
    return DataFolder(settings.data, by_url=bool(settings.store))


def store_of(settings: Settings) -> Store:
    """The store: the database at the URL, or that of the data folder. Raises DataFolderError."""
    return Store.of(settings.data, settings.store)


def existing_store(settings: Settings) -> Store | None:
    """The store, where there is one: nothing is made, not even the tables of a new database."""
    if not folder_of(settings).has_store():
        return None
    with contextlib.suppress(NoIndex):
        return Store.of(settings.data, settings.store, create=False)
    return None
