import json

import pytest

from indexer.records import mentor_from
from indexer.rejects import Reject, kept, speaks_of
from models.errors import BadInput
from tests.fakes import RECORDS

NURSE = mentor_from(RECORDS[1])
SHORT = mentor_from({"id": "m-1", "name": "Ann", "headline": "Nurse"})


def line(record):
    return kept(3, "/bio", "expected text", record)


def test_a_reject_is_a_line_of_json_with_place_reason_and_record():
    found = kept(7, "/capacity", "/capacity expected a whole number", {"id": "a", "capacity": "x"})
    assert found.id == "a"
    assert json.loads(found.line) == {
        "line": 7,
        "field": "/capacity",
        "reason": "/capacity expected a whole number",
        "record": {"id": "a", "capacity": "x"},
    }
    assert "\n" not in found.line


@pytest.mark.parametrize(
    ("record", "id"),
    [
        ({"id": "a"}, "a"),
        ({"id": 17}, "17"),
        ({"id": None}, ""),
        ({"id": ["a"]}, ""),
        ({"id": {"a": 1}}, ""),
        ({}, ""),
        ([], ""),
        ("{broken", ""),
        (None, ""),
    ],
)
def test_the_id_is_kept_where_it_can_be_read(record, id):
    assert line(record).id == id


def test_text_is_kept_as_it_came():
    assert "Zażółć" in line({"id": "a", "bio": "Zażółć"}).line


def test_half_of_a_surrogate_pair_is_kept_as_an_escape():
    found = line({"id": "a\ud800", "bio": "\udfff"})
    assert found.id == "a\\ud800"
    assert "\\udfff" in found.line
    found.line.encode()


def test_a_record_that_is_nested_too_deeply_is_kept_without_itself():
    deep: list[object] = []
    for _ in range(200_000):
        deep = [deep]
    found = json.loads(line({"id": "a", "bio": deep}).line)
    assert (found["line"], found["record"]) == (3, None)


def test_what_json_cannot_hold_is_kept_as_text():
    found = json.loads(line({"id": "a", "updated_at": BadInput("tomorrow")}).line)
    assert found["record"]["updated_at"] == "tomorrow"


def test_a_reject_with_the_mentors_id_speaks_of_the_mentor():
    assert speaks_of(line({"id": "nurse", "bio": 5}), NURSE)


def test_a_reject_of_somebody_else_does_not():
    assert not speaks_of(line({"id": "porter", "bio": "I push beds all night."}), NURSE)


def test_a_reject_of_somebody_else_with_a_sentence_of_the_mentors_speaks_of_the_mentor():
    copied = {"id": "nurse-old", "bio": "New start. He worked nights on a surgical ward."}
    assert speaks_of(line(copied), NURSE)


def test_a_reject_of_somebody_else_who_names_the_mentor_speaks_of_the_mentor():
    assert speaks_of(line({"id": "porter", "bio": "I work with Tomasz Zielny."}), NURSE)


def test_a_first_name_alone_is_nobodys_own():
    assert not speaks_of(line({"id": "porter", "bio": "I work with Ann and a Nurse."}), SHORT)


@pytest.mark.parametrize(
    ("broken", "speaks"),
    [
        ('{"id": "m-1", "bio": "', True),
        ("m-1,Ann,Nurse,too,many,cells", True),
        ('{"id": "m-10", "bio": "', False),
        ('{"id": "am-1", "bio": "', False),
        ('{"id": "m-1-b", "bio": "', False),
        ('{"id": "x-m-1", "bio": "', False),
    ],
)
def test_a_broken_line_is_searched_for_the_id_as_a_word(broken, speaks):
    assert speaks_of(line(broken), SHORT) is speaks


def test_an_id_elsewhere_in_a_record_with_an_id_is_no_sign():
    assert not speaks_of(line({"id": "porter", "bio": "I met m-1 once."}), SHORT)


@pytest.mark.parametrize(
    "record",
    [
        {"bio": RECORDS[1]["bio"]},
        {"headline": "Ward nurse turned health informatics lead"},
        "{'bio': 'He worked nights on a surgical ward. Now he",
    ],
)
def test_a_reject_without_an_id_is_searched_for_long_texts(record):
    assert speaks_of(line(record), NURSE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("looking_for", "People who left a hospital behind"),
        ("experience", [{"description": "I check welds on ships every day."}]),
        ("topics", ["moving from a ward to an office"]),
        ("skills", ["keeping the night shift awake"]),
    ],
)
def test_every_long_text_of_the_mentor_is_looked_for(field, value):
    mentor = mentor_from({"id": "m", "headline": "x", field: value})
    assert speaks_of(line({"bio": 5, field: value}), mentor)


@pytest.mark.parametrize(
    "text", ['She said "go on" and left the ward', "Zażółć gęślą jaźń na oddziale", "a\tb " * 9]
)
def test_a_text_with_characters_that_json_escapes_is_found(text):
    mentor = mentor_from({"id": "m", "headline": text})
    assert speaks_of(line({"headline": text, "bio": 5}), mentor)


@pytest.mark.parametrize(
    "text", ['She said "go on" and left the ward', "Zażółć gęślą jaźń na oddziale"]
)
def test_a_text_with_escapes_is_found_in_a_broken_line_of_json(text):
    mentor = mentor_from({"id": "m", "headline": text})
    broken = json.dumps({"headline": text, "bio": "x"})[:-1]
    assert speaks_of(line(broken), mentor)


def test_a_reject_without_anything_of_the_mentor_does_not_speak_of_the_mentor():
    assert not speaks_of(Reject("", '{"record": "{\\"bio\\": "}'), NURSE)
