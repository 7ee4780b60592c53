import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indexer.mapping import ColumnMapping
from indexer.reading import MAX_LINE, RawRecord, read_records
from models.errors import SourceUnreadable

GOOD = b'{"id": "b"}\n'


@pytest.fixture
def write(tmp_path):
    def written(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return written


def read(path: Path, format: str = "auto", mapping: ColumnMapping | None = None) -> list[RawRecord]:
    return list(read_records(path, format, mapping or ColumnMapping()))


def values(path: Path, **options) -> list[tuple[int, object]]:
    found = read(path, **options)
    assert [raw.problem for raw in found] == [""] * len(found)
    return [(raw.line, raw.value) for raw in found]


def problems(path: Path, **options) -> list[tuple[int, str]]:
    return [(raw.line, raw.problem) for raw in read(path, **options)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.JSON"])
def test_json_lines_are_known_by_their_ending(write, name):
    assert values(write(name, b'{"id": "a"}\n' + GOOD)) == [(1, {"id": "a"}), (2, {"id": "b"})]


def test_blank_lines_a_byte_order_mark_and_crlf_are_no_records(write):
    path = write("a.jsonl", b'\xef\xbb\xbf{"id": "a"}\r\n\r\n  \n' + GOOD)
    assert values(path) == [(1, {"id": "a"}), (4, {"id": "b"})]


def test_a_line_separator_inside_a_json_string_ends_no_line(write):
    path = write("a.jsonl", '{"id": "a\u2028\u0085b"}\n'.encode())
    assert values(path) == [(1, {"id": "a\u2028\u0085b"})]


def test_the_last_line_needs_no_newline(write):
    assert values(write("a.jsonl", GOOD.strip())) == [(1, {"id": "b"})]


def test_a_record_names_the_file_it_stands_in(write):
    path = write("a.jsonl", GOOD)
    assert read(path) == [RawRecord(str(path), 1, {"id": "b"})]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"id": ', "is not JSON: expecting value (column 8)"),
        (b"id: a", "is not JSON: expecting value (column 1)"),
        (b'{"id": "a"} {}', "is not JSON: extra data (column 13)"),
        (b'{"years": NaN}', "is not usable JSON: NaN is no JSON value"),
        (b'{"years": -Infinity}', "is not usable JSON: -Infinity is no JSON value"),
        (b'{"id": "caf\xe9"}', "byte 0xe9 at position 12 is not UTF-8"),
        (b"\xff\xfe{\x00", "byte 0xff at position 1 is not UTF-8"),
    ],
)
def test_a_bad_line_is_a_problem_and_the_next_line_is_read(write, line, problem):
    path = write("a.jsonl", line + b"\n" + GOOD)
    assert problems(path, format="jsonl") == [(1, problem), (2, "")]


def test_a_bad_line_is_kept_as_it_came(write):
    (raw,) = read(write("a.jsonl", b'{"id": "a",}\r\n'))
    assert raw.value == '{"id": "a",}'


def test_json_nested_past_what_can_be_read_is_a_problem(write):
    path = write("a.jsonl", b'{"a":' + b"[" * 100_000 + b"\n" + GOOD)
    (_, problem), good = problems(path)
    assert problem.startswith("is not usable JSON: ")
    assert good == (2, "")


@pytest.mark.parametrize("excess", [0, 1, MAX_LINE, 3 * MAX_LINE])
def test_a_line_over_the_limit_is_a_problem_and_the_next_line_is_read(write, excess):
    long = b'"' + b"x" * (MAX_LINE - 2 + excess) + b'"\n'
    problem = f"{MAX_LINE + 1 + excess:,} bytes long, at most 4,194,304 are taken"
    assert problems(write("a.jsonl", long + GOOD)) == [(1, problem), (2, "")]


def test_a_line_at_the_limit_is_read(write):
    long = b'"' + b"x" * (MAX_LINE - 3) + b'"\n'
    assert problems(write("a.jsonl", long + GOOD)) == [(1, ""), (2, "")]


def test_json_names_are_mapped(write):
    mapping = ColumnMapping({"Land": "location.country"}, ignore=frozenset({"Shoe"}))
    path = write("a.jsonl", b'{"id": "a", "Land": "PT", "Shoe": 44}\n')
    assert values(path, mapping=mapping) == [(1, {"id": "a", "location": {"country": "PT"}})]


