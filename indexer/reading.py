"""Files of mentor records: JSON Lines, CSV and Parquet, one decoded record at a time."""

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from indexer.addresses import Address, Source
from indexer.mapping import ColumnMapping
from models.errors import RecordRejected, SourceUnreadable

FORMATS = ("auto", "jsonl", "csv", "parquet")
_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv"}
_SUFFIXES |= {".parquet": "parquet", ".pq": "parquet"}
_PARQUET_MAGIC = b"PAR1"
_HEAD = 1 << 20  # bytes from which the lines of a remote file are estimated
MAX_LINE = 4 * 1024 * 1024  # bytes; a record of every field at its limit is far shorter


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One decoded record, or why it could not be decoded. `line` counts from 1."""

    source: str
    line: int
    value: object
    problem: str = ""
    pointer: str = ""


def read_records(path: Source, format: str, mapping: ColumnMapping) -> Iterator[RawRecord]:
    """Every record of the file, in order, without holding the file in memory.

    Raises SourceUnreadable when the file is missing, empty, binary or of another format; a bad
    line is yielded with its `problem`.
    """
    chosen = format_of(path, format)
    reader = {"jsonl": _read_jsonl, "csv": _read_csv, "parquet": _read_parquet}[chosen]
    yield from reader(path, mapping)


def count_records(path: Source, format: str) -> int:
    """About how many records the file has, for showing progress.

    Raises SourceUnreadable as `format_of` does.
    """
    if format_of(path, format) != "parquet":
        return _about(path) if isinstance(path, Address) else _lines(path)
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            return int(pq.ParquetFile(file).metadata.num_rows)
    except (OSError, ValueError) as error:
        raise SourceUnreadable(f"{path} cannot be read as Parquet: {error}.") from error


def _lines(path: Source) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _about(path: Address) -> int:
    """How many lines it would have if all were like the first: it is not read twice to count."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    size = path.size()
    if size is None:
        return _lines(path)
    return -(-size * (head.count(b"\n") or 1) // max(1, len(head)))


def format_of(path: Source, format: str) -> str:
    """The format of a file: the one named, or told by its content or its ending.

    Raises SourceUnreadable when the file is missing, empty, binary or of no known format.
    """
    head = _first_bytes(path)
    if not head:
        raise SourceUnreadable(f"{path} is empty: expected mentor records.")
    if format != "auto":
        return format
    if head.startswith(_PARQUET_MAGIC):
        return "parquet"
    chosen = _SUFFIXES.get(path.suffix.lower())
    if chosen is None:
        raise SourceUnreadable(
            f"{path}: the ending {path.suffix!r} tells no format; name one with --format "
            f"(jsonl, csv or parquet)."
        )
    if chosen == "jsonl" and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise SourceUnreadable(
            f"{path} is one JSON array: expected one JSON object a line, without brackets or "
            f"commas around them."
        )
    if chosen != "parquet" and b"\0" in head:
        raise SourceUnreadable(f"{path} is binary: expected {chosen} in UTF-8.")
    return chosen


def _first_bytes(path: Source) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except FileNotFoundError as error:
        raise SourceUnreadable(f"{path} does not exist.") from error
    except IsADirectoryError as error:
        message = f"{path} is a folder: expected a file of mentor records."
        raise SourceUnreadable(message) from error
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror or error}.") from error


def _read_jsonl(path: Source, mapping: ColumnMapping) -> Iterator[RawRecord]:
    with path.open("rb") as file:
        line = 0
        while raw := file.readline(MAX_LINE + 1):
            line += 1
            if len(raw) > MAX_LINE:
                size = len(raw) + (0 if raw.endswith(b"\n") else _skip_line(file))
                yield RawRecord(
                    str(path), line, None, f"{size:,} bytes long, at most {MAX_LINE:,} are taken"
                )
            elif raw.strip(b" \t\r\n\xef\xbb\xbf"):
                yield _decoded(str(path), line, raw, mapping)


def _skip_line(file: Any) -> int:
    skipped = 0
    while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        skipped += len(rest)
    return skipped + len(rest)


