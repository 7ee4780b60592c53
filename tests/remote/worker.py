"""A process that brings passages to a Milvus until it is killed.

    python -m tests.remote.worker DATA URL TENANT

`READY` goes out when it begins, `DONE n` when everything up to the change n is there.
"""

import sys
from pathlib import Path

from tests.fakes import WordEncoder
from tests.remote.brought import Brought


def main() -> None:
    """Bring whatever there is, once it is told to by a line, again and again."""
    data, url, tenant = sys.argv[1:]
    brought = Brought(Path(data), url, WordEncoder(), tenant=tenant)
    brought.passages.make()
    print("READY", flush=True)
    for _ in sys.stdin:
        brought.bringer.bring_all()
        print(f"DONE {brought.remote.applied}", flush=True)


if __name__ == "__main__":
    main()
