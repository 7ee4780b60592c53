"""What every result states: when, on which machine, with which commit."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent


def stamp() -> str:
    """One line for the head of a result file."""
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit {_commit()}, on {_processor()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}."
    )


def _commit() -> str:
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run(
        [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        [
            *git,
            *("status", "--porcelain", "--untracked-files=no", "--"),
            *(":!benchmarks/*.md", ":!benchmarks/*.svg"),
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
