"""ETags, preconditions and idempotency keys of changes."""

import threading

import pytest

from indexer import replies
from indexer.replies import Replies, Reply
from indexer.store import Store
from models.errors import BadInput, InFlight, StoreUnavailable
from tests.api.test_http import problem

ON_EVERY_STORE = True

BIO = {"bio": "Ship officer who audits."}


@pytest.fixture
def server(index, serve):
    return serve(index())


def put(client, id="m", body=BIO, **headers):
    return client.put(f"/v1/mentors/{id}", json=body, headers=headers)


# --- ETags ---


def test_a_mentor_has_an_etag_that_each_change_moves(server):
    first = put(server)
    assert server.get("/v1/mentors/m").headers["etag"] == first.headers["etag"]
    assert put(server).headers["etag"] == first.headers["etag"]  # unchanged
    second = put(server, body={"bio": "Nurse."})
    assert second.headers["etag"] != first.headers["etag"]
    assert server.get("/v1/mentors/m").headers["etag"] == second.headers["etag"]


def test_a_change_is_made_only_where_the_mentor_is_as_it_was_read(server):
    tag = put(server).headers["etag"]
    third = server.patch("/v1/mentors/m", json={"capacity": 2}, headers={"if-match": tag})
    assert third.status_code == 200
    for answer in (
        put(server, body={"bio": "Nurse."}, **{"if-match": tag}),
        server.patch("/v1/mentors/m", json={"capacity": 3}, headers={"if-match": tag}),
        server.delete("/v1/mentors/m", headers={"if-match": tag}),
    ):
        assert "read it again" in problem(answer, 412, "precondition-failed")
    record = server.get("/v1/mentors/m").json()
    assert (record["bio"], record["capacity"]) == (BIO["bio"], 2)
    tag = third.headers["etag"]
    gone = server.delete("/v1/mentors/m", headers={"if-match": f'"x", {tag}'})
    assert gone.status_code == 200


def test_a_star_wants_anybody_and_none_match_nobody(server):
    assert problem(put(server, **{"if-match": "*"}), 412, "precondition-failed")
    assert put(server, **{"if-none-match": "*"}).status_code == 201
    assert problem(
        put(server, body={"bio": "x y"}, **{"if-none-match": "*"}), 412, "precondition-failed"
    )
    assert put(server, body={"bio": "Nurse."}, **{"if-match": "*"}).status_code == 200


def test_who_has_left_matches_nothing(server):
    tag = put(server).headers["etag"]
    server.delete("/v1/mentors/m")
    assert put(server, **{"if-match": tag}).status_code == 412
    answer = server.delete("/v1/mentors/m", headers={"if-match": tag})
    assert answer.status_code in (404, 412)
    assert put(server, **{"if-none-match": "*"}).status_code == 201


@pytest.mark.parametrize("header", ["17", "", "nonsense"])
def test_what_is_no_etag_is_said(server, header):
    assert "ETag" in problem(put(server, **{"if-match": header}), 422, "bad-input")


@pytest.mark.parametrize("header", ['"' + "9" * 5000 + '"', '"x"', '"-1"', '"٣"', 'W/"0"', '"0"'])
def test_an_etag_of_nobody_matches_nobody(server, header):
    assert put(server, **{"if-match": header.encode()}).status_code == 412
    assert server.get("/v1/mentors/m").status_code == 404


def test_a_tag_that_was_marked_as_weak_on_its_way_still_spares_the_record(server):
    tag = put(server).headers["etag"]
    answer = server.get("/v1/mentors/m", headers={"if-none-match": f'"x", W/{tag}'})
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_weak_etag_is_no_ground_for_a_change(server):
    tag = put(server).headers["etag"]
    answer = put(server, body={"bio": "Nurse."}, **{"if-match": f"W/{tag}"})
    assert answer.status_code == 412


