"""The edge: what every request passes before any route, as plain ASGI.

A request gets an id, which its answer and its log lines carry; a body that is too long or too slow
is refused without being kept; whatever goes wrong inside becomes a problem; and every answer has
the headers that keep browsers from guessing.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from api import logs, observing, problems

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST_ID = b"x-request-id"
REFUSED = "refused"
_ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{1,100}\Z")  # of ids that callers send: safe in any log

LONGEST_BODY = 4 * 1024 * 1024  # bytes; a record of every field at its limit is far shorter
STREAMS = ("/v1/mentors:bulk", "/v1/recommendations:batch")  # bounded by the line and the number
BODY_S = 30.0  # a body, or the next piece of a stream, that has not come by then is not coming

SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
log = logging.getLogger(__name__)


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD":  # as GET to all within; the protocol knows better, and sends no body
            scope = {**scope, "method": "GET"}
        headers = dict(scope["headers"])
        given = headers.get(REQUEST_ID, b"")
        id = given if _ACCEPTED.match(given) else secrets.token_hex(16).encode()
        status = 0
        body = _Body(scope, receive)
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name for name, _ in message["headers"]}
                if not body.is_over():  # what is still coming is not waited for
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
                message["headers"] = [
                    *message["headers"],
                    *(one for one in ((REQUEST_ID, id), *SECURITY) if one[0] not in there),
                ]
            await send(message)

        with logs.about(request_id=id.decode(), key="", tenant=""):
            try:
                await self._within_limits(scope, body, receive, sending)
            except Exception:
                log.exception("unexpected error")
                if status:  # the answer has begun, so all that is left is to end it early
                    raise
                await problems.unexpected()(scope, receive, sending)
            finally:
                observing.answered(method, scope, status, time.perf_counter() - began)

    async def _within_limits(
        self, scope: Scope, body: "_Body", receive: Receive, send: Send
    ) -> None:
        """Run the application, which is told that the client left where it sends too much."""
        begun = refused = False

        async def receiving() -> Message:
            nonlocal refused
            message = await body.receive()
            if message["type"] == REFUSED:
                if not begun and not refused:
                    refused = True
                    await message["answer"](scope, receive, send)
                return {"type": "http.disconnect"}
            return message

        async def sending(message: Message) -> None:
            nonlocal begun
            if not refused:
                begun = True
                await send(message)

        if body.longest is not None and body.announced > body.longest:
            await body.too_long()["answer"](scope, receive, send)
        else:
            await self._app(scope, receiving, sending)


class _Body:
    """The body of a request, up to a length, and as long as it keeps coming.

    A whole body has `BODY_S`; each piece of a stream as long again.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.longest = None if scope["path"] in STREAMS else LONGEST_BODY
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        self.announced = int(length) if length.isdigit() else 0
        self._expected = self.announced > 0 or b"transfer-encoding" in headers
        self._receive = receive
        self._taken = 0
        self._ended = False
        self._clock = asyncio.get_running_loop().time
        self._deadline = self._clock() + BODY_S

    def is_over(self) -> bool:
        """Whether all of it has come, or there is none."""
        return self._ended or not self._expected

    async def receive(self) -> Message:
        if self._ended:  # whoever still listens waits for the client to leave
            return await self._receive()
        until = self._deadline if self.longest is not None else self._clock() + BODY_S
        try:
            async with asyncio.timeout_at(until):
                message = await self._receive()
        except TimeoutError:
            detail = f"The body did not come within {BODY_S:.0f} s."
            return _refused(408, "The body is too slow", detail, "body-too-slow")
        self._taken += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        return self.too_long() if self._taken > (self.longest or self._taken) else message

    def too_long(self) -> Message:
        detail = f"The body is longer than {LONGEST_BODY:,} bytes."
        return _refused(413, "The body is too long", detail, "body-too-long")


def _refused(status: int, title: str, detail: str, name: str) -> Message:
    answer = problems.problem(status, title, detail, type=f"urn:mentors:{name}")
    return {"type": REFUSED, "answer": answer}
