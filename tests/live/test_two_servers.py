"""Readers and writers side by side, on two server processes over one data folder."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import numpy as np
import pytest

from tests.conftest import rounds_of
from tests.fakes import AXES
from tests.live.servers import server

MENTORS = 300
LIMIT = 20
# Who always stays and has places, and three who are rewritten all the time.
FEW = {f"steady{i}" for i in range(LIMIT)} | {"other0", "other1", "other2"}
WORDS = [word for axis in AXES for word in axis.split()]


@dataclass
class Seen:
    """What the readers and writers saw; `gone`, `full`: since when, by id."""

    gone: dict[str, float] = field(default_factory=dict)
    full: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    searches: int = 0
    short_pages: int = 0
    pages: int = 0
    repeated: int = 0
    expired: int = 0
    changes: int = 0
    delays_s: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class Stage:
    """Two servers, and threads that use them until the time is up."""

    def __init__(self, urls: list[str], seconds: float) -> None:
        self.urls = urls
        self.seen = Seen()
        self._until = time.monotonic() + seconds

    def run(self) -> None:
        work = [self.read, self.read_few, self.page]
        work += [self.leave, self.fill, self.renew, self.rewrite]
        threads = [
            threading.Thread(target=self._guarded, args=(one, i)) for i, one in enumerate(work)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _guarded(self, work: Callable[..., None], number: int) -> None:
        chance = random.Random(number)
        with httpx.Client(trust_env=False, timeout=30) as client:
            while time.monotonic() < self._until:
                try:
                    work(client, self.urls[chance.randrange(2)], chance)
                except Exception as error:  # noqa: BLE001 (told to the test's own thread)
                    self.seen.failed.append(f"{work.__name__}: {error!r}")
                    return

    def search(self, client: httpx.Client, url: str, goal: str, **more: object) -> list[str]:
        body = {"goals": goal, "limit": LIMIT, "explain": False} | more
        answer = client.post(f"{url}/v1/recommendations", json=body)
        answer.raise_for_status()
        return [one["mentor"]["id"] for one in answer.json()["recommendations"]]

    def read(self, client: httpx.Client, url: str, chance: random.Random) -> None:
        """Search: nobody who had left or was full before, and never a short page."""
        gone, full = dict(self.seen.gone), dict(self.seen.full)
        found = self.search(client, url, " ".join(chance.choices(WORDS, k=3)))
        for id in found:
            for since, now in ((gone, self.seen.gone), (full, self.seen.full)):
                if id in since and now.get(id) == since[id]:
                    self.seen.wrong.append(id)
        self.seen.searches += 1
        self.seen.short_pages += len(found) < LIMIT

    def read_few(self, client: httpx.Client, url: str, chance: random.Random) -> None:
        """Search with a filter that leaves just enough, some of whom change all the time."""
        goal, few = " ".join(chance.choices(WORDS, k=3)), {"attributes": {"few": True}}
        found = self.search(client, url, goal, filters=few)
        self.seen.searches += 1
        self.seen.short_pages += len(found) < LIMIT

    def page(self, client: httpx.Client, url: str, chance: random.Random) -> None:
        """Go through three pages: nobody twice, no page short while there is a next one."""
        body = {"goals": " ".join(chance.choices(WORDS, k=3)), "limit": LIMIT, "explain": False}
        found: list[str] = []
        for _ in range(3):
            answer = client.post(f"{url}/v1/recommendations", json=body)
            if answer.status_code == 410:
                self.seen.expired += 1
                return
            page = answer.json()
            found += [one["mentor"]["id"] for one in page["recommendations"]]
            self.seen.short_pages += len(page["recommendations"]) < LIMIT
            body["cursor"] = page["next"]
            self.seen.pages += 1
        self.seen.repeated += len(found) - len(set(found))

    def leave(self, client: httpx.Client, url: str, chance: random.Random) -> None:
        """Remove somebody; later they come back."""
        id = f"leaver{chance.randrange(30)}"
        if id in self.seen.gone:
            del self.seen.gone[id]
            self._put(client, url, id, chance)
        else:
            answer = client.delete(f"{url}/v1/mentors/{id}")
            assert answer.status_code in (200, 404), answer.text
            self.seen.gone[id] = time.monotonic()
        self.seen.changes += 1

    def fill(self, client: httpx.Client, url: str, chance: random.Random) -> None:
        """Fill somebody's last place, or free one."""
        id = f"filler{chance.randrange(30)}"
        free = id in self.seen.full
        self.seen.full.pop(id, None)
        patch = {"capacity": 3, "active_mentees": 0 if free else 3}
        client.patch(f"{url}/v1/mentors/{id}", json=patch).raise_for_status()
        if not free:
            self.seen.full[id] = time.monotonic()
        self.seen.changes += 1

    def renew(self, client: httpx.Client, url: str, chance: random.Random) -> None:
        """Write a word nobody has, and wait until both servers find it."""
        word = "zq" + "".join(chance.choices("bcdfghjklmnp", k=10))
        record = {"headline": word, "bio": f"Everything about {word}."}
        client.put(f"{url}/v1/mentors/newcomer", json=record).raise_for_status()
        acknowledged = time.monotonic()
        for other in self.urls:
            while True:
                answer = client.post(
                    f"{other}/v1/recommendations", json={"goals": word, "limit": 1}
                ).json()["recommendations"]
                if answer and answer[0]["mentor"].get("headline") == word:
                    break
                assert time.monotonic() < acknowledged + 30, "a new text is never found"
                threading.Event().wait(0.01)
            self.seen.delays_s.append(time.monotonic() - acknowledged)
        self.seen.changes += 1

    def rewrite(self, client: httpx.Client, url: str, chance: random.Random) -> None:
        """Rewrite a few at once."""
        lines = [json.dumps(record(f"other{chance.randrange(60)}", chance)) for _ in range(5)]
        answer = client.post(f"{url}/v1/mentors:bulk", content="\n".join(lines))
        results = [json.loads(line) for line in answer.text.splitlines()]
        assert [one["line"] for one in results] == [1, 2, 3, 4, 5]
        assert {one["result"] for one in results} <= {"added", "changed", "unchanged"}
        self.seen.changes += 5

    def _put(self, client: httpx.Client, url: str, id: str, chance: random.Random) -> None:
        answer = client.put(f"{url}/v1/mentors/{id}", json=record(id, chance))
        answer.raise_for_status()


