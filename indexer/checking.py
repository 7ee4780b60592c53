"""Whether store, vectors, snapshots and indexes agree, and mending them from the store."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.folder import DataFolder
from indexer.generations import Generations, sequence_of
from indexer.live import LiveIndex
from indexer.records import (
    canonical_json,
    content_hash,
    mentor_from,
    readable,
    text_hash,
)
from indexer.segment import Segment, segment_of
from indexer.snapshot import Snapshot, read
from indexer.store import Change, Conflict, Cut, Head, Store
from indexer.vectors import Vectors
from indexer.writing import drafted, texts_of
from models.errors import DataFolderError, MentorsError, SnapshotDamaged
from models.mentor import Mentor, as_record

AT_ONCE = 1_000  # mentors looked at together
UNIT = 1e-4  # how far the length of a vector may be from 1
_SHOWN = 5  # ids named in one finding
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """`problems` must be mended; `notes` mend themselves. Each is one sentence."""

    mentors: int
    passages: int
    snapshots: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def check(
    store: Store,
    tenant: str,
    folder: DataFolder,
    vectors: Vectors,
    lock: AbstractContextManager[object],
    progress: Progress | None = None,
) -> Report:
    """Compare everything with everything, at one state of the database; reads only.

    `lock` is that of whoever keeps the tenant's snapshots (`indexer.keeping.lock_of`); it is held
    while they are read. Others may write meanwhile.
    """
    damage = store.database.problems()
    if damage:  # nothing that is read from such a database can be relied on
        return Report(0, 0, 0, tuple(damage), ())
    generations = Generations(folder.tenant(tenant))
    with contextlib.ExitStack() as stack:
        with lock:
            stack.enter_context(store.database.one_state())
            names = generations.names()
            snapshots = {name: _snapshot(generations, name) for name in names}
            head = store.head(tenant)
            tidy = generations.is_tidy(head.removed_at, head.sequence)
        found = _Store(store, tenant, head, vectors)
        problems = list(found.problems(progress))
        orphans, strays = store.count_strays()
        if orphans:
            problems.append(f"{orphans:,} cached vectors belong to no passage.")
        if strays:
            problems.append(f"{strays:,} passages belong to no mentor.")
        notes = [] if tidy else ["Outdated or unfinished snapshots wait to be removed."]
        left = store.count_left_behind()
        if left:
            notes.append(
                f"{left:,} cached vectors are of a space that the index has left: the next "
                f"'mentors reembed' drops them."
            )
        for name, snapshot in snapshots.items():
            if isinstance(snapshot, SnapshotDamaged):
                problems.append(str(snapshot))
            elif snapshot.sequence > head.sequence or sequence_of(name) != snapshot.sequence:
                problems.append(f"The snapshot {name} is not of this database.")
            elif snapshot.space_id != head.space_id:
                notes.append(f"The snapshot {name} is of another space, {snapshot.space_id}.")
            elif name == names[0] and not problems:
                problems += _differences(snapshot, store, tenant, vectors, found.mentors)
    if not store.database.is_sqlite:
        notes.append("The pages of the database are PostgreSQL's to check: see pg_amcheck.")
    if found.mentors and not names:
        notes.append("There is no snapshot: the index is rebuilt from the database when needed.")
    return Report(len(found.mentors), found.passages, len(names), tuple(problems), tuple(notes))


def _snapshot(generations: Generations, name: str) -> Snapshot | SnapshotDamaged:
    try:
        return read(generations.path(name))
    except SnapshotDamaged as error:
        return error


def repair(store: Store, tenant: str, folder: DataFolder, vectors: Vectors) -> None:
    """Mend from the records in the store: hashes, passages, vectors. Snapshots are dropped.

    Call it with the lock held, and publish a new snapshot afterwards. A record that cannot be
    read cannot be mended and stays. Raises DataFolderError when the database's own pages are
    damaged.
    """
    store.database.reindex()
    damage = store.database.problems()
    if damage:
        raise DataFolderError(f"{damage[0]} It cannot be mended: restore a backup.")
    head = store.head(tenant)
    for batch in _live_batches(store, tenant):
        sound = {id: (mentor, right) for id, _, mentor, right in batch if mentor is not None}
        drafts = {id: drafted(mentor) for id, (mentor, _) in sound.items()}
        cut = {id: draft.cut for id, draft in drafts.items()}
        wanted = sorted({key for one in cut.values() for key in (*one.passages, *one.items)})
        cached = store.vectors(head.space_id, wanted)
        broken = [k for k, v in cached.items() if _wrong(v, vectors.encoder.dimension)]
        store.drop_vectors(head.space_id, broken)
        fresh = vectors.by_key(texts_of(drafts.values()))
        revisions = {id: revision for id, revision, _, _ in batch}
        store.recut(tenant, cut, revisions, head.space_id, fresh)
        for id, (mentor, right) in sound.items():
            if not right:
                change = Change(mentor, canonical_json(mentor), cut[id], revisions[id])
                with contextlib.suppress(Conflict):  # somebody has just written it anew
                    store.write(tenant, [change], head.space_id, "", fresh)
    store.drop_strays()
    Generations(folder.tenant(tenant)).drop_all()


class _Store:
    """What the store says of one tenant, checked record by record."""

    def __init__(self, store: Store, tenant: str, head: Head, vectors: Vectors) -> None:
        self._store = store
        self._tenant = tenant
        self._head = head
        self._dimension = vectors.encoder.dimension
        self.mentors: list[Mentor] = []
        self.passages = 0

    def problems(self, progress: Progress | None) -> Iterator[str]:
        revisions: set[int] = set()
        faults: dict[str, list[str]] = {}
        for batch in _live_batches(self._store, self._tenant):
            kept = self._store.cuts(self._tenant, [id for id, *_ in batch])
            keys = sorted({key for cut in kept.values() for key in (*cut.passages, *cut.items)})
            cached = self._store.vectors(self._head.space_id, keys)
            for id, revision, mentor, right in batch:
                if revision in revisions or revision > self._head.sequence:
                    faults.setdefault("have a revision that is not theirs", []).append(id)
                revisions.add(revision)
                for fault in self._faults(mentor, right, kept.get(id, Cut()), cached):
                    faults.setdefault(fault, []).append(id)
                if mentor is not None:
                    self.mentors.append(mentor)
            if progress:
                progress(len(self.mentors), self._store.count(self._tenant))
        for fault, ids in faults.items():
            more = f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else ""
            yield f"Mentors that {fault}: {', '.join(ids[:_SHOWN])}{more}."

    def _faults(
        self,
        mentor: Mentor | None,
        right: bool,
        kept: Cut,
        cached: dict[bytes, NDArray[np.float32]],
    ) -> Iterator[str]:
        if mentor is None:
            yield "have a record that cannot be read (restore a backup, or index them again)"
            return
        if not right:
            yield "have a hash that is not that of their record"
        right_cut = drafted(mentor).cut
        # Those written before outlines were kept have none, and are cut when they are shown.
        outline = right_cut.outline if kept.outline else ""
        if kept != replace(right_cut, outline=outline):
            yield "have other passages than their record gives"
        keys = (*kept.passages, *kept.items)
        if any(key not in cached for key in keys):
            yield "lack a vector"
        if any(_wrong(cached[key], self._dimension) for key in keys if key in cached):
            yield "have a vector that is broken"
        self.passages += len(kept.passages)


_Row = tuple[str, int, Mentor | None, bool]


def _live_batches(store: Store, tenant: str) -> Iterator[list[_Row]]:
    """Live mentors by revision: id, revision, the mentor (None: unreadable), hashes right."""
    since = 0
    while rows := store.rows(tenant, since, AT_ONCE):
        since = rows[-1].revision
        batch: list[_Row] = []
        for row in rows:
            mentor = _readable(row.record)
            right = mentor is not None and (
                row.content_hash == content_hash(row.record)
                and row.text_hash == text_hash(mentor)
                and mentor.id == row.id
            )
            batch.append((row.id, row.revision, mentor, right))
        yield batch


def _readable(record: str) -> Mentor | None:
    mentor = readable(record)
    try:
        return mentor if mentor and mentor_from(as_record(mentor)) == mentor else None
    except MentorsError:
        return None


def _wrong(vector: NDArray[np.float32], dimension: int) -> bool:
    return len(vector) != dimension or not abs(float(np.linalg.norm(vector)) - 1) < UNIT


def _differences(
    snapshot: Snapshot, store: Store, tenant: str, vectors: Vectors, mentors: list[Mentor]
) -> Iterator[str]:
    """Where the snapshot, brought up to date, differs from an index built from the store."""
    dimension = vectors.encoder.dimension
    start = LiveIndex(snapshot.space_id, dimension, snapshot.sequence, [snapshot.segment])
    head, changes = store.changes(tenant, start.sequence)
    index = start.advanced(head.sequence, changes, vectors)
    index = index.without(set(index.catalogue.ids_alive()) - {mentor.id for mentor in mentors})
    rebuilt = segment_of(mentors, vectors.by_key, dimension)
    parts = _unequal(index.whole(), rebuilt)
    dense = snapshot.segment.dense
    if dense.lists and not dense.lists.agree(dense.vectors):
        parts.append("inverted lists")
    if parts:
        yield f"The live snapshot differs from the database in its {', '.join(parts)}."


def _unequal(one: Segment, other: Segment) -> list[str]:
    found = []
    if not one.catalogue.table.equals(other.catalogue.table):
        found.append("catalogue")
    if not (
        np.array_equal(one.dense.first, other.dense.first)
        and np.array_equal(one.dense.vectors, other.dense.vectors)
    ):
        found.append("dense index")
    same = one.lexical.matrix, other.lexical.matrix
    if list(one.lexical.stems) != list(other.lexical.stems) or (same[0] != same[1]).nnz:
        found.append("lexical index")
    return found
