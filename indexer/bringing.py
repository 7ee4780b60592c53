"""Bringing a tenant's passages to Milvus, in the order of the store's changes.

What a mentor should have there follows from the store as it is now, never from what a change said:
what is missing is inserted, what is too much deleted, and the rows are counted. So a step that is
done twice, or in part, or by two at once comes to the same, and a process that dies leaves nothing
but work. How far the tenant has come stands in a mark beside the rows, and goes when they go.

One process at a time is at it. The mark names it; one that no longer writes its mark is relieved.
A process that finds itself relieved, say after it was stopped in the middle of a step, looks at the
mentors of that step once more, for what it wrote last may be of yesterday.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.milvus import (
    FACETS,
    MOST,
    Mark,
    Milvus,
    Passages,
    Row,
    collection_of,
    facet,
    key_of,
    mentor_key,
    owner_key,
)
from indexer.passages import passages
from indexer.records import readable
from indexer.remote import Remote
from indexer.statements import batches
from indexer.store import Store
from indexer.vectors import Vectors, text_key
from models.errors import SearchUnavailable
from models.mentor import Location, Mentor

log = logging.getLogger(__name__)

AT_ONCE = 1_000  # mentors of one step, which ends with a look at the mark
RELIEVED_S = 30.0  # after which somebody who has not written the mark is taken for dead
FLUSH_FROM = 5_000  # rows brought at once that are worth sealing; Milvus seals few by itself
LEFT_S = 600.0  # how long rows stay in a space that the tenant has left; cursors lead on for 300
GONE_S = 30.0  # ... and how long after that every process has seen that nothing is there any more
LOOK_S = 2.0  # how often a process with nothing to bring looks whether Milvus is there
TEND_S = 60.0
COMPACT_S = 60.0
SAME = 0.999  # cosine from which a vector is the one looked for, as in `indexer.proof`
_TRIES = 3
_SHOWN = 5
_DIGITS = "0123456789abcdef"
Progress = Callable[[int, int], None]
Stopping = Callable[[], bool]


class Stopped(Exception):
    """A process that ends has left off; what is left is done by another, or at the next start."""


def never() -> bool:
    """That nothing is to stop."""
    return False


@dataclass(frozen=True, slots=True)
class Difference:
    """Who has other rows in Milvus than the store gives them.

    `missing` and `doubled`: ids of mentors; `strange`: keys of rows that nobody should have.
    """

    missing: tuple[str, ...] = ()
    strange: frozenset[str] = frozenset()
    doubled: int = 0

    def sentences(self) -> list[str]:
        """What is wrong, a sentence each."""
        found = []
        if self.missing:
            more = len(self.missing) - _SHOWN
            rest = f" and {more:,} more" if more > 0 else ""
            found.append(
                f"Mentors whose passages Milvus lacks: {', '.join(self.missing[:_SHOWN])}{rest}."
            )
        if self.strange:
            found.append(f"{len(self.strange):,} passages in Milvus belong to no mentor.")
        if self.doubled:
            found.append(f"{self.doubled:,} passages are in Milvus more than once.")
        return found


class Bringer:
    """Brings one tenant's passages to the collection of one space, a step at a time."""

    def __init__(self, store: Store, tenant: str, vectors: Vectors, remote: Remote) -> None:
        self._store = store
        self._tenant = tenant
        self._vectors = vectors
        self._remote = remote
        self._passages = remote.passages
        self._me = secrets.token_hex(8)
        self._seen = (Mark(), 0.0)
        self._swept = -1  # the sequence as of which nothing strange was left, in this turn
        self._unsealed = 0
        self._tended_at = 0.0
        self._troubled = False

    def bring(self, until: int | None = None, progress: Progress | None = None) -> bool:
        """Bring what has changed, up to the change `until`; whether there was anything to do here.

        Raises SearchUnavailable; what was brought stays.
        """
        began, steps = self._remote.applied, 0
        while self.step(until):
            steps += 1
            if progress:
                goal = self._store.head(self._tenant).sequence if until is None else until
                done = max(0, self._remote.applied - began)
                progress(done, max(done, goal - began))
        return steps > 0

    def step(self, until: int | None = None, stopping: Stopping = never) -> bool:
        """Bring the oldest `AT_ONCE` that have changed; whether that was done, and here.

        Raises SearchUnavailable, or Stopped in the middle of what may take long.
        """
        head = self._store.head(self._tenant)
        if self._vectors.space_id not in (head.space_id, head.moving_to):
            return False  # the index has moved on, and what is left here is dropped by the others
        goal = head.sequence if until is None else min(until, head.sequence)
        if self._remote.applied >= goal and self._remote.applied <= head.sequence:
            return False
        self._passages.make()
        mark = self._passages.mark()
        if mark.sequence >= goal and mark.sequence <= head.sequence:
            self._remote.reached(mark.sequence)
            return False
        if not self._may_begin(mark):
            return False
        return self._work(mark, goal, stopping)

    def bring_all(self, progress: Progress | None = None) -> None:
        """Bring all there is at this moment, waiting for another process that is at it."""
        goal = self._store.head(self._tenant).sequence
        while goal and not goal <= self._remote.applied <= self._store.head(self._tenant).sequence:
            if not self.bring(goal, progress):
                self._remote.reached(self._passages.mark().sequence)
                time.sleep(0.2)
        self.tend()

    def look(self, stopping: Stopping = never) -> bool:
        """One round of a process that serves: a step, and a look whether Milvus is there.

        Whether there may be more to bring at once. No trouble with Milvus is raised.
        """
        brought = False
        try:
            if not self._remote.problem:
                brought = self.step(stopping=stopping)
                if brought or time.monotonic() - self._tended_at > TEND_S:
                    self._tended_at = time.monotonic()
                    self.tend()
        except SearchUnavailable as error:
            if not self._troubled:
                log.warning("what is new cannot be brought: %s", error)
            self._troubled = True
            self._remote.look()  # whether it can be searched is another question
            return False
        except Stopped:
            return False
        self._troubled = self._troubled and bool(self._remote.problem)
        self._remote.look(LOOK_S)
        return brought

    def tend(self) -> None:
        """Have the tenant served from here, and drop what it has left long enough ago."""
        head = self._store.head(self._tenant)
        if self._vectors.space_id != head.space_id or self._remote.applied < head.sequence:
            return
        if not head.sequence:
            return  # nothing was brought, so there may be no collection
        if self._passages.served_from() != self._passages.collection:
            self._passages.serve()
        for other, mark in self._others():
            if other.collection == collection_of(self._passages.milvus, head.moving_to):
                continue
            self._leave(other, mark)

    def _leave(self, other: Passages, mark: Mark) -> None:
        """Have a space that the tenant has left dropped, when nobody searches there any more.

        A process that cannot go over searches there all the time. So the mark first says that
        nothing is there, and such a process reads its own vectors; then the rows go, and the mark.
        """
        now = int(time.time())
        if not mark.left_at:
            left = replace(mark, left_at=now)
        elif time.time() - mark.left_at <= (LEFT_S if mark.sequence else GONE_S):
            return
        elif mark.sequence:
            left = replace(mark, sequence=0, left_at=now)
        else:
            other.drop()
            return
        self._passages.milvus.marked(self._tenant, other.collection, left)

    # --- what is there, and what should be ---

    def differences(self, progress: Progress | None = None) -> Difference:
        """Compare the tenant's rows with the store at one state of it.

        What is brought meanwhile may be named too.
        """
        with self._store.database.one_state():
            return self._differences(progress)

    def _differences(self, progress: Progress | None) -> Difference:
        wanted = self._all_wanted(progress)
        missing: dict[str, None] = {}
        strange: set[str] = set()
        count, distinct = self._passages.count(), 0
        for begin in _DIGITS if count > MOST else ("",):  # so that not all keys are held at once
            there = self._passages.keys(begin)
            distinct += len(there)
            mine = {key for key in wanted if key.startswith(begin)}
            missing |= dict.fromkeys(wanted[key] for key in mine - there)
            strange |= there - mine
        doubled = count - distinct
        wrong = self._with_other_vectors(set(wanted.values()) - missing.keys())
        return Difference(
            tuple(sorted(missing | dict.fromkeys(wrong))), frozenset(strange), doubled
        )

    def mend(self) -> None:
        """Bring Milvus to what the store has, whatever it has now; others may write and bring.

        The mark goes back to where the store stood at the beginning, so that whatever was written
        since is brought once more: it may have been taken for strange.
        """
        head = self._store.head(self._tenant)
        self._passages.make()
        found = self.differences()
        while not self._may_begin(self._passages.mark()):
            time.sleep(0.2)
        self._passages.delete(found.strange)
        everybody = self._store.text_hashes(self._tenant) if found.doubled else found.missing
        for some in batches(sorted(everybody), AT_ONCE):
            self._settle(some, anew=True)
            mark = self._passages.mark()
            if mark.holder == self._me:
                self._mark(replace(mark, beat=mark.beat + 1))
        self._mark(Mark(head.sequence, "", self._passages.mark().beat + 1))
        self._remote.reached(head.sequence)

    # --- one step after the other ---

    def _may_begin(self, mark: Mark) -> bool:
        """Whether nobody else is at work; if so, the mark says that this one is."""
        if mark.holder == self._me:
            return True
        now = time.monotonic()
        if mark.holder:
            if (mark.holder, mark.beat) != (self._seen[0].holder, self._seen[0].beat):
                self._seen = (mark, now)
                return False
            if now - self._seen[1] < RELIEVED_S:
                return False
            log.warning("%s: another process has stopped bringing passages to Milvus", self._tenant)
        self._swept = -1
        self._mark(replace(mark, holder=self._me, beat=mark.beat + 1))
        return self._passages.mark().holder == self._me

    def _work(self, mark: Mark, goal: int, stopping: Stopping) -> bool:
        since = mark.sequence
        head = self._store.head(self._tenant)
        if since > head.sequence or max(since, self._swept) < head.purged_at:
            # Of another history, or too far back to learn of every removal.
            self._drop_strange(stopping)
            self._swept = head.sequence
            since = 0 if since > head.sequence else since
        head, changes = self._store.changes(self._tenant, since, AT_ONCE)
        since = min(goal, head.sequence if len(changes) < AT_ONCE else changes[-1].revision)
        ids = [change.id for change in changes if change.revision <= goal]
        self._unsealed += self._settle(ids)
        now = self._passages.mark()
        if now.holder != self._me:
            log.warning("%s: another process brings passages to Milvus now", self._tenant)
            self._settle(ids)
            return False
        last = since >= goal
        if last and self._unsealed >= FLUSH_FROM:
            self._passages.flush()
            self._unsealed = 0
        self._mark(Mark(since, "" if last else self._me, now.beat + 1))
        self._remote.reached(since)
        return True

    def _mark(self, mark: Mark) -> None:
        self._passages.milvus.marked(self._tenant, self._passages.collection, mark)

    def _settle(self, ids: Sequence[str], *, anew: bool = False) -> int:
        """Make the rows of these mentors what the store says now; how many were inserted.

        `anew`: whatever they have is deleted first.
        """
        if not ids:
            return 0
        owners = [owner_key(self._tenant, id) for id in ids]
        inserted = 0
        for attempt in range(_TRIES):
            wanted = self._wanted(ids)
            there = self._passages.keys_of(owners)
            again = anew or attempt > 0
            drop = there | wanted.keys() if again else there - wanted.keys()
            add = [row for key, row in wanted.items() if again or key not in there]
            self._passages.delete(drop)
            self._passages.insert(add)
            inserted += len(add)
            # What was deleted or inserted is counted: an insert of which no answer came may have
            # been made all the same, and another process may have been at the same mentors.
            if not (add or drop) or self._passages.count_of(owners) == len(wanted):
                break
        else:
            raise SearchUnavailable(
                f"Milvus at {self._passages.milvus.name} does not keep what it was given."
            )
        self._forget(ids, {row.owner for row in wanted.values()})
        return inserted

    def _forget(self, ids: Sequence[str], present: set[str]) -> None:
        """Delete those who have left in every other space too, in which some still answer."""
        gone = [o for o in (owner_key(self._tenant, id) for id in ids) if o not in present]
        if gone:
            for other, _ in self._others():
                other.delete(other.keys_of(gone))

    def _wanted(self, ids: Sequence[str]) -> dict[str, Row]:
        """The rows that these mentors should have, by key."""
        changes = self._store.now(self._tenant, ids)
        read = ((change, readable(change.record or "")) for change in changes)
        mentors = [(change.text_hash, mentor) for change, mentor in read if mentor is not None]
        return {row.key: row for row in self._rows(mentors)}

    def _rows(self, mentors: Sequence[tuple[str, Mentor]]) -> Iterator[Row]:
        split = [[passage.text for passage in passages(mentor)] for _, mentor in mentors]
        vectors = self._vectors.by_key({text_key(text): text for texts in split for text in texts})
        for (text_hash, mentor), texts in zip(mentors, split, strict=True):
            begin = mentor_key(self._tenant, mentor.id, text_hash)
            owner, facets = owner_key(self._tenant, mentor.id), facets_of(mentor)
            for place, text in enumerate(texts):
                vector = vectors[text_key(text)].astype(np.float16)
                yield Row(key_of(begin, place), owner, facets, vector)

    def _all_wanted(self, progress: Progress | None) -> dict[str, str]:
        """The id by the key of every row that should be there."""
        known = self._store.text_hashes(self._tenant)
        found: dict[str, str] = {}
        for some in batches(sorted(known), 1_000):
            for id, cut in self._store.cuts(self._tenant, some).items():
                begin = mentor_key(self._tenant, id, known[id][1])
                found |= {key_of(begin, place): id for place in range(len(cut.passages))}
            if progress:
                progress(len(found), len(found))
        return found

    def _with_other_vectors(self, ids: Iterable[str]) -> list[str]:
        """Mentors among whose rows is one with another vector than the store has."""
        wrong = []
        for some in batches(sorted(ids), AT_ONCE):
            wanted = self._wanted(some)
            there = self._passages.vectors(wanted.keys())
            by_owner = {owner_key(self._tenant, id): id for id in some}
            for key, row in wanted.items():
                right = np.asarray(row.vector).astype(np.float32)
                if key not in there or not np.array_equal(there[key], right):
                    wrong.append(by_owner[row.owner])
        return wrong

    def _drop_strange(self, stopping: Stopping) -> None:
        def go_on(*_: int) -> None:
            if stopping():
                raise Stopped

        count = self._passages.count()
        if not count:
            return
        wanted = self._all_wanted(go_on)
        for digit in _DIGITS if count > MOST else ("",):
            go_on()
            self._passages.delete(self._passages.keys(digit) - wanted.keys())

    def _others(self) -> list[tuple[Passages, Mark]]:
        """The tenant in the spaces that it has left, or is on the way to."""
        return [
            (other, mark)
            for other, mark in Passages.of(self._passages.milvus, self._tenant)
            if other.collection != self._passages.collection
        ]


