"""Writing mentors: only strings that are new in the encoder's space are embedded."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.outlines import outline_of, written
from indexer.passages import passages
from indexer.records import canonical_json, content_hash, mentor_from, patched, text_hash
from indexer.store import Change, Changed, Conflict, Cut, Head, Known, Store, changed_since
from indexer.vectors import Vectors, text_key
from models.errors import MentorNotFound, SpaceMismatch, StoreUnavailable
from models.mentor import Mentor, as_record

AT_ONCE = 100  # mentors embedded and committed together; servers follow so many in a moment
MOVED = 20  # those of an index that moves: no more is lost by a kill, and few wait for the last
FEW = 8  # texts that may be embedded while others wait: a moment, once the model is loaded
_TRIES = 10

Progress = Callable[[int, int], None]
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

    def put(
        self,
        mentors: Sequence[Mentor],
        progress: Progress | None = None,
        expected: Revisions | None = None,
    ) -> list[Outcome]:
        """Add or replace mentors with distinct ids, in this order.

        Raises PreconditionFailed when one is not at a revision of `expected`, SpaceMismatch,
        EncoderUnavailable or StoreUnavailable; nothing is written then.
        """
        fresh: dict[bytes, NDArray[np.float32]] = {}
        for _ in range(_TRIES):
            known = self._store.known(self._tenant, [mentor.id for mentor in mentors])
            for mentor in mentors:
                _require(mentor.id, known.get(mentor.id), expected)
            must_match = expected is not None
            found = (_change(m, known.get(m.id), must_match=must_match) for m in mentors)
            changes = [change for change in found if change is not None]
            try:
                last = self._write(changes, fresh, progress) if changes else 0
            except Conflict:
                continue
            return _outcomes(mentors, known, changes, last)
        raise StoreUnavailable("Other processes keep changing the same mentors: try again.")

    def patch(
        self, id: str, patch: Mapping[str, object], expected: Revisions | None = None
    ) -> Outcome:
        """Change some fields of a mentor by a JSON merge patch (RFC 7396).

        Raises MentorNotFound or RecordRejected, and what `put` raises.
        """
        fresh: dict[bytes, NDArray[np.float32]] = {}
        for _ in range(_TRIES):
            stored = self._store.read(self._tenant, [id]).get(id)
            if stored is None:
                raise MentorNotFound(f"There is no mentor with the id {id!r}.")
            mentor = mentor_from(patched(as_record(stored.mentor), patch))
            known = self._store.known(self._tenant, [id]).get(id)
            if known is None or known.revision != stored.revision:
                continue
            _require(id, known, expected)
            change = _change(mentor, known, must_match=True)
            if change is None:
                return Outcome(id, "unchanged", known.revision)
            try:
                return Outcome(id, "changed", self._write([change], fresh, None))
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
        return self._vectors.missing(_all_texts(found.mentor for found in stored.values()))

    def _embed(self, changes: Sequence[Changed]) -> None:
        """Cut and embed the mentors of some changes in this encoder's space."""
        stored = self._store.read(self._tenant, [c.id for c in changes if c.record])
        fresh = self._vectors.by_key(_all_texts(found.mentor for found in stored.values()))
        cut = {id: cut_of(found.mentor) for id, found in stored.items()}
        revisions = {id: found.revision for id, found in stored.items()}
        self._store.recut(self._tenant, cut, revisions, self._vectors.space_id, fresh)

    def stay(self) -> None:
        """End a move to another space that was begun and not finished, and drop what came of it."""
        self._store.set_out(self._tenant, "")
        self._store.drop_strays()

    def _write(
        self,
        changes: Sequence[Change],
        fresh: dict[bytes, NDArray[np.float32]],
        progress: Progress | None,
    ) -> int:
        """Write the changes; `fresh` keeps what was embedded, should they be written again."""
        rewritten = (change.mentor for change in changes if change.cut is not None)
        encoder = self._vectors.encoder
        texts = (text for text in _all_texts(rewritten) if text_key(text) not in fresh)
        fresh |= self._vectors.by_key(texts, progress)
        space_id, runtime_id = encoder.space_id, encoder.runtime_id
        return self._store.write(
            self._tenant, changes, space_id, runtime_id, fresh, self._vectors.name
        )


def _change(mentor: Mentor, known: Known | None, *, must_match: bool = False) -> Change | None:
    """What to write; None when the record is stored already.

    Where only the places differ, the passages stay, which holds only on the revision seen.
    """
    record = canonical_json(mentor)
    seen = known.revision if known else 0
    if known and known.content_hash == content_hash(record):
        return None
    if known and known.text_hash == text_hash(mentor):
        return Change(mentor, record, None, seen)
    return Change(mentor, record, cut_of(mentor), seen if must_match else None)


def _require(id: str, known: Known | None, expected: Revisions | None) -> None:
    if expected is not None and (known.revision if known else 0) not in expected:
        raise changed_since(id)


def _all_texts(mentors: Iterable[Mentor]) -> Iterator[str]:
    return (text for mentor in mentors for texts in texts_of(mentor) for text in texts)


def texts_of(mentor: Mentor) -> tuple[list[str], list[str]]:
    """Every text to embed: the passages, and the items from which the best is quoted."""
    found = passages(mentor)
    items = dict.fromkeys(item for passage in found for item in passage.items)
    return [passage.text for passage in found], list(items)


def cut_of(mentor: Mentor) -> Cut:
    """The keys of those texts, and where they stand."""
    texts, items = texts_of(mentor)
    outline = written(outline_of(mentor), text_hash(mentor))
    return Cut(tuple(map(text_key, texts)), tuple(map(text_key, items)), outline)


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
