"""OpenTelemetry traces, where they are wanted: a span a request, its stages as spans within."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from api import observing
from models.errors import BadInput

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Tracer

_NANO = 1_000_000_000


def install(app: FastAPI, processor: "SpanProcessor | None" = None) -> None:
    """Have every request of `app` traced; sent to where the OTEL_* variables say.

    Raises BadInput where the packages are not installed.
    """
    try:
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        if processor is None:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace.export import BatchSpanProcessor

            processor = BatchSpanProcessor(OTLPSpanExporter())
    except ImportError as error:
        raise BadInput(
            f"MENTORS_TRACING needs packages that are not installed ({error.name}): "
            f"pip install 'mentor-recommender[tracing]'."
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "mentors"}))
    provider.add_span_processor(processor)
    app.state.tracing = provider
    observing.stages_to(_told(provider.get_tracer("mentors")))
    app.add_middleware(
        OpenTelemetryMiddleware, tracer_provider=provider, exclude_spans=["receive", "send"]
    )


def end(app: FastAPI) -> None:
    """Send what has not been sent yet."""
    provider: Any = getattr(app.state, "tracing", None)
    if provider is not None:
        provider.shutdown()


def _told(tracer: "Tracer") -> Callable[[str, float], None]:
    """Makes a span of a stage that has just ended, within that of the request."""

    def told(name: str, seconds: float) -> None:
        now = time.time_ns()
        tracer.start_span(name, start_time=now - int(seconds * _NANO)).end(now)

    return told
