"""A server that is asked more than it can answer, and one that is told to end meanwhile."""

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from api.settings import Settings
from api.wiring import Indexing
from indexer.keys import SCOPES
from tests.api.conftest import add_words, bearer, new_key
from tests.conftest import ROOT, rounds_of
from tests.fakes import mentors
from tests.live.servers import process_at, server

pytestmark = [pytest.mark.live, pytest.mark.alone]
BODIES = [json.dumps({"goals": f"audit and law number {n}", "limit": 10}) for n in range(50)]


@pytest.fixture(scope="module")
def tool():
    """`benchmarks/flood.py`, found as its own imports are."""
    folder = str(ROOT / "benchmarks")
    sys.path.insert(0, folder)
    yield importlib.import_module("flood")
    sys.path.remove(folder)


@pytest.fixture
def filled(tmp_path):
    settings = Settings(data=tmp_path / "data")
    add_words(settings)
    return settings, new_key(settings, *SCOPES)


def load(tool, url, key, rate, seconds, connections=64):
    port = httpx.URL(url).port
    return tool.Flood(port, "/v1/recommendations", BODIES, rate, seconds, connections, bearer(key))


def test_what_is_too_much_is_refused_and_nothing_else_goes_wrong(filled, tool):
    settings, key = filled
    seconds = rounds_of("seconds of flood")
    with server(settings.data, rate="") as url:
        calm = tool.flood(load(tool, url, key, 0, 3, 8))
        peak = sum(one.status == 200 for one in calm) / 3
        told = tool.flood(load(tool, url, key, 3 * peak, seconds))
        post = {"content": BODIES[0], "headers": ask(key), "trust_env": False}
        after = httpx.post(f"{url}/v1/recommendations", **post)
    statuses = Counter(one.status for one in told)
    print(f"measured: a flood of three times {peak:.0f} a second: {dict(statuses)}")
    assert set(statuses) == {200, 503}
    assert all(one.retry_after for one in told if one.status == 503)
    assert statuses[200] > 0
    assert after.status_code == 200


def test_a_server_that_is_told_to_end_answers_all_it_has_taken(filled, tool):
    settings, key = filled
    with process_at(settings.data, rate="") as (process, url, log):
        flooding = tool.begun(load(tool, url, key, 150, 4))
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (0, -signal.SIGTERM)
        told = tool.ended(flooding)
        lines = [json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"]
    taken = [line for line in lines if line.get("route") == "/v1/recommendations"]
    said = Counter(line["status"] for line in taken)
    got = Counter(one.status for one in told)
    print(f"measured: SIGTERM under load: {dict(got)}, {len(taken)} taken")
    assert said == {200: got[200]}  # whoever was heard has it; who is refused has no line
    assert set(got) <= {0, 200, 503}
    assert said[200] > 0
    assert got[0] > 0  # it had ended while some were still being sent


def test_a_server_that_drains_says_so_and_goes_on_answering(filled):
    settings, key = filled
    with process_at(settings.data, rate="", drain_s=2.0) as (process, url, _):
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert client.get("/health/ready").status_code == 200
            process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 10
            while client.get("/health/ready").status_code == 200:
                assert time.monotonic() < deadline
            assert client.get("/health/ready").json()["type"] == "urn:mentors:not-ready"
            assert client.get("/health/live").status_code == 200
            assert (
                client.post("/v1/recommendations", content=BODIES[0], headers=ask(key)).status_code
                == 200
            )
        assert process.wait(60) in (0, -signal.SIGTERM)


def test_each_of_several_processes_drains_however_often_it_is_told_to(filled):
    settings, key = filled
    with process_at(settings.data, rate="", drain_s=300.0, workers=2) as (process, url, log):
        wait_until(lambda: log.read_text().count("Application startup complete") == 2, 60)
        workers = children(process.pid)
        for pid in (process.pid, *workers):  # as a service manager does; the parent tells them too
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: ask_anew(f"{url}/health/ready").status_code == 503, 60)
        for n in range(30):
            assert ask_anew(f"{url}/health/ready").json()["type"] == "urn:mentors:not-ready"
            answer = ask_anew(f"{url}/v1/recommendations", BODIES[n], ask(key))
            assert answer.status_code == 200
        assert [pid for pid in workers if not is_running(pid)] == []
        assert process.poll() is None
        for pid in workers:
            os.kill(pid, signal.SIGINT)  # enough
        assert process.wait(60) in (0, -signal.SIGTERM)


@pytest.mark.slow
def test_several_processes_serve_behind_one_socket(tmp_path):
    """The command itself, with two workers: figures are those of both, keys those of the store."""
    settings = Settings(data=tmp_path / "data")
    indexing = Indexing(settings)
    indexing.writer.put(mentors())
    indexing.publish()
    indexing.close()
    key = new_key(settings, *SCOPES)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "mentors"), "serve", "--workers", "2"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--data", str(settings.data)],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or ready(url), 120)
        for n in range(30):
            with httpx.Client(trust_env=False) as one:  # a connection each, so both are met
                answer = one.post(f"{url}/v1/recommendations", content=BODIES[n], headers=ask(key))
                assert answer.status_code == 200
        said = httpx.get(f"{url}/metrics", headers=bearer(key), trust_env=False).text
        line = 'mentors_requests_total{method="POST",route="/v1/recommendations",status="200"}'
        assert f"{line} 30.0" in said
    finally:
        process.terminate()
        assert process.wait(60) in (0, -signal.SIGTERM)


def ask_anew(url, body=None, headers=None):
    """What is answered over a connection of its own, so that any process may have taken it."""
    return httpx.request(
        "POST" if body else "GET", url, content=body, headers=headers, trust_env=False
    )


def children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def ready(url):
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(holds, seconds):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ask(key):
    return bearer(key) | {"content-type": "application/json"}
