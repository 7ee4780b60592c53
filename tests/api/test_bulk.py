import http.client
import json
import socket
import struct

import pytest

from api import bulk
from api.bulk import MAX_LINE, TOGETHER
from indexer.store import Store
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import Overloaded
from tests.fakes import RECORDS, TableEncoder

SECONDS = 20
PATH = "/v1/mentors:bulk"
BAKER = {"id": "baker", "headline": "I audit ovens before dawn", "capacity": 2}


@pytest.fixture
def encoder():
    return TableEncoder()


@pytest.fixture
def client(index, serve, encoder):
    """A client of a server over the five mentors; what it encoded since is in `encoder`."""
    client = serve(index(), lambda _settings: encoder)
    encoder.encoded.clear()
    return client


@pytest.fixture
def wire(client):
    """Opens connections of which the test sends and reads every byte itself."""
    opened = []

    def connect(**options):
        opened.append(Wire(client.base_url.port, **options))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


class Wire:
    """One bulk request over a plain socket, its body in chunks."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(SECONDS)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            "Content-Type: application/x-ndjson\r\n\r\n"
        )
        self.socket.sendall(head.encode())
        self.response = http.client.HTTPResponse(self.socket, method="POST")

    def send(self, content):
        self.socket.sendall(b"%x\r\n%b\r\n" % (len(content), content))

    def end(self):
        self.socket.sendall(b"0\r\n\r\n")

    def read(self):
        """The next result, as soon as it is here."""
        if self.response.headers is None:
            self.response.begin()
        return json.loads(self.response.readline())

    def read_all(self):
        if self.response.headers is None:
            self.response.begin()
        return [json.loads(line) for line in self.response.read().splitlines()]

    def reset(self):
        """Break the connection off, without a good-bye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.response.close()
        self.socket.close()


def ndjson(*values):
    return b"".join((v if isinstance(v, bytes) else json.dumps(v).encode()) + b"\n" for v in values)


def post(client, *values):
    return results(client.post(PATH, content=ndjson(*values)))


def results(answer):
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text == "" or answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def rejected(line, reason, field="", **id):
    return {"line": line, "result": "rejected", "field": field, "reason": reason} | id


def done(line, id, result, sequence):
    return {"line": line, "id": id, "result": result, "sequence": sequence}


def test_records_are_added_changed_or_left_and_answered_in_order(client):
    assert post(client, BAKER, RECORDS[1], RECORDS[2] | {"bio": "I teach."}) == [
        done(1, "baker", "added", 6),
        done(2, "nurse", "unchanged", 2),
        done(3, "teacher", "changed", 7),
    ]
    assert client.get("/v1/mentors/baker").json()["capacity"] == 2


def test_an_empty_request_has_an_empty_answer(scratch):
    assert post(scratch) == []
    assert post(scratch, b"", b"  ", b"\r") == []


def test_empty_lines_are_passed_over_but_counted(client):
    assert post(client, b"", BAKER, b"", b"  \r", {"op": "delete", "id": "baker"}) == [
        done(2, "baker", "added", 6),
        done(5, "baker", "removed", 7),
    ]


def test_the_last_line_needs_no_end(client):
    content = ndjson(BAKER, {"op": "delete", "id": "baker"}).rstrip(b"\n")
    assert [one["result"] for one in results(client.post(PATH, content=content))] == [
        "added",
        "removed",
    ]


def test_lines_may_end_as_on_windows(client):
    content = ndjson(BAKER, RECORDS[1]).replace(b"\n", b"\r\n")
    assert [one["result"] for one in results(client.post(PATH, content=content))] == [
        "added",
        "unchanged",
    ]


def test_the_operation_of_a_record_may_be_named(client):
    assert post(client, BAKER | {"op": "put"}) == [done(1, "baker", "added", 6)]


def test_patches_and_deletions_stand_among_records(client):
    assert post(
        client,
        BAKER,
        {"op": "patch", "id": "baker", "capacity": 7},
        {"op": "patch", "id": "nurse", "capacity": 2},
        {"op": "delete", "id": "teacher"},
        {"op": "delete", "id": "baker"},
        BAKER,
    ) == [
        done(1, "baker", "added", 6),
        done(2, "baker", "changed", 7),
        done(3, "nurse", "unchanged", 2),
        done(4, "teacher", "removed", 8),
        done(5, "baker", "removed", 9),
        done(6, "baker", "added", 10),
    ]
    assert client.get("/v1/mentors/teacher").status_code == 404


