"""Batches, mentors alike, what filters leave out, and figures."""

import json

import pytest

from api.schemas import RecommendationsAnswer, SimilarAnswer
from models.mentor import string_at
from tests.api.test_http import GOAL, ids, micro, problem, recommend

BATCH = "/v1/recommendations:batch"


def batch(client, *lines):
    content = "".join(
        (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines
    )
    answer = client.post(BATCH, content=content.encode(errors="surrogatepass"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.decode().split("\n") if line]


def test_each_line_of_a_batch_is_answered_as_if_it_came_alone(client):
    lines = [
        {"id": f"g{n}", "goals": goal, "limit": n}
        for n, goal in enumerate((GOAL, "become a nurse", "sea ships"), start=1)
    ]
    answers = batch(client, *lines)
    for n, (line, answer) in enumerate(zip(lines, answers, strict=True), start=1):
        assert (answer.pop("line"), answer.pop("id")) == (n, line["id"])
        RecommendationsAnswer.model_validate(answer, strict=True, extra="forbid")
        alone = recommend(client, line["goals"], limit=line["limit"]).json()
        assert answer.pop("recommendation_id") != alone.pop("recommendation_id")
        assert answer == alone


def test_a_line_that_cannot_be_answered_stops_no_other(client):
    answers = batch(
        client,
        {"goals": GOAL},
        "{",
        {"id": 7, "goals": ""},
        {"goals": 5},
        "[]",
        "",
        {"goals": GOAL, "limit": 0},
        {"goals": GOAL, "filters": {"colour": 1}},
        {"goals": "law"},
    )
    assert [answer["line"] for answer in answers] == [1, 2, 3, 4, 5, 7, 8, 9]
    problems = [answer.get("problem") for answer in answers]
    assert [p and p["status"] for p in problems] == [None, 422, 422, 422, 422, 422, 422, None]
    assert answers[2]["id"] == 7
    assert problems[2]["pointer"] == "/goals"
    assert [p["pointer"] for p in problems[5:7]] == ["/limit", "/filters/colour"]


def test_a_batch_of_nothing_is_answered_with_nothing(client):
    assert batch(client) == []


def test_a_separator_within_a_line_does_not_end_it(client):
    (answer,) = batch(client, json.dumps({"goals": "audit\u2028law"}, ensure_ascii=False))
    assert answer["goals"][0]["text"]


# --- mentors alike ---


def similar(client, id, **query):
    return client.get(f"/v1/mentors/{id}/similar", params=query)


def test_mentors_alike_come_with_the_words_that_make_them_so(client):
    answer = similar(client, "sea00", limit=5).json()
    SimilarAnswer.model_validate(answer, strict=True, extra="forbid")
    assert len(answer["similar"]) == 5
    for one in answer["similar"]:
        assert one["mentor"]["id"].startswith("sea")
        assert one["mentor"]["id"] != "sea00"
        said = [micro(reason["contribution"]) for reason in one["reasons"]]
        assert sum(said) + micro(one["other_passages"]) == micro(one["likeness"])
        for reason in one["reasons"]:
            leaf = string_at(one["mentor"], reason["field"])
            assert leaf[reason["start"] : reason["end"]] == reason["quote"]
    likeness = [one["likeness"] for one in answer["similar"]]
    assert likeness == sorted(likeness, reverse=True)


def test_who_is_full_is_not_shown_as_alike_and_may_be_asked_about(client):
    found = similar(client, "auditor", limit=100).json()["similar"]
    shown = {one["mentor"]["id"] for one in found}
    assert len(shown) == 27  # of 30 without two who are full or away, and the mentor
    assert {"solicitor", "welder"}.isdisjoint(shown)
    assert similar(client, "welder").status_code == 200


def test_mentors_like_nobody_are_not_found(client):
    problem(similar(client, "nobody"), 404, "mentor-not-found")
    detail = problem(similar(client, "auditor", limit=0), 422, "bad-request")
    assert detail.startswith("The query parameter 'limit': ")


def test_of_one_mentor_nobody_is_alike(index, serve):
    settings = index({"id": "only", "bio": "Audit."})
    assert similar(serve(settings), "only").json()["similar"] == []


# --- what filters leave out ---


def test_filters_that_leave_too_few_say_how_many_each_left_out(client):
    filters = {"country": "KE", "attributes": {"years": {"gte": 9}}, "skills_all": ["ACCA", "x"]}
    answer = recommend(client, filters=filters, exclude={"ids": ["nurse"]}).json()
    assert ids(recommend(client, filters=filters)) == []
    (hint,) = [hint for hint in answer["hints"] if hint["code"] == "few_left"]
    params = hint["params"]
    assert params["left"] == 0
    assert set(params) == {
        "left",
        "available",
        "country",
        "skills_all",
        "attributes.years",
        "exclude.ids",
    }
    assert (params["available"], params["country"], params["exclude.ids"]) == (2, 29, 1)
    assert "country leaves out 29" in hint["text"]


def test_filters_that_leave_enough_say_nothing(client):
    answer = recommend(client, limit=3, filters={"language": []}).json()
    assert not [hint for hint in answer["hints"] if hint["code"] == "few_left"]


# --- figures ---


@pytest.mark.parametrize(
    "figure",
    [
        'mentors_requests_total{method="POST",route="/v1/recommendations",status="200"}',
        'mentors_request_seconds_count{route="/v1/recommendations",status="200"}',
        *(
            f'mentors_stage_seconds_count{{stage="{stage}"}}'
            for stage in (
                "understand",
                "encode",
                "search words",
                "search vectors",
                "score",
                "read",
                "explain",
            )
        ),
        'mentors_queue_length{queue="read"}',
        "mentors_index_lag 0.0",
        "mentors_recommended_total{abstained=",
        "mentors_quote_cache_total{remembered=",
    ],
)
def test_figures_are_told_in_prometheus_s_form(client, figure):
    recommend(client)
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert f"\n{figure}" in answer.text


def test_a_path_that_people_invent_makes_no_new_figure(client):
    for n in range(5):
        client.get(f"/invented/{n}")
        client.get(f"/v1/mentors/invented{n}")
    assert "invented" not in client.get("/metrics").text
