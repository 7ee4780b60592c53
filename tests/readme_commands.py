"""Run the commands that README.md shows, so that it stays true.

Every line that begins with "$ " in a console block is run; the lines of one block share a shell,
in the repository root, and a command that fails fails the run. Needs nothing but Python and bash.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def blocks(text: str) -> list[list[str]]:
    """The commands of each console block."""
    found = re.findall(r"^```console\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [[line[2:] for line in block.splitlines() if line[:2] == "$ "] for block in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help="run them; else they are only listed")
    chosen = parser.parse_args()
    found = blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    if not any(found):
        sys.exit("README.md has no command in a console block.")
    for block in found:
        print("README:", *block, sep="\n  $ ", flush=True)
        if chosen.run:
            script = "set -e -m\n" + "\n".join(block)
            subprocess.run(["bash", "-c", script], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
