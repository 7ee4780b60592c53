import json

import pytest

from indexer.records import (
    canonical_json,
    content_hash,
    mentor_from,
    mentor_from_canonical,
    text_hash,
    unknown_fields,
)
from models.errors import RecordRejected
from models.mentor import Education, Experience, Location, Mentor

PLAIN = {"id": "m", "headline": "Baker"}
FULL = {
    "id": "m-1",
    "name": "Ottoline Grue",
    "headline": "Baker",
    "bio": "Bread since 1998.\nThen cakes. 🍞",
    "experience": [
        {
            "title": "Head baker",
            "organization": "Crumb",
            "start": "2009-03",
            "end": "2015-11-30",
            "description": "Sourdough.",
        }
    ],
    "skills": ["lamination", "rye"],
    "topics": ["opening a shop"],
    "looking_for": "Career changers",
    "industries": ["Food"],
    "languages": ["en", "pt-BR"],
    "location": {"country": "PT", "timezone": "Europe/Lisbon", "label": "Porto"},
    "education": [{"school": "Night school", "field": "Baking", "degree": "Certificate"}],
    "organization": "Crumb",
    "seniority": "senior",
    "capacity": 2,
    "active_mentees": 1,
    "available": False,
    "attributes": {"cohort": "spring", "years": 11, "share": 0.5, "remote": True, "days": ["mon"]},
    "updated_at": "2026-02-03T04:05:06Z",
}


def rejection(value: object) -> tuple[str, str]:
    with pytest.raises(RecordRejected) as caught:
        mentor_from(value)
    return caught.value.pointer, str(caught.value)


def test_every_field_of_the_format_is_taken_as_it_stands():
    assert mentor_from(FULL) == Mentor(
        **FULL
        | {
            "experience": (
                Experience("Head baker", "Crumb", "2009-03", "2015-11-30", "Sourdough."),
            ),
            "skills": ("lamination", "rye"),
            "topics": ("opening a shop",),
            "industries": ("Food",),
            "languages": ("en", "pt-BR"),
            "location": Location("PT", "Europe/Lisbon", "Porto"),
            "education": (Education("Night school", "Baking", "Certificate"),),
            "attributes": FULL["attributes"] | {"days": ("mon",)},
        }
    )


def test_a_canonical_record_reads_back_as_the_same_mentor():
    mentor = mentor_from(FULL)
    assert json.loads(canonical_json(mentor)) == FULL
    assert mentor_from_canonical(canonical_json(mentor)) == mentor


def test_the_order_of_fields_does_not_change_the_canonical_record():
    backwards = dict(reversed(FULL.items()))
    assert canonical_json(mentor_from(backwards)) == canonical_json(mentor_from(FULL))


def test_the_content_hash_is_the_sha256_of_the_canonical_record():
    assert canonical_json(Mentor("m")) == '{"active_mentees": 0, "available": true, "id": "m"}'
    assert content_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "places",
    [
        {"capacity": 9},
        {"active_mentees": 2},
        {"available": True},
        {"updated_at": "2026-03-01T00:00Z"},
    ],
)
def test_the_text_hash_stays_when_only_the_places_change(places):
    before, after = mentor_from(FULL), mentor_from(FULL | places)
    assert text_hash(after) == text_hash(before)
    assert content_hash(canonical_json(after)) != content_hash(canonical_json(before))


@pytest.mark.parametrize("change", [{"headline": "Miller"}, {"languages": ["en"]}, {"name": "O."}])
def test_the_text_hash_moves_with_everything_else(change):
    assert text_hash(mentor_from(FULL | change)) != text_hash(mentor_from(FULL))


def test_null_counts_as_absent():
    assert mentor_from(PLAIN | {"bio": None, "location": {"country": None}}) == Mentor(
        "m", headline="Baker", location=Location()
    )


