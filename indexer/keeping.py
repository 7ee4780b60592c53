"""Keeping the data folder in shape: snapshots written, what was removed gone from every byte.

One process at a time does this for a tenant, chosen by a lock on a file beside the snapshots; the
kernel lets go of it when the process dies (`docs/adr/0007`).
"""

import contextlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from indexer.folder import DataFolder
from indexer.following import Follower
from indexer.generations import Generations, sequence_of
from indexer.projecting import charted
from indexer.snapshot import Snapshot, read_manifest
from indexer.store import Head, Store
from models.errors import Busy, DataFolderError, SnapshotDamaged

BEHIND = 1_000  # changes after the last snapshot that are worth a new one ...
BEHIND_SHARE = 0.1  # ... and this share of the mentors, so that large pools are not written often
ERASE_AFTER_S = 15.0  # removals are gathered so long; all bytes are to be gone within 60 s
_AGAIN = 2
LOG_S = 30.0  # how long a command waits for readers of an older state
PATIENCE_S = 120.0  # how long a command waits for another process that keeps the same folder
log = logging.getLogger(__name__)


class Keeper:
    """Writes snapshots of one tenant and erases what was removed."""

    def __init__(self, store: Store, folder: DataFolder, tenant: str, follower: Follower) -> None:
        self._store = store
        self._folder = folder
        self._tenant = tenant
        self._follower = follower
        self.generations = Generations(folder.tenant(tenant))
        self._first_seen: float | None = None

    def is_due(self) -> bool:
        """Whether `keep` should be called now."""
        head = self._store.head(self._tenant)
        if self._snapshot_due(head):
            return True
        if self._erased(head) or (self._store.database.pauses and self._is_tidy(head)):
            self._first_seen = None
            return False
        now = time.monotonic()
        self._first_seen = self._first_seen or now
        return now - self._first_seen >= ERASE_AFTER_S

    def erase(self) -> None:
        """Erase at once what was removed, unless that is done or another process is at it."""
        if not self._erased(self._store.head(self._tenant)):
            self._store.database.end_pause()
            self.keep()

    def keep(self, *, wait: bool = False, snapshot: bool = False) -> bool:
        """Do what is due, `snapshot` or not; False when another process is at it.

        With `wait` that process is waited for. Raises Busy, DataFolderError or StoreUnavailable;
        whatever was live stays live then.
        """
        try:
            with holding(self.generations.folder, None if wait else 0.0):
                self._keep(snapshot=snapshot)
                for _ in range(_AGAIN):  # while somebody was removed in the meantime
                    if self._store.database.pauses:
                        break
                    if not self._erased(self._store.head(self._tenant)):
                        self._keep(snapshot=False)
        except Busy:
            if wait:
                raise
            return False
        except OSError as error:
            raise DataFolderError(
                f"{error.filename or self.generations.folder} cannot be written "
                f"({error.strerror}): the index from before stays live."
            ) from error
        return True

    def _keep(self, *, snapshot: bool) -> None:
        # Read before catching up, so that the index has every removal that is acted on here; one
        # that comes meanwhile is the next round's.
        head = self._store.head(self._tenant)
        self._follower.catch_up()
        index = self._follower.index
        older = self._latest(head) < max(head.removed_at, min(1, head.sequence))
        wanted = snapshot or older or self._snapshot_due(head)
        if wanted and self._may_write(head):
            whole = index.whole()
            self.generations.publish(
                Snapshot(index.space_id, head.runtime_id, index.sequence, whole, charted(whole))
            )
        self.generations.tidy(head.removed_at, max(head.sequence, index.sequence))
        self._folder.write_rejects(self._tenant, self._store.rejects(self._tenant))
        self._store.forget_tombstones(self._tenant, self.generations.oldest())
        if head.erased_at < head.removed_at and self._store.database.purge_in_turn():
            self._store.mark_erased(self._tenant, head.removed_at)

    def keep_others(self) -> None:
        """Drop what was removed from snapshots of tenants that a crash left without a keeper."""
        for tenant in self._store.tenants():
            head = self._store.head(tenant)
            if tenant == self._tenant or self._erased_here(tenant, head):
                continue
            with (
                contextlib.suppress(Busy),  # else it has one
                holding(self._folder.tenant(tenant), 0.0),
            ):
                drop_removed(self._store, self._folder, tenant)

    def _erased_here(self, tenant: str, head: Head) -> bool:
        if head.erased_at < head.removed_at:
            return False
        # Where hosts share a database, another one has said so of its own files.
        here = Generations(self._folder.tenant(tenant))
        shared = not self._store.database.is_sqlite
        return not shared or here.is_tidy(head.removed_at, head.sequence)

    def _may_write(self, head: Head) -> bool:
        """Whether our index is the tenant's: of its space, and not behind."""
        index = self._follower.index
        return index.space_id == head.space_id and index.sequence >= head.sequence

    def _erased(self, head: Head) -> bool:
        return head.erased_at >= head.removed_at and self._is_tidy(head)

    def _is_tidy(self, head: Head) -> bool:
        """Whether our own files have nobody who was removed."""
        tidy = self.generations.is_tidy(head.removed_at, head.sequence)
        return tidy and self._folder.rejects_are_tidy(self._tenant)

    def _snapshot_due(self, head: Head) -> bool:
        index = self._follower.index
        if not head.sequence or index.space_id != head.space_id:
            return False
        behind = head.sequence - self._latest(head)
        lost = bool(self.generations.names()) and self.generations.live() is None
        return lost or behind > max(BEHIND, BEHIND_SHARE * index.mentors)

    def _latest(self, head: Head) -> int:
        """The sequence of the live snapshot; 0 where there is none, or one of another space."""
        live = self.generations.live()
        if live is None:
            return 0
        with contextlib.suppress(SnapshotDamaged):
            if read_manifest(self.generations.path(live)).space_id != head.space_id:
                return 0
        return sequence_of(live)


def drop_removed(store: Store, folder: DataFolder, tenant: str) -> None:
    """Drop every file that has something of somebody removed; the caller holds the lock.

    Nothing is embedded and no snapshot is written, so no encoder is needed.
    """
    head = store.head(tenant)
    Generations(folder.tenant(tenant)).tidy(head.removed_at, head.sequence)
    folder.write_rejects(tenant, store.rejects(tenant))
    if head.erased_at < head.removed_at and store.database.purge_in_turn():
        store.mark_erased(tenant, head.removed_at)


def empty_log(store: Store) -> None:
    """Empty the database's log of older pages. Raises Busy when others keep it in use."""
    deadline = time.monotonic() + LOG_S
    while not store.database.purge_log():
        if time.monotonic() > deadline:
            raise Busy(
                f"Other processes have read an older state of the database for over {LOG_S:.0f} s: "
                f"what was removed is still in its log; try again."
            )
        time.sleep(0.05 if store.database.is_sqlite else 1.0)


@contextlib.contextmanager
def holding(folder: Path, patience_s: float | None = None) -> Iterator[None]:
    """Hold the lock of whoever writes below a tenant's folder, waiting `PATIENCE_S` unless told.

    Raises Busy.
    """
    timeout_s = PATIENCE_S if patience_s is None else patience_s
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / "keeper.lock", timeout=timeout_s)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise Busy(
            f"Another process has kept the snapshots in {folder} for over {timeout_s:.0f} s: try "
            f"again, or end it."
        ) from error
    try:
        yield
    finally:
        lock.release()
