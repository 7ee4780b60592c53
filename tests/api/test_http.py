import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import observing
from api.cursors import cursor
from api.schemas import RecommendationsAnswer, RecommendationsBody
from models.errors import MentorNotFound
from models.mentor import string_at
from recommender.calibration import chance, match
from recommender.goals import understand
from tests.fakes import TableEncoder, version

PATH = "/v1/recommendations"
JSON = {"content-type": "application/json"}
GOAL = "I work in audit and want to move into venture capital"


def micro(value):
    return round(value * 1_000_000)


def recommend(client, goals=GOAL, **body):
    content = json.dumps({"goals": goals} | body)  # unlike httpx's own, it escapes surrogates
    return client.post(PATH, content=content, headers=JSON)


def ids(answer):
    return [one["mentor"]["id"] for one in answer.json()["recommendations"]]


def problem(answer, status, type, pointer=None):
    """The detail of a problem, after a look at all else it must have."""
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"urn:mentors:{type}"
    assert body["title"]
    assert body.get("pointer") == pointer
    return body["detail"]


def test_a_goal_is_answered_in_the_form_of_the_schema(client):
    answer = recommend(client)
    assert answer.status_code == 200
    RecommendationsAnswer.model_validate(answer.json(), strict=True, extra="forbid")
    assert ids(answer)[0] == "auditor"


def test_every_quote_of_an_answer_stands_in_the_mentor_beside_it(client):
    for one in recommend(client, limit=30).json()["recommendations"]:
        for reason in one["reasons"]:
            leaf = string_at(one["mentor"], reason["field"])
            assert leaf[reason["start"] : reason["end"]] == reason["quote"]


def test_contributions_and_reasons_of_an_answer_sum_up(client):
    for one in recommend(client, limit=30).json()["recommendations"]:
        parts = one["contributions"]
        assert micro(one["score"]) == sum(map(micro, parts.values()))
        for part, rest in (
            ("passages", "other_passages"),
            ("profile", "other_profile"),
            ("lexical", "other_terms"),
        ):
            said = [r["contribution"] for r in one["reasons"] if r["part"] == part]
            assert sum(map(micro, [*said, one[rest]])) == micro(parts[part])


def test_ten_mentors_come_unless_another_limit_is_named(client):
    assert [len(ids(recommend(client, **limit))) for limit in ({}, {"limit": 3})] == [10, 3]


def test_the_same_request_has_the_same_bytes_but_for_its_id(client):
    first, second = recommend(client), recommend(client)
    before, after = (answer.json().pop("recommendation_id") for answer in (first, second))
    assert before != after
    assert first.text.replace(before, after) == second.text


def test_goals_may_be_a_list_of_which_each_is_a_part(client):
    parts = recommend(client, ["become a nurse", "move to court"]).json()["goals"]
    assert [(p["text"], p["start"], p["end"]) for p in parts] == [
        ("become a nurse", 0, 14),
        ("move to court", 15, 28),
    ]


def test_a_goal_in_another_language_is_answered_with_a_hint(client):
    answer = recommend(client, "Ich möchte mit Python software für Krankenhäuser bauen").json()
    assert answer["hints"][0]["code"] == "not_english"
    assert answer["hints"][0]["params"] == {"language": "de"}
    assert len(answer["recommendations"]) == 10


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"country": "ke"}, ["auditor"]),
        ({"country": ["SG", "PL"]}, ["nurse", "teacher"]),
        ({"language": "en", "available": None, "country": "GB"}, ["welder"]),
        ({"skills_all": ["acca", "due diligence"]}, ["auditor"]),
        ({"skills_any": ["ACCA", "cooking"]}, ["auditor"]),
        ({"attributes": {"years": {"gte": 9, "lte": 10}}}, ["nurse"]),
        ({"attributes": {"cohort": ["spring", "autumn"]}}, ["auditor"]),
        ({"max_hours_apart": 1, "timezone": "Asia/Singapore"}, ["teacher"]),
        ({"available": False}, ["solicitor", "welder"]),
        ({"industry": "mining"}, []),
        ({"seniority": "director"}, []),
    ],
)
def test_filters_choose_who_may_come(client, filters, expected):
    assert sorted(ids(recommend(client, filters=filters))) == expected


