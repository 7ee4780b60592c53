"""A process that moves an index to another encoder, one step at a time.

    python -m tests.live.mover DATA ENCODER

`BATCH n` goes out before each batch is embedded, which begins when a line or the end has come in.
"""

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.reembedding import reembed
from api.settings import Settings
from indexer import writing
from tests.fakes import WordEncoder

MOVED = 10  # mentors of one batch


class StepByStep(WordEncoder):
    """Waits before each batch until it is told to go on."""

    def __init__(self, space_id: str) -> None:
        super().__init__(space_id)
        self._batches = itertools.count(1)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        print(f"BATCH {next(self._batches)}", flush=True)
        sys.stdin.readline()
        return super().encode_passages(texts)


def main() -> None:
    """Move the index and end."""
    data, encoder = sys.argv[1:]
    writing.MOVED = MOVED
    reembed(Settings(data=Path(data), encoder=encoder), lambda s: StepByStep(s.encoder))


if __name__ == "__main__":
    main()
