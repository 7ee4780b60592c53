"""What every result states: when, on which machine, with which commit."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent


def stamp() -> str:
    """One line for the head of a result file."""
    return f"Measured {today()} at commit {commit()}, on {here()}."


def today() -> str:
    """The day, as 2026-11-25."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def here() -> str:
    """The machine, and the Python on it."""
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def pinned_to_first(command: Sequence[str]) -> list[str]:
    """The command on the first two cores, where there is another one for whoever measures it."""
    return _pinned(command, lambda cores: cores[:2])


def pinned_to_last(command: Sequence[str]) -> list[str]:
    """The command on the last core, where there are more than two; else wherever there is time."""
    return _pinned(command, lambda cores: cores[-1:])


def has_own_core() -> bool:
    """Whether what measures has a core of its own."""
    return len(os.sched_getaffinity(0)) > 2 and shutil.which("taskset") is not None


def _pinned(command: Sequence[str], chosen: Callable[[list[int]], list[int]]) -> list[str]:
    if not has_own_core():
        return list(command)
    cores = ",".join(map(str, chosen(sorted(os.sched_getaffinity(0)))))
    return ["taskset", "-c", cores, *command]


def commit() -> str:
    """The short hash of the commit, and whether anything but results was changed since."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run(
        [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        [
            *git,
            *("status", "--porcelain", "--untracked-files=no", "--"),
            *(":!benchmarks/*.md", ":!benchmarks/*.svg", ":!benchmarks/speed*.json"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return head.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
