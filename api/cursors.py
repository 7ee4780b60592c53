"""Opaque cursors: where the next page begins, for which request, on which index version."""

import base64
import binascii
import hashlib
import json

from models.errors import BadCursor


def cursor(offset: int, request_digest: str, index_version: str) -> str:
    """A cursor for the page that begins at `offset`."""
    content = json.dumps([offset, request_digest, index_version])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def opened(text: str, request_digest: str) -> tuple[int, str]:
    """Where the page of this cursor begins, and the index version it belongs to.

    Raises BadCursor when it is none or was made for another request.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        offset, digest, version = json.loads(base64.urlsafe_b64decode(padded))
        if not (isinstance(offset, int) and offset >= 0 and isinstance(version, str)):
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
    return offset, version


def digest(request: object) -> str:
    """Sixteen hex digits over a JSON-like request without its cursor."""
    text = json.dumps(request, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
