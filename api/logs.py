"""Logs as lines of JSON, by structlog; other packages' lines come out the same way.

No line holds a goal, a record or any other text of a person: a request is its id, its route and its
key's id.
"""

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import Any

import structlog

AUDIT = "mentors.audit"
"""The logger of changes: who changed which mentor, when, and what came of it."""


_SHARED: tuple[Any, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
)


def join() -> None:
    """Have structlog's lines go where those of the standard library go, wherever that is."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def configure(*, pretty: bool) -> None:
    """Have every logger of this process write to standard error, `pretty` for a person."""
    join()
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if pretty:
        plainly = structlog.dev.plain_traceback
        colors = sys.stderr.isatty()
        last.append(structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plainly))
    else:
        # Without the values of variables, which hold what people have written.
        plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        last.append(structlog.processors.ExceptionRenderer(plain))
        last.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=last)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # `api.observing` says more


@contextlib.contextmanager
def about(**values: str) -> Iterator[None]:
    """Every line within the block carries these values."""
    with structlog.contextvars.bound_contextvars(**values):
        yield
