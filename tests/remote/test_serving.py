"""Servers over real sockets with one Milvus between them: new mentors, a move, and what breaks."""

import itertools
import random
import threading
import time

import httpx
import pytest

from indexer import bringing
from indexer.milvus import Passages
from indexer.records import mentor_from
from tests.fakes import WordEncoder
from tests.live.servers import server
from tests.live.test_moving import (
    GOAL,
    MENTORS,
    Crowd,
    Mover,
    fill_with_mentors,
    first,
    put,
    record,
    space_of,
    verified,
    wait_until,
)
from tests.postgres import migrated, postgres
from tests.remote.brought import Brought
from tests.remote.proxy import Proxy

FOUND_S = 2.0


def ask(url, path, **more):
    return httpx.get(f"{url}{path}", trust_env=False, timeout=30, **more)


def recommend(url, goal=GOAL):
    body = {"goals": goal, "limit": 10}
    return httpx.post(f"{url}/v1/recommendations", json=body, trust_env=False, timeout=30)


def everything_is_there(url):
    search = ask(url, "/v1/status").json()["search"]
    return (search["not_brought"], search["problem"]) == (0, None)


def is_exact(data, milvus_url, store=""):
    """Whether Milvus has what a store, else that of the folder, has once all is brought."""
    brought = Brought(data, milvus_url, WordEncoder(), store=store)
    brought.bringer.bring_all()
    found = brought.bringer.differences().sentences()
    brought.store.close()
    return found == []


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture(params=["sqlite", "postgres"])
def store(request):
    """The database of the servers: that of one folder, or a PostgreSQL for two hosts."""
    if request.param == "sqlite":
        yield ""
        return
    running = postgres()
    name = running.new(migrated())
    yield running.url(name)
    running.drop(name)


@pytest.fixture
def milvus_url(shared_milvus, monkeypatch, request):
    """The address that servers started by the test search in."""
    url = f"{shared_milvus.url}/serving{abs(hash(request.node.name)) % 10**6}"
    monkeypatch.setenv("MENTORS_PASSAGES", url)
    return url


def test_a_mentor_added_through_one_server_is_found_through_the_other(
    data, milvus_url, store, capsys
):
    took = []
    other = data.parent / "another-host" if store else data
    with server(data, store=store) as one, server(other, store=store) as two:
        fill_with_mentors(one)
        wait_until(lambda: everything_is_there(one) and everything_is_there(two))
        for i in range(10):
            here, there = (one, two) if i % 2 else (two, one)
            word = f"zqword{i}"
            put(here, f"newcomer{i}", word)
            began = time.monotonic()
            wait_until(lambda there=there, word=word, i=i: first(there, word) == f"newcomer{i}")
            took.append(time.monotonic() - began)
            httpx.delete(f"{here}/v1/mentors/newcomer{i}", trust_env=False).raise_for_status()
            assert first(there, word) != f"newcomer{i}"
        wait_until(lambda: everything_is_there(one) and everything_is_there(two))
        status = ask(two, "/v1/status").json()["search"]
        assert status == {"engine": "milvus", "not_brought": 0, "problem": None}
    assert is_exact(data, milvus_url, store)
    with capsys.disabled():
        kind = "two hosts on PostgreSQL" if store else "two servers of a folder"
        print(f"\nmeasured: {kind}, found through the other after {max(took):.2f} s at most")
    assert max(took) < FOUND_S


def test_every_request_is_answered_while_the_index_moves_to_another_encoder(
    data, milvus_url, capsys
):
    with server(data, 1.0) as one, server(data, 1.0) as two:
        fill_with_mentors(one)
        wait_until(lambda: everything_is_there(one) and everything_is_there(two))
        crowd = Crowd([one, two])
        with crowd.at_work():
            mover = Mover(data, "words-2")
            try:
                mover.reaches(2)
                put(one, "early", "zqearly")
                mover.reaches(5)
                put(two, "late", "zqlate")
                mover.ends()
            finally:
                mover.kill()
            wait_until(lambda: {space_of(one), space_of(two)} == {"words-2"})
            answers = sum(map(len, crowd.spaces.values()))
            wait_until(lambda: crowd.failed or sum(map(len, crowd.spaces.values())) > answers + 20)
        assert crowd.failed == []
        assert crowd.statuses == {200}
        assert crowd.wrong == []
        # Each server goes over once, and no mentor has two scores in one space.
        assert [sorted(seen) for seen in crowd.spaces.values()] == list(crowd.spaces.values())
        assert [set(seen) for seen in crowd.spaces.values()] == [{"words-1", "words-2"}] * 2
        assert [key for key, scores in crowd.scores.items() if len(scores) > 1] == []
        for url in (one, two):
            assert [first(url, word) for word in ("zqearly", "zqlate")] == ["early", "late"]
        wait_until(lambda: everything_is_there(one) and everything_is_there(two))
    assert verified(data) == ()
    moved = Brought(data, milvus_url, WordEncoder("words-2"))
    moved.bringer.bring_all()
    assert moved.is_exact()
    assert moved.passages.served_from() == moved.passages.collection
    moved.store.close()
    with capsys.disabled():
        print(
            f"\nmeasured: {sum(map(len, crowd.spaces.values())):,} answers and {crowd.writes:,} "
            f"changes beside a move from one collection to another, none failed"
        )


