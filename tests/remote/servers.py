"""A real Milvus in a folder of the test's own, on free ports; it may be killed and started again.

The package `milvus` has the server's program, which it unpacks here once for all tests.
"""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from tests.conftest import ROOT
from tests.needs import require

PROGRAM = ROOT / "build" / "milvus"
START_S = 120
_USES = {"client": ("listen", "advertise"), "peer": ("listen", "initial-advertise")}


def require_packages() -> None:
    """Skip, and say why, where there is no Milvus to start."""
    require("milvus", ("pymilvus", "milvus"))


class MilvusServer:
    """A standalone Milvus, with its data in `folder`."""

    def __init__(self, folder: Path) -> None:
        from milvus import MilvusServerConfig

        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bin").symlink_to(_unpacked() / "bin")
        config = MilvusServerConfig(data_dir=str(folder))
        names = [name for name in config.configurable_items if name.endswith("_port")]
        *ports, self._health, client, peer = _free_ports(len(names) + 3)
        # Its etcd would else listen where that of every other Milvus does.
        urls = {"client": f"http://127.0.0.1:{client}", "peer": f"http://127.0.0.1:{peer}"}
        lines = [f"{use}-{kind}-urls: {url}" for kind, url in urls.items() for use in _USES[kind]]
        lines.append(f"initial-cluster: default={urls['peer']}")
        (folder / "etcd.yaml").write_text("\n".join(lines))
        config.update(**dict(zip(names, ports, strict=True)))
        # A read of what is there at this moment waits for the next tick; 200 ms unless it is set.
        config.set("proxy.timeTickInterval", "50")
        config.resolve()
        self.port = dict(zip(names, ports, strict=True))["proxy_port"]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"milvus://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it on what is in the folder; returns when it says that it is well."""
        environment = os.environ | {
            "DEPLOY_MODE": "STANDALONE",
            "ETCD_CONFIG_PATH": str(self.folder / "etcd.yaml"),
            "METRICS_PORT": str(self._health),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
            "LD_LIBRARY_PATH": str(self.folder / "bin"),
            "MALLOC_ARENA_MAX": "2",
        }
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.folder / "bin" / "milvus", "run", "standalone"],
                env=environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while not self.is_well():
            assert self.process.poll() is None, f"Milvus ended: {self._last_words()}"
            assert time.monotonic() < deadline, f"Milvus does not start: {self._last_words()}"
            threading.Event().wait(0.1)

    def is_well(self) -> bool:
        with contextlib.suppress(OSError):
            address = f"http://127.0.0.1:{self._health}/healthz"
            with urllib.request.urlopen(address, timeout=5) as answer:
                return b"OK" in answer.read()
        return False

    def kill(self) -> None:
        """kill -9, as a power failure of the process."""
        assert self.process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _last_words(self) -> str:
        return (self.folder / "log").read_bytes()[-2_000:].decode(errors="replace")


def _unpacked() -> Path:
    """The program, unpacked by whichever test process comes first."""
    from milvus import _initialize_data_files

    PROGRAM.mkdir(parents=True, exist_ok=True)
    with (PROGRAM / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _initialize_data_files(str(PROGRAM))
    return PROGRAM


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            one = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            found.append(one.getsockname()[1])
        return found
