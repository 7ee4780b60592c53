"""Two tenants with the same ids: nothing of one reaches the other, whatever is asked and how."""

import json
import re

import httpx
import pytest

from api import observing
from api.settings import Settings
from indexer.keys import SCOPES
from tests.api.conftest import add_mentors, bearer, new_key, serving_at
from tests.api.test_http import PATH, ids
from tests.fakes import table_encoder

ON_EVERY_STORE = True

PLAIN = {"accept-encoding": "identity"}  # else lengths depend on ids drawn by chance
GOAL = "I want to move from audit into venture capital"
OURS = [
    {"id": "m1", "bio": "Audit partner, then venture capital.", "skills": ["ledgerwork"]},
    {"id": "m2", "bio": "Nurse on a surgical ward.", "country": "KE"},
    {"id": "only-ours", "bio": "I audit startups and their investor books."},
]
SECRET = "zanzibarquartz"  # a word that theirs alone use
THEIRS = [
    {"id": "m1", "bio": f"Audit and venture capital for {SECRET} funds.", "headline": SECRET},
    {"id": "m2", "bio": f"{SECRET} ward nurse.", "skills": [SECRET]},
    {"id": "only-theirs", "bio": f"Audit of {SECRET} ventures."},
]


class Sides:
    """A server of two tenants, and a client of each with a key of all scopes."""

    def __init__(self, url, ours, theirs):
        self.ours = httpx.Client(
            base_url=url, headers=bearer(ours) | PLAIN, timeout=20, trust_env=False
        )
        self.theirs = httpx.Client(
            base_url=url, headers=bearer(theirs) | PLAIN, timeout=20, trust_env=False
        )


@pytest.fixture(scope="module")
def sides(tmp_path_factory, module_store_url):
    data = tmp_path_factory.mktemp("isolation")
    here = Settings(data=data, store=module_store_url)
    ours, theirs = (here.model_copy(update={"tenant": tenant}) for tenant in ("ours", "theirs"))
    add_mentors(ours, *OURS)
    add_mentors(theirs, *THEIRS)
    scopes = set(SCOPES) - {"admin"}  # that of whoever runs the server
    keys = [new_key(ours, *scopes, tenant=tenant) for tenant in ("ours", "theirs")]
    with serving_at(ours, table_encoder) as client:
        both = Sides(str(client.base_url), *keys)
        yield both
        both.ours.close()
        both.theirs.close()


def told(answer):
    """All that an answer says, but for what is new each time."""
    said = answer.text
    for pattern in (r'"recommendation_id":"[0-9a-f]+"', r"[0-9a-f]{32,}"):
        said = re.sub(pattern, "", said)
    kept = ("content-type", "etag", "content-length", "location")
    return answer.status_code, said, {k: v for k, v in answer.headers.items() if k in kept}


REQUESTS = [
    ("POST", PATH, {"goals": GOAL, "limit": 50}),
    ("POST", PATH, {"goals": SECRET, "limit": 50}),
    ("POST", PATH, {"goals": GOAL, "limit": 1, "filters": {"skills_any": [SECRET]}}),
    ("POST", PATH, {"goals": GOAL, "exclude": {"ids": ["only-theirs", "m1"]}}),
    ("POST", PATH, {"goals": GOAL, "diversity": 0.5, "exposure": 1.0}),
    ("POST", f"{PATH}/explain", {"goals": GOAL, "mentor": "only-theirs"}),
    ("POST", f"{PATH}/explain", {"goals": SECRET, "mentor": "m1"}),
    ("POST", f"{PATH}:batch", json.dumps({"id": 1, "goals": SECRET}) + "\n"),
    ("GET", "/v1/mentors/only-theirs", None),
    ("GET", "/v1/mentors/m1", None),
    ("GET", "/v1/mentors/only-theirs/similar", None),
    ("GET", "/v1/mentors/m1/similar", None),
    ("GET", "/v1/feedback", None),
    ("GET", "/v1/map", None),
    ("POST", "/v1/goals", {"goals": SECRET}),
    ("PATCH", "/v1/mentors/only-theirs", {"capacity": 3}),
    ("DELETE", "/v1/mentors/only-theirs", None),
    ("POST", "/v1/mentors:bulk", json.dumps({"op": "delete", "id": "only-theirs"}) + "\n"),
]


def send(client, method, path, body, **headers):
    if isinstance(body, str):
        return client.request(method, path, content=body, headers=headers)
    return client.request(method, path, json=body, headers=headers)


WORDS_OF_THEIRS = [record["bio"] for record in THEIRS]  # whole sentences, which no request has


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_what_one_is_told_holds_nothing_of_the_other(sides, method, path, body):
    answer = send(sides.ours, method, path, body)
    assert not [words for words in WORDS_OF_THEIRS if words in answer.text]
    if SECRET not in json.dumps(body):
        assert SECRET not in answer.text
    if "only-theirs" not in path + json.dumps(body):
        assert "only-theirs" not in answer.text
    assert send(sides.theirs, "GET", "/v1/mentors/only-theirs", None).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"), [one for one in REQUESTS if one[0] in ("GET", "POST")][:4]
)
def test_the_same_requests_tell_the_other_of_their_own(sides, method, path, body):
    told_ = send(sides.theirs, method, path, body).text
    assert [words for words in WORDS_OF_THEIRS if words in told_]


