"""Replies that are kept for a day, so that a request sent twice is done once.

After the IETF's draft "The Idempotency-Key HTTP Header Field". Only what was done is kept: a
request that was refused is refused again by the same checks, and its reply may quote what it sent.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from indexer.database import EVERYBODY, Database
from indexer.tables import replies
from models.errors import BadInput, InFlight

KEPT_S = 24 * 3600.0
UNDER_WAY_S = 300.0  # a request that takes longer has died with its process
_NOBODY = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it was sent. `status` >= 200."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Replies:
    """The replies in a store, by tenant, caller and the caller's idempotency key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, tenant: str, caller: str, key: str, request: str) -> Reply | None:
        """The reply to the same request, or None when it is to be done now.

        `request`: a digest of it. Raises InFlight while it is being done, BadInput when the key
        was used for another one.
        """
        now = time.time()
        at = self._at(tenant, caller, key)
        with self._database.writing(tenant) as connection:
            found = connection.execute(sa.select(replies).where(at)).first()
            if found is None or _is_over(found.status, found.at, now):
                connection.execute(sa.delete(replies).where(at))
                row: dict[str, object] = {"tenant": tenant, "caller": caller, "key": key}
                row |= {"request": request, "status": _NOBODY, "headers": "{}", "body": b""}
                row["at"] = now
                connection.execute(sa.insert(replies), [row])
                return None
        if found.request != request:
            raise BadInput(
                f"The Idempotency-Key {key!r} was used for another request within a day: send a "
                f"new one."
            )
        if found.status == _NOBODY:
            raise InFlight(
                f"The request with the Idempotency-Key {key!r} is being done just now: try again "
                f"in a moment."
            )
        return Reply(found.status, json.loads(found.headers), found.body)

    def tidy(self) -> None:
        """Drop what is older than a day."""
        with self._database.writing(EVERYBODY) as connection:
            connection.execute(sa.delete(replies).where(replies.c.at < time.time() - KEPT_S))

    def end(self, tenant: str, caller: str, key: str, reply: Reply | None) -> None:
        """Keep the reply; without one the request may be sent again."""
        at = self._at(tenant, caller, key)
        with self._database.writing(tenant) as connection:
            if reply is None:
                connection.execute(sa.delete(replies).where(at))
                return
            values = {"status": reply.status, "body": reply.body, "at": time.time()}
            values["headers"] = json.dumps(dict(reply.headers))
            connection.execute(sa.update(replies).where(at).values(**values))

    @staticmethod
    def _at(tenant: str, caller: str, key: str) -> sa.ColumnElement[bool]:
        return sa.and_(replies.c.tenant == tenant, replies.c.caller == caller, replies.c.key == key)


def _is_over(status: int, at: float, now: float) -> bool:
    """Whether a reply has been kept long enough, or who was making it must have died."""
    return now - at > (UNDER_WAY_S if status == _NOBODY else KEPT_S)
