import json

import pytest

from api.schemas import ExplainAnswer
from tests.fakes import RECORDS

LIST, PATH = "/v1/recommendations", "/v1/recommendations/explain"
GOAL = "I work in audit and want to move into venture capital"
LAST = "sea07"
TOPIC = "turbine casings, rotors and nozzles"


def explain(client, mentor="auditor", goals=GOAL, **body):
    return client.post(PATH, json={"goals": goals, "mentor": mentor} | body)


def listed(client, **body):
    return client.post(LIST, json={"goals": GOAL} | body).json()["recommendations"]


def codes(answer):
    return [one["code"] for one in answer.json()["why_not"]]


def test_an_explanation_is_in_the_form_of_the_schema(client):
    for mentor in ("auditor", LAST, "welder"):
        answer = explain(client, mentor)
        assert answer.status_code == 200
        ExplainAnswer.model_validate(answer.json(), strict=True, extra="forbid")


def test_every_mentor_is_explained_as_in_the_list_at_the_same_place(client):
    for rank, expected in enumerate(listed(client, limit=30), start=1):
        answer = explain(client, expected["mentor"]["id"]).json()
        assert json.dumps(answer["recommendation"]) == json.dumps(expected)
        assert answer["rank"] == rank


def test_a_mentor_is_explained_as_on_a_filtered_page(client):
    filters = {"language": ["en"], "available": None}
    last = listed(client, filters=filters)[-1]
    answer = explain(client, last["mentor"]["id"], filters=filters).json()
    assert answer["recommendation"] == last
    assert answer["rank"] == len(listed(client, filters=filters)) > 1


def test_the_best_has_nothing_in_the_way_and_nothing_to_add(client):
    answer = explain(client).json()
    assert (answer["rank"], answer["why_not"], answer["nearly"]) == (1, [], None)


def test_who_comes_further_down_is_told_how_far(client):
    last = listed(client, limit=30)[-1]
    tenth = listed(client)[-1]
    (obstacle,) = explain(client, last["mentor"]["id"]).json()["why_not"]
    assert obstacle["code"] == "not_in_top"
    assert obstacle["params"] == {
        "rank": 28,
        "score": last["score"],
        "score_at_10": tenth["score"],
    }


def test_what_keeps_a_mentor_out_is_named(client):
    filters, exclude = {"country": "SG"}, {"ids": ["auditor"]}
    answer = explain(client, filters=filters, exclude=exclude)
    assert answer.json()["rank"] is None
    assert answer.json()["why_not"] == [
        {
            "code": "filtered",
            "params": {"filter": "country"},
            "text": "Does not pass the filter 'country'.",
        },
        {"code": "excluded", "params": {"exclude": "ids"}, "text": "Excluded by id."},
    ]
    assert codes(explain(client, "welder")) == ["full"]
    assert codes(explain(client, "solicitor")) == ["unavailable"]


def test_a_suggestion_is_proven_by_the_list(index, serve):
    crowd = [{"id": f"c{i}", "bio": "I cook for a startup."} for i in range(5)]
    client = serve(index(*crowd, {"id": "w", "headline": "Yard", "topics": [TOPIC]}))
    answer = explain(client, "w", "I want to join a startup").json()
    assert answer["rank"] == 6
    assert answer["nearly"]["add"] == TOPIC
    goals = ["I want to join a startup", answer["nearly"]["add"]]
    found = client.post(LIST, json={"goals": goals}).json()["recommendations"]
    assert found[answer["nearly"]["rank"] - 1]["mentor"]["id"] == "w"


def test_goals_may_be_a_list(client):
    answer = explain(client, goals=["become a nurse", "move to court"]).json()
    assert [part["text"] for part in answer["goals"]] == ["become a nurse", "move to court"]


@pytest.mark.parametrize("id", ["nobody", "x" * 200, "\x00", "🎓"])
def test_an_unknown_mentor_is_not_found(client, id):
    answer = explain(client, id)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:mentors:mentor-not-found"
    assert answer.json()["detail"] == f"There is no mentor with the id {id!r}."


def test_a_removed_mentor_is_not_found_at_once(scratch):
    scratch.put("/v1/mentors/gone", json={"headline": "Auditor"})
    assert explain(scratch, "gone").json()["rank"] is not None
    scratch.delete("/v1/mentors/gone")
    assert explain(scratch, "gone").status_code == 404


def test_a_change_is_explained_by_the_very_next_request(scratch):
    scratch.put("/v1/mentors/fresh", json={"headline": "Ship engineer"})
    scratch.put("/v1/mentors/fresh", json={"headline": "Audit and venture capital"})
    found = explain(scratch, "fresh").json()["recommendation"]
    assert found["mentor"]["headline"] == "Audit and venture capital"
    scratch.patch("/v1/mentors/fresh", json={"capacity": 0})
    assert codes(explain(scratch, "fresh")) == ["full"]


def test_words_that_cannot_be_followed_are_unavailable_for_now(index, serve, monkeypatch):
    client = serve(index())
    monkeypatch.setattr("api.wiring.Follower.catch_up", lambda _: False)
    client.put("/v1/mentors/auditor", json=RECORDS[0] | {"headline": "Newer"})
    answer = explain(client)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:mentors:index-behind")
    assert answer.json()["detail"] == (
        "The index does not have the newest words of the mentor 'auditor' yet: try again in a "
        "moment."
    )


@pytest.mark.parametrize(
    ("change", "type", "pointer"),
    [
        ({"goals": ""}, "bad-goals", "/goals"),
        ({"goals": []}, "bad-request", "/goals"),
        ({"mentor": ""}, "bad-request", "/mentor"),
        ({"mentor": 5}, "bad-request", "/mentor"),
        ({"mentor": "x" * 201}, "bad-request", "/mentor"),
        ({"limit": 5}, "bad-request", "/limit"),
        ({"filters": {"colour": "red"}}, "bad-request", "/filters/colour"),
        ({"filters": {"max_hours_apart": 1}}, "bad-filter", "/filters/timezone"),
    ],
)
def test_a_wrong_question_is_refused_with_a_pointer(client, change, type, pointer):
    answer = client.post(PATH, json={"goals": GOAL, "mentor": "auditor"} | change)
    assert answer.status_code == 422
    assert answer.json()["type"] == f"urn:mentors:{type}"
    assert answer.json()["pointer"] == pointer


def test_half_a_surrogate_pair_is_no_mentor(client):
    content = json.dumps({"goals": GOAL, "mentor": "\ud800"})
    answer = client.post(PATH, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["pointer"] == "/mentor"
