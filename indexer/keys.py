"""API keys: whose mentors a caller may touch, and how.

A key reads `mk_<id>_<secret>`. It is shown once, when it is made; the store keeps its id in the
clear, to find it by, and of the secret a salted SHA-256. A slow hash is for passwords that people
choose: these secrets are 256 random bits, which no list of guesses holds, and every request is
checked.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from indexer.database import EVERYBODY, Database
from indexer.tables import keys
from models.errors import BadInput

SCOPES = ("recommend", "read", "write", "admin")
"""What a key may do: ask for recommendations and say what came of them; read whole profiles and
status; change mentors; see figures of the whole server and of other keys."""

_PREFIX = "mk"
_ID_BYTES, _SECRET_BYTES, _SALT_BYTES = 6, 32, 16
_NOTHING = bytes(_SALT_BYTES)
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret.

    `origin`: the only web origin it may be used from, "" for a key that is kept secret. Times are
    UTC in RFC 3339; `revoked_at` is "" for one that is in use.
    """

    id: str
    tenant: str
    name: str
    scopes: frozenset[str]
    origin: str
    created_at: str
    revoked_at: str


class Keys:
    """The keys in a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, tenant: str, scopes: Collection[str], name: str = "", origin: str = ""
    ) -> tuple[Key, str]:
        """A new key, and the whole of it as its owner will send it.

        Raises BadInput for no scope or one that is none, and for a key bound to an origin, which
        every visitor can read, that could do more than recommend.
        """
        wrong = sorted(set(scopes) - set(SCOPES))
        if wrong or not scopes:
            got = f"got {wrong[0]!r}" if wrong else "got none"
            raise BadInput(f"A key needs scopes out of {', '.join(SCOPES)}: {got}.")
        if origin and set(scopes) != {"recommend"}:
            raise BadInput(
                f"A key for the web origin {origin} is public, so it can have the scope recommend "
                f"only, got {', '.join(sorted(scopes))}."
            )
        id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        salt = secrets.token_bytes(_SALT_BYTES)
        key = Key(id, tenant, name, frozenset(scopes), origin, _now(), "")
        row = {
            "id": id,
            "tenant": tenant,
            "name": name,
            "scopes": " ".join(scope for scope in SCOPES if scope in key.scopes),
            "origin": origin,
            "salt": salt,
            "secret_hash": _hash(salt, secret),
            "created_at": key.created_at,
            "revoked_at": "",
        }
        with self._database.writing(tenant) as connection:
            connection.execute(sa.insert(keys), [row])
        return key, f"{_PREFIX}_{id}_{secret}"

    def listed(self, tenant: str | None = None) -> list[Key]:
        """The keys of a tenant, or of all, oldest first, the revoked ones too."""
        with self._database.reading(EVERYBODY) as connection:
            found = [_key(row) for row in _all(connection)]
        return [key for key in found if tenant in (None, key.tenant)]

    def revoke(self, id: str) -> bool:
        """End a key; whether there was one in use with this id."""
        in_use = sa.and_(keys.c.id == id, keys.c.revoked_at == "")
        with self._database.writing(EVERYBODY) as connection:
            done = connection.execute(sa.update(keys).where(in_use).values(revoked_at=_now()))
            return bool(done.rowcount)

    def ring(self) -> "Ring":
        """All keys as they are now."""
        with self._database.reading(EVERYBODY) as connection:
            return Ring([_Kept(_key(row), row.salt, row.secret_hash) for row in _all(connection)])


@dataclass(frozen=True, slots=True)
class _Kept:
    key: Key
    salt: bytes
    secret_hash: bytes


class Ring:
    """The keys at one moment, in memory, so that asking for one costs no read."""

    def __init__(self, keys: Iterable[_Kept]) -> None:
        self._by_id = {kept.key.id: kept for kept in keys}

    def __len__(self) -> int:
        """How many there are, the revoked ones too."""
        return len(self._by_id)

    def tenants(self) -> list[str]:
        """Whose keys are in use, sorted."""
        return sorted({k.key.tenant for k in self._by_id.values() if not k.key.revoked_at})

    def find(self, presented: str) -> Key | None:
        """The key that somebody presents, if it is one and in use.

        An id that nobody has and a wrong secret take the same steps.
        """
        prefix, id, secret = (*presented.split("_", _PARTS - 1), "", "", "")[:_PARTS]
        kept = self._by_id.get(id)
        salt, expected = (kept.salt, kept.secret_hash) if kept else (_NOTHING, _NOTHING)
        same = hmac.compare_digest(_hash(salt, secret), expected)
        if kept is None or not same or prefix != _PREFIX or kept.key.revoked_at:
            return None
        return kept.key


def _all(connection: sa.Connection) -> "sa.CursorResult[Any]":
    return connection.execute(sa.select(keys).order_by(keys.c.created_at, keys.c.id))


def _key(row: "sa.Row[tuple[object, ...]]") -> Key:
    return Key(
        row.id,
        row.tenant,
        row.name,
        frozenset(row.scopes.split()),
        row.origin,
        row.created_at,
        row.revoked_at,
    )


def _hash(salt: bytes, secret: str) -> bytes:
    return hashlib.sha256(salt + secret.encode(errors="surrogatepass")).digest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
