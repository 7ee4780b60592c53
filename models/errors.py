"""Every error this project raises on purpose, in one tree.

    MentorsError
    ├── BadInput                  what the caller sent cannot be used (exit status 2, HTTP 4xx)
    │   ├── SourceUnreadable      a file of mentors, goals or judgments
    │   ├── RecordRejected        one mentor record
    │   ├── BadGoals              the mentee's text
    │   ├── BadFilter             a filter or exclusion
    │   └── BadCursor             a cursor this server did not issue
    ├── CursorExpired             the index has moved on (HTTP 410)
    ├── MentorNotFound            no such mentor (HTTP 404)
    ├── RecommendationNotFound    feedback on what was never recommended (HTTP 404)
    ├── InFlight                  the same request is being answered (HTTP 409)
    ├── PreconditionFailed        the mentor is not as the caller has seen it (HTTP 412)
    ├── Unauthorized              no key, or none of ours (HTTP 401)
    ├── Forbidden                 the key may not do this (HTTP 403)
    ├── RateLimited               more requests than the key may send (HTTP 429)
    ├── Overloaded                too many requests wait already (HTTP 503)
    ├── IndexBehind               the store has newer words of a mentor (HTTP 503)
    ├── DataFolderError           the folder on disk cannot serve
    │   ├── DataFolderForeign     it belongs to something else
    │   ├── NoIndex               nothing has been indexed yet
    │   ├── SnapshotDamaged       files are missing or changed
    │   ├── SpaceMismatch         vectors of another encoder
    │   ├── StoreUnavailable      the database or the disk refuses just now
    │   └── Busy                  another process does the same work
    ├── SearchUnavailable         the passages' index is elsewhere and does not answer (HTTP 503)
    └── EncoderUnavailable        weights are missing or not the expected ones

The message of each is one sentence for the person who can mend it: what came, what was
expected, and where.
"""


class MentorsError(Exception):
    """Base of the tree; `str(error)` is the sentence shown to the user."""


class BadInput(MentorsError):
    """What the caller sent cannot be used.

    `pointer` is a JSON Pointer (RFC 6901) into what was sent, or "" for the whole of it.
    """

    def __init__(self, message: str, *, pointer: str = "") -> None:
        super().__init__(message)
        self.pointer = pointer


class SourceUnreadable(BadInput):
    """A file cannot be opened, decoded or recognised."""


class RecordRejected(BadInput):
    """One mentor record cannot be indexed; the others go on."""


class BadGoals(BadInput):
    """The mentee's text is empty, too long or holds no word."""


class BadFilter(BadInput):
    """A filter or exclusion names an unknown field or has a wrong value."""


class BadCursor(BadInput):
    """The cursor was not issued by this server for this request."""


class CursorExpired(MentorsError):
    """The cursor pins an index version that is no longer served."""


class MentorNotFound(MentorsError):
    """No mentor has this id in this tenant."""


class RecommendationNotFound(MentorsError):
    """No recommendation of this tenant has this id."""


class InFlight(MentorsError):
    """A request with the same idempotency key is being answered just now."""


class PreconditionFailed(MentorsError):
    """The mentor is not at the revision that the caller has seen; nothing was changed."""


class Unauthorized(MentorsError):
    """No key was presented, or one that is not in use."""


class Forbidden(MentorsError):
    """The key may not do this."""


class RateLimited(MentorsError):
    """The key sends more requests than it may; `retry_after`: seconds until it may again."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Overloaded(MentorsError):
    """So many requests wait that another one would wait too long."""


class IndexBehind(MentorsError):
    """The store has newer words of the mentor asked about than the index."""


class DataFolderError(MentorsError):
    """The data folder cannot serve; the message says how to mend it."""


class DataFolderForeign(DataFolderError):
    """The folder holds files of something else."""


class NoIndex(DataFolderError):
    """Nothing has been indexed for this tenant yet."""


class SnapshotDamaged(DataFolderError):
    """A snapshot's files are missing, changed or of another format."""


class SpaceMismatch(DataFolderError):
    """The index was made with another encoder than the one now chosen."""


class StoreUnavailable(DataFolderError):
    """The database or the disk cannot be used just now; what was acknowledged is safe."""


class Busy(DataFolderError):
    """Another process holds what this one needs, and kept it longer than is worth waiting."""


class SearchUnavailable(MentorsError):
    """The index of passages is on another machine, and cannot be asked just now."""


class EncoderUnavailable(MentorsError):
    """The encoder's weights are missing or not the expected ones."""
