"""Send requests by the clock, whatever comes back, as a process of its own: asked on stdin.

    {"port", "path", "bodies": [...], "rate": per second, "seconds": n, "connections", "headers"}

Rate 0: each connection sends its next request when it has its answer, for so many seconds; one that
was refused pauses first, for refusals take from what can be served.

Told on stdout: for each request when it was meant to start (seconds), milliseconds from then to the
end of its answer, the status (0: no answer), and whether it said when to come back. An open loop:
requests start when the clock says so; one that finds no free connection waits, and that counts.
"""

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from pathlib import Path

from machine import pinned_to_last

PAUSE_S = 0.2
IDLE_S = 2.0  # a connection that was idle for longer is opened anew: servers close it after five


@dataclass(frozen=True, slots=True)
class Flood:
    """What to send; the bodies, JSON texts, are taken in turn."""

    port: int
    path: str
    bodies: Sequence[str]
    rate: float
    seconds: float
    connections: int = 128
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request."""

    at: float
    ms: float
    status: int
    retry_after: bool


def flood(what: Flood) -> list[Answer]:
    """Run this in a process of its own, to its end."""
    process = begun(what)
    return ended(process)


def begun(what: Flood) -> "subprocess.Popen[str]":
    """Begin in a process of its own."""
    process = subprocess.Popen(
        pinned_to_last([sys.executable, str(Path(__file__))]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(what)))
    process.stdin.close()
    process.stdin = None
    return process


def ended(process: "subprocess.Popen[str]") -> list[Answer]:
    """What became of each request, in the order of their starts."""
    told = process.communicate()[0]
    if process.returncode:
        sys.exit("The flood broke off.")
    return [Answer(*one) for one in sorted(json.loads(told))]


def _send(
    what: Flood, began: float, turn: "Turn", told: list[tuple[float, float, int, bool]]
) -> None:
    connection: http.client.HTTPConnection | None = None
    used = 0.0
    headers = {"content-type": "application/json", **what.headers}
    while True:
        number = turn.next()
        at = number / what.rate if what.rate else time.perf_counter() - began
        if at >= what.seconds:
            break
        early = began + at - time.perf_counter()
        if early > 0:
            time.sleep(early)
        status, again = 0, False
        try:
            if connection is not None and time.perf_counter() - used > IDLE_S:
                connection.close()
                connection = None
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", what.port, timeout=60)
                connection.connect()
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            body = what.bodies[number % len(what.bodies)]
            connection.request("POST", what.path, body.encode(), headers)
            answer = connection.getresponse()
            answer.read()
            status, again = answer.status, answer.getheader("retry-after") is not None
            used = time.perf_counter()
            if answer.will_close:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException):
            if connection is not None:
                connection.close()
            connection = None
        told.append((at, 1000 * (time.perf_counter() - began - at), status, again))
        if not what.rate and status != HTTPStatus.OK:
            time.sleep(PAUSE_S)
    if connection is not None:
        connection.close()


class Turn:
    """Numbers of requests, each given to one connection."""

    def __init__(self) -> None:
        self._next, self._lock = 0, threading.Lock()

    def next(self) -> int:
        with self._lock:
            number = self._next
            self._next += 1
        return number


def main() -> None:
    what = Flood(**json.load(sys.stdin))
    told: list[tuple[float, float, int, bool]] = []
    turn, began = Turn(), time.perf_counter()
    threads = [
        threading.Thread(target=_send, args=(what, began, turn, told))
        for _ in range(what.connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
