import pytest

from api import tracing
from api.app import create_app
from api.settings import Settings
from models.errors import BadInput
from tests.api.test_http import recommend


def test_without_the_packages_tracing_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.instrumentation.asgi", None)
    with pytest.raises(BadInput, match=r"^MENTORS_TRACING .*\[tracing\]'\.$"):
        create_app(Settings(tracing=True))


def test_a_request_and_its_stages_become_spans(index, serve, monkeypatch):
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    pytest.importorskip("opentelemetry.instrumentation.asgi")
    exporter = memory.InMemorySpanExporter()
    processor, install = export.SimpleSpanProcessor(exporter), tracing.install
    monkeypatch.setattr(tracing, "install", lambda app: install(app, processor))
    monkeypatch.setattr("api.observing._stages_to", [])
    client = serve(index(tracing=True))
    assert recommend(client).status_code == 200
    spans = exporter.get_finished_spans()
    stages = [span for span in spans if span.name in ("understand", "score", "explain")]
    assert len(stages) == 3
    (request,) = [span for span in spans if "recommendations" in span.name]
    assert {span.parent.span_id for span in stages} == {request.context.span_id}
