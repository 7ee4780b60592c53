"""The clients. Both have the same calls; those of `AsyncMentors` are awaited.

A request that is refused for now (409, 429 or 503 with `Retry-After`), or that gets no answer, is
sent again a few times. A change carries an `Idempotency-Key`, so it is made once all the same.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, cast

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from mentors_client import calls
from mentors_client.answers import (
    BatchAnswer,
    Change,
    Chart,
    Explanation,
    Feedback,
    LineResult,
    Mentor,
    Recommendations,
    SimilarMentors,
    Told,
    Understood,
)
from mentors_client.calls import Call, Event
from mentors_client.problems import NotReached, Problem, require

TIMEOUT_S = 30.0
ATTEMPTS = 4
LONGEST_WAIT_S = 30.0
_backoff = wait_random_exponential(multiplier=0.2, max=5)


class _Base:
    """What both clients know: where the server is, and the key."""

    def __init__(self, url: str, key: str = "", *, attempts: int = ATTEMPTS) -> None:
        """`url`: of the server; `key`: an API key, "" for an open server on this machine."""
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._again: dict[str, Any] = {
            "stop": stop_after_attempt(attempts),
            "wait": _wait,
            "retry": retry_if_exception(_passes),
            "reraise": True,
        }


class Mentors(_Base):
    """A client that waits. Use it as a context manager, or call `close`."""

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        attempts: int = ATTEMPTS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(url, key, attempts=attempts)
        self._http = httpx.Client(
            base_url=self._url, headers=self._headers, timeout=TIMEOUT_S, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def recommend(self, goals: str | Sequence[str], **wanted: Any) -> Recommendations:
        """A page of mentors for the goals; `wanted`: limit, filters, exclude, diversity, ..."""
        return cast("Recommendations", self._json(calls.recommend(goals, wanted)))

    def pages(self, goals: str | Sequence[str], **wanted: Any) -> Iterator[Recommendations]:
        """Page after page, all of one index version; Problem 410 when that is too long ago."""
        page = self.recommend(goals, **wanted)
        yield page
        while page["next"]:
            page = self.recommend(goals, cursor=page["next"], **wanted)
            yield page

    def recommend_many(self, requests: Iterable[Mapping[str, Any]]) -> Iterator[BatchAnswer]:
        """An answer for each request, which are sent as they come; sent once, not again."""
        return cast("Iterator[BatchAnswer]", self._lines("/v1/recommendations:batch", requests))

    def explain(self, goals: str | Sequence[str], mentor: str, **wanted: Any) -> Explanation:
        """Where one mentor stands for the goals."""
        return cast("Explanation", self._json(calls.explain(goals, mentor, wanted)))

    def understand(self, goals: str | Sequence[str]) -> Understood:
        """The goals as they are understood, without recommendations."""
        return cast("Understood", self._json(calls.understand(goals)))

    def chart(self) -> Chart:
        """The mentors with a free place as points of a plane."""
        return cast("Chart", self._json(calls.chart()))

    def status(self) -> dict[str, Any]:
        """What there is and how answering goes; needs a key with the scope `admin`."""
        return cast("dict[str, Any]", self._json(calls.status()))

    def similar(self, id: str, limit: int = 10) -> SimilarMentors:
        """Mentors like this one."""
        return cast("SimilarMentors", self._json(calls.similar(id, limit)))

    def mentor(self, id: str) -> tuple[Mentor, str]:
        """A mentor's record, and its ETag."""
        answer = self._send(calls.read(id))
        return answer.json(), answer.headers["etag"]

    def put(
        self, id: str, record: Mapping[str, Any], *, etag: str | None = None, new: bool = False
    ) -> Change:
        """Add or replace a mentor; with `etag` only who is as it says, with `new` only nobody."""
        return cast("Change", self._json(calls.put(id, record, etag, new=new)))

    def patch(self, id: str, *, etag: str | None = None, **fields: Any) -> Change:
        """Change some fields of a mentor; None removes one."""
        return cast("Change", self._json(calls.patch(id, fields, etag)))

    def delete(self, id: str, *, etag: str | None = None) -> Change:
        """Erase a mentor."""
        return cast("Change", self._json(calls.delete(id, etag)))

    def bulk(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[LineResult]:
        """A result for each line, which are sent as they come; sent once, not again."""
        return cast("Iterator[LineResult]", self._lines("/v1/mentors:bulk", lines))

    def tell(
        self, recommendation_id: str, events: Iterable[Event], *, goals: str | None = None
    ) -> Feedback:
        """Say what came of a recommendation; `goals` only where they may be kept."""
        return cast("Feedback", self._json(calls.tell(recommendation_id, events, goals)))

    def told(self, since: str | None = None) -> Iterator[Told]:
        """Every event of feedback, oldest first; `since`: RFC 3339, from then on."""
        query = {"since": since} if since else {}
        lines = self._streamed(calls.Lines(), "GET", "/v1/feedback", params=query)
        return cast("Iterator[Told]", lines)

    def erase_told(self, recommendation_id: str) -> int:
        """Erase all that was said of a recommendation, the mentee's words too; how many events."""
        return int(self._json(calls.erase_told(recommendation_id))["erased"])

    def _json(self, call: Call) -> Any:
        return self._send(call).json()

    def _send(self, call: Call) -> httpx.Response:
        def once() -> httpx.Response:
            answer = self._http.request(call.method, call.path, **call.arguments())
            require(answer)
            return answer

        try:
            return Retrying(**self._again)(once)
        except httpx.TransportError as error:
            raise NotReached(f"No answer from {self._url}: {error}") from error

    def _lines(self, path: str, values: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
        lines = calls.Lines()
        yield from self._streamed(
            lines, "POST", path, content=lines.sent(values), headers=calls.LINES
        )
        lines.require_all()

    def _streamed(self, lines: calls.Lines, *call: str, **sent: Any) -> Iterator[Any]:
        try:
            with self._http.stream(*call, **sent) as answer:
                if not answer.is_success:
                    answer.read()
                require(answer)
                for piece in answer.iter_bytes():
                    yield from lines.of(piece)
        except httpx.TransportError as error:
            raise NotReached(f"The answer of {self._url} broke off: {error}") from error


class AsyncMentors(_Base):
    """As `Mentors`, for asyncio."""

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        attempts: int = ATTEMPTS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(url, key, attempts=attempts)
        self._http = httpx.AsyncClient(
            base_url=self._url, headers=self._headers, timeout=TIMEOUT_S, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def recommend(self, goals: str | Sequence[str], **wanted: Any) -> Recommendations:
        """A page of mentors for the goals; `wanted`: limit, filters, exclude, diversity, ..."""
        return cast("Recommendations", await self._json(calls.recommend(goals, wanted)))

    async def pages(
        self, goals: str | Sequence[str], **wanted: Any
    ) -> AsyncIterator[Recommendations]:
        """Page after page, all of one index version; Problem 410 when that is too long ago."""
        page = await self.recommend(goals, **wanted)
        yield page
        while page["next"]:
            page = await self.recommend(goals, cursor=page["next"], **wanted)
            yield page

    def recommend_many(self, requests: Iterable[Mapping[str, Any]]) -> AsyncIterator[BatchAnswer]:
        """An answer for each request, which are sent as they come; sent once, not again."""
        return cast(
            "AsyncIterator[BatchAnswer]", self._lines("/v1/recommendations:batch", requests)
        )

    async def explain(self, goals: str | Sequence[str], mentor: str, **wanted: Any) -> Explanation:
        """Where one mentor stands for the goals."""
        return cast("Explanation", await self._json(calls.explain(goals, mentor, wanted)))

    async def understand(self, goals: str | Sequence[str]) -> Understood:
        """The goals as they are understood, without recommendations."""
        return cast("Understood", await self._json(calls.understand(goals)))

    async def chart(self) -> Chart:
        """The mentors with a free place as points of a plane."""
        return cast("Chart", await self._json(calls.chart()))

    async def status(self) -> dict[str, Any]:
        """What there is and how answering goes; needs a key with the scope `admin`."""
        return cast("dict[str, Any]", await self._json(calls.status()))

    async def similar(self, id: str, limit: int = 10) -> SimilarMentors:
        """Mentors like this one."""
        return cast("SimilarMentors", await self._json(calls.similar(id, limit)))

    async def mentor(self, id: str) -> tuple[Mentor, str]:
        """A mentor's record, and its ETag."""
        answer = await self._send(calls.read(id))
        return answer.json(), answer.headers["etag"]

    async def put(
        self, id: str, record: Mapping[str, Any], *, etag: str | None = None, new: bool = False
    ) -> Change:
        """Add or replace a mentor; with `etag` only who is as it says, with `new` only nobody."""
        return cast("Change", await self._json(calls.put(id, record, etag, new=new)))

    async def patch(self, id: str, *, etag: str | None = None, **fields: Any) -> Change:
        """Change some fields of a mentor; None removes one."""
        return cast("Change", await self._json(calls.patch(id, fields, etag)))

    async def delete(self, id: str, *, etag: str | None = None) -> Change:
        """Erase a mentor."""
        return cast("Change", await self._json(calls.delete(id, etag)))

    def bulk(self, lines: Iterable[Mapping[str, Any]]) -> AsyncIterator[LineResult]:
        """A result for each line, which are sent as they come; sent once, not again."""
        return cast("AsyncIterator[LineResult]", self._lines("/v1/mentors:bulk", lines))

    async def tell(
        self, recommendation_id: str, events: Iterable[Event], *, goals: str | None = None
    ) -> Feedback:
        """Say what came of a recommendation; `goals` only where they may be kept."""
        return cast("Feedback", await self._json(calls.tell(recommendation_id, events, goals)))

    def told(self, since: str | None = None) -> AsyncIterator[Told]:
        """Every event of feedback, oldest first; `since`: RFC 3339, from then on."""
        query = {"since": since} if since else {}
        lines = self._streamed(calls.Lines(), "GET", "/v1/feedback", params=query)
        return cast("AsyncIterator[Told]", lines)

    async def erase_told(self, recommendation_id: str) -> int:
        """Erase all that was said of a recommendation, the mentee's words too; how many events."""
        return int((await self._json(calls.erase_told(recommendation_id)))["erased"])

    async def _json(self, call: Call) -> Any:
        return (await self._send(call)).json()

    async def _send(self, call: Call) -> httpx.Response:
        async def once() -> httpx.Response:
            answer = await self._http.request(call.method, call.path, **call.arguments())
            require(answer)
            return answer

        try:
            return await AsyncRetrying(**self._again)(once)
        except httpx.TransportError as error:
            raise NotReached(f"No answer from {self._url}: {error}") from error

    async def _lines(self, path: str, values: Iterable[Mapping[str, Any]]) -> AsyncIterator[Any]:
        lines = calls.Lines()

        async def content() -> AsyncIterator[bytes]:
            for line in lines.sent(values):
                yield line

        sent = self._streamed(lines, "POST", path, content=content(), headers=calls.LINES)
        async for one in sent:
            yield one
        lines.require_all()

    async def _streamed(self, lines: calls.Lines, *call: str, **sent: Any) -> AsyncIterator[Any]:
        try:
            async with self._http.stream(*call, **sent) as answer:
                if not answer.is_success:
                    await answer.aread()
                require(answer)
                async for piece in answer.aiter_bytes():
                    for line in lines.of(piece):
                        yield line
        except httpx.TransportError as error:
            raise NotReached(f"The answer of {self._url} broke off: {error}") from error


def _passes(error: BaseException) -> bool:
    return isinstance(error, httpx.TransportError) or (isinstance(error, Problem) and error.passes)


def _wait(state: RetryCallState) -> float:
    """As long as the server says, else longer each time; with chance, so that not all come back."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after or 0.0 if isinstance(error, Problem) else 0.0
    return min(LONGEST_WAIT_S, asked + _backoff(state))
