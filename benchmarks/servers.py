"""Processes that are measured: started, waited for, their memory read, ended."""

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from machine import ROOT, pinned_to_first

PATIENCE_S = 1_800.0  # a peer may have to load gigabytes


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers on `port`; `ready_s`: seconds from its start until it did."""

    port: int
    pid: int
    ready_s: float


def environment() -> dict[str, str]:
    """That of a program of this project, whatever folder it is installed from."""
    others = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *others])}


def foreign_environment() -> dict[str, str]:
    """That of a program with packages of its own, which asks no model hub."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"}


def mentors(*arguments: object) -> list[str]:
    """The command line of `mentors`."""
    return [str(Path(sys.executable).parent / "mentors"), *map(str, arguments)]


def timed(command: Sequence[str], env: Mapping[str, str]) -> tuple[float, str]:
    """Seconds that a command took, and what it printed. Ends this one when it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        pinned_to_first(command), env=env, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed ({done.returncode}): {done.stderr.strip()[-600:]}")
    return seconds, done.stdout


@contextlib.contextmanager
def serving(command: Sequence[str], env: Mapping[str, str], health: str) -> Iterator[Server]:
    """A server with `--port N` after its command, once a GET of `health` gives 200."""
    port = free_port()
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            [*pinned_to_first(command), "--port", str(port)], env=env, stdout=said, stderr=said
        )
        try:
            while not answers(port, health):
                if process.poll() is not None or time.perf_counter() - began > PATIENCE_S:
                    said.seek(0)
                    sys.exit(f"{' '.join(command)} is not ready: {said.read()[-600:]}")
                time.sleep(0.01)
            yield Server(port, process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def answers(port: int, path: str) -> bool:
    """Whether a GET gives 200. Ends the command when there is nothing at `path`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except OSError:
        return False
    finally:
        connection.close()
    if status == HTTPStatus.NOT_FOUND:
        sys.exit(
            f"The server on port {port} has no {path}: it cannot be asked whether it is ready."
        )
    return status == HTTPStatus.OK


def memory_mib(pid: int) -> dict[str, float]:
    """MiB of a process and its children by kind: "Rss", its "Anonymous" part, the rest, and "Pss".

    The rest is called "File". Pss counts a page that n processes map as one nth, Rss in full.
    """
    found = dict.fromkeys(("Pss", "Rss", "Anonymous"), 0.0)
    for one in (pid, *_children(pid)):
        text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="utf-8")
        for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE):
            if name in found:
                found[name] += int(kib) / 1024
    return found | {"File": found["Rss"] - found["Anonymous"]}


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(child) for child in text.split()]


def free_gib() -> float:
    """GiB of memory that a new process could have."""
    text = Path("/proc/meminfo").read_text(encoding="utf-8")
    return int(re.findall(r"MemAvailable:\s+(\d+)", text)[0]) / 1024**2
