"""Proof of erasure: a mentor's texts and vectors, looked for in every byte of the data folder.

What is looked for is gathered before the mentor is removed: every text that no living mentor's
record holds too, and every vector whose text nobody else has.
"""

import bz2
import contextlib
import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from indexer.catalogue import SCHEMA as CATALOGUE
from indexer.dense import index_from
from indexer.passages import passages
from indexer.records import readable
from indexer.rejects import speaks_of
from indexer.statements import batches
from indexer.store import Store
from indexer.tables import metadata
from models.mentor import (
    Education,
    Experience,
    Location,
    Mentor,
    as_record,
    string_at,
    strings_in,
)

SHORTEST = 8  # characters: shorter texts, such as "Python", are words and nobody's own
_WORDS = 6  # of an outline that are looked for together: nobody else has them at those places
_WINDOW = 16  # dimensions of a vector that must match in a row; chance never matches so many
_AT_ONCE = 1_000  # records read together
_DEPTH = 3  # archives within archives
_GZIP = 16 + zlib.MAX_WBITS
_STRETCH = 16 * 1024 * 1024  # bytes searched at once
_NEAR = 2  # bytes from the lowest of three neighbours, in arithmetic that wraps at 256
_SAME = 0.999  # cosine from which a decoded vector is the one looked for


@dataclass(frozen=True, slots=True)
class Evidence:
    """What must not be found any more. `vectors`: float32, shape (n, dimension).

    `outlines`: stretches of what is kept of where words stand (`indexer.outlines`).
    """

    texts: tuple[str, ...]
    vectors: tuple[NDArray[np.float32], ...]
    outlines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that was found: the file, a place inside it, and what it is."""

    path: Path
    inside: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}{self.inside}: {self.what}"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked for, where, and what was found. `tables`: of a database elsewhere."""

    texts: int
    vectors: int
    files: int
    bytes: int
    traces: tuple[Trace, ...]
    tables: int = 0


def evidence(store: Store, tenant: str, mentor: Mentor) -> Evidence:
    """What is the mentor's alone; to be gathered before the removal."""
    own = [text for text in _own_texts(mentor) if text not in _vocabulary()]
    outlines = list(_stretches_of_outline(store, tenant, mentor))
    for held in _held_by_others(store, tenant, mentor):
        own = [text for text in own if text not in held]
        outlines = [stretch for stretch in outlines if stretch not in held]
    hashes = sorted(store.vectors_owned_by(tenant, [mentor.id]))
    vectors = [v for space in store.spaces() for v in store.vectors(space, hashes).values()]
    return Evidence(tuple(own), tuple(vectors), tuple(outlines))


def _stretches_of_outline(store: Store, tenant: str, mentor: Mentor) -> Iterator[str]:
    """What the outline says of a few words at a time: no page of a database cuts all of them."""
    for cut in store.cuts(tenant, [mentor.id]).values():
        if cut.outline:
            for some in batches(list(json.loads(cut.outline)["words"].items()), _WORDS):
                said = json.dumps(dict(some), ensure_ascii=False, separators=(",", ":"))
                yield said[1:-1]


def _held_by_others(store: Store, tenant: str, mentor: Mentor) -> Iterator[str]:
    """The texts of everybody else, in records and in rejected ones."""
    for other in store.tenants():
        ids = []
        for one in _everybody(store, other):
            if (other, one.id) != (tenant, mentor.id):
                yield "\n".join([*strings_in(as_record(one)), *one.attributes])
                ids.append(one.id)
        for some in batches(ids, _AT_ONCE):
            yield from (cut.outline for cut in store.cuts(other, some).values())
        for source, lines in store.rejects(other).items():
            yield source
            yield from (one.line for one in lines if not speaks_of(one, mentor))


def _everybody(store: Store, tenant: str) -> Iterator[Mentor]:
    since = 0
    while rows := store.rows(tenant, since, _AT_ONCE):
        since = rows[-1].revision
        yield from (mentor for row in rows if (mentor := readable(row.record)) is not None)


