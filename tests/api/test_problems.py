"""Problems tell whoever asks what to do, and nothing of the disk that the server runs on."""

import json

import pytest

from api import problems
from models import errors
from tests.api.test_http import GOAL, JSON, problem, recommend

SECRET = "/srv/acme/mentors.db"
SAID = f"The database at sqlite:///{SECRET} cannot be read now (disk I/O error): try again."
OF_OPERATORS = [
    errors.DataFolderError,
    *errors.DataFolderError.__subclasses__(),
    errors.EncoderUnavailable,
]


@pytest.mark.parametrize("kind", OF_OPERATORS)
def test_what_names_the_server_s_disk_is_logged_and_said_in_general(kind, caplog):
    said = problems.content(kind(SAID))
    assert said["status"] == 503
    assert "srv" not in json.dumps(said)
    assert said["detail"].endswith(".")
    assert SAID in caplog.text


def test_other_sentences_are_said_as_they_are_and_not_logged(caplog):
    assert problems.content(errors.BadGoals("No word."))["detail"] == "No word."
    assert caplog.text == ""


def test_no_route_tells_where_the_database_is(index, serve, monkeypatch, caplog):
    def fails(*_):
        raise errors.StoreUnavailable(SAID)

    client = serve(index())
    monkeypatch.setattr("api.answering.answer", fails)
    monkeypatch.setattr("api.wiring.Serving.put", fails)
    monkeypatch.setattr("api.wiring.Serving.mentor", fails)
    single = [
        recommend(client),
        client.put("/v1/mentors/m", json={"bio": "Nurse."}),
        client.get("/v1/mentors/auditor"),
    ]
    for answer in single:
        assert "try again" in problem(answer, 503, "store-unavailable")
        assert answer.headers["retry-after"] == "1"
    lines = [
        client.post("/v1/recommendations:batch", content=json.dumps({"goals": GOAL}), headers=JSON),
        client.post("/v1/mentors:bulk", content=json.dumps({"id": "m", "bio": "Nurse."})),
    ]
    assert lines[0].json()["problem"]["type"] == "urn:mentors:store-unavailable"
    assert lines[1].json()["result"] == "failed"
    assert not [answer.text for answer in single + lines if "srv" in answer.text]
    assert caplog.text.count(SAID) == len(single) + len(lines)
