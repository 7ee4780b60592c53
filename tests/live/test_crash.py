"""kill -9 at random moments, again and again, on one data folder."""

import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.settings import Settings
from api.wiring import Serving
from indexer import keeping
from indexer.checking import check
from indexer.folder import DataFolder
from indexer.store import Store
from models.errors import MentorsError
from models.mentor import as_record
from recommender.eligibility import Filters
from recommender.recommend import Request
from tests.conftest import ROOT, rounds_of
from tests.fakes import mentors, table_encoder, vectors
from tests.live.worker import WORDS

LONGEST_S = 1.0  # of work before the kill
Record = dict[str, object]


class Killed:
    """A worker that was killed, and what it had said."""

    def __init__(self, data: Path, seed: int) -> None:
        command = [sys.executable, "-m", "tests.live.worker", str(data), str(seed)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.said: list[str] = []
        self._working = threading.Event()
        self._listening = threading.Thread(target=self._listen)
        assert self._process.stdout
        assert self._process.stdout.readline() == "READY\n"

    def run(self, seconds: float, *, starting: bool = False) -> None:
        """Let it work so long, then kill it; the clock runs from its first answer, or its start."""
        assert self._process.stdin
        self._listening.start()
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        if not starting:
            self._working.wait(20)
        self._listening.join(seconds)
        assert self._process.poll() is None, "the worker ended by itself: " + "".join(self.said)
        self._process.kill()
        self._listening.join()
        self.end()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line)
            if line.startswith("ACK"):
                self._working.set()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            if not self._listening.is_alive():
                pipe.close()


@pytest.fixture
def start() -> Iterator[Callable[[Path, int], Killed]]:
    """Starts workers; whichever is left when the test ends is killed."""
    with contextlib.ExitStack() as stack:

        def begin(data: Path, seed: int) -> Killed:
            worker = Killed(data, seed)
            stack.callback(worker.end)
            return worker

        yield begin


class Model:
    """What must be stored: for each id the records that may be there, None for nobody."""

    def __init__(self) -> None:
        self.may_be: dict[str, list[Record | None]] = {}
        self.acknowledged = 0

    def take(self, said: list[str]) -> None:
        """Apply what a worker said; a change without an answer may have happened or not."""
        tried: dict[str, tuple[str, list]] = {}
        for line in said:
            word, _, rest = line.strip().partition(" ")
            assert word != "BAD", line
            number, _, change = rest.partition(" ")
            if word == "TRY":
                tried[number] = tuple(json.loads(change))
            elif word == "ACK":
                self._apply(*tried.pop(number), certain=True)
                self.acknowledged += 1
        for kind, about in tried.values():
            self._apply(kind, about, certain=False)

    def settle(self, store: Store) -> None:
        """Compare with the store, whose records are certain from then on."""
        _, found = store.all("default")
        stored = {mentor.id: as_record(mentor) for mentor in found}
        for id, possible in self.may_be.items():
            assert stored.get(id) in possible, f"{id}: {stored.get(id)} instead of {possible}"
            self.may_be[id] = [stored.get(id)]
        assert stored.keys() <= self.may_be.keys()

    def gone(self) -> set[str]:
        return {id for id, possible in self.may_be.items() if possible == [None]}

    def _apply(self, kind: str, about: list, *, certain: bool) -> None:
        for id, after in self._after(kind, about).items():
            before = self.may_be.get(id, [None])
            self.may_be[id] = after if certain else [*before, *after]

    def _after(self, kind: str, about: list) -> dict[str, list[Record | None]]:
        if kind in ("bulk", "index"):
            return {one["id"]: [as_record(mentors(one)[0])] for one in about}
        id, value = about
        if kind == "put":
            return {id: [as_record(mentors(value)[0])]}
        if kind == "remove":
            return {id: [None]}
        before = self.may_be.get(id, [None])
        return {id: [old and old | value for old in before]}


class Watcher:
    """Another process's view: searches all the time in a thread of this one."""

    def __init__(self, settings: Settings) -> None:
        self._serving = Serving(settings, table_encoder, create=True)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._search)
        self.found: list[tuple[float, set[str]]] = []
        self.failed: list[str] = []
        self._thread.start()

    def _search(self) -> None:
        while not self._stop.wait(0.01):
            began = time.monotonic()
            try:
                self._serving.follow()
                self.found.append((began, searched(self._serving)))
            except MentorsError as error:
                self.failed.append(str(error))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._serving.close()


def searched(serving: Serving) -> set[str]:
    request = Request(" ".join(WORDS), 300, filters=Filters(available=None))
    return {one.mentor.id for one in serving.recommend(request).recommendations}


def test_nothing_acknowledged_is_lost_and_nobody_removed_returns(tmp_path, start, capsys):
    data, model, chance = tmp_path / "data", Model(), random.Random(7)
    settings = Settings(data=data)
    rounds = rounds_of("kills of a process at work")
    worker, halved = start(data, 0), 0
    for round in range(1, rounds + 1):
        watching = Watcher(settings) if data.exists() else None
        gone = model.gone()
        worker.run(chance.uniform(0.0, LONGEST_S), starting=round % 5 == 0)
        if watching:
            watching.close()
            assert watching.failed == []
        halved += any(data.rglob("*.aside"))
        following = start(data, round)  # comes up while this round is looked at
        if (data / "mentors.db").exists():
            model.take(worker.said)
            touched = {id for line in worker.said for id in model.may_be if f'"{id}"' in line}
            for _, found in watching.found if watching else []:
                assert not found & gone - touched
            verified(settings, model)
        worker = following
    with capsys.disabled():
        print(
            f"\nmeasured: {rounds} kills, {model.acknowledged} acknowledged changes, none lost; "
            f"{halved} kills left a half-written or half-removed snapshot or file"
        )
    assert model.acknowledged > rounds
    assert halved > 0 or rounds < 100  # few kills may miss the moment of a swap


def verified(settings: Settings, model: Model) -> None:
    """What a new process finds: every acknowledged change, no contradiction, nobody removed."""
    store = Store.in_folder(settings.data)
    try:
        model.settle(store)
        lock = keeping.holding(settings.data / "tenants" / "default", 0.0)
        report = check(store, "default", DataFolder(settings.data), vectors(store), lock)
        assert report.problems == ()
    finally:
        store.close()
    serving = Serving(settings, table_encoder, create=True)
    assert serving.follower.origin.problems == ()
    assert searched(serving) == {id for id, possible in model.may_be.items() if possible != [None]}
    serving.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_is_killed_at_once_leaves_a_folder_that_can_be_used(tmp_path, start, moment):
    data = tmp_path / "data"
    start(data, 1).run(0.0, starting=moment == "before")
    serving = Serving(Settings(data=data), table_encoder, create=True)
    serving.put(mentors({"id": "a", "headline": "Nurse"}))
    serving.follow()
    assert "a" in searched(serving)
    serving.close()