def _vocabulary() -> str:
    """The words of the format itself: names of fields, tables and columns."""
    columns = [column.name for table in metadata.tables.values() for column in table.columns]
    names = [f.name for kind in (Mentor, Experience, Education, Location) for f in fields(kind)]
    return " ".join([*metadata.tables, *columns, *names, *CATALOGUE.names, "organizations"])


def look(root: Path, wanted: Evidence, tables: Iterable[tuple[str, Iterable[bytes]]] = ()) -> Proof:
    """Look for the evidence in every file below `root`, inside compressed files too.

    `tables`: those of a database elsewhere, by name, with all that is in them, in pieces.
    """
    needles = [(form, f"the text {text[:40]!r}") for text in wanted.texts for form in _forms(text)]
    needles += [(form, "an outline") for stretch in wanted.outlines for form in _forms(stretch)]
    widest = max([4 * v.nbytes for v in wanted.vectors] + [len(form) for form, _ in needles] + [1])

    def found_in(stretch: bytes) -> set[str]:
        coded = {kind for vector in wanted.vectors for kind in _codings_of(vector, stretch)}
        texts = {what for form, what in needles if form in stretch}
        return texts | {f"a vector as {kind}" for kind in coded}

    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    traces: list[Trace] = []
    size = 0
    for path in files:
        try:
            whole = path.read_bytes()
        except FileNotFoundError:  # a server has just removed it
            continue
        for inside, content in _contents(whole, "", _DEPTH):
            size += len(content)
            found: set[str] = set()
            for stretch in _stretches(content, widest):
                found |= found_in(stretch)
            if _in_faiss(content, wanted.vectors):
                found.add("a vector, decoded by FAISS")
            traces += [Trace(path, inside, what) for what in sorted(found)]
    looked = 0
    for name, pieces in tables:
        looked, found, before = looked + 1, set(), b""
        for piece in pieces:
            size += len(piece)
            found |= found_in(before + piece)
            before = (before + piece)[-widest:]
        traces += [Trace(Path(f"the table {name}"), "", what) for what in sorted(found)]
    sought = len(wanted.texts), len(wanted.vectors)
    return Proof(*sought, len(files), size, tuple(traces), looked)


def _stretches(content: bytes, overlap: int) -> Iterator[bytes]:
    """`content` in pieces that bound the memory of a search; none of them cuts what is wanted."""
    for first in range(0, max(1, len(content)), _STRETCH):
        yield content[first : first + _STRETCH + overlap]


def _own_texts(mentor: Mentor) -> list[str]:
    record = as_record(mentor)
    quotes = [
        string_at(record, leaf.pointer)[leaf.start : leaf.end]
        for passage in passages(mentor)
        for leaf in passage.leaves
    ]
    texts = [*strings_in({k: v for k, v in record.items() if k != "id"}), *quotes]
    return [text for text in dict.fromkeys(texts) if len(text) >= SHORTEST]


def _forms(text: str) -> set[bytes]:
    """The bytes a text may stand as."""
    return {
        text.encode(),
        json.dumps(text)[1:-1].encode(),
        json.dumps(text, ensure_ascii=False)[1:-1].encode(),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
    }


