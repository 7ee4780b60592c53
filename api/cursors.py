"""Opaque cursors: where the next page begins, for which request, on which index version."""

import base64
import binascii
import hashlib
import json

from models.errors import BadCursor, CursorExpired


def cursor(offset: int, request_digest: str, index_version: str) -> str:
    """A cursor for the page that begins at `offset`."""
    content = json.dumps([offset, request_digest, index_version])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def offset_of(text: str, request_digest: str, index_version: str) -> int:
    """Where the page of this cursor begins.

    Raises BadCursor when it is none or was made for another request, CursorExpired when the
    index has changed since.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        offset, digest, version = json.loads(base64.urlsafe_b64decode(padded))
        if not (isinstance(offset, int) and offset >= 0):
            raise ValueError
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        raise BadCursor(
            "The cursor is not one of this server's: send `next` of the page before, unchanged.",
            pointer="/cursor",
        ) from error
    if digest != request_digest:
        raise BadCursor(
            "The cursor belongs to another request: send the same goals, filters and limit.",
            pointer="/cursor",
        )
    if version != index_version:
        raise CursorExpired(
            "The index has changed since this cursor was issued: begin again without a cursor."
        )
    return offset


def digest(request: object) -> str:
    """Sixteen hex digits over a JSON-like request without its cursor."""
    text = json.dumps(request, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
