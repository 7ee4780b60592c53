"""The way in: records become mentors in the store, then passages, vectors and a snapshot."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from indexer.catalogue import ArrowCatalogue
from indexer.dense import FaissPassageIndex
from indexer.folder import DataFolder
from indexer.lexical import SparseLexicalIndex
from indexer.mapping import ColumnMapping
from indexer.passages import passages, words
from indexer.reading import RawRecord, read_records
from indexer.records import canonical_json, content_hash, mentor_from, unknown_fields
from indexer.snapshot import Snapshot, save
from indexer.store import Change, Store
from indexer.vectors import Vectors
from models.errors import RecordRejected, SourceUnreadable
from models.mentor import Mentor
from models.ports import Encoder

BATCH = 500  # records of one transaction


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that was not indexed: where it stands and one sentence why."""

    source: str
    line: int
    field: str
    reason: str
    value: object

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}: {self.reason}."


@dataclass(slots=True)
class ReadReport:
    """What reading one file came to."""

    records: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)


def ingest(
    source: Path,
    format: str,
    mapping: ColumnMapping,
    store: Store,
    tenant: str,
    seen: dict[str, str],
) -> ReadReport:
    """Read one file into the store; bad records are reported and the others go on.

    `seen` maps the ids met so far to where they stood; an id that comes again is rejected.
    Raises SourceUnreadable when the file cannot be read at all.
    """
    report = ReadReport()
    batch: list[Change] = []
    for mentor in _checked(read_records(source, format, mapping), report, seen):
        batch.append(Change(mentor, canonical_json(mentor)))
        if len(batch) == BATCH:
            _write(batch, store, tenant, report)
            batch = []
    _write(batch, store, tenant, report)
    if not report.records:
        raise SourceUnreadable(f"{source} holds no record: expected mentor records.")
    return report


def build_snapshot(
    store: Store,
    tenant: str,
    encoder: Encoder,
    folder: DataFolder,
    progress: Callable[[int, int], None] | None = None,
) -> Snapshot:
    """Index every live mentor of the tenant and make the result live."""
    sequence, mentors = store.all(tenant)
    snapshot = snapshot_of(mentors, sequence, encoder, Vectors(store, encoder), progress)
    save(snapshot, folder.tenant(tenant))
    return snapshot


def snapshot_of(
    mentors: list[Mentor],
    sequence: int,
    encoder: Encoder,
    vectors: Vectors,
    progress: Callable[[int, int], None] | None = None,
) -> Snapshot:
    """The dense and the lexical index of `mentors`, which are in the order of ids."""
    split = [passages(mentor) for mentor in mentors]
    first = np.concatenate([[0], np.cumsum([len(found) for found in split])]).astype(np.int64)
    texts = [passage.text for found in split for passage in found]
    items = [item for found in split for passage in found for item in passage.items]
    # Items of lists are not searched; they are embedded here so that the best one can be quoted
    # at once when an answer is explained.
    rows = vectors.of(texts + items, progress)[: len(texts)]
    dense = FaissPassageIndex.build(rows, first)
    counted = [Counter(term.stem for _, term in words(mentor)) for mentor in mentors]
    return Snapshot(
        encoder.space_id,
        encoder.runtime_id,
        sequence,
        ArrowCatalogue.build(mentors, dense.mean_norms()),
        dense,
        SparseLexicalIndex.build(counted),
    )


def _checked(
    records: Iterable[RawRecord], report: ReadReport, seen: dict[str, str]
) -> Iterator[Mentor]:
    for raw in records:
        report.records += 1
        try:
            mentor = _mentor(raw, seen)
        except RecordRejected as error:
            report.rejects.append(
                Reject(raw.source, raw.line, error.pointer, str(error), raw.value)
            )
            continue
        report.ignored |= unknown_fields(raw.value)
        seen[mentor.id] = f"{raw.source}, line {raw.line}"
        yield mentor


def _mentor(raw: RawRecord, seen: dict[str, str]) -> Mentor:
    if raw.problem:
        raise RecordRejected(raw.problem, pointer=raw.pointer)
    mentor = mentor_from(raw.value)
    if mentor.id in seen:
        raise RecordRejected(f"/id {mentor.id!r} was already in {seen[mentor.id]}", pointer="/id")
    return mentor


def _write(batch: list[Change], store: Store, tenant: str, report: ReadReport) -> None:
    known = store.hashes(tenant, [change.mentor.id for change in batch])
    fresh = [c for c in batch if known.get(c.mentor.id) != content_hash(c.record)]
    store.write(tenant, fresh)
    report.unchanged += len(batch) - len(fresh)
    report.changed += sum(change.mentor.id in known for change in fresh)
    report.added += sum(change.mentor.id not in known for change in fresh)
