"""The snapshot format: everything a search needs, in one immutable folder.

    manifest.json      format, space_id, runtime_id, sequence, counts, sha256 of every file,
                       optional sections, and a seal: the sha256 of all that
    catalogue.arrow    who is in it and what can be filtered, a row a mentor
    first.npy          int64, shape (n_mentors + 1,): where each mentor's passages begin
    passages.f16       unit vectors, float16 (little-endian), shape (n_passages, dimension)
    lists.faiss        inverted lists of the passages, a FAISS index; only where there are many
    stems.txt          the lexical index's columns, a stem a line
    lexical.npz        its saturations, a scipy compressed-column matrix

The two that are large are mapped, not read: processes share them, and nothing is copied. A file is
never written again, and one that is removed lasts for whoever has it mapped.

A section is a named group of further files that a reader may leave alone; their sums are checked
all the same. One is known here:

    map                map.npz: where each mentor lies on the map, and what places others on it

This module alone knows these bytes; `indexer.generations` says which folder is live.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from indexer import disk
from indexer.catalogue import ArrowCatalogue
from indexer.dense import FaissPassageIndex
from indexer.lexical import SparseLexicalIndex
from indexer.lists import PassageLists
from indexer.projecting import Chart, Projector
from indexer.segment import Segment
from models.errors import SnapshotDamaged

FORMAT = 3
MANIFEST = "manifest.json"
MAP = "map"
MAP_FILE = "map.npz"
MAPPED = PASSAGES, LISTS = "passages.f16", "lists.faiss"
FLOAT = np.dtype("<f2")

Content = disk.Piece | disk.Told


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself.

    `files` maps each file name to its sha256; `sections` maps the name of each optional section
    to such a map.
    """

    format: int
    space_id: str
    runtime_id: str
    sequence: int
    mentors: int
    passages: int
    dimension: int
    files: dict[str, str]
    sections: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everybody at one sequence, with the names of the vectors' space and runtime, and a map."""

    space_id: str
    runtime_id: str
    sequence: int
    segment: Segment
    chart: Chart | None = None


def write(
    snapshot: Snapshot, folder: Path, sections: Mapping[str, Mapping[str, Content]] | None = None
) -> Manifest:
    """Write the snapshot into a new `folder`; its bytes and names are on disk when this returns.

    Raises OSError, for instance when the disk is full; what was written stays behind then.
    """
    disk.make_folder(folder)
    sums = _write_files(folder, _contents(snapshot.segment))
    manifest = Manifest(
        FORMAT,
        snapshot.space_id,
        snapshot.runtime_id,
        snapshot.sequence,
        snapshot.segment.size,
        snapshot.segment.passages,
        snapshot.segment.dense.vectors.shape[1],
        sums,
        {
            name: _write_files(folder, files.items())
            for name, files in (_map_section(snapshot) | dict(sections or {})).items()
        },
    )
    disk.write(folder / MANIFEST, _sealed(manifest))
    disk.sync_folder(folder)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot. Raises SnapshotDamaged when it is not one."""
    path = folder / MANIFEST
    try:
        values = json.loads(path.read_bytes())
        format, seal = values["format"], values.pop("seal", "")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _damaged(path) from error
    if format != FORMAT:
        raise SnapshotDamaged(f"{path} has format {format!r}, this program reads {FORMAT}.")
    if seal != _seal(values):
        raise _damaged(path)
    return Manifest(**values)


def read(folder: Path) -> Snapshot:
    """The snapshot in `folder`; every file is verified before anything parses it.

    Raises SnapshotDamaged.
    """
    manifest = read_manifest(folder)
    files = {
        name: _verified(folder / name, sum_)
        for name, sum_ in manifest.files.items()
        if name not in MAPPED
    }
    large = {name: sum_ for name, sum_ in manifest.files.items() if name in MAPPED}
    for group in (large, *manifest.sections.values()):
        for name, sum_ in group.items():
            _verify(folder / name, sum_)
    try:
        segment = _parsed(files, folder, manifest)
        chart = _chart(folder, manifest, segment)
    except (OSError, ValueError, KeyError, RuntimeError, pa.ArrowException) as error:
        raise _damaged(folder) from error
    if (segment.size, segment.passages) != (manifest.mentors, manifest.passages):
        raise _damaged(folder)
    return Snapshot(manifest.space_id, manifest.runtime_id, manifest.sequence, segment, chart)


def _write_files(folder: Path, files: Iterable[tuple[str, Content]]) -> dict[str, str]:
    """Write each file when its turn comes, so that one content is held at a time; their sums."""
    sums = {}
    for name, content in files:
        sum_ = hashlib.sha256()
        disk.write(folder / name, partial(_summed, content, sum_))
        sums[name] = sum_.hexdigest()
    return sums


def _summed(content: Content, sum_: "hashlib._Hash", put: Callable[[disk.Piece], None]) -> None:
    def both(piece: disk.Piece) -> None:
        sum_.update(piece)
        put(piece)

    if callable(content):
        content(both)
    else:
        both(content)


def _verified(path: Path, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(path) from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise _damaged(path)
    return content


def _verify(path: Path, expected: str) -> None:
    """As `_verified`, for a file too large to be held."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _damaged(path) from error
    if found != expected:
        raise _damaged(path)