@pytest.mark.parametrize("exclude", [{"ids": "auditor"}, {"organization": ["ledge fund"]}])
def test_exclusions_keep_out(client, exclude):
    assert "auditor" not in ids(recommend(client, limit=100, exclude=exclude))


def test_asking_for_no_explanation_leaves_reasons_out(client):
    one = recommend(client, explain=False).json()["recommendations"][0]
    assert one["reasons"] == []
    rest = {name: one[f"other_{name}"] for name in ("passages", "profile", "terms")}
    assert list(rest.values()) == list(one["contributions"].values())


def test_cursors_lead_through_every_mentor_once(client):
    found, following = [], None
    for _ in range(20):
        answer = recommend(client, limit=5, cursor=following)
        found += ids(answer)
        following = answer.json()["next"]
        if following is None:
            break
    assert found == ids(recommend(client, limit=300))
    assert len(set(found)) == len(found) == 28


def test_a_varied_answer_says_who_moved_and_is_in_the_form_of_the_schema(client):
    answer = recommend(client, limit=30, diversity=0.6)
    RecommendationsAnswer.model_validate(answer.json(), strict=True, extra="forbid")
    before, after = ids(recommend(client, limit=30)), ids(answer)
    assert before != after
    assert {
        one["mentor"]["id"]: one["adjustments"]["diversity"]
        for one in answer.json()["recommendations"]
        if one["adjustments"]
    } == {
        id: {"from": before.index(id) + 1, "to": to}
        for to, id in enumerate(after, start=1)
        if before[to - 1] != id
    }


def test_cursors_lead_through_a_varied_list_in_one_order(client):
    first = recommend(client, limit=10, diversity=0.6)
    second = recommend(client, limit=10, diversity=0.6, cursor=first.json()["next"])
    third = recommend(client, limit=10, diversity=0.6, cursor=second.json()["next"])
    found = [*ids(first), *ids(second), *ids(third)]
    assert sorted(found) == sorted(ids(recommend(client, limit=300)))


def test_a_cursor_pins_the_diversity_it_was_issued_with(client):
    following = recommend(client, limit=5, diversity=0.6).json()["next"]
    answer = recommend(client, limit=5, diversity=0.5, cursor=following)
    assert "belongs to another request" in problem(answer, 422, "bad-cursor", "/cursor")


def test_a_cursor_of_another_request_is_refused(client):
    following = recommend(client, limit=5).json()["next"]
    answer = recommend(client, "nursing", limit=5, cursor=following)
    assert "belongs to another request" in problem(answer, 422, "bad-cursor", "/cursor")


def test_a_cursor_of_an_older_index_is_gone(client):
    digest = RecommendationsBody.model_validate({"goals": GOAL}).digest()
    answer = recommend(client, cursor=cursor(5, digest, version(1)))
    assert "begin again without a cursor" in problem(answer, 410, "cursor-expired")


@pytest.mark.parametrize("text", ["nonsense", "W10", "é", "A" * 2000])
def test_what_is_no_cursor_is_refused(client, text):
    answer = recommend(client, cursor=text)
    assert "not one of this server's" in problem(answer, 422, "bad-cursor", "/cursor")


@pytest.mark.parametrize(
    ("goals", "detail"),
    [
        ("", "The goal is empty"),
        ([" ", ""], "The goal is empty"),
        ("?! 🙂", "The goal holds no word"),
        ("a" * 100_000, "The goal has 100,000 characters, at most 5,000 are taken"),
        ("become a nurse \ud83d", "The goal holds half of a surrogate pair"),
    ],
)
def test_an_unusable_goal_is_refused(client, goals, detail):
    assert problem(recommend(client, goals), 422, "bad-goals", "/goals").startswith(detail)


