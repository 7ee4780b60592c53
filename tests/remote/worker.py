"""A process that brings passages to a Milvus until it is killed, ten mentors a step.

    python -m tests.remote.worker DATA URL TENANT PATIENCE

`READY` goes out when it begins, `STEP` whenever it is in the middle of a step: it has asked what is
there, and nothing of it is done. `DONE n` comes when everything up to the change n is there.
PATIENCE is after how many seconds it relieves one that has been killed.
"""

import sys
from pathlib import Path

from indexer import bringing
from indexer.milvus import Passages
from tests.fakes import WordEncoder
from tests.remote.brought import Brought


def main() -> None:
    """Bring whatever there is, once it is told to by a line, again and again."""
    data, url, tenant, patience = sys.argv[1:]
    bringing.RELIEVED_S, bringing.AT_ONCE = float(patience), 10
    delete = Passages.delete

    def told(self, keys):
        print("STEP", flush=True)
        delete(self, keys)

    Passages.delete = told
    brought = Brought(Path(data), url, WordEncoder(), tenant=tenant)
    brought.passages.make()
    print("READY", flush=True)
    for _ in sys.stdin:
        brought.bringer.bring_all()
        print(f"DONE {brought.remote.applied}", flush=True)


if __name__ == "__main__":
    main()