def _decoded(source: str, line: int, raw: bytes, mapping: ColumnMapping) -> RawRecord:
    try:
        text = raw.decode("utf-8-sig" if line == 1 else "utf-8").rstrip("\r\n")
        value = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        found = f"byte {raw[error.start]:#04x} at position {error.start + 1} is not UTF-8"
        return RawRecord(source, line, raw.decode("latin-1"), found)
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg.lower()} (column {error.colno})"
        return RawRecord(source, line, text, problem)
    except (ValueError, RecursionError) as error:
        return RawRecord(source, line, text, f"is not usable JSON: {error}")
    return _mapped(source, line, value, mapping)


def _mapped(source: str, line: int, value: object, mapping: ColumnMapping) -> RawRecord:
    try:
        return RawRecord(source, line, mapping.renamed(value))
    except (RecordRejected, RecursionError) as error:
        return RawRecord(source, line, value, str(error), getattr(error, "pointer", ""))


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")


def _read_csv(path: Source, mapping: ColumnMapping) -> Iterator[RawRecord]:
    # Past the default of 128 KiB the csv module raises; a long cell gets its own sentence later.
    csv.field_size_limit(sys.maxsize)
    # A byte that is not UTF-8 becomes a lone surrogate, so that its row alone is rejected.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, strict=True)
        try:
            header = _header(path, [name.strip() for name in next(rows, [])], mapping)
            last_line = rows.line_num
            for cells in rows:
                line, last_line = last_line + 1, rows.line_num
                if any(cells):
                    yield _from_cells(str(path), line, header, cells, mapping)
        except csv.Error as error:
            raise SourceUnreadable(f"{path}, line {rows.line_num}: {error}.") from error


def _header(path: Source, names: list[str], mapping: ColumnMapping) -> list[str]:
    fields = mapping.header(names, str(path))
    if "id" not in fields:
        raise SourceUnreadable(
            f"{path} has no column for the field 'id': its columns are {', '.join(names)}; "
            f"separate them by commas, or name the column with --map."
        )
    return fields


def _from_cells(
    source: str, line: int, header: list[str], cells: list[str], mapping: ColumnMapping
) -> RawRecord:
    strange = next((c for cell in cells for c in cell if "\udc80" <= c <= "\udcff"), "")
    if strange:
        return RawRecord(source, line, cells, f"byte {ord(strange) - 0xDC00:#04x} is not UTF-8")
    if len(cells) != len(header):
        problem = f"has {len(cells)} cells, the header names {len(header)} columns"
        return RawRecord(source, line, cells, problem)
    try:
        return RawRecord(source, line, mapping.record(header, cells))
    except (RecordRejected, RecursionError) as error:
        value = dict(zip(header, cells, strict=True))
        return RawRecord(source, line, value, str(error), getattr(error, "pointer", ""))


def _read_parquet(path: Source, mapping: ColumnMapping) -> Iterator[RawRecord]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as opened:
            file = pq.ParquetFile(opened)
            maps = [column.name for column in file.schema_arrow if pa.types.is_map(column.type)]
            line = 0
            for batch in file.iter_batches(batch_size=1024):
                for row in batch.to_pylist():
                    line += 1
                    row |= {name: dict(row[name] or ()) for name in maps}
                    yield _with_text_id(_mapped(str(path), line, _json_like(row), mapping))
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise SourceUnreadable(f"{path} is not a readable Parquet file: {reason}.") from error


def _with_text_id(raw: RawRecord) -> RawRecord:
    """Tables often number their rows; an id is text."""
    if isinstance(raw.value, dict) and type(raw.value.get("id")) is int:
        return replace(raw, value=raw.value | {"id": str(raw.value["id"])})
    return raw


def _json_like(value: Any) -> Any:
    """Arrow's map and timestamp values as JSON has them; a time without a zone is in UTC."""
    if isinstance(value, dict):
        return {key: _json_like(item) for key, item in value.items()}
    if isinstance(value, list):
        pairs = value and all(isinstance(item, tuple) and len(item) == 2 for item in value)  # noqa: PLR2004
        return dict(value) if pairs else [_json_like(item) for item in value]
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else value
