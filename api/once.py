"""Changes that are made once, however often they are sent: `Idempotency-Key`.

A change and the reply that is kept of it are two transactions: texts are embedded before the change
and the index follows after it, and in one transaction nobody else could write meanwhile. So a
process that dies in between leaves a change without a reply. Its key answers 409 for five minutes,
and then the request is made again. That comes to the same, since every change is known by what it
changes: a mentor or an event that is so already is "unchanged", one who is removed already is 404,
and 412 says that If-Match or If-None-Match named the state of before. Only what somebody else has
written to the same mentor in the meantime is written over, where neither was sent.
"""

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Header, Request, Response

from api.desk import Asked
from indexer.replies import Replies, Reply
from models.errors import MentorsError

REPLAYED = "Idempotency-Replayed"
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="The same request with the same key is done once within 24 hours.",
    ),
]
_KEPT = ("content-type", "etag", "location")
_DONE = range(200, 300)
log = logging.getLogger(__name__)


async def once(
    asked: Asked,
    request: Request,
    key: str | None,
    sent: object,
    work: Callable[[], Awaitable[Response]],
) -> Response:
    """The answer that `work` gives, or gave to the same request before.

    `sent`: the body, JSON. Raises InFlight or BadInput, and what `work` raises, which is not kept.
    """
    if key is None:
        return await work()
    desk, caller = asked.desk, asked.caller
    replies = Replies(asked.serving.store.database)
    at = (caller.tenant, caller.key, key)
    kept = await desk.write(lambda: replies.begin(*at, _digest(request, sent)))
    if kept:
        headers = dict(kept.headers) | {REPLAYED: "true"}
        return Response(kept.body, kept.status, headers)
    reply: Reply | None = None
    try:
        answer = await work()
        if answer.status_code in _DONE:
            headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
            reply = Reply(answer.status_code, headers, bytes(answer.body))
    finally:
        try:
            await desk.write(lambda: replies.end(*at, reply))
        except MentorsError as error:  # what was done is done, and is said all the same
            log.warning("the reply to a request with an Idempotency-Key is not kept: %s", error)
    return answer


def _digest(request: Request, sent: object) -> str:
    said: list[Any] = [request.method, request.url.path, sent]
    said += [request.headers.get(name, "") for name in ("if-match", "if-none-match")]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