def _contents(segment: Segment) -> Iterator[tuple[str, Content]]:
    yield "catalogue.arrow", _arrow_bytes(segment.catalogue.table)
    yield "first.npy", _npy_bytes(segment.dense.first)
    vectors = segment.dense.vectors.astype(FLOAT, copy=False)
    yield PASSAGES, vectors.view(np.uint8).reshape(-1).data
    if segment.dense.lists:
        yield LISTS, _told(segment.dense.lists.index)
    yield "stems.txt", "\n".join(segment.lexical.stems).encode()
    yield "lexical.npz", _npz_bytes(segment.lexical.matrix)


def _told(index: "faiss.Index") -> disk.Told:
    """The bytes of a FAISS index, a megabyte at a time."""

    def tell(put: Callable[[disk.Piece], None]) -> None:
        failed: list[OSError] = []

        def keep(piece: bytes) -> None:
            try:
                put(piece)
            except OSError as error:  # which FAISS would turn into one of its own
                failed.append(error)
                raise

        try:
            faiss.write_index(index, faiss.PyCallbackIOWriter(keep))  # type: ignore[attr-defined]
        except RuntimeError:
            if failed:
                raise failed[0] from None
            raise

    return tell


def _parsed(files: Mapping[str, bytes], folder: Path, manifest: Manifest) -> Segment:
    with pa.ipc.open_file(pa.BufferReader(files["catalogue.arrow"])) as reader:
        catalogue = ArrowCatalogue(reader.read_all())
    first = np.load(io.BytesIO(files["first.npy"]), allow_pickle=False)
    dense = FaissPassageIndex(_mapped(folder, manifest), first, _lists(folder, manifest))
    stems = files["stems.txt"].decode().split()
    matrix = sp.load_npz(io.BytesIO(files["lexical.npz"]))
    return Segment(catalogue, dense, SparseLexicalIndex(matrix, stems))


def _map_section(snapshot: Snapshot) -> dict[str, dict[str, Content]]:
    chart = snapshot.chart
    if chart is None:
        return {}
    buffer = io.BytesIO()
    centre, axes, fitted = chart.projector.centre, chart.projector.axes, chart.projector.fitted
    np.savez(buffer, centre=centre, axes=axes, fitted=np.int64(fitted), points=chart.points)
    return {MAP: {MAP_FILE: buffer.getvalue()}}


def _chart(folder: Path, manifest: Manifest, segment: Segment) -> Chart | None:
    if MAP not in manifest.sections:
        return None
    with np.load(folder / MAP_FILE, allow_pickle=False) as found:
        centre, axes, points = found["centre"], found["axes"], found["points"]
        projector = Projector(centre, axes, int(found["fitted"]))
    shapes = (centre.shape, axes.shape, points.shape)
    if shapes != ((manifest.dimension,), (2, manifest.dimension), (segment.size, 2)):
        raise _damaged(folder / MAP_FILE)
    return Chart(projector, segment, points)


def _mapped(folder: Path, manifest: Manifest) -> NDArray[np.float16]:
    shape = manifest.passages, manifest.dimension
    if not manifest.passages:  # no file of no length can be mapped
        return np.zeros(shape, np.float16)
    return np.asarray(np.memmap(folder / PASSAGES, FLOAT, mode="r", shape=shape))


def _lists(folder: Path, manifest: Manifest) -> PassageLists | None:
    if LISTS not in manifest.files:
        return None
    index = faiss.read_index(str(folder / LISTS), faiss.IO_FLAG_MMAP_IFC)
    if (index.ntotal, index.d) != (manifest.passages, manifest.dimension):
        raise _damaged(folder / LISTS)
    return PassageLists(index)  # type: ignore[arg-type]


def _damaged(path: Path) -> SnapshotDamaged:
    return SnapshotDamaged(f"{path} is missing or damaged.")


def _sealed(manifest: Manifest) -> bytes:
    values = asdict(manifest)
    return json.dumps(values | {"seal": _seal(values)}, indent=1).encode()


def _seal(values: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


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
