"""Run the commands that README.md shows, so that it stays true.

Every line that begins with "$ " in a ```console block is run by a shell in the repository root;
a command that fails fails the run. Needs nothing but Python.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def commands(text: str) -> list[str]:
    """The commands of all console blocks, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print them")
    parser.add_argument("--run", action="store_true", help="run them")
    chosen = parser.parse_args()
    found = commands((ROOT / "README.md").read_text(encoding="utf-8"))
    if not found:
        sys.exit("README.md has no command in a console block.")
    for command in found:
        print(f"README: $ {command}", flush=True)
        if chosen.run:
            subprocess.run(command, shell=True, check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
