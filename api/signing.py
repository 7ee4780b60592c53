"""Ids of recommendations, which tell without being kept that this server gave them, and of whom.

Hex digits of chance, of a Bloom filter of the mentors who were recommended, and of an HMAC
(RFC 2104) over both, with a secret of the tenant: feedback cannot be given on a recommendation that
never was, on another tenant's, or, but for a few that the filter takes for others, on mentors who
were not in it. Of those it takes 1 in 400 for one of up to 38 mentors, 1 in 20 for one of 100 and
every second for one of 300: an id that knew these better would be longer than the events.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection

_CHANCE, _MARK = 16, 8  # bytes
_EACH, _MOST = 2, 76  # bytes of the filter for each mentor, and at most
_TIMES = 4  # bits of a mentor in the filter
_BYTES = 4  # of a digest, for each of them
PATTERN = f"^[0-9a-f]{{{2 * (_CHANCE + 1 + _MARK)},{2 * (_CHANCE + _MOST + _MARK)}}}$"


def new_id(secret: bytes, mentors: Collection[str]) -> str:
    """An id that nobody else can make, of a recommendation of these mentors, by id."""
    chance = secrets.token_bytes(_CHANCE)
    size = max(1, min(_MOST, _EACH * len(mentors)))
    found = 0
    for mentor in mentors:
        found |= _bits(secret, chance, mentor, size)
    content = chance + found.to_bytes(size, "big")
    return (content + _mark(secret, content)).hex()


def is_ours(secret: bytes, id: str) -> bool:
    """Whether `new_id` made it with the same secret."""
    try:
        whole = bytes.fromhex(id)
    except ValueError:
        return False
    content, mark = whole[:-_MARK], whole[-_MARK:]
    return bool(secret) and hmac.compare_digest(_mark(secret, content), mark)


def is_of(secret: bytes, id: str, mentor: str) -> bool:
    """Whether the mentor was recommended under this id, which must be one of ours."""
    content = bytes.fromhex(id)[:-_MARK]
    chance, mentors = content[:_CHANCE], content[_CHANCE:]
    bits = _bits(secret, chance, mentor, len(mentors))
    return int.from_bytes(mentors, "big") & bits == bits


def _bits(secret: bytes, chance: bytes, mentor: str, size: int) -> int:
    """The bits of a mentor in a filter of `size` bytes; others in each recommendation."""
    name = mentor.encode(errors="surrogatepass")
    length = _TIMES * _BYTES
    digest = hashlib.blake2b(name, key=secret, salt=chance, digest_size=length).digest()
    found = 0
    for at in range(0, length, _BYTES):
        found |= 1 << int.from_bytes(digest[at : at + _BYTES], "big") % (8 * size)
    return found


def _mark(secret: bytes, content: bytes) -> bytes:
    return hmac.digest(secret, content, hashlib.sha256)[:_MARK]
