"""An orderly end: a server that is told to end says for a while that it is not ready."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from api.desk import Desk


@contextlib.contextmanager
def draining(desk: Desk, seconds: float) -> Iterator[None]:
    """Within the block SIGTERM has the desk say so, and ends the server `seconds` later.

    Part of the application and not of the server, because uvicorn makes those of several workers
    itself. A second SIGTERM changes nothing: a worker has one from the service manager and one from
    its parent. SIGINT ends at once.
    """
    ends = signal.getsignal(signal.SIGTERM)  # uvicorn's own handler
    here = threading.current_thread() is threading.main_thread()  # else signals are not ours
    if not seconds or not here or not callable(ends):
        yield
        return
    loop = asyncio.get_running_loop()

    def told(number: int, _frame: FrameType | None) -> None:
        if not desk.draining:
            desk.draining = True
            loop.call_soon_threadsafe(loop.call_later, seconds, ends, number, None)

    signal.signal(signal.SIGTERM, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, ends)
