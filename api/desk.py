"""What the routes use: the serving parts, and the threads their work runs on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fastapi import Request

from api.background import Background
from api.wiring import Serving
from models.errors import Overloaded

READERS = 2  # threads that encode and search; more would only fight over two cores
WRITERS = 2  # single changes; they wait for the disk more than for a core

MOST_READING = 200  # under way and waiting: some seconds of work
MOST_EXPLAINING = 20  # likewise; one of them looks at everybody

_T = TypeVar("_T")


class Desk:
    """Reading, writing and bulk work each have threads of their own, so none waits for another."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        self._background = Background(serving)
        self._reading = self._explaining = 0
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        self._explainers = ThreadPoolExecutor(1, thread_name_prefix="explain")
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="write")
        self._bulk = ThreadPoolExecutor(1, thread_name_prefix="bulk")

    def open(self) -> None:
        """Start following the store and keeping the data folder."""
        self._background.start()

    async def read(self, work: Callable[[], _T]) -> _T:
        """Run work that only reads off the event loop.

        Raises Overloaded when so many wait already that this one would wait for seconds.
        """
        if self._reading >= MOST_READING:
            raise Overloaded(
                f"{self._reading} requests are being answered or wait here: try again in a moment."
            )
        self._reading += 1  # only the event loop counts
        try:
            return await _run(self._readers, work)
        finally:
            self._reading -= 1

    async def explain(self, work: Callable[[], _T]) -> _T:
        """As `read`, for work on everybody of a large index; one at a time, so others go on."""
        if self._explaining >= MOST_EXPLAINING:
            raise Overloaded(f"{self._explaining} others wait here: try again in a moment.")
        self._explaining += 1
        try:
            return await _run(self._explainers, work)
        finally:
            self._explaining -= 1

    async def write(self, work: Callable[[], _T]) -> _T:
        """Run one change off the event loop."""
        return await _run(self._writers, work)

    async def bulk(self, work: Callable[[], _T]) -> _T:
        """Run a few changes of many off the event loop; one such at a time."""
        return await _run(self._bulk, work)

    def close(self) -> None:
        """Finish what was begun and close everything."""
        for threads in (self._readers, self._explainers, self._writers, self._bulk):
            threads.shutdown()
        self._background.stop()
        self.serving.close()


def desk_of(request: Request) -> Desk:
    """The desk of the application that a request came to."""
    desk: Desk = request.app.state.desk
    return desk


async def _run(threads: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)
