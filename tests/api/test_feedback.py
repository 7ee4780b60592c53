"""Feedback: recorded once, exported, erased, and spent on fairness."""

import json
import re

import pytest

from api.places import store_of
from api.signing import PATTERN, is_of, is_ours, new_id
from evaluation.judgments import read_judged_set
from indexer.feedback import Feedback
from indexer.tables import NAME
from models.errors import Overloaded
from tests.api.test_http import GOAL, PATH, ids, problem, recommend

ON_EVERY_STORE = True


@pytest.fixture
def server(index, serve):
    return serve(index())


def tell(client, id, *events, **more):
    said = [{"mentor": m, "event": e} | ({"rating": r[0]} if r else {}) for m, e, *r in events]
    return client.post("/v1/feedback", json={"recommendation_id": id, "events": said} | more)


def results(answer):
    return [one["result"] for one in answer.json()["results"]]


def exported(client, **query):
    return [
        json.loads(line)
        for line in client.get("/v1/feedback", params=query).text.split("\n")
        if line
    ]


def new(client):
    return recommend(client).json()["recommendation_id"]


def test_an_event_counts_once(server):
    id = new(server)
    events = [("auditor", "shown"), ("nurse", "shown"), ("auditor", "accepted")]
    assert results(tell(server, id, *events)) == ["recorded"] * 3
    assert results(tell(server, id, *events)) == ["unchanged"] * 3
    assert len(exported(server)) == 3


def test_a_rating_replaces_the_one_before(server):
    id = new(server)
    assert results(tell(server, id, ("auditor", "rated", 2))) == ["recorded"]
    assert results(tell(server, id, ("auditor", "rated", 5))) == ["recorded"]
    (event,) = exported(server)
    assert event["rating"] == 5
    assert (event["recommendation_id"], event["mentor"]) == (id, "auditor")


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ({"mentor": "auditor", "event": "liked"}, "/events/0/event"),
        ({"mentor": "auditor", "event": "rated"}, "/events/0"),
        ({"mentor": "auditor", "event": "shown", "rating": 3}, "/events/0"),
        ({"mentor": "auditor", "event": "rated", "rating": 6}, "/events/0/rating"),
        ({"mentor": "", "event": "shown"}, "/events/0/mentor"),
        ({"mentor": "auditor", "event": "shown", "at": "yesterday"}, "/events/0/at"),
        ({"event": "shown"}, "/events/0/mentor"),
    ],
)
def test_what_is_no_event_is_refused_with_a_pointer_to_it(server, event, pointer):
    sent = {"recommendation_id": new(server), "events": [event]}
    problem(server.post("/v1/feedback", json=sent), 422, "bad-request", pointer)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: "0" * len(one),
        lambda one: one[:-1] + "01"[one[-1] == "0"],
        lambda one: one[:32] + "f" * (len(one) - 48) + one[-16:],  # as if everybody had been in it
        lambda one: f"{one[:32]}ff{one[32:]}",
        lambda one: one + "0",
    ],
)
def test_feedback_on_what_was_never_recommended_is_refused(server, change):
    answer = tell(server, change(new(server)), ("auditor", "shown"))
    assert "no recommendation" in problem(answer, 404, "recommendation-not-found")
    assert exported(server) == []


def test_feedback_on_who_was_not_recommended_is_refused(server):
    id = recommend(server, limit=1).json()["recommendation_id"]
    others = [f"stranger{n}" for n in range(20)]  # one in 400 is taken for somebody else
    answer = tell(server, id, ("auditor", "shown"), *((one, "shown") for one in others))
    pointer = answer.json()["pointer"]
    assert pointer in [f"/events/{n}/mentor" for n in range(1, 21)]
    assert "was not in this recommendation" in problem(answer, 422, "bad-input", pointer)
    assert exported(server) == []
    assert results(tell(server, id, ("auditor", "shown"))) == ["recorded"]


def test_nobody_was_in_a_recommendation_of_nobody(server):
    answer = recommend(server, filters={"country": "AQ"}).json()
    assert answer["recommendations"] == []
    told = tell(server, answer["recommendation_id"], ("auditor", "shown"))
    problem(told, 422, "bad-input", "/events/0/mentor")


def test_an_id_knows_all_its_mentors_and_few_others():
    secret = b"of a tenant"
    for count, most in ((1, 0.02), (10, 0.02), (100, 0.15), (300, 0.75)):
        mentors = [f"mentor {n}" for n in range(count)]
        id = new_id(secret, mentors)
        assert re.fullmatch(PATTERN, id)
        assert len(id) <= NAME  # what the database keeps
        assert is_ours(secret, id)
        assert not is_ours(b"of another", id)
        assert all(is_of(secret, id, mentor) for mentor in mentors)
        others = sum(is_of(secret, id, f"stranger {n}") for n in range(2_000))
        assert others <= most * 2_000


def test_what_is_said_of_who_has_left_is_not_kept(server):
    id = new(server)
    server.delete("/v1/mentors/nurse")
    assert results(tell(server, id, ("nurse", "shown"))) == ["no_mentor"]
    assert exported(server) == []


def test_what_is_said_of_a_mentor_goes_with_the_mentor(server):
    tell(server, new(server), ("auditor", "shown"), ("nurse", "opened"))
    server.delete("/v1/mentors/auditor")
    assert [event["mentor"] for event in exported(server)] == ["nurse"]


