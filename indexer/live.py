"""The index in memory: one large segment, a few small ones behind it, and who still counts.

A change never touches what a search may be reading: it makes a new `LiveIndex` that shares the
old segments, marks replaced and removed mentors as gone, and adds one small segment for new texts.
FAISS allows any number of searches at once but none while vectors are added, so nothing is ever
added to a segment that is in use (`docs/adr/0006`). However the mentors are spread over segments,
answers are the same to the last bit.
"""

import functools
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.dense import Allowed, owners_of_nearest
from indexer.lexical import best_rows
from indexer.projecting import FITTED, Chart, Projector, evenly, fitted
from indexer.records import readable
from indexer.segment import Kept, Segment, joined, segment_of
from indexer.store import Changed
from indexer.vectors import Vectors
from models.mentor import Mentor
from models.ports import Saturations

log = logging.getLogger(__name__)

LOOSE = 0.25  # share of the large segment that may be gone or lie behind it before it is made anew
WIDER = 4  # how much wider a search is made when passages tie beyond its end
LOOSE_MENTORS = 1_000  # and at least so many, so that small pools are not made anew at every change


class LiveIndex:
    """The index of a tenant at one sequence, behind the `Index` port; immutable.

    Rows number the mentors of all segments one after the other; those of mentors that are gone
    stay as numbers that nothing finds.
    """

    def __init__(
        self,
        space_id: str,
        dimension: int,
        sequence: int,
        segments: Sequence[Segment],
        alive: NDArray[np.bool_] | None = None,
        free: NDArray[np.bool_] | None = None,
        shown: NDArray[np.int64] | None = None,
        exposed_at: int = 0,
        projector: Projector | None = None,
        chart: Chart | None = None,
    ) -> None:
        """`alive`, `free`: shape (n_rows,): who counts, and who of them has a free place.

        `shown`: shape (n_rows,), how often each was shown lately, as of the change `exposed_at`.
        `chart`: where a snapshot has a segment's mentors on its map, which is then this one's.
        """
        self.space_id = space_id
        self.dimension = dimension
        self.sequence = sequence
        self.segments = tuple(segments)
        self.first = _firsts(self.segments)
        everybody = np.ones(self.first[-1], dtype=np.bool_)
        self.alive = everybody if alive is None else alive
        self.free = _free(self.segments) if free is None else free
        self.shown = np.zeros(self.first[-1], dtype=np.int64) if shown is None else shown
        self.exposed_at = exposed_at
        self.projector = chart.projector if chart else projector
        self._chart = chart
        self.catalogue = LiveCatalogue(self)
        self.dense = LiveDense(self)
        self.lexical = LiveLexical(self)
        self.map = LiveMap(self, chart)

    @classmethod
    def empty(cls, space_id: str, dimension: int) -> "LiveIndex":
        """An index of nobody, at sequence 0."""
        return cls(space_id, dimension, 0, [segment_of([], lambda _: {}, dimension)])

    @property
    def mentors(self) -> int:
        """How many mentors count."""
        return int(self.alive.sum())

    @property
    def free_now(self) -> int:
        """How many mentors who count have a free place."""
        return int((self.alive & self.free).sum())

    def advanced(self, sequence: int, changes: Sequence[Changed], vectors: Vectors) -> "LiveIndex":
        """The index after `changes`, oldest first, at `sequence`.

        A change of places alone costs a flag; a new text a row in a new segment.
        """
        alive, free = self.alive.copy(), self.free.copy()
        rewritten: dict[str, Mentor] = {}
        at = self.catalogue.find([change.id for change in changes]).tolist()
        for change, row in zip(changes, at, strict=True):
            mentor = None if change.record is None else readable(change.record)
            if change.record is not None and mentor is None:
                log.warning("the record of %r is damaged: 'mentors verify' says more", change.id)
            if mentor and row >= 0 and self.catalogue.text_hash(row) == change.text_hash:
                free[row] = mentor.can_take_a_mentee
                continue
            if row >= 0:
                alive[row] = False
            if mentor:
                rewritten[mentor.id] = mentor
        if not rewritten:
            return self._with(sequence, self.segments, alive, free, self.shown)
        fresh = segment_of(list(rewritten.values()), vectors.by_key, self.dimension)
        segments = (*self.segments, fresh)
        alive = np.concatenate([alive, np.ones(fresh.size, np.bool_)])
        free = np.concatenate([free, fresh.catalogue.available()])
        shown = np.concatenate([self.shown, np.zeros(fresh.size, np.int64)])
        return self._with(sequence, segments, alive, free, shown)

    def exposed(self, shown: Mapping[str, int], exposed_at: int) -> "LiveIndex":
        """The same index with these counts of who was shown, as of the change `exposed_at`."""
        counts = self.shown.copy()
        rows = self.catalogue.find(list(shown))
        here = rows >= 0
        counts[rows[here]] = np.fromiter(shown.values(), np.int64)[here]
        parts = (self.segments, self.alive, self.free, counts, exposed_at)
        return self._same(self.sequence, *parts)

    def without(self, ids: Iterable[str]) -> "LiveIndex":
        """The same index without these mentors."""
        alive = self.alive.copy()
        rows = self.catalogue.find(list(ids))
        alive[rows[rows >= 0]] = False
        return self._with(self.sequence, self.segments, alive, self.free, self.shown)

    def tidied(self) -> "LiveIndex":
        """The same index with small segments of like size joined.

        As in a log-structured merge tree each mentor is copied a logarithmic number of times. The
        first segment is made anew by `made_anew` only, unless nobody is in it.
        """
        sizes = [segment.size for segment in self.segments]
        first, last = len(sizes), 1 if sizes[0] else 0
        behind = 0
        while first > last and (behind == 0 or sizes[first - 1] <= 2 * behind):
            first -= 1
            behind += sizes[first]
        return self._rejoined(first) if len(sizes) - first > 1 else self

    def mapped(self) -> "LiveIndex":
        """The same index on a map that fits it: one made for half or twice as many is made anew."""
        mentors = self.mentors
        if not mentors or (self.projector and self.projector.fits(mentors)):
            return self
        rows = evenly(np.flatnonzero(self.alive), FITTED)
        projector = fitted(self.dense.means(rows), mentors)
        parts = (self.segments, self.alive, self.free, self.shown, self.exposed_at, projector)
        return LiveIndex(self.space_id, self.dimension, self.sequence, *parts)

    def searched_by(self, over: Callable[[Segment], Segment]) -> "LiveIndex":
        """The same index with `over` its large segment in that one's place: its equal, but for how.

        What small segments have is always searched here.
        """
        base = self.segments[0]
        anew = over(base)
        if anew is base:
            return self
        chart, segments = self._chart, (anew, *self.segments[1:])
        if chart is not None and chart.segment is base:
            chart = replace(chart, segment=anew)
        parts = (segments, self.alive, self.free, self.shown, self.exposed_at, self.projector)
        return LiveIndex(self.space_id, self.dimension, self.sequence, *parts, chart)

    def is_loose(self) -> bool:
        """Whether so much is gone, or lies behind, that the large segment is worth making anew."""
        base = self.segments[0].size
        loose = (base - int(self.alive[:base].sum())) + int(self.alive[base:].sum())
        return loose > max(LOOSE_MENTORS, LOOSE * base)

    def made_anew(self) -> "LiveIndex":
        """The same index in one segment; takes a copy of everything.

        Without the map, whose directions may have been made from those who are gone.
        """
        one = self._rejoined(0)
        parts = (one.segments, one.alive, one.free, one.shown, one.exposed_at)
        return LiveIndex(self.space_id, self.dimension, self.sequence, *parts)

    def whole(self) -> Segment:
        """Everybody who counts in one segment, as a snapshot holds them."""
        if len(self.segments) == 1 and self.alive.all():
            base = self.segments[0]
            if (self.free == base.catalogue.available()).all():
                return base
        return joined(self._kept(0)[0], self.dimension)

    def parts(self, rows: NDArray[np.int64]) -> list[tuple[Segment, NDArray[np.int64]]]:
        """`rows`, sorted, as rows of each segment."""
        cuts = np.searchsorted(rows, self.first)
        return [
            (segment, rows[cuts[i] : cuts[i + 1]] - self.first[i])
            for i, segment in enumerate(self.segments)
        ]

    def place(self, row: int) -> tuple[Segment, int]:
        """The segment of a row, and the row in it."""
        i = int(np.searchsorted(self.first, row, side="right")) - 1
        return self.segments[i], row - int(self.first[i])

    def _kept(self, first: int) -> tuple[list[Kept], NDArray[np.int64]]:
        """Who counts of the segments from `first` on; and their rows here."""
        kept, found = [], [np.zeros(0, np.int64)]
        for i in range(first, len(self.segments)):
            here = slice(int(self.first[i]), int(self.first[i + 1]))
            rows = np.flatnonzero(self.alive[here])
            kept.append((self.segments[i], rows, self.free[here][rows]))
            found.append(rows + self.first[i])
        return kept, np.concatenate(found)

    def _rejoined(self, first: int) -> "LiveIndex":
        """The segments from `first` on made one."""
        at = int(self.first[first])
        kept, rows = self._kept(first)
        last = joined(kept, self.dimension)
        segments = (*self.segments[:first], last)
        alive = np.concatenate([self.alive[:at], np.ones(last.size, np.bool_)])
        free = np.concatenate([self.free[:at], last.catalogue.available()])
        counts = dict(zip(self.catalogue.ids(rows), self.shown[rows].tolist(), strict=True))
        ids = last.catalogue.ids(np.arange(last.size))
        shown = np.asarray([counts[id] for id in ids], dtype=np.int64)
        shown = np.concatenate([self.shown[:at], shown])
        return self._with(self.sequence, segments, alive, free, shown)

    def _with(
        self,
        sequence: int,
        segments: Sequence[Segment],
        alive: NDArray[np.bool_],
        free: NDArray[np.bool_],
        shown: NDArray[np.int64],
    ) -> "LiveIndex":
        return self._same(sequence, segments, alive, free, shown, self.exposed_at)

    def _same(
        self,
        sequence: int,
        segments: Sequence[Segment],
        alive: NDArray[np.bool_],
        free: NDArray[np.bool_],
        shown: NDArray[np.int64],
        exposed_at: int,
    ) -> "LiveIndex":
        """An index of the same space, whose mentors lie on the same map."""
        parts = (sequence, segments, alive, free, shown, exposed_at, self.projector, self._chart)
        return LiveIndex(self.space_id, self.dimension, *parts)


