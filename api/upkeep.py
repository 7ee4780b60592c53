"""`mentors verify`, `erase`, `backup` and `restore`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from api import screen
from api.settings import Settings
from api.wiring import Indexing
from indexer import backup, checking, proof
from indexer.folder import DataFolder
from indexer.keeping import holding
from indexer.store import Store
from models.errors import BadInput, EncoderUnavailable, MentorNotFound, SpaceMismatch


def verify(settings: Settings, *, mend: bool) -> dict[str, Any]:
    """What checking everything found; with `mend` what was found before, and what is left."""
    with _opened(settings) as indexing:
        before = _check(indexing)
        if not (mend and before.problems):
            return _as_json(before) | ({"repaired": False} if mend else {})
        with _lock(indexing):
            checking.repair(indexing.store, indexing.tenant, indexing.folder, indexing.vectors)
        indexing.publish(force=True)
        after = _check(indexing)
        return _as_json(after) | {
            "problems": list(before.problems),
            "repaired": True,
            "left": list(after.problems),
        }


def erase(settings: Settings, id: str, *, prove: bool) -> proof.Proof | None:
    """Remove the mentor from every file now; with `prove` look for traces in every byte."""
    with _opened(settings) as indexing:
        if not indexing.store.known(settings.tenant, [id]):
            raise MentorNotFound(f"There is no mentor with the id {id!r}.")
        stored = indexing.store.read(settings.tenant, [id]).get(id)
        if prove and stored is None:
            raise BadInput(
                f"The record of {id!r} is damaged, so what to look for is unknown: erase it "
                f"without --prove."
            )
        wanted = None
        if prove and stored:
            wanted = proof.evidence(indexing.store, settings.tenant, stored.mentor)
        indexing.writer.remove([id])
        indexing.publish()
        indexing.empty_log()
        return proof.look(settings.data, wanted) if wanted else None


def make_backup(settings: Settings, target: Path) -> int:
    """Copy the live database into a new file; its size in bytes."""
    DataFolder(settings.data).ensure_present()
    if target.resolve().is_relative_to(settings.data.resolve()):
        raise BadInput(
            f"{target} is inside the data folder, where nobody would ever erase from it: name a "
            f"file elsewhere."
        )
    store = Store.in_folder(settings.data)
    try:
        backup.backup(store, target)
    finally:
        store.close()
    return target.stat().st_size


def restore(settings: Settings, source: Path) -> list[str]:
    """Make a new data folder from a backup and its indexes; the tenants in it."""
    store = backup.restore(source, DataFolder(settings.data))
    try:
        tenants = store.tenants()
    finally:
        store.close()
    for tenant in tenants:
        try:
            with _opened(settings.model_copy(update={"tenant": tenant})) as indexing:
                indexing.publish()
        except (SpaceMismatch, EncoderUnavailable) as error:  # its snapshot is made when served
            screen.complain(f"{tenant}: {error}")
    return tenants


@contextmanager
def _opened(settings: Settings) -> Iterator[Indexing]:
    DataFolder(settings.data).ensure_present()
    indexing = Indexing(settings, adopt=False)
    try:
        indexing.require_own_space()
        yield indexing
    finally:
        indexing.close()


def _check(indexing: Indexing) -> checking.Report:
    with screen.progress("checking") as progress:
        return checking.check(
            indexing.store,
            indexing.tenant,
            indexing.folder,
            indexing.vectors,
            _lock(indexing),
            progress,
        )


def _lock(indexing: Indexing) -> AbstractContextManager[None]:
    return holding(indexing.folder.tenant(indexing.tenant))


def _as_json(report: checking.Report) -> dict[str, Any]:
    return {
        "mentors": report.mentors,
        "passages": report.passages,
        "snapshots": report.snapshots,
        "problems": list(report.problems),
        "notes": list(report.notes),
    }