def test_unknown_fields_are_ignored_and_named():
    record = PLAIN | {"shoe_size": 44, "photo": "me.png"}
    assert mentor_from(record) == mentor_from(PLAIN)
    assert unknown_fields(record) == {"shoe_size", "photo"}
    assert unknown_fields(["not an object"]) == frozenset()


@pytest.mark.parametrize(
    ("value", "kind"),
    [(7, "a number"), ("m", "text"), ([], "a list"), (None, "null"), (True, "true/false")],
)
def test_what_is_not_an_object_is_rejected(value, kind):
    assert rejection(value) == ("", f"expected a JSON object, got {kind}")


@pytest.mark.parametrize(
    ("id", "reason"),
    [
        (None, "/id is missing"),
        ("", "/id is empty"),
        (5, "/id expected text, got a number"),
        ("a b", "/id 'a b' holds a space, a slash or a control character"),
        ("a/b", "/id 'a/b' holds a space, a slash or a control character"),
        ("a\0", "/id 'a\\x00' holds a space, a slash or a control character"),
        ("x" * 201, "/id has 201 characters, at most 200 are taken"),
    ],
)
def test_a_record_needs_a_usable_id(id, reason):
    assert rejection({"id": id, "headline": "Baker"}) == ("/id", reason)


@pytest.mark.parametrize(
    "textless",
    [
        {},
        {"name": "Ottoline Grue"},
        {"headline": "🙂 ... !"},
        {"education": [{"school": "Night school"}]},
        {"experience": [{"start": "2020"}]},
        {"skills": ["", " "]},
    ],
)
def test_a_record_without_a_word_to_match_is_rejected(textless):
    pointer, reason = rejection({"id": "m"} | textless)
    assert pointer == ""
    assert reason.startswith("has no text: expected at least one word in headline, bio")


@pytest.mark.parametrize(
    ("wrong", "pointer", "reason"),
    [
        ({"bio": 5}, "/bio", "/bio expected text, got a number"),
        ({"bio": ["a"]}, "/bio", "/bio expected text, got a list"),
        ({"skills": "rye"}, "/skills", "/skills expected a list, got 'rye'"),
        ({"skills": ["rye", 2]}, "/skills/1", "/skills/1 expected text, got a number"),
        ({"skills": [None]}, "/skills/0", "/skills/0 expected text, got null"),
        ({"location": "PT"}, "/location", "/location expected an object, got 'PT'"),
        ({"experience": {}}, "/experience", "/experience expected a list, got an object"),
        ({"experience": [5]}, "/experience/0", "/experience/0 expected an object, got 5"),
        (
            {"education": [{"field": 1}]},
            "/education/0/field",
            "/education/0/field expected text, got a number",
        ),
        ({"capacity": "3"}, "/capacity", "/capacity expected a whole number, got '3'"),
        ({"capacity": True}, "/capacity", "/capacity expected a whole number, got True"),
        ({"capacity": -1}, "/capacity", "/capacity expected greater than or equal to 0, got -1"),
        ({"available": "yes"}, "/available", "/available expected true or false, got 'yes'"),
        ({"attributes": []}, "/attributes", "/attributes expected an object, got a list"),
    ],
)
def test_a_wrong_type_is_named_with_its_pointer(wrong, pointer, reason):
    assert rejection(PLAIN | wrong) == (pointer, reason)


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ({"a": {"b": 1}}, "/attributes/a"),
        ({"a~/b": {"b": 1}}, "/attributes/a~0~1b"),
        ({"int": [["x"]]}, "/attributes/int"),
    ],
)
def test_an_attribute_is_a_scalar_or_a_list_of_them(attributes, pointer):
    found, reason = rejection(PLAIN | {"attributes": attributes})
    expected = "expected text, a number, true or false, or a list of these"
    assert found == pointer
    assert reason.startswith(f"{pointer} {expected}, got ")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_cannot_write_is_rejected(number):
    assert rejection(PLAIN | {"attributes": {"a": number}}) == (
        "/attributes/a",
        f"/attributes/a expected a finite number, got {number}",
    )
    pointer, _ = rejection(PLAIN | {"attributes": {"a": [1, number]}})
    assert pointer == "/attributes/a/1"


