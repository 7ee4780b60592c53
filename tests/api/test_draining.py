"""The end of a server: said first, and done a while later."""

import asyncio
import os
import signal
from types import SimpleNamespace

import pytest

from api import observing
from api.draining import draining


class Ended(list):
    """How often, and by what, the handler was told that uvicorn has by the time of the block."""

    def __init__(self):
        super().__init__()
        self.once = asyncio.Event()

    def __call__(self, number, _frame):
        self.append(number)
        self.once.set()


@pytest.fixture
def ended():
    told = Ended()
    before = signal.signal(signal.SIGTERM, told)
    yield told
    signal.signal(signal.SIGTERM, before)


def test_a_server_that_is_told_to_end_says_so_before_it_does_it_once(ended):
    desk = SimpleNamespace(draining=False)

    async def serve():
        with draining(desk, 0.05):
            assert not desk.draining
            for _ in range(3):
                signal.raise_signal(signal.SIGTERM)
            assert desk.draining
            assert ended == []
            await asyncio.wait_for(ended.once.wait(), 20)
        signal.raise_signal(signal.SIGTERM)  # it is uvicorn's again

    asyncio.run(serve())
    assert ended == [signal.SIGTERM, signal.SIGTERM]


def test_without_a_time_for_it_a_server_ends_at_once(ended):
    desk = SimpleNamespace(draining=False)

    async def serve():
        with draining(desk, 0.0):
            signal.raise_signal(signal.SIGTERM)

    asyncio.run(serve())
    assert (ended, desk.draining) == ([signal.SIGTERM], False)


def test_of_a_worker_that_has_ended_only_sums_are_counted(tmp_path, monkeypatch):
    files = [
        f"{kind}_{pid}.db"
        for pid in (os.getpid(), os.getpid() + 1)
        for kind in ("counter", "gauge_livesum", "gauge_livemax")
    ]
    for name in files:
        (tmp_path / name).touch()
    monkeypatch.setenv(observing._SHARED, str(tmp_path))
    observing.ended()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == set(files) - set(files[1:3])
