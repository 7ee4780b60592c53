"""NDJSON in, one result a line out, in order, never all in memory.

Many clients send everything before they read anything. So results wait in a file without a name
until the client takes them: reading the request never waits for sending the answer.
"""

import asyncio
import json
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from typing import IO, Any

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import observing, problems
from api.desk import Asked
from api.wiring import Serving
from indexer.records import mentor_from, unknown_fields
from indexer.writing import Outcome
from models.errors import BadInput, MentorNotFound, MentorsError, RecordRejected
from models.mentor import Mentor

MAX_LINE = 4 * 1024 * 1024  # bytes; a record of every field at its limit is far shorter
MOST_LINES = 1_000_000  # of one request
MOST_KEPT = 64 * 1024 * 1024  # bytes of results that a client has not taken; more waits for it
TOGETHER = 16  # records embedded and committed at once
_SENT_AT_ONCE = 64 * 1024
_STOPPED = (
    b'{"result": "failed", "reason": "The request ended before its last line was complete."}\n'
)
log = logging.getLogger(__name__)

Result = dict[str, Any]
Line = tuple[int, bytes | int]
"""The number of a line, from 1, and its bytes, or how many there are where it is too long."""


class LinesResponse(Response):
    """Reads the request's lines, works on a few at a time, and sends a result for each."""

    media_type = "application/x-ndjson"
    together = 1  # lines worked on at once

    def __init__(self, request: Request, asked: Asked) -> None:
        super().__init__()
        self._request = request
        self._asked = asked
        self._more = asyncio.Event()
        self._taken = asyncio.Event()
        self._kept = self._sent = 0  # bytes of results
        self._complete = self._gone = False

    async def work(self, lines: Sequence[Line], results: list[Result]) -> None:
        """Add the result of each line."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        headers = [(b"content-type", b"application/x-ndjson")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with tempfile.TemporaryFile() as results:
            writing = asyncio.create_task(self._write(results))
            try:
                async for some in self._sendable(results):
                    await send({"type": "http.response.body", "body": some, "more_body": True})
            finally:
                self._gone = True  # nobody takes any more of it, so nothing waits for that
                self._taken.set()
                await writing
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, results: IO[bytes]) -> None:
        try:
            async for lines in _batches(_lines(self._request), self.together):
                found: list[Result] = []
                try:
                    await self._some(lines, found)
                finally:  # what is on disk is said, whatever happened after it
                    results.seek(0, 2)
                    for result in found:
                        line = json.dumps(result, ensure_ascii=False).encode() + b"\n"
                        self._kept += results.write(line)
                    self._more.set()
                await self._room()
        except ClientDisconnect:  # or no more came for too long: said to whoever still listens
            results.seek(0, 2)
            results.write(_STOPPED)
        except Exception:
            log.exception("a request of many lines broke off")
            results.seek(0, 2)
            reason = "Something went wrong here; it has been logged. Lines without a result may"
            last = json.dumps({"result": "failed", "reason": f"{reason} not have been taken."})
            results.write(last.encode() + b"\n")
        finally:
            self._complete = True
            self._more.set()

    async def _room(self) -> None:
        """Wait until the client has taken so much that more results may be kept for it."""
        while self._kept - self._sent > MOST_KEPT and not self._gone:
            self._taken.clear()
            await self._taken.wait()

    async def _some(self, lines: Sequence[Line], found: list[Result]) -> None:
        taken = [line for line in lines if line[0] <= MOST_LINES]
        if taken:
            await self.work(taken, found)
        for number, _ in lines[len(taken) :]:
            reason = f"A request takes {MOST_LINES:,} lines at most: send the rest in another one."
            found.append({"line": number, "result": "rejected", "field": "", "reason": reason})

    async def _sendable(self, results: IO[bytes]) -> AsyncIterator[bytes]:
        while True:
            self._more.clear()
            complete = self._complete
            results.seek(self._sent)
            while some := results.read(_SENT_AT_ONCE):
                yield some
                self._sent += len(some)
                self._taken.set()
                results.seek(self._sent)
            if complete:
                return
            await self._more.wait()


async def _lines(request: Request) -> AsyncIterator[tuple[bytes | int, bool]]:
    """Each line, or its size where it is too long, and whether the next one is here already."""
    rest, dropped, looked = bytearray(), 0, 0
    async for chunk in request.stream():
        rest += chunk
        begin = 0
        while (end := rest.find(b"\n", max(begin, looked))) >= 0:
            line, size = bytes(rest[begin:end]), dropped + end - begin
            begin, dropped = end + 1, 0
            yield (line if size <= MAX_LINE else size), rest.find(b"\n", begin) >= 0
        del rest[:begin]
        if len(rest) + dropped > MAX_LINE:
            dropped += len(rest)
            rest.clear()
        looked = len(rest)  # no line ends before
    if rest or dropped:
        yield (bytes(rest) if not dropped else dropped + len(rest)), False


async def _batches(
    lines: AsyncIterator[tuple[bytes | int, bool]], together: int
) -> AsyncIterator[list[Line]]:
    """Numbered lines, as many together as are here: a client that sends one gets one result."""
    batch: list[Line] = []
    number = 0
    async for line, more in lines:
        number += 1
        if isinstance(line, int) or line.strip():
            batch.append((number, line))
        if batch and (len(batch) == together or not more):
            yield batch
            batch = []


class BulkResponse(LinesResponse):
    """Writes the mentors of the lines."""

    together = TOGETHER

    async def work(self, lines: Sequence[Line], results: list[Result]) -> None:
        asked = self._asked
        try:
            await asked.desk.bulk(partial(_apply, asked.serving, lines, results))
        except MentorsError as error:  # such as no room: what has no result was not begun
            done = {one["line"] for one in results}
            results += [_refused(line, None, error) for line, _ in lines if line not in done]
        finally:
            self._tell(results)

    def _tell(self, results: Sequence[Result]) -> None:
        asked = self._asked
        for one in results:
            made = one["result"] not in ("rejected", "failed")  # else the id may be anything
            observing.changed(asked.caller, "bulk", one["id"] if made else "", one["result"])


def _apply(serving: Serving, lines: Sequence[Line], results: list[Result]) -> None:
    """Add the result of each line; records that follow one another are written together."""
    waiting: list[tuple[int, Mentor, list[str]]] = []

    def put() -> None:
        some, waiting[:] = list(waiting), []
        results.extend(_put(serving, some))

    for number, line in lines:
        value: dict[str, Any] = {}
        try:
            value = decoded(line)
            if value.get("op", "put") == "put":
                value.pop("op", None)
                mentor = mentor_from(value)
                if mentor.id in {other.id for _, other, _ in waiting}:
                    put()
                waiting.append((number, mentor, sorted(unknown_fields(value))))
                continue
            put()
            results.append({"line": number} | _changed(serving, value))
        except MentorsError as error:
            put()
            results.append(_refused(number, value.get("id"), error))
    put()


def _put(serving: Serving, waiting: list[tuple[int, Mentor, list[str]]]) -> Iterator[Result]:
    if not waiting:
        return
    try:
        outcomes = serving.put([mentor for _, mentor, _ in waiting])
    except MentorsError as error:
        yield from (_refused(number, mentor.id, error) for number, mentor, _ in waiting)
        return
    for (number, _, ignored), outcome in zip(waiting, outcomes, strict=True):
        yield {"line": number} | said(outcome, ignored)


def _changed(serving: Serving, value: Mapping[str, Any]) -> Result:
    id, op = value.get("id"), value["op"]
    if not isinstance(id, str):
        raise BadInput("/id is missing: expected the id of the mentor to change", pointer="/id")
    if any("\ud800" <= c <= "\udfff" for c in id):
        raise BadInput(f"/id {id!a} holds half of a surrogate pair", pointer="/id")
    if op == "delete":
        sequence = serving.remove(id)
        if sequence is None:
            raise MentorNotFound(f"There is no mentor with the id {id!r}")
        return {"id": id, "result": "removed", "sequence": sequence}
    if op == "patch":
        patch = {k: v for k, v in value.items() if k != "op"}
        return said(serving.patch(id, patch), sorted(unknown_fields(patch)))
    raise BadInput(f"/op expected 'put', 'patch' or 'delete', got {op!r}", pointer="/op")


def decoded(line: bytes | int) -> dict[str, Any]:
    """The JSON object of a line, or of one too long, whose size is given. Raises RecordRejected."""
    if isinstance(line, int):
        raise RecordRejected(f"the line is {line:,} bytes long, at most {MAX_LINE:,} are taken")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordRejected(f"the line is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RecordRejected("the line is no JSON object")
    return value


def said(outcome: Outcome, ignored: list[str]) -> Result:
    """What a change came to; `ignored` names the fields sent that no record has."""
    answer = {"id": outcome.id, "result": outcome.result, "sequence": outcome.revision}
    return answer | ({"ignored": ignored} if ignored else {})


def _refused(number: int, id: object, error: MentorsError) -> Result:
    """`rejected`: the line must be mended; `failed`: the same line may be sent again later."""
    mendable = isinstance(error, BadInput | MentorNotFound)
    reason = problems.sentence(error).encode(errors="backslashreplace").decode()
    return (
        {"line": number}
        | ({"id": id.encode(errors="backslashreplace").decode()} if isinstance(id, str) else {})
        | {"result": "rejected" if mendable else "failed"}
        | {"field": error.pointer if isinstance(error, BadInput) else "", "reason": reason}
    )
