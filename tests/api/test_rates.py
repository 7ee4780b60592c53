"""How many requests a key may send."""

import asyncio
import json

import pytest
from limits.errors import StorageError

from api.rates import Rates
from models.errors import BadInput, RateLimited
from tests.api.conftest import bearer, new_key
from tests.api.test_http import GOAL, PATH, problem


@pytest.fixture
def limited(index, serve):
    settings = index(rate="3/minute")
    keys = [new_key(settings, "recommend") for _ in range(2)]
    return serve(settings), keys


def ask(client, key):
    return client.post(PATH, json={"goals": GOAL}, headers=bearer(key))


def test_a_key_that_sent_its_share_is_told_when_to_come_back(limited):
    client, (first, second) = limited
    answers = [ask(client, first) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    left = [answer.headers["ratelimit"].split(";")[1] for answer in answers]
    assert left == ["r=2", "r=1", "r=0", "r=0"]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"key";q=3;w=60'}
    assert "try again in" in problem(answers[-1], 429, "rate-limited")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 120
    assert ask(client, second).status_code == 200


def test_what_is_refused_for_another_reason_counts_too(limited):
    client, (first, _) = limited
    for _ in range(3):
        assert client.post(PATH, json={}, headers=bearer(first)).status_code == 422
    assert ask(client, first).status_code == 429


def test_a_line_of_a_batch_waits_until_its_key_may_ask(index, serve):
    settings = index(rate="3/second")
    key = new_key(settings, "recommend")
    lines = b"".join(json.dumps({"id": n, "goals": GOAL}).encode() + b"\n" for n in range(9))
    answer = serve(settings).post(f"{PATH}:batch", content=lines, headers=bearer(key))
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["id"] for one in found] == list(range(9))
    assert all("recommendations" in one for one in found)


class Away:
    """What counts for all processes, while it is away."""

    def __init__(self):
        self.asked = 0

    async def hit(self, *_):
        self.asked += 1
        raise StorageError(ConnectionError("refused"))


def test_while_the_shared_count_is_away_each_process_counts_for_itself(caplog):
    async def ask() -> None:
        rates = Rates("3/minute", "memory://")
        shared = rates._limiter
        for key in ("first", "second"):
            rates._limiter = Away()
            with pytest.raises(RateLimited):
                await _take(rates, key, 4)
            assert rates._limiter.asked == 1  # it is left alone for a while
            rates._limiter, rates._away_until = shared, 0.0
            await _take(rates, key, 3)

    asyncio.run(ask())
    assert caplog.text.count("counted by each process alone: refused") == 2  # once an outage


def test_health_is_told_whatever_was_sent(limited):
    client, (first, _) = limited
    for _ in range(5):
        assert client.get("/health/live", headers=bearer(first)).status_code == 200


@pytest.mark.parametrize(("rate", "storage"), [("many", "memory://"), ("3/minute", "nothing://x")])
def test_what_is_no_rate_or_storage_is_said_in_one_sentence(rate, storage):
    with pytest.raises(BadInput, match=r"^MENTORS_RATE.*\.$"):
        Rates(rate, storage)


async def _take(rates, key, times):
    for _ in range(times):
        await rates.take(key, {})


def test_an_open_server_counts_nobody():
    rates = Rates("1/minute", "memory://")
    asyncio.run(_take(rates, "", 50))
    asyncio.run(_take(Rates("", "memory://"), "key", 50))
    with pytest.raises(RateLimited):
        asyncio.run(_take(rates, "key", 2))