def test_feedback_on_a_recommendation_is_erased_with_the_goals(server):
    first, second = new(server), new(server)
    tell(server, first, ("auditor", "shown"), goals="My very own words")
    tell(server, second, ("auditor", "shown"))
    assert any("goals" in event for event in exported(server))
    answer = server.delete(f"/v1/feedback/{first}")
    assert answer.json() == {"recommendation_id": first, "erased": 1}
    assert server.delete(f"/v1/feedback/{first}").json()["erased"] == 0
    assert [event["recommendation_id"] for event in exported(server)] == [second]
    assert "very own" not in server.get("/v1/feedback").text


def test_goals_are_kept_only_where_they_are_sent(server):
    tell(server, new(server), ("auditor", "shown"))
    assert "goals" not in exported(server)[0]


def test_an_export_begins_where_it_is_asked_to(server):
    id = new(server)
    for day, mentor in (("2026-01-01", "auditor"), ("2026-02-01", "nurse")):
        event = {"mentor": mentor, "event": "shown", "at": f"{day}T00:00:00Z"}
        server.post("/v1/feedback", json={"recommendation_id": id, "events": [event]})
    later = exported(server, since="2026-01-15T00:00:00Z")
    assert [event["mentor"] for event in later] == ["nurse"]
    assert len(exported(server)) == 2


def test_an_export_misses_nothing_while_others_are_erased(index, serve, monkeypatch):
    monkeypatch.setattr("indexer.feedback.AT_ONCE", 2)
    settings = index()
    client = serve(settings)
    told = [new(client) for _ in range(6)]
    for n, id in enumerate(told):
        event = {"mentor": "auditor", "event": "shown", "at": f"2026-01-0{n + 1}T00:00:00Z"}
        client.post("/v1/feedback", json={"recommendation_id": id, "events": [event]})
    store = store_of(settings)
    events = Feedback(store.database).events("default")
    assert [next(events)[0].recommendation for _ in range(2)] == told[:2]
    client.delete(f"/v1/feedback/{told[0]}")
    assert [event.recommendation for event, _ in events] == told[2:]
    store.close()


def test_an_export_that_cannot_begin_is_refused_with_a_status(server, monkeypatch):
    def full(*_):
        raise Overloaded("Too many requests wait already: try again in a moment.")
        yield

    monkeypatch.setattr(Feedback, "events", full)
    assert problem(server.get("/v1/feedback"), 503, "overloaded")


def test_feedback_becomes_judgments_that_can_be_measured(index, serve, run, tmp_path):
    settings = index()
    client = serve(settings)
    first, second = new(client), new(client)
    events = [
        ("auditor", "shown"),
        ("auditor", "accepted"),
        ("nurse", "shown"),
        ("teacher", "rated", 4),
    ]
    tell(client, first, *events, goals=GOAL)
    tell(client, second, ("nurse", "opened"))
    files = [tmp_path / name for name in ("events.jsonl", "goals.jsonl", "qrels.tsv")]
    ran = run(
        "feedback",
        "export",
        files[0],
        "--goals",
        files[1],
        "--qrels",
        files[2],
        "--data",
        settings.data,
    )
    assert ran.status == 0
    assert "5 events" in ran.out
    judged = read_judged_set(files[1], files[2])
    assert judged.texts == {first: GOAL}
    assert judged.grades == {first: {"auditor": 3, "nurse": 0, "teacher": 2}}


@pytest.fixture
def soon(monkeypatch):
    """Attention counts within a moment."""
    monkeypatch.setattr("api.background.EXPOSE_EVERY_S", 0.1)


@pytest.mark.usefixtures("soon")
def test_who_was_shown_much_gives_way_to_somebody_about_as_good(index, serve, until):
    twins = [
        {"id": f"twin{i}", "bio": "Audit partner and venture capital investor."} for i in range(4)
    ]
    settings = index(*twins)
    client = serve(settings)
    assert ids(recommend(client, exposure=1.0)) == ids(recommend(client))
    before = ids(recommend(client))
    for _ in range(3):
        tell(client, new(client), (before[0], "shown"))
    until(lambda: ids(recommend(client, exposure=1.0)) != before)
    answer = recommend(client, exposure=1.0).json()["recommendations"]
    assert [one["mentor"]["id"] for one in answer] == [*before[1:], before[0]]
    assert answer[-1]["adjustments"] == {"exposure": {"from": 1, "to": 4}}
    assert len({one["score"] for one in answer}) == 1
    assert ids(recommend(client)) == before


@pytest.mark.usefixtures("soon")
def test_the_same_index_version_knows_the_same_exposure(index, serve, until):
    settings = index()
    sides = serve(settings), serve(settings)
    ask = {"goals": GOAL, "exposure": 1.0}
    before = sides[0].post(PATH, json=ask).json()["index_version"]
    for _ in range(2):  # counted one by one or together, which is another version each time
        tell(sides[0], new(sides[0]), ("auditor", "shown"))
    answers = []

    def are_at_the_same_version():
        answers[:] = [side.post(PATH, json=ask).json() for side in sides]
        return before != answers[0]["index_version"] == answers[1]["index_version"]

    until(are_at_the_same_version)
    assert answers[0]["recommendations"] == answers[1]["recommendations"]
