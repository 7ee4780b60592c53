import threading

import numpy as np
import pytest

from models import priority
from models.priority import PIECE, QueriesFirst
from tests.fakes import TableEncoder

SECONDS = 20  # how long a thread is waited for before a test fails


class Watched(TableEncoder):
    """Writes down what it is asked, in order; a query waits until the test lets it go."""

    def __init__(self):
        super().__init__()
        self.calls = []
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def encode_queries(self, texts):
        self.begun.set()
        assert self.let_go.wait(SECONDS)
        self.calls.append("query")
        return super().encode_queries(texts)

    def encode_passages(self, texts):
        self.calls.append(len(texts))
        return super().encode_passages(texts)


class Broken(TableEncoder):
    def encode_queries(self, texts):
        raise RuntimeError("no memory")


@pytest.fixture
def encoder():
    return Watched()


@pytest.fixture
def begin():
    """Starts work in a thread; all of them have ended when the test ends."""
    threads = []

    def start(work):
        threads.append(threading.Thread(target=work))
        threads[-1].start()
        return threads[-1]

    yield start
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive()


def test_it_is_the_encoder_it_shares():
    encoder = TableEncoder("table-7")
    shared = QueriesFirst(encoder)
    assert (shared.space_id, shared.runtime_id, shared.dimension) == ("table-7", "numpy", 9)


@pytest.mark.parametrize("count", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2])
def test_passages_have_the_vectors_that_the_encoder_gives_them(count):
    texts = [f"audit {i} nurse" for i in range(count)]
    rows = QueriesFirst(TableEncoder()).encode_passages(texts)
    assert (rows.dtype, rows.shape) == (np.float32, (count, 9))
    if count:
        assert rows.tobytes() == TableEncoder().encode_passages(texts).tobytes()


def test_queries_have_the_vectors_that_the_encoder_gives_them():
    rows = QueriesFirst(TableEncoder()).encode_queries(["audit", "law"])
    assert rows.tobytes() == TableEncoder().encode_queries(["audit", "law"]).tobytes()


def test_passages_go_in_pieces(encoder):
    QueriesFirst(encoder).encode_passages(["audit"] * (2 * PIECE + 3))
    assert encoder.calls == [PIECE, PIECE, 3]


def test_passages_wait_for_the_query_under_way(encoder, begin, monkeypatch):
    monkeypatch.setattr(priority, "PATIENCE_S", SECONDS)
    shared = QueriesFirst(encoder)
    begin(lambda: shared.encode_queries(["audit"]))
    assert encoder.begun.wait(SECONDS)
    background = begin(lambda: shared.encode_passages(["law"] * (PIECE + 1)))
    while not shared._changed._waiters:  # until the background work stands back
        assert background.is_alive()
    assert encoder.calls == []
    encoder.let_go.set()
    background.join(SECONDS)
    assert encoder.calls == ["query", PIECE, 1]


def test_a_query_does_not_wait_for_passages_under_way(begin):
    class Slow(Watched):
        def encode_passages(self, texts):
            self.begun.set()
            assert self.let_go.wait(SECONDS)
            return super().encode_passages(texts)

        def encode_queries(self, texts):
            return TableEncoder.encode_queries(self, texts)

    encoder = Slow()
    shared = QueriesFirst(encoder)
    begin(lambda: shared.encode_passages(["law"]))
    assert encoder.begun.wait(SECONDS)
    assert shared.encode_queries(["audit"]).shape == (1, 9)
    encoder.let_go.set()


def test_queries_that_never_pause_do_not_starve_passages(encoder, begin, monkeypatch):
    monkeypatch.setattr(priority, "PATIENCE_S", 0.001)
    shared = QueriesFirst(encoder)
    begin(lambda: shared.encode_queries(["audit"]))
    assert encoder.begun.wait(SECONDS)
    shared.encode_passages(["law"] * (2 * PIECE))
    assert encoder.calls == [PIECE, PIECE]
    encoder.let_go.set()


def test_a_query_that_failed_is_no_longer_waited_for(monkeypatch):
    monkeypatch.setattr(priority, "PATIENCE_S", SECONDS)
    shared = QueriesFirst(Broken())
    with pytest.raises(RuntimeError, match="no memory"):
        shared.encode_queries(["audit"])
    assert shared._under_way == 0
    assert shared.encode_passages(["law"]).shape == (1, 9)