def test_a_bio_of_a_million_characters_is_rejected_with_its_length():
    reason = "/bio has 1,000,000 characters, at most 20,000 are taken"
    assert rejection(PLAIN | {"bio": "x" * 1_000_000}) == ("/bio", reason)


def test_a_text_at_the_limit_is_taken():
    bio = "😀" * 19_999 + "x"
    assert mentor_from(PLAIN | {"bio": bio}).bio == bio


def test_a_list_has_a_greatest_length():
    reason = "/skills has 501 entries, at most 500 are taken"
    assert rejection(PLAIN | {"skills": ["x"] * 501}) == ("/skills", reason)


def nested(depth: int) -> object:
    value: object = "bottom"
    for _ in range(depth):
        value = [value]
    return value


def test_what_is_nested_in_an_unknown_field_is_ignored():
    assert mentor_from(PLAIN | {"x": nested(100)}) == mentor_from(PLAIN)


@pytest.mark.parametrize("field", ["x", "bio", "attributes"])
def test_nesting_without_end_is_rejected(field):
    assert rejection(PLAIN | {field: nested(5000)}) == ("", "is nested too deeply")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"id": "\ud800"}, "/id"),
        ({"bio": "half \udc00 a pair"}, "/bio"),
        ({"skills": ["\ud800"]}, "/skills/0"),
        ({"attributes": {"a": "\ud83d"}}, "/attributes/a"),
    ],
)
def test_half_a_surrogate_pair_is_no_text(wrong, pointer):
    found, reason = rejection(PLAIN | wrong)
    assert found == pointer
    assert reason.startswith(f"{pointer} holds half of a surrogate pair, which is no character: ")
    assert reason.encode()


@pytest.mark.parametrize(
    ("wrong", "pointer", "expected"),
    [
        ({"location": {"country": "ZZ"}}, "/location/country", "an ISO 3166-1 alpha-2 code"),
        ({"location": {"country": "PRT"}}, "/location/country", "an ISO 3166-1 alpha-2 code"),
        ({"location": {"timezone": "Mars/Base"}}, "/location/timezone", "an IANA time zone"),
        ({"location": {"timezone": "../etc"}}, "/location/timezone", "an IANA time zone"),
        ({"languages": ["en", "klingonish"]}, "/languages/1", "a BCP 47 language tag"),
        ({"languages": [""]}, "/languages/0", "a BCP 47 language tag"),
        ({"updated_at": "yesterday"}, "/updated_at", "an RFC 3339 time"),
        ({"updated_at": "2026-05-01T09:30:00"}, "/updated_at", "an RFC 3339 time"),
        ({"experience": [{"start": "May 2020"}]}, "/experience/0/start", "a date"),
        ({"experience": [{"end": "2020-13"}]}, "/experience/0/end", "a date"),
        ({"experience": [{"end": "٢٠٢١"}]}, "/experience/0/end", "a date"),
        ({"experience": [{"end": "2020\n"}]}, "/experience/0/end", "a date"),
    ],
)
def test_codes_and_dates_are_checked_with_an_example_of_a_good_one(wrong, pointer, expected):
    found, reason = rejection(PLAIN | wrong)
    assert found == pointer
    assert reason.startswith(f"{pointer} expected {expected} such as '")


def test_a_long_wrong_value_is_shown_short():
    _, reason = rejection(PLAIN | {"updated_at": "z" * 1000})
    assert reason.endswith(", got '" + "z" * 56 + "...")


def test_a_whole_number_written_as_3_0_is_taken_and_3_5_is_not():
    assert mentor_from({"id": "m", "headline": "Nurse", "capacity": 3.0}).capacity == 3
    with pytest.raises(RecordRejected, match="/capacity"):
        mentor_from({"id": "m", "headline": "Nurse", "capacity": 3.5})
