"""Where the time of an answer goes, told to whoever listens on this thread."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Listener = Callable[[str, float], None]
"""Takes the name of a stage and the seconds it took, or what was counted and how many."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def count(name: str, number: int) -> None:
    """Tell whoever listens that there were so many."""
    listener = _listener.get()
    if listener is not None:
        listener(name, number)


@contextlib.contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Stages within the block are told to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class stage:  # noqa: N801 (used as a statement: with stage("score"))
    """A stage of an answer, as a context manager; next to nothing where nobody listens."""

    __slots__ = ("_began", "_name")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        listener = _listener.get()
        if listener is not None:
            listener(self._name, time.perf_counter() - self._began)
