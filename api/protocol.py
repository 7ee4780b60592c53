"""HTTP as uvicorn speaks it, with an end to the patience for heads and for whoever takes nothing.

uvicorn ends a connection that is idle between requests. It would keep one that sends a head byte by
byte, or without end, and one that does not read what it is sent, even after a close: many of those
take all connections (Slowloris, slow read) or all memory. Its own `limit_concurrency` lets any
number of connections in, and refuses their requests as plain text.
"""

import asyncio
import fcntl
import functools
import sys
import termios

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api import observing, problems
from api.settings import CONNECTIONS
from models.errors import Overloaded

HEAD_S = 10.0  # from the connection, or the first byte of a later head, to the last of the head
TAKEN_S = 30.0  # between two looks, from one to the next of which a client must take something
LONGEST_HEAD = 64 * 1024  # bytes that may come before a head is complete


class Protocol(HttpToolsProtocol):
    """One connection.

    `most`: how many may be open at once in this process; the next is told so and closed, before it
    has sent anything.
    """

    most = CONNECTIONS
    _timer: asyncio.TimerHandle | None = None
    _looking: asyncio.TimerHandle | None = None
    _came = 0  # bytes since the head that is awaited began
    _left = 0  # bytes that could only become fewer, when it was last looked

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look_again()
        if len(self.connections) > self.most:
            observing.REFUSED.labels("connections").inc()
            transport.write(_one_too_many())
            transport.close()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        self._left = 0  # the client has taken what it held, and more will be written
        super().resume_writing()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._timer is None:  # of a later request on the same connection
            self._await_head()

    def on_headers_complete(self) -> None:
        self._head_is_there()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        super().data_received(data)
        if self._timer is not None and self._came > LONGEST_HEAD:
            self._timer.cancel()
            self._give_up()
        elif self._timer is None and self._waits_for_nobody():
            self._await_head()

    def _look_again(self) -> None:
        self._looking = self.loop.call_later(TAKEN_S, self._look)

    def _look(self) -> None:
        """End a connection whose client has taken nothing since the last look.

        Nothing is written while the buffer is full, or after the close: what is in it becomes less,
        or nobody takes it. A close alone would wait for that for ever.
        """
        held = self.flow.write_paused or self.transport.is_closing()
        left = self._waiting() if held else 0
        if left and left == self._left:
            self.transport.abort()
            return
        self._left = left
        self._look_again()

    def _waiting(self) -> int:
        """Bytes that the client has yet to take, here and in the kernel, which keeps them long."""
        here = self.transport.get_write_buffer_size()
        try:
            kept = fcntl.ioctl(self.transport.get_extra_info("socket"), termios.TIOCOUTQ, bytes(4))
        except OSError:
            return here
        return here + int.from_bytes(kept, sys.byteorder)

    def _waits_for_nobody(self) -> bool:
        """Whether bytes came that belong to no request that is being answered.

        uvicorn has ended its own timer for them.
        """
        return self.cycle is None or (
            self.cycle.response_complete and self.timeout_keep_alive_task is None
        )

    def _await_head(self) -> None:
        self._came = 0
        self._timer = self.loop.call_later(HEAD_S, self._give_up)

    def _head_is_there(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        self.transport.close()


@functools.cache
def _one_too_many() -> bytes:
    """The answer to a connection for which there is no room."""
    answer = problems.of(Overloaded("Too many connections are open here: try again in a moment."))
    answer.headers["connection"] = "close"
    head = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
    return b"HTTP/1.1 503 Service Unavailable\r\n%s\r\n%s" % (head, bytes(answer.body))