def test_patches_of_places_encode_nothing(client, encoder):
    post(client, *({"op": "patch", "id": "nurse", "active_mentees": n} for n in (1, 2, 3)))
    assert encoder.encoded == []


def test_only_new_strings_are_encoded(client, encoder):
    post(client, BAKER, *RECORDS, BAKER | {"id": "twin", "bio": "I bake cakes at noon."})
    assert sorted(encoder.encoded) == ["I audit ovens before dawn", "I bake cakes at noon."]


def test_an_id_that_comes_twice_is_written_twice_in_order(client):
    found = post(client, BAKER, RECORDS[0] | {"id": "x"}, BAKER | {"capacity": 5}, BAKER)
    assert [(one["id"], one["result"]) for one in found] == [
        ("baker", "added"),
        ("x", "added"),
        ("baker", "changed"),
        ("baker", "changed"),
    ]
    assert [one["sequence"] for one in found] == [6, 7, 8, 9]
    assert client.get("/v1/mentors/baker").json()["capacity"] == 2


def test_an_id_that_comes_twice_unchanged_is_written_once(client):
    assert post(client, BAKER, BAKER, BAKER) == [
        done(1, "baker", "added", 6),
        done(2, "baker", "unchanged", 6),
        done(3, "baker", "unchanged", 6),
    ]


def test_bad_lines_are_answered_in_their_place_and_the_others_go_on(client):
    assert post(
        client,
        BAKER,
        b"{broken",
        b"[1]",
        {"id": "empty"},
        {"id": "x", "bio": 5},
        {"bio": "Nobody"},
        {"op": "dance", "id": "x"},
        {"op": "delete"},
        {"op": "delete", "id": 7},
        {"op": "delete", "id": "ghost"},
        {"op": "patch", "id": "ghost", "capacity": 1},
        {"op": "patch", "id": "nurse", "capacity": -1},
        {"op": None, "id": "x"},
        {"id": "last", "headline": "I audit"},
    ) == [
        done(1, "baker", "added", 6),
        rejected(
            2,
            "the line is not JSON: Expecting property name enclosed in double quotes: line 1 "
            "column 2 (char 1).",
        ),
        rejected(3, "the line is no JSON object."),
        rejected(
            4,
            "has no text: expected at least one word in headline, bio, experience, skills, "
            "topics, looking_for, industries, education or organization.",
            id="empty",
        ),
        rejected(5, "/bio expected text, got a number.", "/bio", id="x"),
        rejected(6, "/id is missing.", "/id"),
        rejected(7, "/op expected 'put', 'patch' or 'delete', got 'dance'.", "/op", id="x"),
        rejected(8, "/id is missing: expected the id of the mentor to change.", "/id"),
        rejected(9, "/id is missing: expected the id of the mentor to change.", "/id"),
        rejected(10, "There is no mentor with the id 'ghost'.", id="ghost"),
        rejected(11, "There is no mentor with the id 'ghost'.", id="ghost"),
        rejected(
            12, "/capacity expected greater than or equal to 0, got -1.", "/capacity", id="nurse"
        ),
        rejected(13, "/op expected 'put', 'patch' or 'delete', got None.", "/op", id="x"),
        done(14, "last", "added", 7),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe{}",
        b"\0",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"id": "x", "bio": "x", "capacity": ' + b"9" * 5000 + b"}",
        b'{"id": "x", "bio": "\\ud800"}',
        b'{"id": "\\ud800", "bio": "x"}',
        b'{"id": "x", "bio": "x", "attributes": {"\\ud800": 1}}',
        b'{"id": "x", "bio": "x", "attributes": {"\\ud800": {}}}',
        b'{"op": "delete", "id": "\\ud800"}',
        b'{"op": "patch", "id": "\\ud800", "capacity": 1}',
        b'{"op": "patch", "id": "nurse", "bio": "\\ud800"}',
        b'{"op": "\\ud800", "id": "x"}',
        b'{"op": ["put"], "id": "x"}',
        b'{"op": "patch", "id": "nurse", "attributes": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b'{"op": "delete", "id": "a\\u0000b"}',
        b"NaN",
        b'{"id": "x", "bio": "x", "attributes": {"n": NaN}}',
    ],
)
def test_no_line_whatever_it_holds_stops_the_lines_after_it(scratch, line):
    first, last = post(scratch, line, {"op": "patch", "id": "nurse", "capacity": 2})
    assert (first["line"], first["result"]) == (1, "rejected")
    assert first["reason"].endswith(".")
    assert last == done(2, "nurse", "unchanged", 2)


