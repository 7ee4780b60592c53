"""Writing mentors: only strings that are new in the encoder's space are embedded."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.outlines import outline_of, written
from indexer.passages import passages
from indexer.records import canonical_json, content_hash, mentor_from, patched, text_hash
from indexer.store import Change, Changed, Conflict, Cut, Head, Known, Store, changed_since
from indexer.vectors import Vectors, keyed, text_key
from models.errors import MentorNotFound, SourceUnreadable, SpaceMismatch, StoreUnavailable
from models.mentor import Mentor, as_record

AT_ONCE = 100  # mentors embedded and committed together; servers follow so many in a moment
MOVED = 20  # those of an index that moves: no more is lost by a kill, and few wait for the last
FEW = 8  # texts that may be embedded while others wait: a moment, once the model is loaded
_TRIES = 10

Progress = Callable[[int, int], None]
Fresh = dict[bytes, NDArray[np.float32]]
"""Vectors of texts by key."""
Revisions = Collection[int]
"""Those that a mentor may be at for a change to be made; 0 is that of nobody."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write came to: "added", "changed" or "unchanged", and the mentor's revision now."""

    id: str
    result: str
    revision: int


class Writer:
    """Writes one tenant's mentors; when a method returns, what it wrote is on disk."""

    def __init__(self, store: Store, tenant: str, vectors: Vectors) -> None:
        self._store = store
        self._tenant = tenant
        self._vectors = vectors

    def put(self, mentors: Sequence[Mentor], expected: Revisions | None = None) -> list[Outcome]:
        """Add or replace mentors with distinct ids, in this order.

        Raises PreconditionFailed when one is not at a revision of `expected`, SpaceMismatch,
        EncoderUnavailable or StoreUnavailable; nothing is written then.
        """
        return self._put(mentors, self._work(mentors, expected), {}, expected)

    def put_each(self, batches: Iterable[Sequence[Mentor]]) -> Iterator[list[Outcome]]:
        """As `put` with each batch in turn; no id is in two of them.

        The texts of one batch are embedded while the one before is written. When the batches break
        off with SourceUnreadable, those before are written first.
        """
        broken: SourceUnreadable | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="embed") as embedding:
            begun: list[_Begun] = []
            try:
                for mentors in batches:
                    work = self._work(mentors, None)
                    before = begun[-1].fresh if begun else None
                    fresh = embedding.submit(self._fresh, work.texts, before)
                    begun.append(_Begun(mentors, work, fresh))
                    if len(begun) > 1:
                        yield self._finished(begun.pop(0))
            except SourceUnreadable as error:
                broken = error
            yield from map(self._finished, begun)
        if broken:
            raise broken

    def _finished(self, begun: "_Begun") -> list[Outcome]:
        return self._put(begun.mentors, begun.work, begun.fresh.result())

    def _fresh(self, texts: Mapping[bytes, str], before: "Future[Fresh] | None") -> Fresh:
        """The vectors of `texts`; those of the batch before may not be in the store yet."""
        near = before.result() if before else {}
        here = {key: near[key] for key in texts if key in near}
        return here | self._vectors.by_key({k: t for k, t in texts.items() if k not in here})

    def _put(
        self,
        mentors: Sequence[Mentor],
        work: "_Work",
        fresh: Fresh,
        expected: Revisions | None = None,
    ) -> list[Outcome]:
        """Do `work` with `mentors`, or what has become of it when others were faster."""
        for _ in range(_TRIES):
            try:
                last = self._write(work, fresh) if work.changes else 0
            except Conflict:
                work = self._work(mentors, expected)
                continue
            return _outcomes(mentors, work.known, work.changes, last)
        raise StoreUnavailable("Other processes keep changing the same mentors: try again.")

    def _work(self, mentors: Sequence[Mentor], expected: Revisions | None) -> "_Work":
        known = self._store.known(self._tenant, [mentor.id for mentor in mentors])
        for mentor in mentors:
            _require(mentor.id, known.get(mentor.id), expected)
        work = _Work(known, [], {})
        for mentor in mentors:
            work.add(mentor, known.get(mentor.id), must_match=expected is not None)
        return work

    def patch(
        self, id: str, patch: Mapping[str, object], expected: Revisions | None = None
    ) -> Outcome:
        """Change some fields of a mentor by a JSON merge patch (RFC 7396).

        Raises MentorNotFound or RecordRejected, and what `put` raises.
        """
        fresh: Fresh = {}
        for _ in range(_TRIES):
            stored = self._store.read(self._tenant, [id]).get(id)
            if stored is None:
                raise MentorNotFound(f"There is no mentor with the id {id!r}.")
            mentor = mentor_from(patched(as_record(stored.mentor), patch))
            known = self._store.known(self._tenant, [id]).get(id)
            if known is None or known.revision != stored.revision:
                continue
            _require(id, known, expected)
            work = _Work({id: known}, [], {})
            work.add(mentor, known, must_match=True)
            if not work.changes:
                return Outcome(id, "unchanged", known.revision)
            try:
                return Outcome(id, "changed", self._write(work, fresh))
            except Conflict:
                continue
        raise StoreUnavailable(f"Others keep changing the mentor {id!r}: try again.")

    def remove(self, ids: Sequence[str], expected: Revisions | None = None) -> dict[str, int]:
        """Erase mentors; the sequence of each removal. Ids of nobody are left out.

        Raises PreconditionFailed as `put` does.
        """
        return self._store.remove(self._tenant, ids, expected)

    def adopt(self, progress: Progress | None = None) -> bool:
        """Make this encoder's space the tenant's, embedding what it lacks; whether it was not yet.

        Passages are cut anew. Others go on in the old space meanwhile, and are refused once all is
        embedded. What a process that was killed had embedded is not embedded again. Raises
        SpaceMismatch when another process moves the tenant elsewhere.
        """
        head = self._store.head(self._tenant)
        if head.space_id == self._vectors.space_id or not head.sequence:
            return False
        self._store.set_out(self._tenant, self._vectors.space_id)
        since, few = 0, FEW
        while True:
            head, changes = self._store.changes(self._tenant, since, MOVED)
            if self._is_there(head):
                return False
            if changes:
                self._embed(changes)
                since = changes[-1].revision
                if progress:
                    progress(since, head.sequence)
            if len(changes) < MOVED:
                if self._settled(since, few):
                    self._store.drop_strays()
                    return True
                few *= 2  # else those who write faster than this embeds would keep it for ever

    def _is_there(self, head: Head) -> bool:
        """Whether another process that did the same was faster. Raises SpaceMismatch."""
        space_id = self._vectors.space_id
        if space_id not in (head.space_id, head.moving_to):
            raise SpaceMismatch(
                f"Another process moves the index of the tenant {self._tenant!r} to the space "
                f"{head.moving_to or head.space_id}: let it finish."
            )
        return head.space_id == space_id

    def _settled(self, since: int, few: int) -> bool:
        """Move, if next to nothing is left to embed at this moment; whether it was so.

        Others cannot write meanwhile, so what changed is embedded before, and here only what came
        just now: at most `few` texts, and none while the encoder has yet to be loaded.
        """
        encoder = self._vectors.encoder
        most = few if encoder.runtime_id else 0
        with self._store.alone(self._tenant):
            head, changes = self._store.changes(self._tenant, since, MOVED)
            if self._is_there(head) or len(changes) == MOVED:
                return False
            if self._missing(changes) > most:
                return False
            self._embed(changes)
            space_id, runtime, name = encoder.space_id, encoder.runtime_id, self._vectors.name
            return self._store.settle(self._tenant, space_id, runtime, head.sequence, name)

    def _missing(self, changes: Sequence[Changed]) -> int:
        stored = self._store.read(self._tenant, [c.id for c in changes if c.record])
        return self._vectors.missing(texts_of(drafted(found.mentor) for found in stored.values()))

    def _embed(self, changes: Sequence[Changed]) -> None:
        """Cut and embed the mentors of some changes in this encoder's space."""
        stored = self._store.read(self._tenant, [c.id for c in changes if c.record])
        drafts = {id: drafted(found.mentor) for id, found in stored.items()}
        fresh = self._vectors.by_key(texts_of(drafts.values()))
        cut = {id: draft.cut for id, draft in drafts.items()}
        revisions = {id: found.revision for id, found in stored.items()}
        self._store.recut(self._tenant, cut, revisions, self._vectors.space_id, fresh)

    def stay(self) -> None:
        """End a move to another space that was begun and not finished, and drop what came of it."""
        self._store.set_out(self._tenant, "")
        self._store.drop_strays()

    def _write(self, work: "_Work", fresh: Fresh) -> int:
        """Write the changes; `fresh` keeps what was embedded, should they be written again."""
        texts = {key: text for key, text in work.texts.items() if key not in fresh}
        fresh |= self._vectors.by_key(texts)
        encoder = self._vectors.encoder
        return self._store.write(
            self._tenant,
            work.changes,
            encoder.space_id,
            encoder.runtime_id,
            fresh,
            self._vectors.name,
        )


