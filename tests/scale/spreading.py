"""`mentors` in a process of its own, with an encoder that can be held up or killed on Ray.

    python -m tests.scale.spreading index FILE... --engine ray ...

The folder `MENTORS_CACHE` is what test and workers tell each other by.
"""

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api import cli, wiring
from api.settings import Settings
from tests.fakes import AXES, WordEncoder

HELD, FATAL, POISON = "heldword", "fatalword", "poisonword"
WORDS = [word for axis in AXES for word in axis.split()]


class Troubled(WordEncoder):
    """Waits at a text with one word until a file is there; is killed, once, by one with another."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any(FATAL in text for text in texts) and not (self._folder / "killed").exists():
            (self._folder / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if any(POISON in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        if any(HELD in text for text in texts) and not (self._folder / "open").exists():
            import ray

            (self._folder / "waiting").write_text(ray.get_runtime_context().get_node_id())
            pause = threading.Event()
            while not (self._folder / "open").exists():
                pause.wait(0.05)
        return super().encode_passages(texts)


def troubled(settings: Settings) -> Troubled:
    """The encoder factory that wiring takes."""
    return Troubled(settings.cache)


def people(count: int, **at: tuple[int, str]) -> list[dict[str, object]]:
    """Records, all different; `at` names a place and a word that is put there."""
    extra = dict(at.values())
    return [
        {
            "id": f"m{i:04}",
            "headline": f"{WORDS[i % len(WORDS)]} {i} {extra.get(i, '')}".strip(),
            "bio": f"I know {WORDS[i * 7 % len(WORDS)]} and {i * 31}. Ask {i % 5} of us.",
            "skills": [WORDS[i % 11], WORDS[i % 13]],
        }
        for i in range(count)
    ]


if __name__ == "__main__":
    wiring.default_encoder = troubled
    cli.main()
