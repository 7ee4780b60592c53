"""An index moves to another encoder while two servers answer and write, and a move is killed."""

import contextlib
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from indexer.checking import check
from indexer.database import EVERYBODY
from indexer.folder import DataFolder
from indexer.store import Store
from indexer.vectors import Vectors
from tests.conftest import ROOT
from tests.fakes import AXES, WordEncoder
from tests.live.servers import server

SECONDS = 60  # how long anything is waited for before the test fails
MENTORS = 120
LIMIT = 40
GOAL = "audit accounting law sea nursing school"
WORDS = [word for axis in AXES for word in axis.split()]


class Mover:
    """The process that moves the index."""

    def __init__(self, data: Path, encoder: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.live.mover", str(data), encoder],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self._line = self.process.stdout.readline()

    def reaches(self, batch: int) -> None:
        """Wait until it is about to embed the batch, having embedded and kept those before."""
        assert self.process.stdin
        assert self.process.stdout
        while self._line != f"BATCH {batch}\n":
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
            self._line = self.process.stdout.readline()
            assert self._line, "the mover ended before"

    def ends(self) -> str:
        """Let it go on to its end; what it said last."""
        said, _ = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0
        return said.splitlines()[-1]

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def move(data: Path) -> Iterator[Callable[[], Mover]]:
    """Starts moving the index to the second space; what is left at the end is killed."""
    with contextlib.ExitStack() as stack:

        def start() -> Mover:
            mover = Mover(data, "words-2")
            stack.callback(mover.kill)
            return mover

        yield start


@dataclass
class Crowd:
    """Readers and writers of some servers, each in a thread, until told to stop."""

    urls: list[str]
    gone: set[str] = field(default_factory=set)
    full: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)
    spaces: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    scores: dict[tuple[str, str], set[float]] = field(default_factory=lambda: defaultdict(set))
    wrong: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    writes: int = 0

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        self._stop = threading.Event()
        work = [self.read, self.read, self.put, self.leave, self.fill, self.explain]
        threads = [
            threading.Thread(target=self._until_stopped, args=(one, self.urls[i % 2], i))
            for i, one in enumerate(work)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _until_stopped(self, work: Callable[..., None], url: str, seed: int) -> None:
        chance = random.Random(seed)
        with httpx.Client(base_url=url, trust_env=False, timeout=SECONDS) as client:
            while not self._stop.is_set():
                try:
                    work(client, chance)
                except Exception as error:  # noqa: BLE001 (told to the test's own thread)
                    self.failed.append(f"{work.__name__}: {error!r}")
                    return

    def read(self, client: httpx.Client, chance: random.Random) -> None:
        gone, full = set(self.gone), set(self.full)
        answer = client.post("/v1/recommendations", json={"goals": GOAL, "limit": LIMIT})
        self.statuses.add(answer.status_code)
        found = answer.json()
        space = found["index_version"].partition("/")[0]
        assert found["encoder"] == space
        self.spaces[str(client.base_url)].append(space)
        for one in found["recommendations"]:
            id = one["mentor"]["id"]
            if id in gone | full:
                self.wrong.append(id)
            if id.startswith("steady"):
                self.scores[space, id].add(one["score"])

    def explain(self, client: httpx.Client, chance: random.Random) -> None:
        body = {"goals": GOAL, "mentor": f"other{chance.randrange(30)}"}
        status = client.post("/v1/recommendations/explain", json=body).status_code
        assert status in (200, 503)  # the second for words newer than the move, until it is there

    def put(self, client: httpx.Client, chance: random.Random) -> None:
        changed = record(f"other{chance.randrange(30)}", chance)
        self._wrote(client.put(f"/v1/mentors/{changed['id']}", json=changed))

    def leave(self, client: httpx.Client, chance: random.Random) -> None:
        left = [id for id in (f"leaver{i}" for i in range(30)) if id not in self.gone]
        if not left:
            self._stop.wait()
            return
        self._wrote(client.delete(f"/v1/mentors/{left[0]}"))
        self.gone.add(left[0])

    def fill(self, client: httpx.Client, chance: random.Random) -> None:
        id = f"filler{chance.randrange(30)}"
        self._wrote(client.patch(f"/v1/mentors/{id}", json={"capacity": 1, "active_mentees": 1}))
        self.full.add(id)

    def _wrote(self, answer: httpx.Response) -> None:
        self.statuses.add(answer.status_code)
        self.writes += 1


def record(id: str, chance: random.Random) -> dict[str, object]:
    words = chance.choices(WORDS, k=chance.randint(3, 15))
    return {"id": id, "headline": words[0], "bio": " ".join(words) + ".", "capacity": 3}


def fill_with_mentors(url: str) -> None:
    chance = random.Random(1)
    kinds = ("leaver", "filler", "other", "steady")
    lines = "\n".join(json.dumps(record(f"{kinds[i % 4]}{i // 4}", chance)) for i in range(MENTORS))
    answer = httpx.post(f"{url}/v1/mentors:bulk", content=lines, timeout=SECONDS, trust_env=False)
    assert len(answer.text.splitlines()) == MENTORS


def wait_until(holds: Callable[[], object]) -> None:
    deadline, pause = time.monotonic() + SECONDS, threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "nothing happened before the deadline"
        pause.wait(0.02)


def space_of(url: str) -> str:
    answer = httpx.get(f"{url}/health/ready", trust_env=False).json()
    return str(answer["index_version"]).partition("/")[0]


def put(url: str, id: str, word: str) -> None:
    record = {"headline": word, "bio": f"Everything about {word}."}
    httpx.put(f"{url}/v1/mentors/{id}", json=record, trust_env=False).raise_for_status()


def first(url: str, goal: str) -> str:
    answer = httpx.post(f"{url}/v1/recommendations", json={"goals": goal}, trust_env=False)
    return str(answer.json()["recommendations"][0]["mentor"]["id"])


def vectors_in(data: Path, space: str) -> int:
    store = Store.in_folder(data)
    with store.database.reading(EVERYBODY) as connection:
        query = "SELECT COUNT(*) FROM vectors WHERE space_id = ?"
        found = connection.exec_driver_sql(query, (space,)).scalar()
    store.close()
    return int(found or 0)


def verified(data: Path) -> tuple[str, ...]:
    store = Store.in_folder(data)
    vectors = Vectors(store, WordEncoder("words-2"))
    found = check(store, "default", DataFolder(data), vectors, nullcontext()).problems
    assert store.spaces() == ["words-2"]
    store.close()
    return found


def test_every_request_is_answered_while_the_index_moves_to_another_encoder(data, move, capsys):
    # The second server was started with its encoder named, and moves all the same.
    with server(data, 1.0) as one, server(data, 1.0, "words-1") as two:
        fill_with_mentors(one)
        crowd = Crowd([one, two])
        with crowd.at_work():
            mover = move()
            mover.reaches(2)
            put(one, "early", "zqearly")
            mover.reaches(5)
            put(two, "late", "zqlate")
            said = mover.ends()
            wait_until(lambda: {space_of(one), space_of(two)} == {"words-2"})
            answers = sum(map(len, crowd.spaces.values()))
            wait_until(lambda: crowd.failed or sum(map(len, crowd.spaces.values())) > answers + 20)
        assert crowd.failed == []
        assert crowd.statuses == {200}
        assert crowd.wrong == []
        assert [sorted(seen) for seen in crowd.spaces.values()] == list(crowd.spaces.values())
        assert [set(seen) for seen in crowd.spaces.values()] == [{"words-1", "words-2"}] * 2
        assert {space for space, _ in crowd.scores} == {"words-1", "words-2"}
        assert [key for key, scores in crowd.scores.items() if len(scores) > 1] == []
        for url in (one, two):
            assert [first(url, word) for word in ("zqearly", "zqlate")] == ["early", "late"]
        put(two, "after", "zqafter")
        wait_until(lambda: first(one, "zqafter") == "after")
    assert verified(data) == ()
    with capsys.disabled():
        print(
            f"\nmeasured: {sum(map(len, crowd.spaces.values())):,} answers and {crowd.writes:,} "
            f"changes beside a move, none failed; {said}"
        )


def test_a_move_that_is_killed_leaves_the_old_space_and_is_finished_by_the_next(data, move):
    with server(data, 1.0) as url:
        fill_with_mentors(url)
        everything = vectors_in(data, "words-1")
        mover = move()
        mover.reaches(5)
        mover.kill()
        embedded = vectors_in(data, "words-2")
        assert 0 < embedded < everything
        assert space_of(url) == "words-1"
        assert first(url, GOAL) != ""
        said = move().ends()
        assert re.sub(r"in [0-9.]+ s", "in S s", said) == (
            f"Moved {MENTORS} mentors from words-1 to words-2 in S s: "
            f"{everything - embedded:,} texts embedded."
        )
        wait_until(lambda: space_of(url) == "words-2")
        assert first(url, GOAL) != ""
    assert verified(data) == ()
