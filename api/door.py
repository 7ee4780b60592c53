"""The door: whether there is room, who may come in, and how often, before anything is read."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders

from api import observing, pages, problems
from api.callers import Caller
from api.desk import Desk
from api.edge import App, Message, Receive, Scope, Send
from models.errors import MentorsError, Overloaded

REST_S = 0.05  # that what is still coming of a refused request has, so that its connection may stay
PUBLIC = ("/health/live", "/health/ready", "/docs", "/openapi.json", "/", "/status")
ANSWERED_BY_READERS = "/v1/recommendations"


class Door:
    """Wraps the routes."""

    def __init__(self, app: App) -> None:
        self._app = app
        full = Overloaded("Too many requests wait already: try again in a moment.")
        self._full = problems.of(full)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        desk: Desk | None = getattr(scope["app"].state, "desk", None)
        if desk is None:
            await problems.not_ready()(scope, receive, send)
            return
        if scope["path"] == ANSWERED_BY_READERS and desk.readers.is_full():
            # Before anybody is looked up: what refusals cost is taken from those who are answered.
            await self._shed(scope, receive, send)
            return
        headers: dict[str, str] = {}
        try:
            scope["caller"] = caller = await self._caller(scope, desk)
            await desk.rates.take(caller.key, headers)
        except MentorsError as error:
            answer = problems.of(error)
            answer.headers.update(headers)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, _with(headers, send) if headers else send)

    async def _shed(self, scope: Scope, receive: Receive, send: Send) -> None:
        observing.shed(scope)
        try:
            async with asyncio.timeout(REST_S):
                while (await receive()).get("more_body"):
                    pass
        except TimeoutError:
            pass  # the connection is closed behind the answer then
        await self._full(scope, receive, send)

    async def _caller(self, scope: Scope, desk: Desk) -> Caller:
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        caller = await desk.callers.of(headers, scope.get("server"), desk.at_door)
        observing.asked_by(caller)
        return caller


def _is_public(path: str) -> bool:
    return path in PUBLIC or path.startswith(pages.BELOW)


def _with(headers: Mapping[str, str], send: Send) -> Send:
    async def sending(message: Message) -> Any:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return sending