def test_a_mentor_that_is_known_already_is_not_sent_again(server):
    tag = put(server).headers["etag"]
    answer = server.get("/v1/mentors/m", headers={"if-none-match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert server.get("/v1/mentors/m", headers={"if-none-match": '"1"'}).status_code == 200


def test_of_many_who_saw_the_same_one_alone_changes_it(server):
    tag = put(server).headers["etag"]
    results = []

    def change(n):
        body = {"bio": f"Auditor number {n}."}
        results.append(put(server, body=body, **{"if-match": tag}).status_code)

    threads = [threading.Thread(target=change, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [200] + [412] * 7


# --- idempotency keys ---


def test_the_same_request_with_the_same_key_is_done_once(server):
    key = {"idempotency-key": "k1"}
    first = put(server, **key)
    server.delete("/v1/mentors/m")
    again = put(server, **key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    assert server.get("/v1/mentors/m").status_code == 404
    assert put(server, **{"idempotency-key": "k2"}).status_code == 201


def test_a_key_of_another_request_is_refused(server):
    key = {"idempotency-key": "k"}
    put(server, **key)
    for answer in (
        put(server, body={"bio": "Nurse."}, **key),
        put(server, "other", **key),
        server.patch("/v1/mentors/m", json=BIO, headers=key),
        server.delete("/v1/mentors/m", headers=key),
    ):
        assert "used for another request" in problem(answer, 422, "bad-input")
    assert server.get("/v1/mentors/m").json()["bio"] == BIO["bio"]


def test_a_request_that_was_refused_may_be_mended_under_its_key(server):
    key = {"idempotency-key": "k"}
    assert put(server, body={"capacity": -1}, **key).status_code == 422
    assert server.delete("/v1/mentors/nobody", headers=key).status_code == 404
    assert put(server, **key).status_code == 201


def test_a_change_whose_reply_cannot_be_kept_is_answered_and_can_be_made_again(
    server, monkeypatch, caplog
):
    def fails(*_):
        raise StoreUnavailable("The disk is full.")

    key = {"idempotency-key": "k"}
    with monkeypatch.context() as patched:
        patched.setattr(Replies, "end", fails)
        first = put(server, **key)
    assert first.status_code == 201
    assert "is not kept: The disk is full." in caplog.text
    assert "is being done just now" in problem(put(server, **key), 409, "in-flight")
    now = replies.time.time()
    monkeypatch.setattr(replies.time, "time", lambda: now + replies.UNDER_WAY_S + 1)
    again = put(server, **key)
    assert (again.status_code, again.json()["result"]) == (200, "unchanged")
    assert again.headers["etag"] == first.headers["etag"]
    assert put(server, **key).headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "é"])
def test_what_is_no_key_is_refused(server, key):
    assert put(server, **{"idempotency-key": key.encode()}).status_code == 422


@pytest.fixture
def kept(tmp_path, store_url):
    store = Store.of(tmp_path, store_url)
    yield Replies(store.database)
    store.close()


def test_a_reply_is_kept_for_a_day(kept, monkeypatch):
    assert kept.begin("t", "c", "k", "request") is None
    reply = Reply(201, {"etag": '"1"'}, b"{}")
    kept.end("t", "c", "k", reply)
    assert kept.begin("t", "c", "k", "request") == reply
    with pytest.raises(BadInput):
        kept.begin("t", "c", "k", "other")
    now = replies.time.time()
    monkeypatch.setattr(replies.time, "time", lambda: now + replies.KEPT_S + 1)
    assert kept.begin("t", "c", "k", "other") is None


def test_a_request_under_way_is_not_begun_again_until_it_must_have_died(kept, monkeypatch):
    assert kept.begin("t", "c", "k", "request") is None
    with pytest.raises(InFlight):
        kept.begin("t", "c", "k", "request")
    assert kept.begin("t", "c", "k2", "request") is None
    assert kept.begin("t", "c2", "k", "request") is None
    assert kept.begin("t2", "c", "k", "request") is None
    now = replies.time.time()
    monkeypatch.setattr(replies.time, "time", lambda: now + replies.UNDER_WAY_S + 1)
    assert kept.begin("t", "c", "k", "request") is None


def test_a_request_that_came_to_nothing_may_be_sent_again(kept):
    assert kept.begin("t", "c", "k", "request") is None
    kept.end("t", "c", "k", None)
    assert kept.begin("t", "c", "k", "other") is None