def _codings_of(vector: NDArray[np.float32], content: bytes) -> Iterator[str]:
    """The codings in which a stretch of the vector stands in `content`."""
    for kind, rows in (("f32", vector), ("f16", vector.astype(np.float16))):
        stretches = (rows[i : i + _WINDOW] for i in range(0, len(rows), len(rows) // 4 or 1))
        if any(len(s) == _WINDOW and s.tobytes() in content for s in stretches):
            yield kind
    # Eight bits a dimension: over -1..1, signed, or over the vector's own range.
    span = float(np.ptp(vector)) or 1.0
    codes = {
        "SQ8 over -1..1": (vector + 1) / 2 * 255,
        "SQ8 signed": vector * 127,
        "SQ8 over its own range": (vector - vector.min()) / span * 255,
    }
    flat = np.frombuffer(content, dtype=np.uint8)
    for kind, code in codes.items():
        if _has_bytes(flat, np.rint(code).astype(np.int16)[: 3 * _WINDOW]):
            yield kind


def _has_bytes(flat: NDArray[np.uint8], code: NDArray[np.int16]) -> bool:
    """Whether `code`, give or take one for rounding, stands somewhere in the bytes."""
    if len(flat) < len(code) or len(set(code.tolist())) < _WINDOW // 2:
        return False  # a code of few values would be found everywhere
    lowest = ((code - 1) % 256).astype(np.uint8)
    starts = np.flatnonzero(flat[: len(flat) - len(code) + 1] - lowest[0] <= _NEAR)
    for i in range(1, len(code)):
        starts = starts[flat[starts + i] - lowest[i] <= _NEAR]
        if not len(starts):
            return False
    return True


def _in_faiss(content: bytes, vectors: Iterable[NDArray[np.float32]]) -> bool:
    """Whether a FAISS index, whatever its coding, gives one of the vectors back."""
    if content[:1] != b"I" or not content[:4].isalnum():  # every index begins with such a word
        return False
    try:
        index = index_from(content)
        inverted = faiss.try_extract_index_ivf(index)
        if inverted is not None:
            inverted.make_direct_map()
        rows = index.reconstruct_n(0, index.ntotal)
    except RuntimeError:
        return False
    wanted = [v for v in vectors if len(v) == index.d]
    return bool(wanted) and bool((rows @ np.stack(wanted).T > _SAME).any())


def _contents(content: bytes, inside: str, depth: int) -> Iterator[tuple[str, bytes]]:
    """The bytes themselves, and what they hold when they are an archive or a table."""
    yield inside, content
    if not depth:
        return
    for name, inner in _opened(content):
        yield from _contents(inner, f"{inside} > {name}", depth - 1)


def _opened(content: bytes) -> Iterator[tuple[str, bytes]]:
    kinds: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
        b"\x1f\x8b": ("gzip", lambda packed: zlib.decompressobj(_GZIP).decompress(packed)),
        b"BZh": ("bz2", lambda packed: bz2.BZ2Decompressor().decompress(packed)),
        b"\xfd7zXZ": ("xz", lambda packed: lzma.LZMADecompressor().decompress(packed)),
        b"\x28\xb5\x2f\xfd": ("zstd", _zstd),
    }
    for magic, (name, opened) in kinds.items():
        if content.startswith(magic):
            # What is torn off is no error here: whatever comes before is looked at.
            with contextlib.suppress(OSError, ValueError, lzma.LZMAError, zlib.error):
                yield name, opened(content)
    if content.startswith(b"PK\x03\x04"):
        with (
            contextlib.suppress(zipfile.BadZipFile, NotImplementedError, RuntimeError),
            zipfile.ZipFile(io.BytesIO(content)) as archive,
        ):
            for name in archive.namelist():
                yield name, archive.read(name)
    if content.startswith((b"ARROW1", b"PAR1", b"\xff\xff\xff\xff")):
        yield from _table(content)


def _zstd(content: bytes) -> bytes:
    with pa.input_stream(pa.BufferReader(content), compression="zstd") as stream:
        plain: bytes = stream.read()
    return plain


def _table(content: bytes) -> Iterator[tuple[str, bytes]]:
    source = pa.BufferReader(content)
    try:
        if content.startswith(b"PAR1"):
            table = pq.read_table(source)
        elif content.startswith(b"ARROW1"):
            table = pa.ipc.open_file(source).read_all()
        else:
            table = pa.ipc.open_stream(source).read_all()
    except (pa.ArrowException, OSError):
        return
    for name, column in zip(table.column_names, table.columns, strict=True):
        for chunk in column.chunks:
            arrays = [chunk, chunk.dictionary] if pa.types.is_dictionary(chunk.type) else [chunk]
            for buffer in (buffer for array in arrays for buffer in array.buffers()):
                if buffer is not None:
                    yield name, buffer.to_pybytes()