def test_a_milvus_that_is_killed_is_told_of_and_answers_come_back_by_themselves(
    data, own_milvus, monkeypatch, capsys
):
    monkeypatch.setenv("MENTORS_PASSAGES", own_milvus.url)
    with server(data) as url:
        fill_with_mentors(url)
        wait_until(lambda: everything_is_there(url))
        before = recommend(url).json()["recommendations"]
        statuses, stop = [], threading.Event()

        def read():
            while not stop.is_set():
                answer = recommend(url)
                statuses.append(answer.status_code)
                if answer.status_code != 200:
                    assert answer.json()["type"] == "urn:mentors:search-unavailable"
                    assert answer.headers["Retry-After"] == "1"
                    stop.wait(0.05)

        def write():
            chance = random.Random(5)
            while not stop.is_set():
                changed = record(f"other{chance.randrange(30)}", chance)
                address = f"{url}/v1/mentors/{changed['id']}"
                httpx.put(address, json=changed, trust_env=False, timeout=30).raise_for_status()
                written.append(changed["id"])

        written: list[str] = []
        threads = [threading.Thread(target=work) for work in (read, write)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(written) > 5)
        own_milvus.kill()
        killed = time.monotonic()
        wait_until(lambda: statuses[-1] == 503)
        noticed = time.monotonic() - killed
        wait_until(lambda: ask(url, "/health/ready").status_code == 503)
        assert ask(url, "/health/live").status_code == 200
        assert ask(url, "/v1/status").json()["search"]["problem"].startswith("Milvus at 127.0.0.1")
        beside = len(written)
        wait_until(lambda: len(written) > beside + 5)  # changes need no Milvus
        own_milvus.start()
        started = time.monotonic()
        wait_until(lambda: ask(url, "/health/ready").status_code == 200)
        wait_until(lambda: statuses[-1] == 200)
        back = time.monotonic() - started
        stop.set()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200, 503}
        put(url, "after", "zqafter")
        assert first(url, "zqafter") == "after"
        wait_until(lambda: everything_is_there(url))
        steady = {one["mentor"]["id"]: one["score"] for one in before}
        now = {
            one["mentor"]["id"]: one["score"] for one in recommend(url).json()["recommendations"]
        }
        same = {id for id in steady.keys() & now.keys() if id.startswith("steady")}
        assert all(now[id] == steady[id] for id in same)
    assert is_exact(data, own_milvus.url)
    with capsys.disabled():
        print(
            f"\nmeasured: Milvus killed beside {len(statuses):,} searches and {len(written)} "
            f"changes: told of after {noticed:.1f} s, answers back {back:.1f} s after its start"
        )


def test_a_server_may_start_while_milvus_is_away(data, own_milvus, monkeypatch):
    with server(data) as url:  # without it
        fill_with_mentors(url)
    own_milvus.kill()
    monkeypatch.setenv("MENTORS_PASSAGES", own_milvus.url)
    from api.settings import Settings
    from api.wiring import Serving
    from models.errors import SearchUnavailable
    from recommender.recommend import Request
    from tests.fakes import words_named

    serving = Serving(Settings(data=data), words_named)
    serving.warm_up()
    with pytest.raises(SearchUnavailable):
        serving.recommend(Request(GOAL))
    own_milvus.start()

    def answers():
        serving.bring()
        return not serving.remote.problem and serving.remote.applied

    wait_until(answers)
    assert len(serving.recommend(Request(GOAL, 10)).recommendations) == 10
    serving.close()


def test_milvus_killed_while_passages_are_brought_ends_as_the_store_has_it(
    tmp_path, own_milvus, monkeypatch, capsys
):
    monkeypatch.setattr(bringing, "AT_ONCE", 200)
    chance = random.Random(3)
    some = [mentor_from(record(f"m{i}", chance)) for i in range(1_500)]
    brought = Brought(tmp_path, own_milvus.url, WordEncoder(), some)
    head = brought.store.head(brought.tenant).sequence
    insert, calls, killed_at = Passages.insert, itertools.count(1), []

    def fatal(self, rows):
        """The second insert comes to a Milvus that is dead, the fourth is its last."""
        call = next(calls)
        if call == 2:
            killed_at.append(self.mark().sequence)
            own_milvus.kill()
        insert(self, rows)
        if call == 4:
            killed_at.append(self.mark().sequence)
            own_milvus.kill()

    monkeypatch.setattr(Passages, "insert", fatal)
    for kills in (1, 2):
        while brought.bringer.look():
            pass
        assert len(killed_at) == kills
        assert brought.remote.problem
        own_milvus.start()
        wait_until(lambda: brought.remote.look() or not brought.remote.problem)
        mark = brought.passages.mark()
        assert (mark.sequence, mark.holder != "") == (killed_at[-1], True)
        assert 0 < mark.sequence < head
    brought.bringer.bring_all()
    assert brought.is_exact()
    with capsys.disabled():
        print(
            f"\nmeasured: Milvus killed in the middle of a step after {killed_at} of {head:,} "
            f"changes were brought"
        )


def test_a_connection_cut_in_the_middle_of_a_batch_doubles_nothing(tmp_path, shared_milvus, capsys):
    chance = random.Random(4)
    some = [mentor_from(record(f"m{i}", chance)) for i in range(400)]
    with Proxy(shared_milvus.port) as proxy:
        url = f"milvus://127.0.0.1:{proxy.port}/cut"
        brought = Brought(tmp_path, url, WordEncoder(), some)
        cuts = 0
        for bytes_more in (20_000, 50_000, 90_000, 140_000):
            proxy.cut_after(bytes_more)
            brought.bringer.look()
            cuts += proxy.cut
            proxy.mend()
            wait_until(lambda: brought.bringer.look() or not brought.remote.problem)
            brought.writer.put([mentor_from(record(f"m{i}", chance)) for i in range(300)])
        brought.bringer.bring_all()
        assert brought.is_exact()
    with capsys.disabled():
        print(f"\nmeasured: the connection cut {cuts} times in the middle of a batch")
    assert cuts >= 3


def test_there_are_enough_mentors_for_milvus_to_be_asked():
    assert MENTORS >= 100
