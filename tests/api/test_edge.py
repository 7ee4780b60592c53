"""The edge and the protocol: ids, limits, and clients that mean no good."""

import contextlib
import json
import re
import resource
import socket
import time

import pytest

from api import edge, observing, protocol, server
from tests.api.conftest import new_key
from tests.api.test_http import GOAL, JSON, PATH, problem, recommend

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def connect(client):
    return socket.create_connection((client.base_url.host, client.base_url.port), timeout=20)


def answered(connection):
    """All that comes until the server ends the connection."""
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass  # what was still being sent is not read any more
    return found


def test_every_answer_has_an_id_and_the_headers_that_protect_browsers(client):
    for answer in (
        recommend(client),
        recommend(client, ""),
        client.get("/v2"),
        client.get("/health/live"),
    ):
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_id_that_comes_with_a_request_goes_back_with_its_answer(client):
    answer = client.get("/health/live", headers={"x-request-id": "web-17.a_B"})
    assert answer.headers["x-request-id"] == "web-17.a_B"


@pytest.mark.parametrize("id", ["", "a b", "x" * 101, "é", '{"a":1}', "a\tb"])
def test_an_id_that_could_forge_a_log_is_replaced(client, id):
    answer = client.get("/health/live", headers={"x-request-id": id.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_a_long_answer_is_compressed_for_whoever_takes_it(client):
    body = json.dumps({"goals": GOAL, "limit": 30})
    plain = client.post(PATH, content=body, headers=JSON | {"accept-encoding": "identity"})
    small = client.post(PATH, content=body, headers=JSON | {"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < 0.3 * len(plain.content)
    assert small.json()["recommendations"] == plain.json()["recommendations"]


def test_pages_elsewhere_may_not_ask_unless_that_is_set(client, home, serve):
    asked = {
        "origin": "https://acme.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, idempotency-key",
    }
    assert "access-control-allow-origin" not in client.options(PATH, headers=asked).headers
    allowing = serve(home.model_copy(update={"cors_origins": ["https://acme.example"]}))
    answer = allowing.options(PATH, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://acme.example"
    other = allowing.options(PATH, headers=asked | {"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes(client):
    with connect(client) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        connection.sendall(f"{head}content-length: {10**9}\r\n\r\n".encode())
        said = answered(connection)
    assert said.startswith(b"HTTP/1.1 413")
    assert b"urn:mentors:body-too-long" in said


def test_a_body_without_end_is_cut_off(client):
    sent = 0
    with connect(client) as connection:
        connection.sendall(
            f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"transfer-encoding: chunked\r\n\r\n".encode()
        )
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            while sent < 100 * edge.LONGEST_BODY:
                connection.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert sent < 10 * edge.LONGEST_BODY
    assert recommend(client).status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(client, monkeypatch):
    monkeypatch.setattr(edge, "BODY_S", 0.3)
    with connect(client) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        connection.sendall(f"{head}content-length: 20\r\n\r\n{{".encode())
        said = answered(connection)
    assert said.startswith(b"HTTP/1.1 408")


def test_a_stream_of_lines_that_stops_is_ended(client, monkeypatch):
    monkeypatch.setattr(edge, "BODY_S", 0.3)
    with connect(client) as connection:
        connection.sendall(
            b"POST /v1/recommendations:batch HTTP/1.1\r\nhost: localhost\r\n"
            b"transfer-encoding: chunked\r\n\r\n" + b"13\r\n" + b'{"goals": "audit"}\n' + b"\r\n"
        )
        said = answered(connection)
    assert b'"recommendation_id"' in said


def test_a_head_that_does_not_come_is_not_waited_for(client, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    began = time.monotonic()
    lazy = [connect(client) for _ in range(50)]
    for n, connection in enumerate(lazy):
        connection.sendall(b"" if n % 2 else b"POST / HTTP/1.1\r\nhost: localhost\r\n")
    assert recommend(client).status_code == 200
    assert [answered(connection) for connection in lazy] == [b""] * 50
    assert time.monotonic() - began < 20
    for connection in lazy:
        connection.close()


def test_a_second_request_of_a_connection_has_its_head_timed_too(client, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    with connect(client) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /health/live HTTP/1.1\r\nhost: loc")
        assert answered(connection) == b""


@pytest.mark.parametrize("piece", [b"x-a: b\r\n", b"y"])
def test_a_head_without_end_is_cut_off(client, piece):
    sent = 0
    with connect(client) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n")
        try:
            while sent < 100 * protocol.LONGEST_HEAD:
                connection.sendall(piece * 1000)
                sent += 1000 * len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < 100 * protocol.LONGEST_HEAD


def test_what_nobody_thought_of_is_a_problem_with_an_id_and_no_traceback(index, serve, monkeypatch):
    client = serve(index())
    monkeypatch.setattr("api.answering.answer", lambda *_: 1 / 0)
    answer = recommend(client)
    assert "has been logged" in problem(answer, 500, "internal-error")
    assert "ZeroDivision" not in answer.text
    assert answer.headers["x-request-id"]
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize("closing", [b"", b"connection: close\r\n"])
def test_whoever_takes_nothing_of_an_answer_is_not_waited_for(client, monkeypatch, until, closing):
    monkeypatch.setattr(protocol, "TAKEN_S", 0.3)
    ended = []
    lost = protocol.Protocol.connection_lost
    monkeypatch.setattr(
        protocol.Protocol,
        "connection_lost",
        lambda self, error: (ended.append(self), lost(self, error))[1],
    )
    asks = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n%s\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((client.base_url.host, client.base_url.port))
        connection.sendall(asks % b"" * 60 + asks % closing)
        until(lambda: ended)
    assert client.get("/health/live").status_code == 200


def test_who_takes_an_answer_slowly_gets_all_of_it(client, monkeypatch):
    monkeypatch.setattr(protocol, "TAKEN_S", 0.2)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((client.base_url.host, client.base_url.port))
        asks = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n%s\r\n"
        connection.sendall(asks % b"" * 29 + asks % b"connection: close\r\n")
        found = 0
        while piece := connection.recv(65536):
            found += len(piece)
            time.sleep(0.002)
    assert found > 30 * len(client.get("/openapi.json").content)


@pytest.mark.parametrize("rest", [b"x", b"\r\n"])
def test_a_connection_that_is_refused_in_the_middle_of_a_body_is_not_kept(
    index, serve, monkeypatch, rest
):
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    settings = index()
    new_key(settings, "recommend")
    client = serve(settings)
    with connect(client) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n"
        connection.sendall(head.encode())
        said = connection.recv(65536)
        assert said.startswith(b"HTTP/1.1 401")
        assert b"connection: close" in said
        try:
            connection.sendall(rest)
        except OSError:
            return  # closed already
        assert b"HTTP/1.1" not in answered(connection)


def test_bytes_that_begin_no_request_do_not_keep_a_connection(client, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_S", 0.3)
    with connect(client) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"\r\n")
        assert answered(connection) == b""


def test_a_connection_too_many_is_refused_and_the_others_go_on(index, serve, monkeypatch, until):
    monkeypatch.setattr(protocol.Protocol, "most", 2)
    client = serve(index())
    live = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n"
    refused = observing.REFUSED.labels("connections")._value.get
    before = refused()

    def is_answered(connection):
        connection.sendall(live)
        return connection.recv(65536).startswith(b"HTTP/1.1 200")

    with connect(client) as one:
        with connect(client) as two:
            assert is_answered(one)
            assert is_answered(two)
            with connect(client) as three:
                head, _, body = answered(three).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"\r\nretry-after: 1" in head
            assert b"\r\nconnection: close" in head
            assert json.loads(body)["type"] == "urn:mentors:overloaded"
            assert is_answered(one)
            assert is_answered(two)

        def has_room():
            with contextlib.suppress(OSError), connect(client) as another:
                return is_answered(another)

        until(has_room)
    assert refused() >= before + 1


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "room"),
    [
        (256, resource.RLIM_INFINITY, [4_200], 2_000),
        (1_024, 65_536, [4_200], 2_000),
        (8_192, 65_536, [], 2_000),
        (256, 1_024, [1_024], 412),
        (64, 100, [100], 1),
    ],
)
def test_no_more_connections_are_taken_than_files_can_be_opened(
    monkeypatch, caplog, soft, hard, raised, room
):
    told = []
    monkeypatch.setattr(server.resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(server.resource, "setrlimit", lambda _, limits: told.append(limits))
    assert server._room_for(2_000) == room
    assert told == [(most, hard) for most in raised]
    assert (f"room for {room}" in caplog.text) == (room < 2_000)


@pytest.mark.parametrize(
    "body",
    [
        {"goals": GOAL, "filters": {"attributes": {"a": [{}] * 300_000}}},
        {"goals": GOAL, "filters": {"attributes": {"a": [1] * 500_000}}},
        {"goals": GOAL} | {f"field {n}": 1 for n in range(100_000)},
        {"goals": GOAL, "filters": {f"field {n}": 1 for n in range(100_000)}},
    ],
)
def test_a_body_of_a_hundred_thousand_mistakes_is_refused_for_one(client, body):
    answer = client.post(PATH, json=body)
    assert answer.status_code == 422
    assert len(answer.content) < 2_000
