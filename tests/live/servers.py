"""Server processes over real sockets, with a fixed direction a word for an encoder.

python -m tests.live.servers DATA PORT ERASE_AFTER_S ENCODER
"""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import uvicorn

from api.app import create_app
from api.settings import Settings
from indexer import keeping
from tests.fakes import words_named

ROOT = Path(__file__).parent.parent.parent


@contextlib.contextmanager
def server(
    data: Path, erase_after_s: float = keeping.ERASE_AFTER_S, encoder: str = ""
) -> Iterator[str]:
    """A server process of its own; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [str(data), str(port), str(erase_after_s), encoder]
    process = subprocess.Popen([sys.executable, "-m", "tests.live.servers", *arguments], cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200:
                    break
            assert process.poll() is None, "the server did not start"
            assert time.monotonic() < deadline, "the server did not get ready"
            threading.Event().wait(0.1)
        yield url
    finally:
        process.terminate()
        # uvicorn shuts down in order and then ends by the signal it was sent.
        assert process.wait(60) in (0, -signal.SIGTERM)


def main() -> None:
    """Serve until stopped."""
    data, port, erase_after_s, encoder = sys.argv[1:]
    keeping.ERASE_AFTER_S, keeping.BEHIND = float(erase_after_s), 100
    settings = Settings(data=Path(data), create=True, encoder=encoder)
    app = create_app(settings, words_named)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
