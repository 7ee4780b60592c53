"""Run every test with the full counts of its rounds, and keep a dated report."""

import os
import re
import subprocess
import sys
import time

from machine import ROOT, stamp

OUT = ROOT / "benchmarks" / "long-tests.md"


def main() -> None:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "not scale", "--durations=10"],
        cwd=ROOT,
        env={**os.environ, "MENTORS_TEST_COUNTS": "full"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(done.stdout)
    counts = re.search(r"^full counts: .*$", done.stdout, flags=re.MULTILINE)
    closing = done.stdout.strip().splitlines()[-1].strip("= ")
    measured = re.findall(r"^measured: (.*)$", done.stdout, flags=re.MULTILINE)
    skipped = re.findall(r"^SKIPPED .*$", done.stdout, flags=re.MULTILINE)
    lines = [
        "# Long tests",
        stamp(),
        f"Made by `make test-long`. {counts.group() if counts else ''}.",
        f"**{closing}** ({time.perf_counter() - began:,.0f} s in all)",
        "\n".join(f"- {line}" for line in measured),
        *(f"- {line}" for line in skipped),
    ]
    OUT.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
