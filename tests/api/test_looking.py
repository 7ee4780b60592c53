"""Goals understood alone, the map, and figures for whoever runs the server."""

import time

import numpy as np
import pytest

from api.figures import quantile_ms
from api.schemas import MapAnswer, RecommendationsAnswer, StatusAnswer, UnderstoodAnswer
from indexer.feedback import Event, Feedback
from indexer.store import Store
from indexer.tallies import DAY_S, Tally, by_day
from recommender import mapping
from tests.api.test_http import GOAL, ids, problem, recommend
from tests.fakes import RECORDS, put


def places(client):
    return {
        point["mentor"]: (point["x"], point["y"])
        for point in client.get("/v1/map").json()["points"]
    }


def test_goals_are_understood_as_when_mentors_are_recommended(client):
    answer = client.post("/v1/goals", json={"goals": GOAL})
    UnderstoodAnswer.model_validate(answer.json(), strict=True, extra="forbid")
    assert answer.json()["goals"] == recommend(client).json()["goals"]


def test_goals_that_cannot_be_used_are_refused(client):
    answer = client.post("/v1/goals", json={"goals": ""})
    problem(answer, 422, "bad-goals", "/goals")


def test_the_map_has_everybody_with_a_free_place(client):
    answer = client.get("/v1/map")
    found = MapAnswer.model_validate(answer.json(), strict=True, extra="forbid")
    free = {"auditor", "nurse", "teacher"} | {f"sea{i:02}" for i in range(25)}
    assert {point.mentor for point in found.points} == free
    assert found.total == len(free)
    assert all(np.hypot(point.x, point.y) <= 1.001 for point in found.points)


def test_the_map_is_not_sent_again_to_whoever_has_it(client):
    tag = client.get("/v1/map").headers["etag"]
    answer = client.get("/v1/map", headers={"if-none-match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    for known in (f'"other", W/{tag}', "*"):
        assert client.get("/v1/map", headers={"if-none-match": known}).status_code == 304
    assert client.get("/v1/map", headers={"if-none-match": '"other"'}).status_code == 200


def test_a_recommendation_says_where_goals_and_mentors_lie_only_when_asked(client):
    assert "map" not in recommend(client).json()
    answer = recommend(client, map=True)
    RecommendationsAnswer.model_validate(answer.json(), strict=True, extra="forbid")
    found = answer.json()["map"]
    assert found["map"] == client.get("/v1/map").json()["map"]
    on_map = places(client)
    assert [tuple(place) for place in found["mentors"]] == [on_map[id] for id in ids(answer)]


def test_goals_lie_nearer_to_those_who_do_the_like(client):
    goal = recommend(client, "nights on a surgical ward with patients", map=True).json()["map"]
    at = places(client)
    far = {id: np.hypot(*np.subtract(at[id], goal["goal"])) for id in at}
    assert min(far, key=far.get) == "nurse"


def test_somebody_new_lands_on_the_map_and_somebody_full_leaves_it(index, serve):
    client = serve(index())
    before, version = places(client), client.get("/v1/map").json()["map"]
    client.put("/v1/mentors/sailor", json={"bio": "Officer on ships at sea."})
    client.patch("/v1/mentors/nurse", json={"active_mentees": 2})
    after = places(client)
    assert client.get("/v1/map").json()["map"] == version
    assert after.keys() == before.keys() - {"nurse"} | {"sailor"}
    assert all(after[id] == before[id] for id in after.keys() & before.keys())


def test_of_many_mentors_some_are_chosen_evenly(client, monkeypatch):
    monkeypatch.setattr(mapping, "MOST_POINTS", 4)
    found = client.get("/v1/map").json()
    assert (found["total"], len(found["points"])) == (28, 4)
    assert found["points"][0]["mentor"] == "auditor"


def test_a_page_of_the_same_request_may_ask_for_the_map_or_not(client):
    first = recommend(client, limit=2).json()
    second = recommend(client, limit=2, cursor=first["next"], map=True)
    assert len(second.json()["map"]["mentors"]) == 2


def test_status_tells_what_there_is_and_how_answering_went(index, serve):
    client = serve(index())
    for _ in range(3):
        answer = recommend(client).json()
    mentor = answer["recommendations"][0]["mentor"]["id"]
    events = [
        {"mentor": mentor, "event": "rated", "rating": 4},
        {"mentor": mentor, "event": "shown"},
    ]
    told = {"recommendation_id": answer["recommendation_id"], "events": events}
    assert client.post("/v1/feedback", json=told).status_code == 200
    found = client.get("/v1/status").json()
    StatusAnswer.model_validate_json(client.get("/v1/status").content, extra="forbid")
    assert (found["mentors"], found["free"]) == (len(RECORDS), 3)
    assert found["freshness"]["snapshot_at"]
    assert found["freshness"]["not_followed"] == 0
    assert found["latency"]["count"] >= 3
    assert found["latency"]["p50_ms"] > 0
    assert {"encode", "score"} <= {one["stage"] for one in found["stages"]}
    assert found["recommended"]["answers"] >= 3
    assert found["feedback"]["totals"] == {"rated": 1, "shown": 1}
    assert found["feedback"]["mean_rating"] == 4.0
    assert len(found["feedback"]["days"]) == 30
    assert found["feedback"]["days"][-1]["events"] == {"rated": 1, "shown": 1}


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 15.0), (0.25, 10.0), (0.75, 20.0), (0.95, None)]
)
def test_a_percentile_lies_within_its_bucket(share, expected):
    buckets = [(0.01, 25), (0.02, 50), (None, 25)]
    assert quantile_ms(buckets, share) == expected


def test_of_nothing_there_is_no_percentile():
    assert quantile_ms([], 0.5) is None
    assert quantile_ms([(0.01, 0), (None, 0)], 0.5) is None


def test_feedback_is_counted_by_day_and_tenant(tmp_path):
    store = Store.in_folder(tmp_path)
    for tenant in ("default", "other"):
        put(store, tenant=tenant)
    day = int(time.time() // DAY_S)
    feedback = Feedback(store.database)
    events = [
        Event("r1", "auditor", "shown", None, (day - 1) * DAY_S + 0.5),
        Event("r1", "nurse", "shown", None, day * DAY_S + 1.5),
        Event("r1", "auditor", "rated", 5, day * DAY_S + 2.0),
    ]
    feedback.record("default", events)
    feedback.record("other", events[:1])
    assert by_day(store.database, "default", 0.0) == [
        Tally(day - 1, "shown", 1, 0),
        Tally(day, "rated", 1, 5),
        Tally(day, "shown", 1, 0),
    ]
    assert len(by_day(store.database, "default", day * DAY_S)) == 2
    store.close()
