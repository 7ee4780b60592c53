"""What a server process writes about what it was asked."""

import json
import logging
import sys

import httpx
import pytest
import structlog

from api import logs
from api.settings import Settings
from indexer.keys import SCOPES
from tests.api.conftest import add_words, bearer, new_key
from tests.live.servers import process_at

pytestmark = pytest.mark.live
GOAL = "I am Quillon Vasterby and audit zeppelins"
BIO = "My very own zeppelinwords, call +49 170 0000000."


@pytest.fixture
def lines(tmp_path):
    """The log of a server that was asked for much and changed."""
    settings = Settings(data=tmp_path / "data")
    add_words(settings)
    key = new_key(settings, *SCOPES)
    with process_at(settings.data) as (process, url, log):
        with httpx.Client(base_url=url, headers=bearer(key), trust_env=False) as client:
            answer = client.post(
                "/v1/recommendations", json={"goals": GOAL}, headers={"x-request-id": "from-web"}
            ).json()
            shown = answer["recommendations"][0]["mentor"]["id"]
            told = {"recommendation_id": answer["recommendation_id"], "goals": GOAL}
            client.post(
                "/v1/feedback", json=told | {"events": [{"mentor": shown, "event": "shown"}]}
            )
            client.post("/v1/recommendations", json={"goals": GOAL, "limit": GOAL})
            client.post("/v1/recommendations:batch", content=json.dumps({"goals": GOAL}) + "\n")
            client.put("/v1/mentors/m9", json={"bio": BIO, "name": "Quillon Vasterby"})
            client.patch("/v1/mentors/m9", json={"headline": BIO})
            client.put("/v1/mentors/m9", json={"bio": 5, "headline": BIO})
            client.post("/v1/mentors:bulk", content=json.dumps({"id": "m8", "bio": BIO}) + "\n")
            client.get("/v1/mentors/m9", params={"note": BIO})
            client.delete("/v1/mentors/m9")
            client.get("/v1/mentors/m9", headers=bearer("mk_wrong_zeppelinkey"))
        process.terminate()
        process.wait(60)
        text = log.read_text(encoding="utf-8")
    assert key.split("_", 2)[2] not in text
    return text, [json.loads(line) for line in text.splitlines()]


def test_every_line_is_json_and_none_holds_what_a_person_wrote_or_a_key(lines):
    text, found = lines
    assert found
    for word in ("zeppelin", "Quillon", "Vasterby", "0000000"):
        assert word not in text


def test_a_request_is_told_with_its_id_route_status_and_key(lines):
    requests = [line for line in lines[1] if line["event"] == "request"]
    first = next(line for line in requests if line["request_id"] == "from-web")
    assert (first["method"], first["route"], first["status"]) == (
        "POST",
        "/v1/recommendations",
        200,
    )
    assert first["tenant"] == "default"
    assert len(first["key"]) == 12
    assert first["ms"] > 0
    assert {line["status"] for line in requests} >= {200, 201, 401, 422}
    assert {line["route"] for line in requests} >= {"/v1/mentors/{id}", "/v1/mentors:bulk"}


def test_every_change_is_in_the_audit_log(lines):
    changes = [
        (line["action"], line["mentor"], line["result"])
        for line in lines[1]
        if line["logger"] == "mentors.audit"
    ]
    told, *others = changes
    assert told[1]
    assert (told[0], told[2]) == ("feedback shown", "recorded")
    assert others == [
        ("put", "m9", "added"),
        ("patch", "m9", "changed"),
        ("bulk", "m8", "added"),
        ("delete", "m9", "removed"),
    ]


def test_what_nobody_thought_of_is_logged_without_what_people_wrote():
    root = logging.getLogger()
    before = root.handlers, root.level
    try:
        logs.configure(pretty=False)
        (handler,) = root.handlers
        body = {"goals": GOAL}
        try:
            raise RuntimeError(f"about {len(body)}")
        except RuntimeError:
            about = ("api.edge", logging.ERROR, "", 0, "unexpected error", (), sys.exc_info())
            said = handler.format(logging.LogRecord(*about))
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()
    assert "RuntimeError" in said
    assert "test_log.py" in said
    assert "zeppelin" not in said
