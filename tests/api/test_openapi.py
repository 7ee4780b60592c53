"""The OpenAPI document: complete, true, and the one that is committed."""

import json

import pytest
from pydantic import TypeAdapter

from api import schemas
from api.app import create_app
from api.documentation import ANSWERS, REQUESTS, described
from indexer.records import mentor_from
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def document():
    return json.loads(json.dumps(described(create_app())))


def operations(document):
    return {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }


def test_the_document_is_the_one_that_is_committed(document):
    kept = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert kept == document, "run 'make openapi' and look at what has changed"


def test_the_document_is_what_a_server_answers(client, document):
    assert client.get("/openapi.json").json() == document


def test_every_operation_has_an_example_of_what_it_takes_and_answers(document):
    for name, operation in operations(document).items():
        assert operation["description"], name
        bodies = operation.get("requestBody", {}).get("content", {}).values()
        assert all(body["example"] == REQUESTS[name] for body in bodies)
        answers = operation["responses"]["200"].get("content", {}).values()
        assert answers, name
        assert all(answer["example"] == ANSWERS[name] for answer in answers)
    assert set(ANSWERS) == set(operations(document))


def test_every_operation_that_takes_a_key_says_how_it_may_be_refused(document):
    for operation in operations(document).values():
        if "security" in operation:
            assert {"401", "403", "413", "429", "503"} <= set(operation["responses"])


def test_examples_are_in_the_form_of_their_schemas():
    for name, kind in (
        ("recommend", schemas.RecommendationsBody),
        ("explain", schemas.ExplainBody),
        ("tell", schemas.FeedbackBody),
    ):
        TypeAdapter(kind).validate_python(REQUESTS[name])
    for name, kind in (
        ("recommend", schemas.RecommendationsAnswer),
        ("explain", schemas.ExplainAnswer),
        ("similar", schemas.SimilarAnswer),
        ("put", schemas.ChangeAnswer),
        ("patch", schemas.ChangeAnswer),
        ("tell", schemas.FeedbackAnswer),
        ("erase", schemas.ErasedAnswer),
    ):
        TypeAdapter(kind).validate_python(ANSWERS[name])
    mentor_from(REQUESTS["put"] | {"id": "m-17"})
    for line in REQUESTS["bulk"].splitlines():
        json.loads(line)


def test_the_example_adds_up():
    one = ANSWERS["recommend"]["recommendations"][0]
    assert sum(one["contributions"].values()) == one["score"]
    assert one["mentor"]["topics"][0] == one["reasons"][0]["quote"]


def test_links_lead_to_operations(document):
    known = operations(document)
    for operation in known.values():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                assert link["operationId"] in known


def test_the_page_that_shows_it_loads_nothing_from_elsewhere(client):
    page = client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text.replace("http://www.w3.org/", "")
    assert "https://" not in page.text


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_the_document_and_its_page_are_rendered_once_and_not_sent_again(client, monkeypatch, path):
    plain = client.get(path, headers={"accept-encoding": "identity"})
    monkeypatch.setattr("api.documentation.described", lambda _: {})
    small = client.get(path, headers={"accept-encoding": "gzip"})
    assert small.content == plain.content
    assert small.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"
    assert len({plain.headers["etag"], small.headers["etag"]}) == 2  # strong: of other bytes
    for answer in (plain, small):
        assert answer.headers["cache-control"] == "no-cache"
        again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    other = client.get(path, headers={"if-none-match": '"0123456789abcdef"'})
    assert (other.status_code, other.content) == (200, plain.content)
