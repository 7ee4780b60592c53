import json
from urllib.parse import quote

import pytest

from tests.fakes import RECORDS, TableEncoder, version

ON_EVERY_STORE = True

BAKER = {
    "headline": "I audit ovens before dawn",
    "bio": "I audit books of bakeries. I teach apprentices to bake.",
    "capacity": 2,
}
JSON = {"content-type": "application/json"}


@pytest.fixture
def encoder():
    return TableEncoder()


@pytest.fixture
def client(index, serve, encoder):
    """A client of a server over the five mentors; what it encoded since is in `encoder`."""
    client = serve(index(), lambda _settings: encoder)
    encoder.encoded.clear()
    return client


def change(client, method, path, value):
    """Sends JSON that, unlike httpx's own, escapes half surrogate pairs."""
    return client.request(method, f"/v1/mentors/{path}", content=json.dumps(value), headers=JSON)


def said(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def problem(answer, status, type, pointer=None):
    """The detail of a problem, after a look at all else it must have."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"]) == (status, status)
    assert (body["type"], body.get("pointer")) == (f"urn:mentors:{type}", pointer)
    return body["detail"]


def found(client, goal="audit", **body):
    answer = client.post("/v1/recommendations", json={"goals": goal, "limit": 300} | body)
    return [one["mentor"]["id"] for one in answer.json()["recommendations"]]


def test_a_new_mentor_is_created_and_can_be_read_at_once(client):
    answer = client.put("/v1/mentors/baker", json=BAKER)
    assert said(answer, 201) == {"id": "baker", "result": "added", "sequence": 6}
    assert said(client.get("/v1/mentors/baker"), 200) == BAKER | {
        "id": "baker",
        "active_mentees": 0,
        "available": True,
    }


def test_a_new_mentor_is_in_the_next_answer(client):
    client.put("/v1/mentors/baker", json=BAKER)
    assert "baker" in found(client)


def test_the_id_may_stand_in_the_record_too(client):
    said(client.put("/v1/mentors/baker", json=BAKER | {"id": "baker"}), 201)


def test_another_id_in_the_record_is_refused(scratch):
    answer = scratch.put("/v1/mentors/baker", json=BAKER | {"id": "brewer"})
    detail = problem(answer, 422, "bad-input", "/id")
    assert detail == "/id 'brewer' is not the 'baker' of the address."


@pytest.mark.parametrize("id", ["m-17", "é", "a%b", "ß?#", "a:b", "x" * 200])
def test_an_id_of_any_characters_is_escaped_in_the_address(scratch, id):
    there = f"/v1/mentors/{quote(id, safe='')}"
    assert said(scratch.put(there, json=BAKER), 201)["id"] == id
    assert said(scratch.get(there), 200)["id"] == id
    assert said(scratch.delete(there), 200)["id"] == id


@pytest.mark.parametrize("id", ["a b", "a\tb", "x" * 201])
def test_an_id_that_is_none_is_refused(scratch, id):
    answer = scratch.put(f"/v1/mentors/{quote(id, safe='')}", json=BAKER)
    problem(answer, 422, "record-rejected", "/id")


def test_a_replaced_record_loses_the_fields_that_are_left_out(client):
    answer = client.put("/v1/mentors/nurse", json={"headline": "Porter"})
    assert said(answer, 200) == {"id": "nurse", "result": "changed", "sequence": 6}
    assert said(client.get("/v1/mentors/nurse"), 200) == {
        "id": "nurse",
        "headline": "Porter",
        "active_mentees": 0,
        "available": True,
    }


def test_a_replaced_text_is_the_one_that_is_searched_next(client):
    assert found(client)[0] == "auditor"
    client.put("/v1/mentors/nurse", json={"headline": "audit"})
    assert found(client)[0] == "nurse"


def test_an_unchanged_record_writes_nothing_and_encodes_nothing(client, encoder):
    answer = client.put("/v1/mentors/nurse", json=RECORDS[1])
    assert said(answer, 200) == {"id": "nurse", "result": "unchanged", "sequence": 2}
    assert encoder.encoded == []


def test_only_new_strings_are_encoded(client, encoder):
    client.put("/v1/mentors/baker", json=BAKER)
    encoder.encoded.clear()
    client.put("/v1/mentors/baker", json=BAKER | {"headline": "I bake cakes at noon"})
    assert encoder.encoded == ["I bake cakes at noon"]


@pytest.mark.parametrize(
    ("record", "pointer", "reason"),
    [
        ({}, None, "has no text"),
        ({"headline": 5}, "/headline", "/headline expected text, got a number"),
        ({"bio": "x", "capacity": -1}, "/capacity", "/capacity expected greater than or equal"),
        ({"bio": "\ud800"}, "/bio", "/bio holds half of a surrogate pair"),
        ({"bio": "x", "attributes": {"\ud800": 1}}, "/attributes/���", "surrogate pair"),
        ({"bio": "x" * 20_001}, "/bio", "/bio has 20,001 characters, at most 20,000 are taken"),
    ],
)
def test_a_record_that_cannot_be_taken_is_refused_with_its_place(scratch, record, pointer, reason):
    detail = problem(change(scratch, "PUT", "baker", record), 422, "record-rejected", pointer)
    assert reason in detail
    assert scratch.get("/v1/mentors/baker").status_code == 404


@pytest.mark.parametrize(
    ("method", "value"), [("PUT", {}), ("PUT", {"bio": 5}), ("PATCH", {"id": "other"})]
)
def test_a_refusal_is_a_whole_sentence(scratch, method, value):
    detail = change(scratch, method, "nurse", value).json()["detail"]
    assert detail.endswith(".")


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null", b"{", b""])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_body_that_is_no_object_is_refused(scratch, method, body):
    answer = scratch.request(method, "/v1/mentors/nurse", content=body, headers=JSON)
    problem(answer, 422, "bad-request", answer.json().get("pointer"))


def test_null_counts_as_absent_in_a_record(client):
    answer = client.put("/v1/mentors/baker", json=BAKER | {"id": None, "capacity": None})
    said(answer, 201)
    assert "capacity" not in client.get("/v1/mentors/baker").json()


def test_a_patch_of_places_encodes_nothing(client, encoder):
    patches = [{"available": False}, {"capacity": 0}, {"active_mentees": 2}, {"capacity": 9}]
    expected = RECORDS[1] | {"available": True}
    for i, patch in enumerate(patches):
        answer = client.patch("/v1/mentors/nurse", json=patch)
        assert said(answer, 200) == {"id": "nurse", "result": "changed", "sequence": 6 + i}
        expected |= patch
        assert client.get("/v1/mentors/nurse").json() == expected
    assert encoder.encoded == []


@pytest.mark.parametrize("patch", [{"available": False}, {"active_mentees": 3}, {"capacity": 1}])
def test_a_mentor_without_a_place_is_gone_from_the_next_answer(scratch, patch):
    scratch.put("/v1/mentors/auditor", json=RECORDS[0])
    assert "auditor" in found(scratch)
    scratch.patch("/v1/mentors/auditor", json=patch)
    assert "auditor" not in found(scratch)
    assert "auditor" in found(scratch, filters={"available": None})


def test_a_mentor_with_a_place_again_is_in_the_next_answer(client):
    client.patch("/v1/mentors/welder", json={"active_mentees": 0})
    assert "welder" in found(client)


def test_the_media_type_of_merge_patches_is_taken(client):
    answer = client.patch(
        "/v1/mentors/nurse",
        content=b'{"capacity": 5}',
        headers={"content-type": "application/merge-patch+json"},
    )
    assert said(answer, 200)["result"] == "changed"


def test_a_patch_with_null_removes_a_field_and_objects_merge(client):
    client.patch("/v1/mentors/auditor", json={"name": None, "attributes": {"years": None}})
    record = client.get("/v1/mentors/auditor").json()
    assert "name" not in record
    assert record["attributes"] == {"cohort": "spring"}


def test_a_patch_that_changes_nothing_says_so(client):
    answer = client.patch("/v1/mentors/nurse", json={"capacity": 2})
    assert said(answer, 200) == {"id": "nurse", "result": "unchanged", "sequence": 2}


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [({"id": "other"}, "/id"), ({"id": None}, "/id"), ({"available": "yes"}, "/available")],
)
def test_a_patch_that_leaves_no_valid_record_is_refused(scratch, patch, pointer):
    problem(change(scratch, "PATCH", "nurse", patch), 422, "record-rejected", pointer)
    assert scratch.get("/v1/mentors/nurse").json()["available"] is True


def test_a_patch_of_nobody_is_not_found(scratch):
    answer = scratch.patch("/v1/mentors/ghost", json={"capacity": 1})
    detail = problem(answer, 404, "mentor-not-found")
    assert detail == "There is no mentor with the id 'ghost'."


def test_a_removed_mentor_is_gone_at_once_everywhere(client):
    answer = client.delete("/v1/mentors/auditor")
    assert said(answer, 200) == {"id": "auditor", "result": "removed", "sequence": 6}
    assert client.get("/v1/mentors/auditor").status_code == 404
    assert "auditor" not in found(client, filters={"available": None})


def test_removing_nobody_is_not_found(client):
    client.delete("/v1/mentors/auditor")
    for id in ("auditor", "ghost"):
        detail = problem(client.delete(f"/v1/mentors/{id}"), 404, "mentor-not-found")
        assert detail == f"There is no mentor with the id {id!r}."


def test_a_removed_mentor_can_be_put_again(client, encoder):
    client.delete("/v1/mentors/teacher")
    encoder.encoded.clear()
    answer = client.put("/v1/mentors/teacher", json=RECORDS[2])
    assert said(answer, 201) == {"id": "teacher", "result": "added", "sequence": 7}
    assert len(encoder.encoded) == 3


def test_the_version_of_the_index_follows_the_changes(client):
    client.put("/v1/mentors/baker", json=BAKER)
    client.delete("/v1/mentors/baker")
    assert client.get("/health/ready").json()["index_version"] == version(7)


def test_a_page_that_was_begun_goes_on_without_the_removed(index, serve):
    crew = [{"id": f"sea{i:02}", "bio": f"Officer on {i} ships at sea."} for i in range(12)]
    client = serve(index(*crew))
    first = client.post("/v1/recommendations", json={"goals": "ships", "limit": 5}).json()
    seen = [one["mentor"]["id"] for one in first["recommendations"]]
    gone = next(f"sea{i:02}" for i in range(12) if f"sea{i:02}" not in seen)
    client.delete(f"/v1/mentors/{gone}")
    rest = found(client, "ships", cursor=first["next"], limit=5)
    last = client.post(
        "/v1/recommendations", json={"goals": "ships", "limit": 5, "cursor": first["next"]}
    ).json()["next"]
    rest += found(client, "ships", cursor=last, limit=5) if last else []
    assert gone not in rest
    assert len(rest) == len(set(rest) - set(seen))


def test_what_one_server_changed_another_over_the_same_folder_takes_up(index, serve, until):
    settings = index()
    one, other = serve(settings), serve(settings)
    one.put("/v1/mentors/baker", json=BAKER)
    until(lambda: "baker" in found(other))
    other.delete("/v1/mentors/baker")
    assert one.get("/v1/mentors/baker").status_code == 404
    assert "baker" not in found(one)


def test_what_was_changed_is_there_after_a_restart(index, serve):
    settings = index()
    serve(settings).put("/v1/mentors/baker", json=BAKER)
    assert "baker" in found(serve(settings))
