"""The snapshot format: everything a search needs, in one immutable folder.

    <tenant folder>/CURRENT                  the name of the live snapshot
    <tenant folder>/snapshots/<name>/
        manifest.json      format, space_id, runtime_id, sequence, counts, sha256 of every file,
                       and a seal: the sha256 of all that
        catalogue.arrow    who is in it and what can be filtered, a row a mentor
        first.npy          int64, shape (n_mentors + 1,): where each mentor's passages begin
        passages.faiss     unit vectors, a FAISS inner-product index
        stems.txt          the lexical index's columns, a stem a line
        lexical.npz        its saturations, a scipy compressed-column matrix

A snapshot is written beside the live one and made live by replacing CURRENT, which is atomic;
a crash before that leaves the old one live. This module alone knows these bytes.
"""

import hashlib
import io
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from indexer.catalogue import ArrowCatalogue
from indexer.dense import FaissPassageIndex
from indexer.lexical import SparseLexicalIndex
from models.errors import NoIndex, SnapshotDamaged
from models.weights import sha256_of

FORMAT = 1
_READ_LIMIT_BYTES = 64 * 1024**3  # FAISS refuses to allocate more than this for one array


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself. `files` maps each file name to its sha256."""

    format: int
    space_id: str
    runtime_id: str
    sequence: int
    mentors: int
    passages: int
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A loaded snapshot; immutable, so any number of threads may search it."""

    space_id: str
    runtime_id: str
    sequence: int
    catalogue: ArrowCatalogue
    dense: FaissPassageIndex
    lexical: SparseLexicalIndex


def save(snapshot: Snapshot, folder: Path) -> str:
    """Write the snapshot below the tenant's `folder`, make it live, return its name."""
    before = _live_or_none(folder)
    name = f"{snapshot.sequence:012d}-{secrets.token_hex(4)}"
    target = folder / "snapshots" / name
    target.mkdir(parents=True)
    files = _contents(snapshot)
    for file, content in files.items():
        _write_durably(target / file, content)
    manifest = Manifest(
        FORMAT,
        snapshot.space_id,
        snapshot.runtime_id,
        snapshot.sequence,
        snapshot.catalogue.size,
        int(snapshot.dense.index.ntotal),
        {file: sha256_of(target / file) for file in files},
    )
    _write_durably(target / "manifest.json", _sealed(manifest))
    _sync_folder(target)
    _sync_folder(target.parent)
    _make_live(folder, name)
    _drop_all_but({name, before}, folder)
    return name


def live_name(folder: Path) -> str:
    """The name of the live snapshot. Raises NoIndex when there is none."""
    try:
        return (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise NoIndex(
            f"Nothing is indexed in {folder}: run 'mentors index FILE' with the same --data "
            f"and --tenant."
        ) from error
    except ValueError as error:
        raise _damaged(folder / "CURRENT") from error


def read_manifest(folder: Path, name: str) -> Manifest:
    """The manifest of a snapshot. Raises SnapshotDamaged when it is not one."""
    path = folder / "snapshots" / name / "manifest.json"
    try:
        values = json.loads(path.read_bytes())
        format, seal = values["format"], values.pop("seal", "")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path) from error
    if format != FORMAT:
        raise SnapshotDamaged(
            f"{path} has format {format}, this program reads {FORMAT}: rebuild it with "
            f"'mentors index' on the original file."
        )
    if seal != _seal(values):
        raise _damaged(path)
    return Manifest(**values)


def load(folder: Path) -> Snapshot:
    """The live snapshot of a tenant's folder; every file is verified before it is parsed.

    Raises NoIndex or SnapshotDamaged.
    """
    name = live_name(folder)
    manifest = read_manifest(folder, name)
    target = folder / "snapshots" / name
    for file, expected in manifest.files.items():
        path = target / file
        if not path.is_file() or sha256_of(path) != expected:
            raise _damaged(path)
    try:
        return _parsed(target, manifest)
    except (OSError, ValueError, KeyError, RuntimeError, pa.ArrowException) as error:
        raise _damaged(target) from error


def _contents(snapshot: Snapshot) -> dict[str, bytes]:
    return {
        "catalogue.arrow": _arrow_bytes(snapshot.catalogue.table),
        "first.npy": _npy_bytes(snapshot.dense.first),
        "passages.faiss": faiss.serialize_index(snapshot.dense.index).tobytes(),
        "stems.txt": "\n".join(snapshot.lexical.stems).encode(),
        "lexical.npz": _npz_bytes(snapshot.lexical.matrix),
    }


def _parsed(target: Path, manifest: Manifest) -> Snapshot:
    with pa.ipc.open_file(pa.memory_map(str(target / "catalogue.arrow"))) as reader:
        catalogue = ArrowCatalogue(reader.read_all())
    faiss.set_deserialization_vector_byte_limit(_READ_LIMIT_BYTES)
    vectors = faiss.deserialize_index(np.fromfile(target / "passages.faiss", dtype=np.uint8))
    first = np.load(target / "first.npy", allow_pickle=False)
    stems = (target / "stems.txt").read_text(encoding="utf-8").split()
    matrix = sp.load_npz(target / "lexical.npz")
    return Snapshot(
        manifest.space_id,
        manifest.runtime_id,
        manifest.sequence,
        catalogue,
        FaissPassageIndex(vectors, first),  # type: ignore[arg-type]
        SparseLexicalIndex(matrix, stems),
    )


def _damaged(path: Path) -> SnapshotDamaged:
    return SnapshotDamaged(
        f"{path} is missing or damaged: run 'mentors index' on the original file again to "
        f"rebuild the index from the database."
    )


def _make_live(folder: Path, name: str) -> None:
    aside = folder / f"CURRENT.{secrets.token_hex(4)}"
    _write_durably(aside, name.encode())
    aside.replace(folder / "CURRENT")
    _sync_folder(folder)


def _live_or_none(folder: Path) -> str | None:
    try:
        return live_name(folder)
    except (NoIndex, SnapshotDamaged):
        return None


def _drop_all_but(kept: set[str | None], folder: Path) -> None:
    # The live one, and the one before for readers that still hold it.
    for path in (folder / "snapshots").iterdir():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _sealed(manifest: Manifest) -> bytes:
    values = asdict(manifest)
    return json.dumps(values | {"seal": _seal(values)}, indent=1).encode()


def _seal(values: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _arrow_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _npy_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _npz_bytes(matrix: "sp.csc_matrix") -> bytes:
    buffer = io.BytesIO()
    sp.save_npz(buffer, matrix, compressed=False)
    return buffer.getvalue()
