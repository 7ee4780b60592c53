"""The load is what it says. Nothing here depends on how fast the machine is, only on order."""

import http.server
import itertools
import json
import threading
import time

import pytest

SLOW_S = 0.15


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers after as many seconds as the request says, and remembers what was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            self.server.under_way += 1
            self.server.most = max(self.server.most, self.server.under_way)
            self.server.asked.append((self.path, body["number"]))
        time.sleep(body.get("wait_s", 0.0))
        with self.server.lock:
            self.server.under_way -= 1
        self.send_response(body.get("status", 200))
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.asked, server.lock, server.under_way, server.most = [], threading.Lock(), 0, 0
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def bodies(*waits):
    return [json.dumps({"number": i, "wait_s": wait}) for i, wait in enumerate(waits)]


def run(server, texts, **asked):
    from load import Asked, Loop

    return Loop(Asked(server.server_address[1], "/here", texts, **asked)).run()


def test_each_request_is_sent_once_and_its_own_latency_is_kept(server):
    told = run(server, bodies(0, SLOW_S, 0, 0))
    assert server.asked == [("/here", number) for number in range(4)]
    assert told.latencies_ms[1] >= 1000 * SLOW_S
    assert max(told.latencies_ms) == told.latencies_ms[1]


def test_a_closed_loop_has_as_many_requests_under_way_as_clients(server):
    told = run(server, bodies(*[SLOW_S] * 6), clients=3)
    assert server.most == 3
    assert told.seconds >= 2 * SLOW_S
    assert told.per_second == pytest.approx(6 / told.seconds)


def test_an_open_loop_does_not_wait_for_answers(server):
    run(server, bodies(*[SLOW_S] * 8), rate=8 / SLOW_S)
    assert server.most > 1


def test_waiting_for_a_free_connection_counts(server, monkeypatch):
    monkeypatch.setattr("load.CONNECTIONS", 1)
    told = run(server, bodies(SLOW_S, SLOW_S, SLOW_S), rate=1000.0)
    # The third was meant to start 2 ms after the first, and had to let two others pass.
    assert told.latencies_ms[2] >= 3 * 1000 * SLOW_S - 2 - 1
    assert told.latencies_ms == sorted(told.latencies_ms)


def test_an_answer_that_is_no_answer_ends_the_load(server):
    with pytest.raises(SystemExit, match="expected 200"):
        run(server, [json.dumps({"number": 0, "status": 500})])


def test_the_load_runs_in_a_process_of_its_own(server):
    from load import Asked, load

    told = load(Asked(server.server_address[1], "/here", bodies(0, SLOW_S), clients=2))
    assert told.latencies_ms[1] > told.latencies_ms[0]
    assert told.cpu_share > 0


def test_uniform_arrivals_are_equally_far_apart():
    from load import starts

    assert starts(4, 2.0, "uniform", 1) == [0.0, 0.5, 1.0, 1.5]


def test_poisson_arrivals_have_the_rate_and_come_as_they_like():
    from load import starts

    found = starts(20_001, 50.0, "poisson", 1)
    gaps = [after - before for before, after in itertools.pairwise(found)]
    assert sum(gaps) / len(gaps) == pytest.approx(1 / 50, rel=0.03)
    # An exponential gap is longer than its mean with a probability of 1/e.
    assert sum(gap > 1 / 50 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.01)
    assert found == starts(20_001, 50.0, "poisson", 1)
