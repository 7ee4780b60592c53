"""Two hosts, each with a data folder of its own, on one PostgreSQL: over real sockets."""

import json
import threading
import time

import httpx
import numpy as np
import pytest

from api.background import LISTENING_EVERY_S
from tests.conftest import rounds_of
from tests.live.servers import server
from tests.postgres import migrated, postgres

pytestmark = pytest.mark.scale
SOON_S = 2.0
PATIENCE_S = 30
GOAL = "I want to audit books"


@pytest.fixture(scope="module")
def database():
    """The server's name of a database, and its URL."""
    running = postgres()
    name = running.new(migrated())
    yield name, running.url(name)
    running.drop(name)


@pytest.fixture(scope="module")
def started(tmp_path_factory, database):
    """A client of each of two hosts."""
    data, store = tmp_path_factory.mktemp("hosts"), database[1]
    with (
        server(data / "one", store=store) as one,
        server(data / "two", store=store) as two,
        httpx.Client(base_url=one, timeout=PATIENCE_S, trust_env=False) as first,
        httpx.Client(base_url=two, timeout=PATIENCE_S, trust_env=False) as second,
    ):
        yield first, second


@pytest.fixture
def hosts(started):
    """The two with nobody in them."""
    first, _ = started
    for id in everybody(first):
        first.delete(f"/v1/mentors/{id}").raise_for_status()
    for host in started:
        until(lambda host=host: everybody(host) == [], "somebody stays")
    return started


def until(holds, what):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def found(client, word):
    answer = client.post("/v1/recommendations", json={"goals": word, "limit": 3})
    return [one["mentor"]["id"] for one in answer.json()["recommendations"]]


def delay(writer, reader, number):
    """Seconds from the acknowledgement of a new mentor by one host until the other finds them."""
    word = f"zq{number:04}quince"
    answer = writer.put(f"/v1/mentors/m{number}", json={"bio": f"All about {word}."})
    assert answer.status_code == 201, answer.text
    acknowledged = time.monotonic()
    until(lambda: f"m{number}" in found(reader, word), "a new mentor is never found elsewhere")
    return time.monotonic() - acknowledged


def test_a_mentor_added_through_one_host_is_found_through_the_other_soon(hosts, capsys):
    first, second = hosts
    delays = []
    for number in range(rounds_of("mentors added through one of two hosts")):
        pair = (first, second) if number % 2 else (second, first)
        delays.append(delay(*pair, number))
    with capsys.disabled():
        print(
            f"\nmeasured: {len(delays)} mentors added through one of two hosts on one PostgreSQL, "
            f"found through the other after {np.median(delays):.3f} s "
            f"(slowest {max(delays):.3f} s)"
        )
    assert max(delays) < SOON_S
    assert np.median(delays) < LISTENING_EVERY_S / 2  # it was told, and did not just look


def test_the_same_request_gets_the_same_answer_of_both_and_is_done_once(hosts):
    first, second = hosts
    headers = {"idempotency-key": "once"}
    bodies = [
        host.put("/v1/mentors/m", json={"bio": "I audit books."}, headers=headers) for host in hosts
    ]
    assert [body.headers.get("idempotency-replayed") for body in bodies] == [None, "true"]
    assert bodies[0].content == bodies[1].content
    until(lambda: found(first, GOAL) == found(second, GOAL) == ["m"], "they never agree")
    asked = {"goals": GOAL}
    told = [host.post("/v1/recommendations", json=asked).json() for host in hosts]
    for answer in told:
        del answer["recommendation_id"]
    assert told[0] == told[1]


def test_who_is_removed_or_full_through_one_is_at_once_in_no_answer_of_the_other(hosts):
    first, second = hosts
    for id in ("gone", "full", "stays"):
        first.put(f"/v1/mentors/{id}", json={"bio": "I audit books.", "capacity": 1})
    until(lambda: len(found(second, GOAL)) == 3, "they are never found")
    first.delete("/v1/mentors/gone").raise_for_status()
    first.patch("/v1/mentors/full", json={"active_mentees": 1}).raise_for_status()
    assert found(second, GOAL) == ["stays"]


def test_where_the_database_is_away_requests_are_refused_for_now_and_it_comes_back_by_itself(
    hosts, database
):
    first, second = hosts
    first.put("/v1/mentors/m", json={"bio": "I audit books."}).raise_for_status()
    until(lambda: found(second, GOAL) == ["m"], "it is never found")
    postgres().kill()
    try:
        for host in hosts:
            for answer in (
                host.post("/v1/recommendations", json={"goals": GOAL}),
                host.get("/v1/mentors/m"),
                host.put("/v1/mentors/n", json={"bio": "I audit books."}),
                host.patch("/v1/mentors/m", json={"capacity": 1}),
                host.delete("/v1/mentors/m"),
            ):
                assert answer.status_code == 503
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"] == "1"
                assert answer.json()["type"] == "urn:mentors:store-unavailable"
                assert "127.0.0.1" not in answer.text
            until(lambda host=host: host.get("/health/ready").status_code == 503, "it seems ready")
            assert host.get("/health/ready").json()["detail"].startswith("The database cannot")
            assert host.get("/health/live").status_code == 200
    finally:
        postgres().start()
    for host in hosts:
        until(lambda host=host: host.get("/health/ready").status_code == 200, "it is never ready")
        assert found(host, GOAL) == ["m"]
    assert delay(first, second, 1) < SOON_S  # it listens again, or looks


def test_connections_that_are_cut_are_opened_again(hosts, database):
    first, _ = hosts
    first.put("/v1/mentors/m", json={"bio": "I audit books."}).raise_for_status()
    for _ in range(3):
        assert postgres().cut(database[0]) > 0
        answers = [first.post("/v1/recommendations", json={"goals": GOAL}) for _ in range(2)]
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert answers[1].status_code == 200
        assert first.get("/health/ready").status_code == 200


def test_a_bulk_cut_off_by_a_crash_of_the_database_is_finished_by_sending_it_again(hosts):
    first, second = hosts
    count = rounds_of("mentors of a bulk that is cut off")
    lines = [json.dumps({"id": f"m{i}", "bio": f"I audit books {i}."}) for i in range(count)]

    def crash():
        until(lambda: second.get("/v1/mentors/m100").status_code == 200, "nothing is taken")
        postgres().kill()
        postgres().start()

    crashing = threading.Thread(target=crash)
    crashing.start()
    results = send(first, lines)
    crashing.join()
    # None is said to be there that is not, and the rest may be sent again.
    assert set(results) == {"added", "failed"}
    for i, result in enumerate(results):
        if result == "added":
            assert second.get(f"/v1/mentors/m{i}").status_code == 200
    again = send(first, lines)
    assert set(again) <= {"added", "unchanged"}
    assert all(
        now == "unchanged" for was, now in zip(results, again, strict=True) if was == "added"
    )
    until(lambda: len(everybody(second)) == count, "not all are followed")
    assert everybody(first) == everybody(second)


def send(client, lines):
    answer = client.post("/v1/mentors:bulk", content="\n".join(lines))
    said = [json.loads(line)["result"] for line in answer.text.splitlines()]
    assert len(said) == len(lines)
    return said


def everybody(client):
    """The ids of everybody, page by page."""
    asked = {"goals": GOAL, "limit": 300, "explain": False}
    ids = []
    while True:
        answer = client.post("/v1/recommendations", json=asked).json()
        ids += [one["mentor"]["id"] for one in answer.get("recommendations", ())]
        if not answer.get("next"):
            return sorted(ids)
        asked["cursor"] = answer["next"]