class LiveCatalogue:
    """Who is in the index, behind the `Catalogue` port."""

    def __init__(self, index: LiveIndex) -> None:
        self._index = index

    @property
    def size(self) -> int:
        return len(self._index.alive)

    def alive(self) -> NDArray[np.bool_]:
        """Which rows count; shape (size,)."""
        return self._index.alive

    def available(self) -> NDArray[np.bool_]:
        """Available and with a free place, as of the sequence; shape (size,)."""
        return self._index.free

    def shown(self) -> NDArray[np.int64]:
        """How often each was shown lately, as of the sequence; shape (size,)."""
        return self._index.shown

    def mean_norms(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The length of each mean passage vector, shape (len(rows),)."""
        return np.concatenate([s.catalogue.mean_norms[at] for s, at in self._index.parts(rows)])

    def ids(self, rows: NDArray[np.int64]) -> list[str]:
        """The ids at `rows`, in any order."""
        order = np.argsort(rows, kind="stable")
        parts = self._index.parts(rows[order])
        found = [id for segment, at in parts for id in segment.catalogue.ids(at)]
        return [found[i] for i in np.argsort(order).tolist()]

    def ids_alive(self) -> list[str]:
        """The ids of everybody who counts."""
        return self.ids(np.flatnonzero(self._index.alive))

    def text_hash(self, row: int) -> str:
        segment, local = self._index.place(row)
        return segment.catalogue.text_hash(local)

    def text_hashes_of(self, ids: Sequence[str]) -> list[str | None]:
        """The text hash of each of many mentors as indexed, None for somebody who is not here."""
        rows = self.find(ids)
        order = np.argsort(rows, kind="stable")
        order = order[rows[order] >= 0]
        parts = self._index.parts(rows[order])
        hashes = (text for segment, at in parts for text in segment.catalogue.text_hashes(at))
        found: list[str | None] = [None] * len(ids)
        for i, text_hash in zip(order.tolist(), hashes, strict=True):
            found[i] = text_hash
        return found

    def row(self, id: str) -> int | None:
        """The row at which the mentor counts, or None."""
        row = int(self.find([id])[0])
        return None if row < 0 else row

    def rows(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The rows of the ids that are here, sorted; unknown ids are left out."""
        found = np.unique(self.find(ids))
        return found[found >= 0]

    def find(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """The row at which each of the ids counts, -1 for those who are not here; (len(ids),)."""
        found = np.full(len(ids), -1)
        for segment, first in zip(self._index.segments, self._index.first[:-1], strict=True):
            rows = segment.catalogue.find(ids)
            here = np.flatnonzero(rows >= 0)
            here = here[self._index.alive[first + rows[here]]]
            found[here] = first + rows[here]
        return found

    def having(self, column: str, texts: Collection[str]) -> NDArray[np.bool_]:
        """Which rows have one of `texts` in `column`, without regard to case; shape (size,)."""
        return np.concatenate([s.catalogue.having(column, texts) for s in self._index.segments])

    def where(self, column: str, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Which rows have a text in `column` for which `holds`; shape (size,).

        Texts are given without case, but for time zones, whose names have one.
        """
        return np.concatenate([s.catalogue.where(column, holds) for s in self._index.segments])

    def where_attribute(self, name: str, holds: Callable[[Any], bool]) -> NDArray[np.bool_]:
        """Which rows have an attribute of the name, for whose value `holds`; shape (size,)."""
        return np.concatenate(
            [s.catalogue.where_attribute(name, holds) for s in self._index.segments]
        )


class LiveDense:
    """Nearest passages over all segments, behind the `PassageIndex` port."""

    def __init__(self, index: LiveIndex) -> None:
        self._index = index

    def nearest(
        self, queries: NDArray[np.float32], top_k: int, eligible: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Rows of the mentors who own the `top_k` nearest passages of any query, sorted.

        All passages that tie with the `top_k`-th come along, so that how the mentors are spread
        over segments does not show. A large segment finds most of them, not all (`indexer.lists`).
        """
        allowed = self._allowed(eligible)
        width, most = top_k + 1, max(segment.passages for segment in self._index.segments)
        while True:
            cosines, owners = [], []
            for i, segment in enumerate(self._index.segments):
                near, found = segment.dense.top(queries, width, allowed[i])
                cosines.append(near)
                owners.append(np.where(found < 0, -1, found + self._index.first[i]))
            rows, complete = owners_of_nearest(cosines, owners, top_k)
            if complete or width > most:
                return rows
            width *= WIDER

    def cosines(
        self, queries: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The exact cosines of all passages of the mentors at `rows`, and how many each has."""
        found = [segment.dense.cosines(queries, at) for segment, at in self._index.parts(rows)]
        cosines, counts = zip(*found, strict=True)
        return np.concatenate(cosines, axis=1), np.concatenate(counts)

    def means(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The direction of each mean passage vector, float32, shape (len(rows), dimension)."""
        return np.concatenate([segment.dense.means(at) for segment, at in self._index.parts(rows)])

    def _allowed(self, eligible: NDArray[np.bool_] | None) -> list[Allowed | None]:
        if eligible is None:
            return self._everybody
        mask = eligible & self._index.alive
        if np.array_equal(mask, self._index.alive):
            return self._everybody
        return self._passages_of(mask)

    @functools.cached_property
    def _everybody(self) -> list[Allowed | None]:
        """The passages of all who count; made once, for there are many more than mentors."""
        return self._passages_of(self._index.alive)

    def _passages_of(self, mask: NDArray[np.bool_]) -> list[Allowed | None]:
        first = self._index.first
        return [
            segment.dense.allowed(mask[first[i] : first[i + 1]])
            for i, segment in enumerate(self._index.segments)
        ]


class LiveLexical:
    """Which mentors use the words of a goal, behind the `LexicalIndex` port."""

    def __init__(self, index: LiveIndex) -> None:
        self._index = index

    def best(
        self, weights: Mapping[str, float], top_k: int, eligible: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """Rows of the `top_k` mentors with the greatest weighted sum > 0, sorted."""
        first = self._index.first
        mask = self._index.alive if eligible is None else eligible & self._index.alive
        rows, sums = [], []
        for i, segment in enumerate(self._index.segments):
            here = mask[first[i] : first[i + 1]]
            at, found = segment.lexical.best(weights, top_k, here)
            rows.append(at + first[i])
            sums.append(found)
        best = best_rows(np.concatenate(sums), top_k)
        return np.concatenate(rows)[best]

    def saturations(self, stems: Sequence[str], rows: NDArray[np.int64]) -> Saturations:
        """Which of `stems`, all different, each mentor at `rows` (sorted) uses, and how much."""
        parts, before = [], 0
        for segment, at in self._index.parts(rows):
            found = segment.lexical.saturations(stems, at)
            parts.append(found._replace(mentor=found.mentor + before))
            before += len(at)
        return Saturations(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class LiveMap:
    """Where vectors and mentors lie on the map, behind the `Map` port."""

    def __init__(self, index: LiveIndex, chart: Chart | None) -> None:
        self._index = index
        self._chart = chart

    @property
    def version(self) -> str:
        projector = self._index.projector
        return projector.version if projector else ""

    def place(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Unit rows as points, float64, shape (n, 2); zeros where nobody has made a map yet."""
        projector = self._index.projector
        return projector.place(vectors) if projector else np.zeros((len(vectors), 2))

    def points(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Where the mentors at `rows`, in any order, lie: float64, shape (len(rows), 2)."""
        order = np.argsort(rows, kind="stable")
        parts = self._index.parts(rows[order])
        points = np.empty((len(rows), 2))
        points[order] = np.concatenate([self._within(*part) for part in parts])
        return points

    def _within(self, segment: Segment, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        if self._chart is not None and segment is self._chart.segment:
            return self._chart.points[rows].astype(np.float64)
        return self.place(segment.dense.means(rows))


def _firsts(segments: Sequence[Segment]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([s.size for s in segments])]).astype(np.int64)


def _free(segments: Sequence[Segment]) -> NDArray[np.bool_]:
    return np.concatenate([segment.catalogue.available() for segment in segments])