def test_the_lines_before_a_bad_line_in_one_batch_are_answered_before_it(client):
    people = [{"id": f"m{i}", "headline": f"I audit {i} ships"} for i in range(6)]
    found = post(client, *people[:3], b"{", *people[3:5], {"op": "delete", "id": "m0"}, people[5])
    assert [one["line"] for one in found] == list(range(1, 9))
    assert [one["result"] for one in found] == [
        *["added"] * 3,
        "rejected",
        *["added"] * 2,
        "removed",
        "added",
    ]


def test_more_lines_than_are_taken_together_are_answered_in_order(client):
    count = 5 * TOGETHER + 3
    people = [{"id": f"m{i}", "headline": f"I audit {i} ships"} for i in range(count)]
    assert post(client, *people) == [done(i + 1, f"m{i}", "added", 6 + i) for i in range(count)]


def test_a_line_of_the_greatest_length_is_taken(client):
    line = json.dumps(BAKER | {"padding": ""}).encode()
    line = line[:-2] + b"x" * (MAX_LINE - len(line)) + line[-2:]
    assert len(line) == MAX_LINE
    assert post(client, line) == [done(1, "baker", "added", 6) | {"ignored": ["padding"]}]


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("more", [1, 3 * MAX_LINE])
def test_a_line_that_is_too_long_is_refused_with_its_length(scratch, end, more):
    content = b"x" * (MAX_LINE + more) + end
    assert results(scratch.post(PATH, content=ndjson(RECORDS[1]) + content)) == [
        done(1, "nurse", "unchanged", 2),
        rejected(2, f"the line is {MAX_LINE + more:,} bytes long, at most {MAX_LINE:,} are taken."),
    ]


def test_the_lines_after_one_that_is_too_long_go_on(client):
    assert [one["result"] for one in post(client, b"[" * (MAX_LINE + 1), BAKER, RECORDS[1])] == [
        "rejected",
        "added",
        "unchanged",
    ]


@pytest.mark.parametrize("size", [1, 7, 50])
def test_lines_may_be_split_anywhere_between_chunks(wire, size):
    patch = '{"op": "patch", "id": "baker", "name": "Zoë"}'.encode()
    content = ndjson(BAKER, b"{broken", b"", patch, b"[]")
    one = wire()
    for start in range(0, len(content), size):
        one.send(content[start : start + size])
    one.end()
    assert [(found["line"], found["result"]) for found in one.read_all()] == [
        (1, "added"),
        (2, "rejected"),
        (4, "changed"),
        (5, "rejected"),
    ]


def test_a_client_may_read_each_result_before_it_sends_the_next_line(wire):
    one = wire()
    one.send(ndjson(BAKER))
    assert one.read() == done(1, "baker", "added", 6)
    one.send(ndjson({"op": "patch", "id": "baker", "capacity": 9}))
    assert one.read() == done(2, "baker", "changed", 7)
    one.send(ndjson(b"{"))
    assert one.read()["result"] == "rejected"
    one.send(ndjson({"op": "delete", "id": "baker"}))
    assert one.read() == done(4, "baker", "removed", 8)
    one.end()
    assert one.read_all() == []


def test_a_result_is_sent_when_its_change_is_there_although_the_request_goes_on(wire, client):
    one = wire()
    one.send(ndjson(BAKER) + b'{"id": "half')
    assert one.read() == done(1, "baker", "added", 6)
    assert client.get("/v1/mentors/baker").status_code == 200
    one.send(b'", "headline": "I audit"}\n')
    assert one.read() == done(2, "half", "added", 7)
    one.end()
    assert one.read_all() == []


