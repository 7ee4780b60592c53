"""The door: who may come in, how often, and whether there is room, before anything is read."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders

from api import observing, pages, problems
from api.callers import Caller
from api.desk import Desk
from api.edge import App, Message, Receive, Scope, Send
from models.errors import MentorsError, Overloaded

PUBLIC = ("/health/live", "/health/ready", "/docs", "/openapi.json", "/", "/status")
ANSWERED_BY_READERS = "/v1/recommendations"


class Door:
    """Wraps the routes."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        desk: Desk | None = getattr(scope["app"].state, "desk", None)
        if desk is None:
            await problems.not_ready()(scope, receive, send)
            return
        headers: dict[str, str] = {}
        try:
            scope["caller"] = caller = await self._caller(scope, desk)
            await desk.rates.take(caller.key, headers)
            if scope["path"] == ANSWERED_BY_READERS and desk.readers.is_full():
                observing.REFUSED.labels("overloaded").inc()
                raise Overloaded("Too many requests wait already: try again in a moment.")
        except MentorsError as error:
            answer = problems.of(error)
            answer.headers.update(headers)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, _with(headers, send) if headers else send)

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