def test_a_goal_that_is_only_a_list_marker_is_answered(client):
    assert recommend(client, "1. !").status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"goals": 5}, "/goals"),
        ({"goals": ["nurse", 5]}, "/goals/1"),
        ({"goals": []}, "/goals"),
        ({"limit": 0}, "/limit"),
        ({"limit": 301}, "/limit"),
        ({"limit": "many"}, "/limit"),
        ({"diversity": -0.1}, "/diversity"),
        ({"diversity": 1.1}, "/diversity"),
        ({"diversity": "some"}, "/diversity"),
        ({"colour": "red"}, "/colour"),
        ({"filters": {"colour": "red"}}, "/filters/colour"),
        ({"filters": {"country": 5}}, "/filters/country"),
        ({"filters": {"country": ["SG", ""]}}, "/filters/country/1"),
        ({"filters": {"max_hours_apart": 13}}, "/filters/max_hours_apart"),
        ({"filters": {"attributes": {"a/b": {"above": 1}}}}, "/filters/attributes/a~1b/above"),
        ({"exclude": {"ids": [""]}}, "/exclude/ids/0"),
    ],
)
def test_a_wrong_field_is_refused_with_a_pointer_to_it(client, change, pointer):
    answer = client.post(PATH, json={"goals": GOAL} | change)
    assert problem(answer, 422, "bad-request", pointer).startswith(f"{pointer}: ")


def test_a_missing_goal_is_refused_with_a_pointer_to_it(client):
    detail = problem(client.post(PATH, json={}), 422, "bad-request", "/goals")
    assert detail == "/goals: field required."


def test_a_wrong_filter_is_refused_with_a_pointer_to_it(client):
    answer = recommend(client, filters={"max_hours_apart": 3, "timezone": "Mars/Olympus"})
    assert "got 'Mars/Olympus'" in problem(answer, 422, "bad-filter", "/filters/timezone")


def test_a_range_without_an_end_is_refused_with_a_pointer_to_it(client):
    answer = recommend(client, filters={"attributes": {"years": {}}})
    assert "no bound" in problem(answer, 422, "bad-filter", "/filters/attributes/years")


