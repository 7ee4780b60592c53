import json

import pytest

from indexer.mapping import ColumnMapping, read_mapping
from models.errors import RecordRejected, SourceUnreadable

PLAIN = ColumnMapping()


def row(mapping: ColumnMapping, **cells: str) -> object:
    return mapping.record(mapping.header(list(cells), "a.csv"), list(cells.values()))


def test_a_column_without_a_mapping_keeps_its_name():
    mapping = ColumnMapping({"Full name": "name"}, ignore=frozenset({"Shoe size"}))
    assert mapping.header(["id", "Full name", "Shoe size"], "a.csv") == ["id", "name", ""]


def test_a_mapped_column_that_is_not_there_is_named_with_those_that_are():
    mapping = ColumnMapping({"Full name": "name"})
    expected = (
        r"^a\.csv has no column 'Full name', which the mapping names; its columns are id, bio\.$"
    )
    with pytest.raises(SourceUnreadable, match=expected):
        mapping.header(["id", "bio"], "a.csv")


@pytest.mark.parametrize(
    ("mapping", "names"),
    [(PLAIN, ["id", "id"]), (ColumnMapping({"Number": "id"}), ["id", "Number"])],
)
def test_two_columns_for_one_field_are_refused(mapping, names):
    with pytest.raises(SourceUnreadable, match=r"^a\.csv has two columns for the field 'id'\.$"):
        mapping.header(names, "a.csv")


def test_ignored_columns_may_share_a_name():
    mapping = ColumnMapping(ignore=frozenset({"x"}))
    assert mapping.header(["x", "id", "x"], "a.csv") == ["", "id", ""]


def test_a_list_field_is_split_at_the_separator():
    assert row(PLAIN, skills=" rye ; ;spelt;") == {"skills": ["rye", "spelt"]}
    assert row(ColumnMapping(separator="|"), languages="en|pt-BR") == {"languages": ["en", "pt-BR"]}


def test_a_list_field_may_be_json():
    assert row(PLAIN, skills='["rye; spelt", "oats"]') == {"skills": ["rye; spelt", "oats"]}


def test_dots_reach_into_objects_and_lists():
    cells = {"location.country": "PT", "experience.1.title": "B", "experience.0.title": "A"}
    assert row(PLAIN, **cells) == {
        "location": {"country": "PT"},
        "experience": [{"title": "A"}, {"title": "B"}],
    }


def test_ten_numbered_columns_stand_in_the_order_of_their_numbers():
    cells = {f"topics.{i}": str(i) for i in range(11)}
    assert row(PLAIN, **cells) == {"topics": [str(i) for i in range(11)]}


def test_a_column_below_another_that_is_no_object_is_a_problem():
    with pytest.raises(RecordRejected, match=r"^/location/country is below a field that is no obj"):
        row(PLAIN, **{"location": "Porto", "location.country": "PT"})


def test_text_that_begins_with_a_bracket_stays_text():
    cells = {"headline": "[Acting] head baker", "bio": '["not", "a list"]'}
    assert row(PLAIN, **cells) == cells


def test_an_object_may_be_json():
    assert row(PLAIN, attributes='{"cohort": "spring"}') == {"attributes": {"cohort": "spring"}}


@pytest.mark.parametrize(("cell", "value"), [("3", 3), (" 0 ", 0)])
def test_a_count_is_a_whole_number(cell, value):
    assert row(PLAIN, capacity=cell) == {"capacity": value}


@pytest.mark.parametrize("cell", ["-1", "2.5", "two", "1e3", "²"])
def test_what_is_no_count_is_a_problem(cell):
    with pytest.raises(RecordRejected, match=r"^/active_mentees expected a whole number, got "):
        row(PLAIN, active_mentees=cell)


@pytest.mark.parametrize(
    ("cell", "value"), [("true", True), ("Yes", True), ("1", True), (" NO ", False), ("0", False)]
)
def test_availability_is_said_in_words_or_digits(cell, value):
    assert row(PLAIN, available=cell) == {"available": value}


def test_an_empty_cell_is_an_absent_field():
    assert row(PLAIN, id="a", bio=" ", capacity="", skills="") == {"id": "a"}


def test_a_decoded_record_is_left_alone_without_a_mapping():
    record = {"a.b": 1, "skills": None}
    assert PLAIN.renamed(record) is record
    assert ColumnMapping({"x": "y"}).renamed(["no object"]) == ["no object"]


def test_a_mapping_file_is_read(tmp_path):
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"columns": {"Nom": "name"}, "separator": "|", "ignore": ["x"]}))
    assert read_mapping(path) == ColumnMapping({"Nom": "name"}, "|", frozenset({"x"}))


def test_an_empty_mapping_file_maps_nothing(tmp_path):
    (tmp_path / "map.json").write_text("{}")
    assert read_mapping(tmp_path / "map.json") == ColumnMapping()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"7", b"{", b"\xff", b'{"colums": {}}', b'{"columns": ["a"]}',
        b'{"columns": {"a": 1}}', b'{"separator": ""}', b'{"ignore": 5}', b'{"ignore": [1]}',
    ],
)  # fmt: skip
def test_what_is_no_mapping_is_refused(tmp_path, content):
    (tmp_path / "map.json").write_bytes(content)
    with pytest.raises(
        SourceUnreadable, match=r"map\.json is not a mapping: expected \{\"columns\""
    ):
        read_mapping(tmp_path / "map.json")


def test_a_missing_mapping_file_says_so(tmp_path):
    with pytest.raises(SourceUnreadable, match=r"map\.json cannot be read: No such file"):
        read_mapping(tmp_path / "map.json")