def test_a_client_may_send_everything_before_it_reads_anything(wire):
    count = 60_000  # results of 8 MB, more than the buffers between client and server hold
    one = wire(receive_buffer=4096)
    line = b'{"op": "delete"}\n'
    for _ in range(count // 1000):
        one.send(line * 1000)
    one.send(ndjson(BAKER))
    one.end()
    found = one.read_all()
    assert [result["line"] for result in found] == list(range(1, count + 2))
    assert found[-1] == done(count + 1, "baker", "added", 6)
    assert {result["result"] for result in found[:-1]} == {"rejected"}


def test_what_was_answered_before_a_client_broke_off_is_stored(wire, client, until):
    one = wire()
    one.send(ndjson(BAKER, {"op": "delete", "id": "nurse"}) + b'{"id": "half", "headline": "x')
    assert one.read() == done(1, "baker", "added", 6)
    assert one.read() == done(2, "nurse", "removed", 7)
    one.reset()
    assert client.get("/v1/mentors/baker").status_code == 200
    assert client.get("/v1/mentors/nurse").status_code == 404
    assert post(client, {"id": "later", "headline": "I audit"}) == [done(1, "later", "added", 8)]
    assert client.get("/v1/mentors/half").status_code == 404


def test_a_whole_last_line_of_a_client_that_broke_off_is_not_taken_without_its_end(wire, client):
    one = wire()
    one.send(ndjson(BAKER) + b'{"id": "half", "headline": "I audit"}')
    one.read()
    one.reset()
    assert post(client, {"id": "later", "headline": "I audit"}) == [done(1, "later", "added", 7)]
    assert client.get("/v1/mentors/half").status_code == 404


def test_others_are_served_while_a_bulk_request_is_open(wire, client):
    one = wire()
    one.send(ndjson(BAKER))
    one.read()
    assert client.put("/v1/mentors/x", json={"headline": "I audit"}).status_code == 201
    assert client.post("/v1/recommendations", json={"goals": "audit"}).status_code == 200
    other = wire()
    other.send(ndjson({"id": "y", "headline": "I audit"}))
    assert other.read() == done(1, "y", "added", 8)
    for open_one in (one, other):
        open_one.end()
        assert open_one.read_all() == []


def test_a_write_that_fails_is_answered_for_each_of_its_lines(index, serve):
    settings = index()
    client = serve(settings, lambda _settings: TableEncoder())
    store = Store.in_folder(settings.data)
    Writer(store, "default", Vectors(store, TableEncoder("table-2"))).adopt()
    store.close()
    found = post(client, BAKER, BAKER | {"id": "twin"}, {"op": "delete", "id": "nurse"})
    reason = "The index has moved to an encoder that is not loaded here: try again later."
    assert found == [
        rejected(1, reason) | {"id": "baker", "result": "failed"},
        rejected(2, reason) | {"id": "twin", "result": "failed"},
        done(3, "nurse", "removed", 6),
    ]


def test_lines_for_which_there_is_no_room_may_be_sent_again(client, monkeypatch):
    def full(*_):
        raise Overloaded("Too many requests wait already: try again in a moment.")

    monkeypatch.setattr(bulk, "_apply", full)
    found = post(client, BAKER, {"op": "delete", "id": "nurse"})
    reason = "Too many requests wait already: try again in a moment."
    assert found == [rejected(n, reason) | {"result": "failed"} for n in (1, 2)]


def test_an_unexpected_failure_is_said_on_a_line_of_its_own(client, monkeypatch, caplog):
    real = bulk._apply

    def breaks(serving, lines, results):
        if lines[0][0] > 1:
            raise RuntimeError("the roof is on fire")
        return real(serving, lines, results)

    monkeypatch.setattr(bulk, "_apply", breaks)
    people = [{"id": f"m{i}", "headline": "I audit"} for i in range(TOGETHER + 1)]
    found = post(client, *people)
    assert [one["result"] for one in found] == [*["added"] * TOGETHER, "failed"]
    assert "roof" not in found[-1]["reason"]
    assert "a request of many lines broke off" in caplog.text


def test_a_removed_mentors_id_in_bulk_is_gone_at_once(client):
    post(client, {"op": "delete", "id": "auditor"})
    found = client.post("/v1/recommendations", json={"goals": "audit"}).json()
    assert "auditor" not in [one["mentor"]["id"] for one in found["recommendations"]]


def test_a_change_that_cannot_be_followed_is_answered_as_made(client, monkeypatch):
    def breaks(_self):
        raise RuntimeError("the roof is on fire")

    monkeypatch.setattr("indexer.following.Follower.catch_up", breaks)
    assert post(client, BAKER) == [done(1, "baker", "added", 6)]


def test_results_wait_until_those_before_are_taken_and_all_come(index, serve, monkeypatch):
    monkeypatch.setattr("api.bulk.MOST_KEPT", 200)
    client = serve(index())
    lines = [json.dumps({"id": f"m{n}", "bio": "I audit ships."}) for n in range(300)]
    answer = client.post(PATH, content="\n".join(lines).encode() + b"\n")
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert [result["line"] for result in results] == list(range(1, 301))
    assert {result["result"] for result in results} == {"added"}
