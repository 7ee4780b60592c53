"""A connection that can be cut: a TCP proxy on this machine."""

import contextlib
import socket
import threading
from typing import Self


class Proxy:
    """Passes bytes on to a port, until so many have gone by; then nothing, until it is mended."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._left: int | None = None
        self.cut = False

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self._close_all()

    def cut_after(self, count: int) -> None:
        """Cut every connection when so many more bytes have been sent to the server."""
        with self._lock:
            self._left, self.cut = count, False

    def mend(self) -> None:
        """Pass everything on again."""
        with self._lock:
            self._left, self.cut = None, False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.cut:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self._to))
            with self._lock:
                self._open += [client, server]
            for source, target, counted in ((client, server, True), (server, client, False)):
                arguments = (source, target, counted)
                threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while some := source.recv(4_096):
                if counted and self._spent(len(some)):
                    target.sendall(some[: len(some) // 2])
                    self._close_all()
                    return
                target.sendall(some)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _spent(self, count: int) -> bool:
        with self._lock:
            if self._left is None:
                return False
            self._left -= count
            self.cut = self.cut or self._left <= 0
            return self.cut

    def _close_all(self) -> None:
        with self._lock:
            closing, self._open = self._open, []
        for one in closing:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