@dataclass(frozen=True, slots=True)
class _Work:
    """What writing some mentors takes: as they are stored, the changes, their texts by key."""

    known: Mapping[str, Known]
    changes: list[Change]
    texts: dict[bytes, str]

    def add(self, mentor: Mentor, known: Known | None, *, must_match: bool) -> None:
        """Nothing, when the record is stored already.

        Where only the places differ, the passages stay, which holds only on the revision seen.
        """
        record = canonical_json(mentor)
        seen = known.revision if known else 0
        if known and known.content_hash == content_hash(record):
            return
        if known and known.text_hash == text_hash(mentor):
            self.changes.append(Change(mentor, record, None, seen))
            return
        draft = drafted(mentor)
        self.changes.append(Change(mentor, record, draft.cut, seen if must_match else None))
        self.texts.update(draft.texts)


@dataclass(frozen=True, slots=True)
class _Begun:
    """Mentors whose texts are being embedded, and who are written then."""

    mentors: Sequence[Mentor]
    work: _Work
    fresh: "Future[Fresh]"


def _require(id: str, known: Known | None, expected: Revisions | None) -> None:
    if expected is not None and (known.revision if known else 0) not in expected:
        raise changed_since(id)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mentor as cut for the store, with every text to embed by its key."""

    cut: Cut
    texts: dict[bytes, str]


def drafted(mentor: Mentor) -> Draft:
    """Cut a mentor: the passages, and the items from which the best is quoted."""
    found = passages(mentor)
    texts = [(text_key(passage.text), passage.text) for passage in found]
    items = keyed(item for passage in found for item in passage.items)
    outline = written(outline_of(mentor, found), text_hash(mentor))
    return Draft(Cut(tuple(key for key, _ in texts), tuple(items), outline), dict(texts) | items)


def texts_of(drafts: Iterable[Draft]) -> dict[bytes, str]:
    """Every text to embed of some mentors, by its key."""
    return {key: text for draft in drafts for key, text in draft.texts.items()}


def _outcomes(
    mentors: Sequence[Mentor], known: Mapping[str, Known], changes: Sequence[Change], last: int
) -> list[Outcome]:
    first = last - len(changes) + 1
    revisions = {change.mentor.id: first + i for i, change in enumerate(changes)}
    found = []
    for mentor in mentors:
        if mentor.id not in revisions:
            found.append(Outcome(mentor.id, "unchanged", known[mentor.id].revision))
        else:
            result = "changed" if mentor.id in known else "added"
            found.append(Outcome(mentor.id, result, revisions[mentor.id]))
    return found
