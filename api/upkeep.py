"""`mentors verify`, `erase`, `backup` and `restore`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from api import screen
from api.places import folder_of, store_of
from api.settings import Settings
from api.wiring import Indexing
from indexer import backup, bringing, checking, proof
from indexer.keeping import drop_removed, empty_log, holding
from indexer.milvus import Milvus
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
        if indexing.bringer:
            indexing.bringer.mend()
        indexing.publish(force=True)
        after = _check(indexing)
        return _as_json(after) | {
            "problems": list(before.problems),
            "repaired": True,
            "left": list(after.problems),
        }


def erase(settings: Settings, id: str, *, prove: bool) -> proof.Proof | None:
    """Remove the mentor from every file now; with `prove` look for traces in every byte.

    Snapshots are written without the mentor, or dropped where the index's encoder is not here.
    """
    folder = folder_of(settings)
    folder.ensure_present()
    tenant, place = settings.tenant, folder.tenant(settings.tenant)
    with closing(store_of(settings)) as store:
        if not store.known(tenant, [id]):
            raise MentorNotFound(f"There is no mentor with the id {id!r}.")
        wanted = _evidence(store, tenant, id) if prove else None
        store.remove(tenant, [id])
        _publish(settings)
        if not store.head(tenant).space_id:  # whose a vector is is not known before the first space
            store.drop_strays()
        with holding(place):
            drop_removed(store, folder, tenant)
        empty_log(store)
        left = _forget_elsewhere(settings, id, wanted)
        if wanted is None:
            return None
        found = proof.look(settings.data, wanted, store.database.contents())
        return replace(found, traces=(*found.traces, *left))


def _forget_elsewhere(
    settings: Settings, id: str, wanted: proof.Evidence | None
) -> list[proof.Trace]:
    """Have a Milvus forget the mentor, and say what it still has of what is `wanted`."""
    if not settings.passages:
        return []
    milvus, tenant = Milvus(settings.passages), settings.tenant
    with closing(milvus):
        if not bringing.forget(milvus, tenant, id):
            screen.complain(
                "Milvus has deleted the mentor, and has not yet written its segments anew: it does "
                "so by itself."
            )
        found = bringing.traces(milvus, tenant, id, wanted.vectors) if wanted else []
    return [proof.Trace(Path(milvus.name), "", what) for what in found]


def _evidence(store: Store, tenant: str, id: str) -> proof.Evidence:
    """What to look for after the mentor is removed. Raises BadInput for a damaged record."""
    stored = store.read(tenant, [id]).get(id)
    if stored is None:
        raise BadInput(
            f"The record of {id!r} is damaged, so what to look for is unknown: erase it "
            f"without --prove."
        )
    return proof.evidence(store, tenant, stored.mentor)


def make_backup(settings: Settings, target: Path) -> int:
    """Copy the live database into a new file; its size in bytes."""
    folder_of(settings).ensure_present()
    if target.resolve().is_relative_to(settings.data.resolve()):
        raise BadInput(
            f"{target} is inside the data folder, where nobody would ever erase from it: name a "
            f"file elsewhere."
        )
    store = store_of(settings)
    try:
        backup.backup(store, target)
    finally:
        store.close()
    return target.stat().st_size


def restore(settings: Settings, source: Path) -> list[str]:
    """Make a new data folder from a backup and its indexes; the tenants in it."""
    store = backup.restore(source, folder_of(settings), settings.store)
    try:
        tenants = store.tenants()
    finally:
        store.close()
    for tenant in tenants:
        _publish(settings.model_copy(update={"tenant": tenant}))
    return tenants


def _publish(settings: Settings) -> None:
    """Bring the tenant's snapshot to what the store has, where the index's encoder is here."""
    try:
        with _opened(settings) as indexing:
            indexing.publish()
    except (SpaceMismatch, EncoderUnavailable) as error:
        screen.complain(
            f"{settings.tenant}: the snapshot is left to whoever serves the index next. {error}"
        )


@contextmanager
def _opened(settings: Settings) -> Iterator[Indexing]:
    folder_of(settings).ensure_present()
    indexing = Indexing(settings, adopt=False)
    try:
        indexing.require_own_space()
        yield indexing
    finally:
        indexing.close()


def _check(indexing: Indexing) -> checking.Report:
    with screen.progress("checking") as progress:
        found = checking.check(
            indexing.store,
            indexing.tenant,
            indexing.folder,
            indexing.vectors,
            _lock(indexing),
            progress,
        )
        if indexing.bringer is None or found.problems:
            return found
        # What the store says is right from here on, so Milvus is compared with it.
        return replace(found, problems=tuple(indexing.bringer.differences().sentences()))


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