@pytest.mark.parametrize("body", [b"{", b"", b"goals=x", b"[]", b'"x"', b"null", b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_refused(client, body):
    answer = client.post(PATH, content=body, headers=JSON)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert answer.status_code in (400, 422)


def test_what_is_wrong_with_the_json_is_said(client):
    answer = client.post(PATH, content=b'{"goals": }', headers=JSON)
    assert problem(answer, 422, "bad-request", "") == "The body is not JSON: Expecting value."


@pytest.mark.parametrize(
    "body",
    [
        b'{"goals": "law", "\\ud800": 1}',
        b'{"goals": "law", "filters": {"attributes": {"\\ud800": {}}}}',
        b'{"goals": "law", "filters": {"max_hours_apart": 1, "timezone": "\\ud800"}}',
        b'{"goals": "law", "cursor": "\\ud800"}',
    ],
)
def test_half_a_surrogate_pair_anywhere_is_refused_like_any_wrong_value(client, body):
    answer = client.post(PATH, content=body, headers=JSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_mentor_is_answered_with_the_public_record(client):
    record = client.get("/v1/mentors/auditor").json()
    assert record["headline"] == "From audit to venture capital"
    assert record["location"] == {"country": "KE", "timezone": "Africa/Nairobi"}


def test_a_mentor_who_is_not_there_is_not_found(client):
    answer = client.get("/v1/mentors/nobody")
    assert problem(answer, 404, "mentor-not-found") == "There is no mentor with the id 'nobody'."


@pytest.mark.parametrize("id", ["%00", "%ED%A0%80", "a" * 5000, "%F0%9F%8E%93"])
def test_an_odd_id_is_not_found(client, id):
    assert client.get(f"/v1/mentors/{id}").status_code == 404


def test_a_path_that_is_not_there_is_a_problem(client):
    answer = client.get("/v2/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_told_the_right_one(client):
    answer = client.get(PATH)
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == "POST"
    assert client.head(PATH).status_code == 405
    assert client.post("/v1/map").headers["allow"] == "GET, HEAD"
    assert client.post("/docs").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/status", 200),
        ("/docs", 200),
        ("/openapi.json", 200),
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/metrics", 200),
        ("/v1/mentors/auditor", 200),
        ("/v1/mentors/nobody", 404),
        ("/v2/nothing", 404),
    ],
)
def test_whoever_asks_for_the_head_alone_gets_that_of_the_whole(client, path, status):
    whole, head = client.get(path), client.head(path)
    assert head.status_code == whole.status_code == status
    assert head.content == b""
    same = ("content-type", "content-encoding", "etag", "cache-control")
    assert [head.headers.get(name) for name in same] == [whole.headers.get(name) for name in same]
    if path != "/metrics":  # which have changed since
        assert head.headers["content-length"] == whole.headers["content-length"]
    assert client.get(path).status_code == status  # on the same connection: no body lay between


def test_who_asked_for_a_head_is_counted_as_that(client):
    client.head("/v1/mentors/auditor")
    line = 'mentors_requests_total{method="HEAD",route="/v1/mentors/{id}",status="200"}'
    assert line in client.get("/metrics").text


def test_the_process_is_live_and_ready(client):
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {
        "status": "ready",
        "index_version": version(30),
    }


def test_the_api_describes_itself(client):
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert {PATH, f"{PATH}/explain", "/v1/mentors/{id}", "/health/live", "/health/ready"} <= set(
        document["paths"]
    )
    answers = document["paths"][PATH]["post"]["responses"]
    assert {"200", "401", "403", "410", "413", "422", "429", "503"} <= set(answers)


class Gate(TableEncoder):
    """Encodes a goal with the word "slow" only when the gate is opened."""

    def __init__(self):
        super().__init__()
        self.entered, self.opened = threading.Event(), threading.Event()

    def encode_queries(self, texts):
        if any("slow" in text for text in texts):
            self.entered.set()
            assert self.opened.wait(20)
        return super().encode_queries(texts)


def test_the_server_stays_live_while_a_goal_is_slow(index, serve):
    gate, answers = Gate(), []
    client = serve(index(), lambda _: gate)
    slow = threading.Thread(target=lambda: answers.append(recommend(client, "slow law")))
    slow.start()
    try:
        assert gate.entered.wait(20)
        assert client.get("/health/live").status_code == 200
        assert answers == []
    finally:
        gate.opened.set()
        slow.join(20)
    assert answers[0].status_code == 200


def test_a_request_too_many_is_told_to_come_again(index, serve, monkeypatch):
    monkeypatch.setattr("api.desk.READERS", 1)
    monkeypatch.setattr("api.desk.FEWEST", 1)
    gate, answers = Gate(), []
    client = serve(index(patience_s=0.000001), lambda _: gate)
    slow = threading.Thread(target=lambda: answers.append(recommend(client, "slow law")))
    slow.start()
    try:
        assert gate.entered.wait(20)
        refused = recommend(client, "law")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["type"] == "urn:mentors:overloaded"
        assert "connection" not in refused.headers  # its body was taken, so another may follow
        assert client.get("/health/live").status_code == 200
    finally:
        gate.opened.set()
        slow.join(20)
    assert answers[0].status_code == 200
    assert recommend(client, "law").status_code == 200


def test_requests_too_many_share_a_line_of_the_log(index, serve, monkeypatch, caplog):
    monkeypatch.setattr("api.desk.READERS", 1)
    monkeypatch.setattr("api.desk.FEWEST", 1)
    monkeypatch.setattr("api.observing.FLOOD_S", 300.0)
    monkeypatch.setattr("api.observing._flood", observing._Flood())
    gate = Gate()
    client = serve(index(patience_s=0.000001), lambda _: gate)
    slow = threading.Thread(target=lambda: recommend(client, "slow law"))
    slow.start()
    try:
        assert gate.entered.wait(20)
        with caplog.at_level(logging.INFO):
            assert [recommend(client, "law").status_code for _ in range(5)] == [503] * 5
            client.get("/v1/mentors/nobody")
    finally:
        gate.opened.set()
        slow.join(20)
    lines = [one.getMessage() for one in caplog.records if one.name == "mentors.requests"]
    assert sum("overloaded" in line for line in lines) == 1
    assert sum("'request'" in line for line in lines) == 1


def test_an_explanation_that_takes_long_holds_up_no_recommendation(index, serve, monkeypatch):
    monkeypatch.setattr("api.desk.MOST_EXPLAINING", 1)
    opened, entered, answers = threading.Event(), threading.Event(), []
    client = serve(index())

    def wait(*_):
        entered.set()
        assert opened.wait(20)
        raise MentorNotFound("Nobody.")

    monkeypatch.setattr("api.answering.explain", wait)

    def explain():
        return client.post(f"{PATH}/explain", json={"goals": "law", "mentor": "nurse"})

    slow = threading.Thread(target=lambda: answers.append(explain()))
    slow.start()
    try:
        assert entered.wait(20)
        assert [recommend(client, "law").status_code for _ in range(4)] == [200] * 4
        refused = explain()
        assert problem(refused, 503, "overloaded")
        assert refused.headers["retry-after"] == "1"
    finally:
        opened.set()
        slow.join(20)
    assert answers[0].status_code == 404
    assert explain().status_code == 404


def test_a_running_server_takes_up_what_another_process_wrote(index, serve, until):
    client = serve(index())
    index({"id": "newcomer", "bio": "I audit venture capital funds."})
    until(lambda: client.get("/health/ready").json()["index_version"] == version(6))
    assert "newcomer" in ids(recommend(client))


def test_a_cursor_leads_on_in_the_version_it_was_issued_on(index, serve, until):
    client = serve(index())
    before = ids(recommend(client, limit=3))
    following = recommend(client, limit=1).json()["next"]
    index({"id": "newcomer", "bio": "I audit venture capital funds."})
    until(lambda: client.get("/health/ready").json()["index_version"] == version(6))
    second = recommend(client, limit=1, cursor=following).json()
    assert second["index_version"] == version(5)
    assert [one["mentor"]["id"] for one in second["recommendations"]] == before[1:2]
    assert "newcomer" in ids(recommend(client))


def test_what_happens_to_snapshots_does_not_touch_a_running_server(index, serve):
    settings = index()
    client = serve(settings)
    (settings.data / "tenants" / "default" / "CURRENT").write_text("000000000009-nothing")
    for path in settings.data.glob("tenants/default/snapshots/*/*"):
        path.unlink()
    assert ids(recommend(client))[0] == "auditor"


def test_an_unexpected_error_is_a_problem_that_tells_nothing(index, serve):
    class Broken(TableEncoder):
        def encode_queries(self, texts):
            if "break" in texts[0]:
                raise RuntimeError("secret")
            return super().encode_queries(texts)

    answer = recommend(serve(index(), lambda _: Broken()), "break the law")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_eight_threads_get_the_same_bytes_as_one(client):
    asked = [
        {"goals": GOAL},
        {"goals": "audit or law; teach pupils in a classroom", "limit": 25},
        {"goals": GOAL, "filters": {"language": ["en"], "available": None}, "diversity": 0.5},
        {"goals": "nursing", "explain": False},
    ]

    def text(body):
        answer = recommend(client, **body)
        return answer.text.replace(answer.json()["recommendation_id"], "")

    alone = [text(body) for body in asked]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(text, asked * 8))
    assert together == alone * 8


def test_each_recommendation_says_what_its_score_is_worth(client):
    answer = recommend(client, limit=30).json()
    words = len(understand(GOAL).terms)
    for one in answer["recommendations"]:
        assert one["chance"] == round(chance(one["score"], words), 6)
        assert one["match"] == match(one["chance"])
    assert {one["match"] for one in answer["recommendations"]} >= {"strong", "partial"}
    assert answer["abstained"] is False


def test_an_answer_that_abstains_says_so_and_lists_the_nearest(client):
    answer = recommend(client, "zymurgy").json()
    assert answer["abstained"] is True
    assert [hint["code"] for hint in answer["hints"]] == ["nobody_fits"]
    assert {one["match"] for one in answer["recommendations"]} == {"partial"}
    assert len(answer["recommendations"]) == 10


def test_a_shared_word_names_the_word_of_the_goal_and_a_quote_does_not(client):
    best = recommend(client, "I audit venture capital").json()["recommendations"][0]
    named = {r["quote"]: r["term"] for r in best["reasons"] if r["part"] == "lexical"}
    assert named == {"audit": "audit", "venture": "venture", "capital": "capital"}
    assert {r["term"] for r in best["reasons"] if r["part"] != "lexical"} == {None}


def test_each_part_of_the_goals_says_what_it_is_about(client):
    parts = recommend(client, "I want to audit funds").json()["goals"]
    assert [part["about"] for part in parts] == ["wish"]