def test_every_operation_that_takes_a_tenant_s_key_is_tried(sides):
    document = sides.ours.get("/openapi.json").json()
    described = {
        (method.upper(), re.sub(r"{[^}]+}", "X", path))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "security" in operation
    }
    tried = {(m, re.sub(r"(only-theirs|m1)", "X", p)) for m, p, _ in REQUESTS}
    by_name = {  # each has a test of its own below
        ("PUT", "/v1/mentors/X"),
        ("POST", "/v1/feedback"),
        ("DELETE", "/v1/feedback/X"),
        ("GET", "/metrics"),
        ("GET", "/v1/status"),
    }
    assert tried | by_name == described


ABSENT = [
    ("GET", "/v1/mentors/{}", None),
    ("GET", "/v1/mentors/{}/similar", None),
    ("PATCH", "/v1/mentors/{}", {"capacity": 3}),
    ("DELETE", "/v1/mentors/{}", None),
    ("POST", f"{PATH}/explain", {"goals": GOAL, "mentor": "{}"}),
]


@pytest.mark.parametrize(("method", "path", "body"), ABSENT)
def test_an_id_that_the_other_has_is_answered_like_one_that_nobody_has(sides, method, path, body):
    answers = []
    for id in ("only-theirs", "just-absent"):  # of one length
        sent = json.loads(json.dumps(body).replace("{}", id))
        answer = send(sides.ours, method, path.format(id), sent)
        status, said, headers = told(answer)
        answers.append((status, said.replace(id, "ID"), headers))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_the_same_id_is_another_mentor_in_each(sides):
    ours, theirs = (side.get("/v1/mentors/m1") for side in (sides.ours, sides.theirs))
    assert ours.json()["bio"] == OURS[0]["bio"]
    assert theirs.json()["bio"] == THEIRS[0]["bio"]


def test_a_write_of_one_changes_no_answer_index_version_or_score_of_the_other(sides):
    before = told(sides.ours.post(PATH, json={"goals": GOAL}))
    ready = sides.ours.get("/health/ready").json()
    for i in range(20):  # rare words would become common, were statistics shared
        record = {"bio": f"audit venture capital {SECRET} investor books {i}"}
        assert sides.theirs.put(f"/v1/mentors/flood{i}", json=record).status_code == 201
    assert told(sides.ours.post(PATH, json={"goals": GOAL})) == before
    assert sides.ours.get("/health/ready").json() == ready
    for i in range(20):
        sides.theirs.delete(f"/v1/mentors/flood{i}")


def test_a_deletion_by_one_leaves_the_other_s_mentor_of_the_same_id(sides):
    assert sides.theirs.put("/v1/mentors/shared", json={"bio": "Audit."}).status_code == 201
    assert sides.ours.put("/v1/mentors/shared", json={"bio": "Audit."}).status_code == 201
    assert sides.theirs.delete("/v1/mentors/shared").status_code == 200
    assert sides.ours.get("/v1/mentors/shared").status_code == 200
    assert "shared" in ids(sides.ours.post(PATH, json={"goals": "audit", "limit": 50}))
    assert sides.ours.delete("/v1/mentors/shared").status_code == 200


def test_feedback_on_the_other_s_recommendation_is_like_that_on_one_that_never_was(sides):
    theirs = sides.theirs.post(PATH, json={"goals": GOAL}).json()["recommendation_id"]
    answers = []
    for id in (theirs, "a" * len(theirs)):
        events = [{"mentor": "m1", "event": "shown"}]
        sent = {"recommendation_id": id, "events": events}
        answer = sides.ours.post("/v1/feedback", json=sent)
        answers.append((answer.status_code, answer.text.replace(id, "ID")))
        erased = sides.ours.delete(f"/v1/feedback/{id}")
        answers.append((erased.status_code, erased.text.replace(id, "ID")))
    assert answers[:2] == answers[2:]
    assert {status for status, _ in answers} == {404}


def test_what_one_was_shown_counts_for_the_other_no_more(sides):
    told_ = sides.theirs.post(PATH, json={"goals": GOAL}).json()
    events = [{"mentor": "m1", "event": "shown"}]
    sent = {"recommendation_id": told_["recommendation_id"], "events": events}
    assert sides.theirs.post("/v1/feedback", json=sent).status_code == 200
    assert sides.ours.get("/v1/feedback").text == ""
    assert "m1" in sides.theirs.get("/v1/feedback").text


def test_a_cursor_of_the_other_leads_through_one_s_own_mentors_only(sides):
    asked = {"goals": GOAL, "limit": 1}
    following = sides.theirs.post(PATH, json=asked).json()["next"]
    answer = sides.ours.post(PATH, json=asked | {"cursor": following})
    assert answer.status_code in (200, 410)
    assert SECRET not in answer.text


def test_an_idempotency_key_of_one_replays_nothing_to_the_other(sides):
    headers = {"idempotency-key": "the-same"}
    first = sides.theirs.put("/v1/mentors/once", json={"bio": "Audit."}, headers=headers)
    second = sides.ours.put("/v1/mentors/once", json={"bio": "Audit."}, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert "idempotency-replayed" not in second.headers
    for side in (sides.ours, sides.theirs):
        side.delete("/v1/mentors/once")


def test_figures_of_the_whole_server_are_not_for_tenants_and_name_none(sides):
    for path in ("/metrics", "/v1/status"):
        answers = [side.get(path) for side in (sides.ours, sides.theirs)]
        assert [answer.status_code for answer in answers] == [403, 403]
    said = observing.page()[0].decode()
    assert "mentors_requests_total" in said
    assert not any(word in said for word in ("theirs", "only-", SECRET, "m1"))
