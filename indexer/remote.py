"""The large segment of an index, found through Milvus and scored from this host's own vectors.

Milvus says which passages are near; their cosines come from the vectors that lie in the snapshot,
by the arithmetic that a segment without it has (`indexer.dense`), so scores and ties do not depend
on who found them. What is newer than the large segment is in small ones, read here as ever: a new
mentor is found before Milvus has them, and whoever has left is not found while it still does.
"""

import logging
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from indexer.catalogue import ArrowCatalogue
from indexer.dense import Allowed, FaissPassageIndex
from indexer.milvus import (
    FACETS,
    MOST,
    Passages,
    facet,
    mentor_and_place,
    mentor_key,
    none_of,
    one_of,
    owner_key,
)
from indexer.segment import Segment
from models.errors import SearchUnavailable

log = logging.getLogger(__name__)

HOST_READS = 2_000  # eligible passages that are sooner read here than asked for
HOST_MOST = 1_000_000  # ... and so many where Milvus would have to bring more than `WORTH`
WORTH = 8_192  # passages of one answer
SPARE = 1.25  # how many more are asked for than wanted, for their order is approximate
WIDER = 4
NAMED = 200  # values of a facet, or mentors left out, that an expression names
NARROWER = 0.8  # a facet is named where it leaves at most this share
SHOWN_S = 6.0  # by when a Bounded search has what was inserted: Milvus's grace of 5, and one more
PROBE_S = 1.0  # how soon a Milvus that was away is asked again


@dataclass(frozen=True, slots=True)
class _Known:
    """What searches have: all up to the change `shown`, and up to `coming` `SHOWN_S` after `at`."""

    shown: int = 0
    coming: int = 0
    at: float = -math.inf

    def shown_at(self, now: float) -> int:
        return self.coming if now - self.at >= SHOWN_S else self.shown

    def then(self, sequence: int, now: float) -> "_Known":
        """What is known when everything up to `sequence` is there; less, where rows were lost."""
        shown = self.shown_at(now)
        if sequence < shown:
            return _Known(0, sequence, now)
        if self.coming <= shown or now - self.at >= SHOWN_S:  # nothing else is on its way
            return _Known(shown, sequence, now)
        return _Known(shown, min(self.coming, sequence), self.at)


class Remote:
    """What a process knows of a tenant's passages in Milvus; any number of threads may share it."""

    def __init__(self, passages: Passages) -> None:
        self.passages = passages
        self.applied = 0
        """The change up to which everything is there, as far as is known here."""
        self._known = _Known()
        self._problem = ""
        self._seen_at = -math.inf

    @property
    def problem(self) -> str:
        """Why Milvus cannot be asked for this tenant, in one sentence; "" while it can."""
        return self.passages.milvus.problem or self._problem

    def look(self, every_s: float = 0.0) -> None:
        """Ask how far Milvus is and whether it answers, unless that is known as of `every_s` ago.

        It never raises.
        """
        now = time.monotonic()
        if now - self._seen_at < min(every_s, PROBE_S if self.problem else every_s):
            return
        self._seen_at = now
        milvus = self.passages.milvus
        if milvus.problem and not milvus.ping(PROBE_S):
            return
        try:
            there = self.passages.is_there()  # else it is made by whoever brings something
            self.reached(self.passages.mark(strong=False).sequence if there else 0)
        except SearchUnavailable as error:
            if milvus.ping(PROBE_S) and not self._problem:
                log.warning("%s: %s", self.passages.tenant, error)
            self._problem = str(error)
        else:
            self._problem = ""

    def reached(self, sequence: int) -> None:
        """Everything up to the change `sequence` is there now, and will soon show in searches."""
        self.applied = sequence
        self._known = self._known.then(sequence, time.monotonic())

    def has(self, sequence: int) -> bool:
        """Whether a search misses nothing up to the change `sequence`. Raises SearchUnavailable."""
        if self.problem:
            raise SearchUnavailable(self.problem)
        return self._known.shown_at(time.monotonic()) >= sequence

    def nearest(
        self, queries: NDArray[np.float32], top_k: int, where: str
    ) -> list[list[tuple[str, float]]]:
        """As `Passages.nearest`; where it fails and Milvus is away, others are refused at once."""
        try:
            return self.passages.nearest(queries, top_k, where)
        except SearchUnavailable:
            self.passages.milvus.ping(PROBE_S)
            raise

    def over(self, segment: Segment, sequence: int) -> Segment:
        """The segment, all of which is in the store at `sequence`, found through Milvus."""
        if isinstance(segment.dense, RemotePassageIndex) or not segment.size:
            return segment
        dense = RemotePassageIndex(segment.dense, segment.catalogue, sequence, self)
        return Segment(segment.catalogue, dense, segment.lexical)