def test_a_record_that_cannot_be_mapped_is_a_problem_and_the_next_line_is_read(write):
    mapping = ColumnMapping({"Land": "location.country"})
    path = write("a.jsonl", b'{"location": "x", "Land": "PT"}\n' + GOOD)
    problem = "/location/country is below a field that is no object"
    assert problems(path, mapping=mapping) == [(1, problem), (2, "")]


@pytest.mark.parametrize("format", ["auto", "jsonl", "csv", "parquet"])
def test_a_missing_file_is_said_to_be_missing(tmp_path, format):
    with pytest.raises(SourceUnreadable, match=r"none\.jsonl does not exist\.$"):
        read(tmp_path / "none.jsonl", format)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.txt"])
def test_an_empty_file_is_said_to_be_empty(write, name):
    with pytest.raises(SourceUnreadable, match=r"is empty: expected mentor records\.$"):
        read(write(name, b""))


def test_a_folder_is_no_file_of_records(tmp_path):
    with pytest.raises(SourceUnreadable, match="is a folder: expected a file of mentor records"):
        read(tmp_path)


def test_a_file_that_cannot_be_opened_says_why(tmp_path):
    loop = tmp_path / "loop.jsonl"
    loop.symlink_to(loop)
    with pytest.raises(SourceUnreadable, match=r"loop\.jsonl cannot be read: Too many levels"):
        read(loop)


def test_a_name_too_long_for_the_disk_says_so(tmp_path):
    with pytest.raises(SourceUnreadable, match="cannot be read: File name too long"):
        read(tmp_path / f"{'x' * 300}.jsonl")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
@pytest.mark.parametrize("content", [b"\x89PNG\0\0\r\n", '{"id": "a"}'.encode("utf-16")])
def test_a_binary_file_is_refused(write, name, content):
    with pytest.raises(SourceUnreadable, match=r"is binary: expected (jsonl|csv) in UTF-8\.$"):
        read(write(name, content))


def test_an_ending_that_tells_nothing_asks_for_the_format(write):
    path = write("a.txt", GOOD)
    with pytest.raises(SourceUnreadable, match=r"the ending '\.txt' tells no format; name one"):
        read(path)
    assert values(path, format="jsonl") == [(1, {"id": "b"})]


def test_csv_has_a_record_a_row_and_leaves_out_empty_cells(write):
    path = write("a.csv", b"\xef\xbb\xbfid, headline ,bio\na,Baker,\nb,,Bread\n")
    assert values(path) == [(2, {"id": "a", "headline": "Baker"}), (3, {"id": "b", "bio": "Bread"})]


def test_csv_lines_count_newlines_inside_cells_and_blank_rows(write):
    path = write("a.csv", b'id,bio\r\na,"one\r\ntwo\r\nthree"\r\n\r\n,\r\nb,"x ""y"", z"\r\n')
    assert values(path) == [
        (2, {"id": "a", "bio": "one\r\ntwo\r\nthree"}),
        (7, {"id": "b", "bio": 'x "y", z'}),
    ]


def test_a_ragged_csv_row_is_a_problem_and_the_next_row_is_read(write):
    path = write("a.csv", b"id,bio\na\nb,x,y\nc,Bread\n")
    assert problems(path) == [
        (2, "has 1 cells, the header names 2 columns"),
        (3, "has 3 cells, the header names 2 columns"),
        (4, ""),
    ]


def test_a_csv_cell_that_its_field_cannot_take_is_a_problem(write):
    path = write("a.csv", b"id,capacity,available\na,two,yes\nb,2,perhaps\nc,2,no\n")
    assert problems(path) == [
        (2, "/capacity expected a whole number, got 'two'"),
        (3, "/available expected true or false, got 'perhaps'"),
        (4, ""),
    ]


def test_a_deeply_nested_csv_cell_stays_text(write):
    nested = "[" * 100_000
    path = write("a.csv", f"id,attributes\na,{nested}\nb,\n".encode())
    assert values(path) == [(2, {"id": "a", "attributes": nested}), (3, {"id": "b"})]


def test_a_csv_cell_of_a_million_characters_is_read(write):
    assert values(write("a.csv", b"id,bio\na," + b"x" * 1_000_000 + b"\n")) == [
        (2, {"id": "a", "bio": "x" * 1_000_000})
    ]


