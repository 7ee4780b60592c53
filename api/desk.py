"""What the routes use: who asks, what answers for them, and the threads the work runs on."""

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Request, Security
from fastapi.security import HTTPBearer

from api import observing
from api.background import Background
from api.callers import Caller, Callers
from api.rates import Rates
from api.tenants import Tenants
from api.wiring import Serving
from indexer.keys import Keys
from models.errors import Forbidden, MentorsError, Overloaded

READERS = 2  # threads that encode and search; more would only fight over two cores
WRITERS = 2  # single changes; they wait for the disk more than for a core

FEWEST = 2 * READERS  # so many are always taken
MOST_READING = 2_000  # under way and waiting, however patient the server is set to be
MOST_EXPLAINING = 20  # under way and waiting; one of them looks at everybody
MOST_WRITING = 200  # likewise; each waits for the disk
_AT_FIRST_S = 0.03  # what one reading takes, until some have been timed
_MEMORY = 0.95  # how far what is known of that goes into the next estimate

_T = TypeVar("_T")
log = logging.getLogger(__name__)
_BEARER = HTTPBearer(
    auto_error=False,  # the door has checked it; this is for the documentation
    description="An API key, as `mentors keys create` has shown it.",
)


class Queue:
    """Threads with a bounded queue in front; only the event loop counts who is in it."""

    def __init__(self, name: str, threads: int, most: Callable[[], int]) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._figure = observing.QUEUE.labels(name)
        self._most = most
        self.length = 0  # under way and waiting

    def is_full(self) -> bool:
        return self.length >= self._most()

    async def run(self, work: Callable[[], _T]) -> _T:
        """Run work off the event loop. Raises Overloaded when too many wait already."""
        if self.is_full():
            observing.REFUSED.labels("overloaded").inc()
            raise Overloaded(
                f"{self.length} requests are being answered or wait here: try again in a moment."
            )
        self._count(1)
        try:
            here = contextvars.copy_context()  # so that lines of the log carry the request's id
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, here.run, work)
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        self.length += more
        self._figure.inc(more)

    def shutdown(self) -> None:
        self._threads.shutdown()


class Desk:
    """Reading, writing and bulk work each have threads of their own, so none waits for another."""

    def __init__(self, tenants: Tenants, patience_s: float, rates: Rates) -> None:
        """`patience_s`: who would wait longer than this for a reader is refused, and asks again."""
        self.tenants = tenants
        self.rates = rates
        self._patience_s = patience_s
        first = tenants.first
        self.callers = Callers(Keys(first.store.database), first.tenant)
        self._background = Background(tenants, self.callers)
        self.draining = False
        self._takes_s = _AT_FIRST_S
        self._timing = threading.Lock()
        self.readers = Queue("read", READERS, self._most_reading)
        self.explainers = Queue("explain", 1, lambda: MOST_EXPLAINING)
        self.writers = Queue("write", WRITERS, lambda: MOST_WRITING)
        self._bulk = Queue("bulk", 1, lambda: MOST_WRITING)
        self._batch = Queue("batch", 1, lambda: MOST_WRITING)
        self._door = Queue("door", 1, lambda: MOST_WRITING)

    def warm_up(self) -> None:
        """Open every tenant that has keys, and load what loads on first use."""
        for tenant in self.callers.tenants():
            try:
                self.tenants.open(tenant)
            except MentorsError as error:  # it is tried again when it is asked for
                log.warning("the tenant %s cannot be served: %s", tenant, error)
        self.tenants.first.warm_up()

    def open(self) -> None:
        """Start following the store and keeping the data folder."""
        self._background.start()

    async def serving(self, tenant: str) -> Serving:
        """What answers for the tenant; opened here when nobody has asked for it before."""
        found = self.tenants.find(tenant)
        if found is None:
            found = await self._door.run(lambda: self.tenants.open(tenant))
        return found

    async def recommend(self, work: Callable[[], _T]) -> _T:
        """Answer a request for recommendations, by whose time the queue is bounded."""
        return await self.readers.run(lambda: self._timed(work))

    async def read(self, work: Callable[[], _T]) -> _T:
        """Run work that only reads. Raises Overloaded when it would have to wait too long."""
        return await self.readers.run(work)

    async def explain(self, work: Callable[[], _T]) -> _T:
        """As `read`, for work on everybody of a large index; one at a time, so others go on."""
        return await self.explainers.run(work)

    async def write(self, work: Callable[[], _T]) -> _T:
        """Run one change."""
        return await self.writers.run(work)

    async def bulk(self, work: Callable[[], _T]) -> _T:
        """Run a few changes of many; one such at a time."""
        return await self._bulk.run(work)

    async def batch(self, work: Callable[[], _T]) -> _T:
        """Answer one request of many; one such at a time, so that single ones go on."""
        return await self._batch.run(work)

    async def at_door(self, work: Callable[[], _T]) -> _T:
        """Run a short read of the store before anything else is known of a request."""
        return await self._door.run(work)

    def close(self) -> None:
        """Finish what was begun and close everything."""
        queues = (self.readers, self.explainers, self.writers, self._bulk, self._batch, self._door)
        for queue in queues:
            queue.shutdown()
        self._background.stop()
        self.tenants.close()

    def _most_reading(self) -> int:
        """So many that the last of them waits as long as is bearable (Little's law)."""
        bearable = READERS + int(READERS * self._patience_s / self._takes_s)
        return max(FEWEST, min(MOST_READING, bearable))

    def _timed(self, work: Callable[[], _T]) -> _T:
        began = time.perf_counter()
        found = work()  # what is refused takes no time, and says nothing of what an answer takes
        took = time.perf_counter() - began
        with self._timing:
            self._takes_s = _MEMORY * self._takes_s + (1 - _MEMORY) * took
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What a route works with: the desk, who asks, and what answers for them."""

    desk: Desk
    caller: Caller
    serving: Serving


def asks(scope: str) -> Callable[..., Awaitable[Asked]]:
    """A dependency of routes that take keys with `scope`. Raises Forbidden."""

    async def asked(request: Request, _: Annotated[Any, Security(_BEARER)]) -> Asked:
        desk: Desk = request.app.state.desk
        caller: Caller = request.scope["caller"]
        if scope not in caller.scopes:
            raise Forbidden(
                f"This API key may {', '.join(sorted(caller.scopes))}; this needs {scope!r}."
            )
        return Asked(desk, caller, await desk.serving(caller.tenant))

    return asked