@dataclass(frozen=True, slots=True)
class Picked(Allowed):
    """The passages of eligible mentors: `mask`, shape (n_mentors,)."""

    mask: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What Milvus is asked for: `where` takes so many of this segment's `passages`, or more."""

    where: str
    passages: int


class RemotePassageIndex(FaissPassageIndex):
    """A segment's vectors, among which Milvus finds the nearest as soon as it has all of them."""

    def __init__(
        self, local: FaissPassageIndex, catalogue: ArrowCatalogue, sequence: int, remote: Remote
    ) -> None:
        self.first, self.lists = local.first, local.lists
        self.vectors, self._flat = local.vectors, local._flat  # noqa: SLF001
        self._local = local
        self._catalogue = catalogue
        self._sequence = sequence
        self._remote = remote
        self._making = threading.Lock()
        self._rows: _Rows | None = None
        self._facets: dict[str, _Facet] | None = None

    def allowed(self, eligible: NDArray[np.bool_]) -> Allowed | None:
        """The passages of eligible mentors; None when that is all of them."""
        if eligible.all():
            return None
        return Picked(int(np.diff(self.first)[eligible].sum()), mask=eligible)

    def nearest(
        self, queries: NDArray[np.float32], top_k: int, allowed: Allowed | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The `top_k` nearest passages that are allowed: their cosines, and their numbers.

        As `FaissPassageIndex.nearest`. Raises SearchUnavailable.
        """
        mask = allowed.mask if isinstance(allowed, Picked) else None
        count = self.size if allowed is None else allowed.count
        if not self._remote.has(self._sequence):  # it is being brought there
            here = None if mask is None else self._local.allowed(mask)
            return self._local.nearest(queries, top_k, here)
        if not count:
            return self._local.nearest(queries, top_k, Allowed(0))
        if mask is not None and count <= HOST_READS:
            return self._among(self._numbers_of(mask), queries, top_k)
        plan = self._plan(mask)
        wanted = math.ceil(SPARE * top_k * max(1.0, plan.passages / count))
        if mask is not None and wanted > WORTH and count <= HOST_MOST:
            return self._among(self._numbers_of(mask), queries, top_k)
        found = self._found(queries, min(wanted, MOST), plan.where, mask, min(top_k, count))
        scored = [self._among(near, queries[i : i + 1], top_k) for i, near in enumerate(found)]
        cosines, numbers = (np.concatenate(each) for each in zip(*scored, strict=True))
        return cosines, numbers

    def _found(
        self,
        queries: NDArray[np.float32],
        wanted: int,
        where: str,
        mask: NDArray[np.bool_] | None,
        enough: int,
    ) -> list[NDArray[np.int64]]:
        """For each query the numbers of near passages that are allowed, `enough` where possible."""
        while True:
            hits = self._remote.nearest(queries, wanted, where)
            found = [self._numbers([key for key, _ in near], mask) for near in hits]
            # Whoever has left since, or has other words, may still be there.
            short = any(
                len(numbers) < enough and len(near) == wanted
                for numbers, near in zip(found, hits, strict=True)
            )
            if not short or wanted == MOST:
                return found
            wanted = min(WIDER * wanted, MOST)

    def _numbers_of(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The numbers of all passages of these mentors."""
        return np.flatnonzero(np.repeat(mask, np.diff(self.first)))

    def _numbers(self, keys: Sequence[str], mask: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """The numbers, sorted, of the passages with these keys that are in the segment."""
        split = [mentor_and_place(key) for key in keys]
        rows = self._mentors().find([mentor for mentor, _ in split])
        places = np.asarray([place for _, place in split], np.int64)
        here = rows >= 0
        if mask is not None:
            here &= mask[rows]
        rows, places = rows[here], places[here]
        numbers = self.first[rows] + places
        return np.unique(numbers[numbers < self.first[rows + 1]])

    def _plan(self, mask: NDArray[np.bool_] | None) -> _Plan:
        """What to ask for, so that all who are eligible may come and few others do.

        A filter is known here as who passes it. What these have in each facet, and the others do
        not, is what Milvus can leave out; a few who are left out beside that are named.
        """
        if mask is None:
            return _Plan("", self.size)
        terms: list[str] = []
        left = np.ones(len(mask), np.bool_)
        for name, one in self._values().items():
            wanted = np.zeros(len(one.numbers), np.bool_)
            wanted[one.codes[mask]] = True
            if wanted.sum() <= NAMED:
                then = left & wanted[one.codes]
                if then.sum() <= NARROWER * left.sum():
                    left = then
                    terms.append(one_of(name, one.numbers[wanted].tolist()))
        out = np.flatnonzero(left & ~mask)
        if 0 < len(out) <= NAMED:
            tenant = self._remote.passages.tenant
            owners = [owner_key(tenant, id) for id in self._catalogue.ids(out)]
            terms.append(none_of("owner", owners))
            left = mask
        return _Plan(" and ".join(terms), int(np.diff(self.first)[left].sum()))

    def _mentors(self) -> "_Rows":
        """Made when somebody is first searched for: a second and 24 bytes for a million mentors."""
        if self._rows is None:
            with self._making:
                if self._rows is None:
                    self._rows = _Rows.of(self._remote.passages.tenant, self._catalogue)
        return self._rows

    def _values(self) -> "dict[str, _Facet]":
        if self._facets is None:
            with self._making:
                if self._facets is None:
                    self._facets = {name: _facet_of(self._catalogue, name) for name in FACETS}
        return self._facets


@dataclass(frozen=True, slots=True)
class _Rows:
    """Which row a mentor's key is of; `low`, uint64, is sorted and `rows` and `high` go with it."""

    low: NDArray[np.uint64]
    high: NDArray[np.uint64]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, tenant: str, catalogue: ArrowCatalogue) -> "_Rows":
        ids, hashes = (catalogue.table[name].to_pylist() for name in ("id", "text_hash"))
        keys = b"".join(mentor_key(tenant, *pair) for pair in zip(ids, hashes, strict=True))
        halves = np.frombuffer(keys, np.uint64).reshape(-1, 2)
        order = np.argsort(halves[:, 0], kind="stable")
        return cls(halves[order, 0], halves[order, 1], order)

    def find(self, keys: Sequence[bytes]) -> NDArray[np.int64]:
        """The row of each key, -1 where it is of nobody here."""
        halves = np.frombuffer(b"".join(keys), np.uint64).reshape(-1, 2)
        at = np.minimum(np.searchsorted(self.low, halves[:, 0]), len(self.low) - 1)
        same = (self.low[at] == halves[:, 0]) & (self.high[at] == halves[:, 1])
        return np.where(same, self.rows[at], -1)


@dataclass(frozen=True, slots=True)
class _Facet:
    """Of each row the place of its value in `numbers`, which Milvus has for the value."""

    codes: NDArray[np.int32]
    numbers: NDArray[np.int64]


def _facet_of(catalogue: ArrowCatalogue, name: str) -> _Facet:
    column = catalogue.table[name].combine_chunks()
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, "\n")
    coded = pc.dictionary_encode(column)
    numbers = [facet(value) for value in coded.dictionary.to_pylist()]
    return _Facet(coded.indices.to_numpy(), np.asarray(numbers, np.int64))
