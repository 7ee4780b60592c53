"""Following the store: one tenant's index in memory, kept at the store's sequence.

The sequence is the only thing followed. A snapshot merely spares the way from the beginning: it is
read once, when a process starts, and what changed after it is replayed.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from indexer.generations import Generations
from indexer.live import LiveIndex
from indexer.segment import Segment
from indexer.snapshot import read
from indexer.store import Store
from indexer.vectors import Vectors
from models.errors import SnapshotDamaged
from models.spaces import mismatch

AT_ONCE = 2_000  # changes read together; bounds the memory of a long way
SEGMENTS = 1_000  # more of them are joined on the way, for each is asked at every step
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an index in memory came from.

    `snapshot`: the name of one, or None when it was built from the store; `problems`: a sentence
    for each snapshot that could not be used.
    """

    snapshot: str | None
    problems: tuple[str, ...]

    def __str__(self) -> str:
        if not self.problems:
            return self.snapshot or "the database"
        came = f"the snapshot {self.snapshot}" if self.snapshot else "a rebuild from the database"
        return f"{' '.join(self.problems)} Served: {came}."


class Follower:
    """One tenant's index, replaced by a newer one as the store changes; reads never wait."""

    def __init__(
        self,
        store: Store,
        tenant: str,
        generations: Generations,
        vectors: Vectors,
        progress: Callable[[int, int], None] | None = None,
        over: Callable[[Segment, int], Segment] | None = None,
    ) -> None:
        """Load the newest usable snapshot and catch up with the store.

        `over`: what is put in the place of the large segment, which is of a sequence, to search it
        elsewhere.
        Raises SpaceMismatch when the tenant's index was made with another encoder.
        """
        self._over = over
        self._store = store
        self._tenant = tenant
        self._vectors = vectors
        self._catching_up = threading.Lock()
        self.stalled = False
        """Whether the tenant's index has moved to another space, where this one does not follow."""
        self._refuse_other_space()
        start, self.origin = self._opened(generations)
        # A snapshot may be of another history of this folder, so its contents are compared.
        self.index, differing = self._reconciled(self._caught_up(start, progress))
        if differing and self.origin.snapshot:
            came = f"The snapshot {self.origin.snapshot} did not agree with the database about "
            came += f"{differing:,} mentors, who were taken from the database."
            self.origin = replace(self.origin, problems=(*self.origin.problems, came))
        if self.origin.problems:
            log.warning("%s", self.origin)
        self.make_anew()

    def catch_up(self) -> bool:
        """Take up what changed since; whether anything had."""
        with self._catching_up:
            head = self._store.head(self._tenant)
            self.stalled = head.space_id not in ("", self._vectors.space_id)
            if self.stalled or head.sequence == self.index.sequence:
                return False
            self.index = self._caught_up(self.index)
            return True

    def make_anew(self) -> None:
        """Make the large segment anew when much is loose; changes go on meanwhile."""
        start = self.index
        if start.is_loose():
            anew = start.made_anew()
            with self._catching_up:
                self.index = self._caught_up(anew)

    def _caught_up(
        self, index: LiveIndex, progress: Callable[[int, int], None] | None = None
    ) -> LiveIndex:
        began = since = index.sequence
        changed: set[str] = set()
        while True:
            head, changes = self._store.changes(self._tenant, since, AT_ONCE)
            complete = len(changes) < AT_ONCE
            since = head.sequence if complete else changes[-1].revision
            index = index.advanced(since, changes, self._vectors)
            if len(index.segments) > SEGMENTS:
                index = index.tidied()
            changed |= {change.id for change in changes}
            if complete:
                now, shown = self._store.exposures(self._tenant, index.exposed_at, list(changed))
                if now.sequence == since:
                    break
            if progress:
                progress(since - began, head.sequence - began)
        if shown:
            index = index.exposed(shown, now.exposed_at)
        if began < head.purged_at:  # too far back to learn of every removal
            index, _ = self._reconciled(index)
        tidy = index.tidied()
        if self._over is not None:
            over, sequence = self._over, tidy.sequence
            tidy = tidy.searched_by(lambda segment: over(segment, sequence))
        return tidy.mapped()

    def _reconciled(self, index: LiveIndex) -> tuple[LiveIndex, int]:
        """The index with exactly the mentors and words of the store, and how many had others.

        Whoever changed after the index's sequence comes with the next change.
        """
        known = self._store.text_hashes(self._tenant)
        old = [id for id, (revision, _) in known.items() if revision <= index.sequence]
        indexed = index.catalogue.text_hashes_of(old)
        other = [id for id, was in zip(old, indexed, strict=True) if was != known[id][1]]
        if other:
            changes = self._store.now(self._tenant, other)
            index = index.advanced(index.sequence, changes, self._vectors)
        indexed = index.catalogue.text_hashes_of(other)
        right = (now == known[id][1] for id, now in zip(other, indexed, strict=True))
        return index.without(set(index.catalogue.ids_alive()) - known.keys()), sum(right)

    def _opened(self, generations: Generations) -> tuple[LiveIndex, Origin]:
        """The newest snapshot that is whole, of our space and not ahead of the store."""
        space_id, sequence = self._vectors.space_id, self._store.head(self._tenant).sequence
        dimension = self._vectors.encoder.dimension
        problems: list[str] = []
        names = generations.names()
        for name in names:
            try:
                snapshot = read(generations.path(name))
            except SnapshotDamaged as error:
                if generations.names() != names:  # another process has just replaced it
                    return self._opened(generations)
                problems.append(str(error))
                continue
            if snapshot.sequence > sequence:
                problems.append(f"The snapshot {name} is of another database.")
            elif snapshot.space_id == space_id:  # else of before the index moved to this one
                segments, chart = [snapshot.segment], snapshot.chart
                index = LiveIndex(space_id, dimension, snapshot.sequence, segments, chart=chart)
                return index, Origin(name, tuple(problems))
        return LiveIndex.empty(space_id, dimension), Origin(None, tuple(problems))

    def _refuse_other_space(self) -> None:
        space_id = self._store.head(self._tenant).space_id
        if space_id not in ("", self._vectors.space_id):
            raise mismatch(space_id, self._vectors.space_id, self._vectors.name)
