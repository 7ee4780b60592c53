"""Ids of recommendations, which tell without being kept that this server gave them.

32 hex digits of chance and 16 of an HMAC (RFC 2104) over them, with a secret of the tenant:
feedback cannot be given on a recommendation that never was, nor on another tenant's.
"""

import hashlib
import hmac
import secrets

_CHANCE, _MARK = 16, 8  # bytes
PATTERN = f"^[0-9a-f]{{{2 * (_CHANCE + _MARK)}}}$"


def new_id(secret: bytes) -> str:
    """An id that nobody else can make."""
    chance = secrets.token_bytes(_CHANCE)
    return (chance + _mark(secret, chance)).hex()


def is_ours(secret: bytes, id: str) -> bool:
    """Whether `new_id` made it with the same secret."""
    try:
        content = bytes.fromhex(id)
    except ValueError:
        return False
    chance, mark = content[:_CHANCE], content[_CHANCE:]
    return bool(secret) and hmac.compare_digest(_mark(secret, chance), mark)


def _mark(secret: bytes, chance: bytes) -> bytes:
    return hmac.digest(secret, chance, hashlib.sha256)[:_MARK]
