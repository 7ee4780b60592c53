"""What can be seen from outside: metrics in Prometheus's form, and a line for each request.

With several workers each keeps its figures in files of one folder (`PROMETHEUS_MULTIPROC_DIR`,
set by `mentors serve`), and whichever is asked answers for all.
"""

import functools
import os
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from api.callers import Caller
from api.logs import AUDIT
from models.stages import Listener, told_to

_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_SHED = "mentors.shed"
FLOOD_S = 1.0  # between two lines about requests refused for want of room
_stages_to: list[Listener] = []
_COUNTED = {"remembered": "true", "not remembered": "false"}
_UNROUTED = "none"
GONE = 499  # the client left before it was answered; no code of the standard says so
QUIET = ("/health/live", "/health/ready", "/metrics")  # asked every few seconds, by machines
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10, 60)

REQUESTS = Counter("mentors_requests_total", "Requests answered.", ("method", "route", "status"))
SECONDS = Histogram(
    "mentors_request_seconds",
    "From a request's head to the end of its answer.",
    ("route", "status"),
    buckets=_SECONDS,
)
STAGES = Histogram(
    "mentors_stage_seconds", "Stages of a recommendation.", ("stage",), buckets=_SECONDS
)
QUEUE = Gauge(
    "mentors_queue_length",
    "Requests being answered or waiting.",
    ("queue",),
    multiprocess_mode="livesum",
)
LAG = Gauge(
    "mentors_index_lag",
    "Changes in the store that the index has not taken up yet, at most.",
    multiprocess_mode="livemax",
)
CACHE = Counter(
    "mentors_quote_cache_total",
    "Items to quote whose vectors the store had not, by whether this process remembered them.",
    ("remembered",),
)
RECOMMENDED = Counter(
    "mentors_recommended_total", "Answers; abstained: that said that nobody fits.", ("abstained",)
)
REFUSED = Counter("mentors_refused_total", "Requests refused at the door.", ("why",))

for _whether in ("true", "false"):  # so that there is a zero before the first
    CACHE.labels(_whether)

log = structlog.get_logger("mentors.requests")
audit = structlog.get_logger(AUDIT)


def asked_by(caller: Caller) -> None:
    """From here on, lines of this request say whose it is."""
    structlog.contextvars.bind_contextvars(key=caller.key, tenant=caller.tenant)


def answered(method: str, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
    """Count a request, and write its line."""
    route = _route(scope)
    REQUESTS.labels(method, route, status or GONE).inc()
    SECONDS.labels(route, status or GONE).observe(seconds)
    if _SHED in scope:
        _flood.told()
    elif route not in QUIET:
        log.info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
        )


def shed(scope: MutableMapping[str, Any]) -> None:
    """The request is refused for want of room; many are, so they share a line a second."""
    scope[_SHED] = True
    REFUSED.labels("overloaded").inc()


class _Flood:
    """Lines about requests that were refused for want of room; the event loop's own."""

    def __init__(self) -> None:
        self._count = 0
        self._next = 0.0

    def told(self) -> None:
        self._count += 1
        if (now := time.monotonic()) >= self._next:
            log.warning("overloaded", refused=self._count)
            self._count, self._next = 0, now + FLOOD_S


_flood = _Flood()


def recommended(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer to a request for recommendations, counted, and its stages timed."""
    with told_to(_told):
        found = answer()
    RECOMMENDED.labels(str(found["abstained"]).lower()).inc()
    return found


def _told(name: str, value: float) -> None:
    if name in _COUNTED:
        CACHE.labels(_COUNTED[name]).inc(value)
    else:
        STAGES.labels(name).observe(value)
        for listener in _stages_to:
            listener(name, value)


def stages_to(listener: Listener) -> None:
    """Have stages of answers told to one more."""
    _stages_to.append(listener)


def changed(caller: Caller, action: str, mentor: str, result: str) -> None:
    """Write a line of the audit log: who changed whom, how, and what came of it."""
    audit.info("change", action=action, mentor=mentor, result=result, key=caller.key)


def page() -> tuple[bytes, str]:
    """All metrics of this server, and their content type."""
    registry = REGISTRY
    if _SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST


def ended() -> None:
    """What this process has waiting, or is behind with, is no longer counted among its fellows'."""
    if _SHARED in os.environ:
        mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def _route(scope: MutableMapping[str, Any]) -> str:
    """The route's template: paths hold ids, and there are as many as people care to invent."""
    found = getattr(scope.get("route"), "path", None)
    if found is None and scope["path"] in _fixed(scope["app"]):  # refused before it was routed
        return str(scope["path"])
    return found or _UNROUTED


@functools.lru_cache(maxsize=4)
def _fixed(app: Any) -> frozenset[str]:
    """The paths without a name in them."""
    return frozenset(path for path in app.openapi()["paths"] if "{" not in path)
