"""Server processes over real sockets, with a fixed direction a word for an encoder.

python -m tests.live.servers DATA PORT ERASE_AFTER_S ENCODER RATE DRAIN_S WORKERS
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from fastapi import FastAPI

from api import server as serving
from api import wiring
from api.settings import Settings
from api.tenants import Tenants
from indexer import keeping
from tests.fakes import words_named

ROOT = Path(__file__).parent.parent.parent


@contextlib.contextmanager
def server(
    data: Path,
    erase_after_s: float = keeping.ERASE_AFTER_S,
    encoder: str = "",
    rate: str = "1000000/second",
    store: str = "",
) -> Iterator[str]:
    """A server process, on the database at `store` or that of the folder; its address."""
    with process_at(data, erase_after_s, encoder, rate, store=store) as (process, url, _):
        yield url
        process.terminate()
        # uvicorn shuts down in order and then ends by the signal it was sent.
        assert process.wait(60) in (0, -signal.SIGTERM)


@contextlib.contextmanager
def process_at(
    data: Path,
    erase_after_s: float = keeping.ERASE_AFTER_S,
    encoder: str = "",
    rate: str = "1000000/second",
    drain_s: float = 0.0,
    workers: int = 1,
    store: str = "",
) -> Iterator[tuple["subprocess.Popen[bytes]", str, Path]]:
    """A server process, its address, and the file of its log; killed if it is not ended."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [str(data), str(port), str(erase_after_s), encoder, rate]
    arguments += [str(drain_s), str(workers)]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as lines:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.live.servers", *arguments],
                cwd=ROOT,
                stderr=lines,
                env=os.environ | {"MENTORS_STORE": store},
                start_new_session=True,  # so that its workers can be ended with it
            )
        try:
            deadline = time.monotonic() + 60
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200:
                        break
                assert process.poll() is None, f"the server did not start: {log.read_text()}"
                assert time.monotonic() < deadline, "the server did not get ready"
                threading.Event().wait(0.1)
            yield process, url, log
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def main() -> None:
    """Serve until stopped."""
    data, port, erase_after_s, encoder, rate, drain_s, workers = sys.argv[1:]
    keeping.ERASE_AFTER_S, keeping.BEHIND = float(erase_after_s), 100
    settings = Settings(
        data=Path(data), create=True, encoder=encoder, rate=rate, drain_s=float(drain_s), log="json"
    )
    if workers != "1":
        os.environ |= {"MENTORS_RATE": rate, "MENTORS_DRAIN_S": drain_s, "MENTORS_LOG": "json"}
        serving.WORKER = "tests.live.servers:worker_app"
        serving.serve_in_processes(settings, "127.0.0.1", int(port), int(workers))
        return
    tenants = Tenants(settings, words_named, create=True)
    serving.serve(settings, tenants, "127.0.0.1", int(port))


def worker_app() -> FastAPI:
    """The application of one of several processes."""
    wiring.default_encoder = words_named
    return serving.worker_app()


if __name__ == "__main__":
    main()
