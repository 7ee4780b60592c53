"""Send requests to a server and time them, as a process of its own: asked on stdin, told on stdout.

    {"port", "path", "bodies": [...], "clients": n, "rate": per second or null, "arrivals", "seed"}

Without a rate the loop is closed: each of `clients` connections sends its next request when it has
its answer. With a rate it is open: requests start when a clock says so, whatever became of the
others, and what they wait for a free connection counts, because latency runs from the intended
start. Threads with plain sockets, since an event loop's timers are a millisecond late.
"""

import json
import random
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from machine import ROOT, pinned_to_last

HOST = "127.0.0.1"
AUTOCANNON = ROOT / "build" / "node" / "node_modules" / "autocannon"
IDLE_S = 2.0  # a connection that was idle for longer is opened anew: servers close it after five
CONNECTIONS = 64  # of an open loop: more requests than that are never under way


@dataclass(frozen=True, slots=True)
class Asked:
    """What to send; `bodies` are JSON texts, each sent once, in this order.

    `rate` None is a closed loop of `clients`; `arrivals` of an open one: "uniform" or "poisson".
    """

    port: int
    path: str
    bodies: Sequence[str]
    clients: int = 1
    rate: float | None = None
    arrivals: str = "uniform"
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Timed:
    """Latencies in milliseconds in the order of the intended starts, and how long all took.

    `cpu_share`: seconds of processor time that sending took, over the seconds it lasted.
    """

    latencies_ms: list[float]
    seconds: float
    cpu_share: float

    @property
    def per_second(self) -> float:
        return len(self.latencies_ms) / self.seconds


def load(asked: Asked) -> Timed:
    """Run this in a process of its own. Ends the command when a request fails."""
    return _told([sys.executable, str(Path(__file__))], asked)


def by_autocannon(asked: Asked) -> Timed | None:
    """The same closed loop by npm's autocannon; None where `make autocannon` was not made."""
    node = shutil.which("node")
    if node is None or not AUTOCANNON.is_dir():
        return None
    return _told([node, str(Path(__file__).with_name("autocannon.cjs"))], asked)


def _told(command: list[str], asked: Asked) -> Timed:
    done = subprocess.run(
        pinned_to_last(command),
        input=json.dumps(asdict(asked)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"The load on port {asked.port} failed: {done.stderr.strip()}")
    return Timed(**json.loads(done.stdout))


def starts(count: int, rate: float, arrivals: str, seed: int) -> list[float]:
    """Seconds after the beginning at which requests are meant to start, `rate` a second."""
    if arrivals == "uniform":
        return [i / rate for i in range(count)]
    chance, at, found = random.Random(seed), 0.0, []
    for _ in range(count):
        found.append(at)
        at += chance.expovariate(rate)
    return found


@dataclass(slots=True)
class Loop:
    """Requests that are shared out among connections."""

    asked: Asked
    latencies_ms: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    _next: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> Timed:
        asked = self.asked
        self.latencies_ms = [0.0] * len(asked.bodies)
        planned = None
        if asked.rate is not None:
            planned = starts(len(asked.bodies), asked.rate, asked.arrivals, asked.seed)
        connections = asked.clients if asked.rate is None else CONNECTIONS
        used = resource.getrusage(resource.RUSAGE_SELF)
        before = used.ru_utime + used.ru_stime
        began = time.perf_counter()
        threads = [
            threading.Thread(target=self._send, args=(began, planned))
            for _ in range(min(connections, len(asked.bodies)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_SELF)
        if self.failed:
            sys.exit(self.failed[0])
        cpu = used.ru_utime + used.ru_stime - before
        return Timed(self.latencies_ms, seconds, cpu / seconds)

    def _send(self, began: float, planned: Sequence[float] | None) -> None:
        try:
            with Connection(self.asked.port, self.asked.path) as connection:
                while (number := self._take()) is not None:
                    start = time.perf_counter()
                    if planned is not None:
                        early = began + planned[number] - start
                        if early > 0:
                            time.sleep(early)
                        start = began + planned[number]
                    connection.post(self.asked.bodies[number].encode())
                    self.latencies_ms[number] = 1000 * (time.perf_counter() - start)
        except (OSError, ValueError) as error:
            self.failed.append(str(error))

    def _take(self) -> int | None:
        with self._lock:
            number = self._next
            self._next += 1
        return number if number < len(self.asked.bodies) and not self.failed else None


class Connection:
    """One HTTP/1.1 connection that is kept; opened when it is first used."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json"
        self._socket: socket.socket | None = None
        self._used = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._socket:
            self._socket.close()

    def post(self, body: bytes) -> bytes:
        """The body of the answer. Raises ValueError when it is not 200, or OSError."""
        if self._socket and time.perf_counter() - self._used > IDLE_S:
            self._socket.close()
            self._socket = None
        if self._socket is None:
            self._socket = socket.create_connection((HOST, self._port), timeout=600)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(f"{self._head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, content = answer.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        lengths = [line for line in lines if line.startswith(b"content-length:")]
        if b" 200" not in lines[0] or not lengths:
            raise ValueError(f"expected 200 with a length, got {answer[:300]!r}")
        length = int(lengths[0].partition(b":")[2])
        parts, missing = [content], length - len(content)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        self._used = time.perf_counter()
        return b"".join(parts)

    def _more(self) -> bytes:
        assert self._socket is not None
        some = self._socket.recv(1 << 18)
        if not some:
            raise ValueError("the server closed the connection")
        return some


if __name__ == "__main__":
    told = Loop(Asked(**json.load(sys.stdin))).run()
    json.dump(asdict(told), sys.stdout)