def test_a_csv_row_that_is_not_utf_8_is_a_problem_and_the_next_row_is_read(write):
    path = write("a.csv", b"id,bio\na,caf\xe9\nb,nurse\n")
    assert problems(path) == [(2, "byte 0xe9 is not UTF-8"), (3, "")]


def test_a_csv_without_a_column_for_the_id_is_said_once(write):
    with pytest.raises(SourceUnreadable, match=r"no column for the field 'id': its columns are"):
        read(write("a.csv", b"ident;bio\na;nurse\n"))


def test_a_json_array_is_said_once(write):
    with pytest.raises(SourceUnreadable, match=r"is one JSON array: expected one JSON object a"):
        read(write("a.json", b'[\n {"id": "a"}\n]'))


@pytest.mark.parametrize(
    ("content", "line"), [(b'id,bio\na,"x\nb,y\n', 3), (b'id,bio\na,"x"y\n', 2)]
)
def test_csv_with_broken_quotes_says_where(write, content, line):
    with pytest.raises(SourceUnreadable, match=rf"a\.csv, line {line}: "):
        read(write("a.csv", content))


def test_a_csv_of_only_a_header_has_no_record(write):
    assert read(write("a.csv", b"id,bio\n")) == []


def test_parquet_is_known_by_its_first_bytes_and_keeps_what_is_nested(tmp_path):
    records = [
        {
            "id": "a",
            "skills": ["rye", "spelt"],
            "location": {"country": "PT", "timezone": None},
            "experience": [{"title": "Baker", "start": "2020"}],
            "capacity": 3,
            "available": True,
        },
        {
            "id": "b",
            "skills": [],
            "location": None,
            "experience": None,
            "capacity": None,
            "available": None,
        },
    ]
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "mentors.data")
    assert values(tmp_path / "mentors.data") == [(1, records[0]), (2, records[1])]


def test_parquet_rows_are_counted_across_batches(tmp_path):
    pq.write_table(pa.table({"id": [str(i) for i in range(2500)]}), tmp_path / "a.parquet")
    found = values(tmp_path / "a.parquet")
    assert found == [(i + 1, {"id": str(i)}) for i in range(2500)]


def test_parquet_maps_are_objects_even_when_empty(tmp_path):
    column = pa.array([[("cohort", "spring")], [], None], pa.map_(pa.string(), pa.string()))
    pq.write_table(pa.table({"id": ["a", "b", "c"], "attributes": column}), tmp_path / "a.parquet")
    found = [value["attributes"] for _, value in values(tmp_path / "a.parquet")]
    assert found == [{"cohort": "spring"}, {}, {}]


def test_parquet_times_are_rfc_3339(tmp_path):
    table = pa.table({"updated_at": [datetime(2026, 5, 1, 9, 30, tzinfo=UTC)]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert values(tmp_path / "a.parquet") == [(1, {"updated_at": "2026-05-01T09:30:00+00:00"})]


def test_parquet_columns_are_mapped(tmp_path):
    pq.write_table(pa.table({"Id": ["a"], "Land": ["PT"]}), tmp_path / "a.parquet")
    mapping = ColumnMapping({"Id": "id", "Land": "location.country"})
    found = values(tmp_path / "a.parquet", mapping=mapping)
    assert found == [(1, {"id": "a", "location": {"country": "PT"}})]


@pytest.mark.parametrize("content", [b"PAR1 and then nothing", b"id,bio\na,Bread\n", b"x"])
def test_what_only_looks_like_parquet_is_refused(write, content):
    with pytest.raises(SourceUnreadable, match="is not a readable Parquet file: "):
        read(write("a.parquet", content))


def test_parquet_with_text_that_is_not_utf_8_is_refused(tmp_path):
    buffers = pa.array([b"\xff\xfe"], pa.binary()).buffers()
    text = pa.Array.from_buffers(pa.string(), 1, buffers)
    pq.write_table(pa.table({"id": text}), tmp_path / "a.parquet")
    with pytest.raises(SourceUnreadable, match="is not a readable Parquet file: 'utf-8' codec"):
        read(tmp_path / "a.parquet")


def test_the_sample_mentors_are_read_whole(examples):
    path = examples / "mentors.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [value for _, value in values(path)] == [json.loads(line) for line in lines]