def forget(milvus: Milvus, tenant: str, id: str) -> bool:
    """Delete what a mentor has in any space, and have the segments written anew without it.

    Whether Milvus had done that in `COMPACT_S`. No encoder is needed.
    """
    done = []
    for one, _ in Passages.of(milvus, tenant):
        one.delete(one.keys_of([owner_key(tenant, id)]))
        one.flush()
        done.append(one.compact())
    deadline = time.monotonic() + COMPACT_S
    while not all(is_done() for is_done in done):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def traces(
    milvus: Milvus, tenant: str, id: str, vectors: Sequence[NDArray[np.float32]]
) -> list[str]:
    """What Milvus still answers of a mentor who was erased, and of vectors nobody else has."""
    found = []
    for one, _ in Passages.of(milvus, tenant):
        if one.keys_of([owner_key(tenant, id)]):
            found.append(f"{one.collection} has rows of the mentor")
        wanted = [v for v in vectors if len(v) == one.width()]
        for some in batches(wanted, 16):
            near = one.nearest(np.stack(some), 1, strong=True)
            if any(cosine > SAME for hits in near for _, cosine in hits):
                found.append(f"{one.collection} has a vector of the mentor")
    return found


def facets_of(mentor: Mentor) -> tuple[int, ...]:
    """What filters look at of a mentor, as `indexer.catalogue` has it."""
    location = mentor.location or Location()
    texts = {
        "country": location.country,
        "timezone": location.timezone,
        "seniority": mentor.seniority,
        "languages": "\n".join(mentor.languages),
    }
    return tuple(facet(texts[name]) for name in FACETS)
