import json
import zipfile

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indexer.addresses import Address, is_address, source_of, sources_of
from indexer.mapping import ColumnMapping
from indexer.reading import count_records, format_of, read_records
from models.errors import SourceUnreadable
from tests.fakes import RECORDS

LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)


@pytest.fixture
def memory():
    """A store of files that only addresses reach."""
    filesystem = fsspec.filesystem("memory")
    yield filesystem
    filesystem.store.clear()


def ids(source) -> list[str]:
    return [raw.value["id"] for raw in read_records(source, "auto", ColumnMapping())]


@pytest.mark.parametrize(
    "text", ["s3://bucket/a.jsonl", "file:///a", "zip://a::file:///b", "S3://a"]
)
def test_an_address_has_a_scheme(text):
    assert is_address(text)
    assert str(source_of(text)) == text


@pytest.mark.parametrize(
    "text", ["mentors.jsonl", "/data/a:b.csv", "C:\\mentors.csv", "a/b://c", "://x"]
)
def test_a_path_is_no_address(text):
    assert not is_address(text)


@pytest.mark.parametrize("name", ["mentors.jsonl", "mentors.parquet"])
def test_records_are_read_by_address_as_from_a_file(memory, tmp_path, name):
    if name.endswith("parquet"):
        pq.write_table(
            pa.Table.from_pylist([{"id": r["id"], "bio": "x"} for r in RECORDS]), tmp_path / name
        )
    else:
        (tmp_path / name).write_text(LINES, encoding="utf-8")
    memory.pipe(f"/{name}", (tmp_path / name).read_bytes())
    there, here = source_of(f"memory://{name}"), tmp_path / name
    assert ids(there) == ids(here) == [record["id"] for record in RECORDS]
    assert format_of(there, "auto") == format_of(here, "auto")
    assert count_records(there, "auto") == count_records(here, "auto")


def test_a_table_is_read_by_address(memory):
    memory.pipe("/mentors.csv", b'id,bio\nm1,"Law,\ncourt"\nm2,Ward\n')
    assert ids(source_of("memory://mentors.csv")) == ["m1", "m2"]


def test_one_address_may_lead_through_another(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("mentors.jsonl", LINES)
    source = source_of(f"zip://mentors.jsonl::file://{tmp_path}/all.zip")
    assert source.suffix == ".jsonl"
    assert ids(source) == [record["id"] for record in RECORDS]


def test_the_lines_of_a_large_remote_file_are_estimated_from_its_beginning(memory):
    memory.pipe("/many.jsonl", b"x" * 99 + b"\n" + (b"y" * 99 + b"\n") * 50_000)
    assert count_records(source_of("memory://many.jsonl"), "jsonl") == pytest.approx(
        50_001, rel=0.01
    )


def test_a_star_stands_for_every_file_that_fits_in_the_order_of_names(memory):
    for name in ("b", "a", "other"):
        memory.pipe(f"/folder/part-{name}.jsonl" if name != "other" else "/folder/x.csv", b"{}\n")
    found = sources_of("memory://folder/part-*.jsonl")
    assert [source.name for source in found] == ["part-a.jsonl", "part-b.jsonl"]
    assert all(isinstance(source, Address) and format_of(source, "auto") for source in found)
    with pytest.raises(SourceUnreadable, match=r"memory://folder/\*\.parquet fits no file\."):
        sources_of("memory://folder/*.parquet")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("memory://nobody.jsonl", r"memory://nobody\.jsonl does not exist\."),
        ("abc://x/a.jsonl", r"abc://x/a\.jsonl cannot be read: Protocol not known: abc\."),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(memory, text, said):
    with pytest.raises(SourceUnreadable, match=said):
        format_of(source_of(text), "auto")
    with pytest.raises(SourceUnreadable, match="Protocol not known: abc"):
        sources_of("abc://x/*.jsonl")