def record(id: str, chance: random.Random) -> dict[str, object]:
    words = chance.choices(WORDS, k=chance.randint(3, 15))
    few = id in FEW
    return {
        "id": id,
        "headline": words[0],
        "bio": " ".join(words) + ".",
        "capacity": 3,
        "attributes": {"few": few},
    }


@pytest.fixture
def urls(tmp_path) -> Iterator[list[str]]:
    data = tmp_path / "data"  # merging and erasing every two seconds
    with server(data, 2.0) as one, server(data, 2.0) as two:
        yield [one, two]


def test_readers_see_nobody_gone_or_full_no_short_page_and_every_new_text(urls, capsys):
    chance = random.Random(1)
    kinds = ("leaver", "filler", "other", "steady")
    everybody = [record(f"{kinds[i % 4]}{i // 4}", chance) for i in range(MENTORS)]
    lines = "\n".join(json.dumps(one) for one in everybody)
    answer = httpx.post(f"{urls[0]}/v1/mentors:bulk", content=lines, timeout=60, trust_env=False)
    assert len(answer.text.splitlines()) == MENTORS
    seconds = rounds_of("seconds of readers and writers side by side")
    stage = Stage(urls, seconds)
    stage.run()
    seen = stage.seen
    p99 = float(np.percentile(seen.delays_s, 99))
    with capsys.disabled():
        print(
            f"\nmeasured: {seconds} s of two servers: {seen.searches:,} searches, {seen.pages:,} "
            f"pages by cursor ({seen.expired} expired), {seen.changes:,} changes, "
            f"{len(seen.wrong)} gone or full returned, {seen.short_pages} short pages, "
            f"{seen.repeated} repeated mentors; new text found by both after "
            f"{np.median(seen.delays_s):.3f} s (p99 {p99:.3f} s)"
        )
    assert seen.failed == []
    assert seen.wrong == []
    assert seen.short_pages == 0
    assert seen.repeated == 0
    assert min(seen.searches, seen.changes, len(seen.delays_s)) > 20
