"""Reading files of records into the store, and what a file would change before it does."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from indexer.addresses import Source
from indexer.mapping import ColumnMapping
from indexer.reading import RawRecord, read_records
from indexer.records import canonical_json, content_hash, mentor_from, unknown_fields
from indexer.rejects import Reject, kept
from indexer.store import Store
from indexer.writing import AT_ONCE, Writer
from models.errors import RecordRejected, SourceUnreadable
from models.mentor import Mentor, as_record

Progress = Callable[[int], None]
"""Told how many mentors of a file are done."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was not taken: where it stands and one sentence why."""

    source: str
    line: int
    field: str
    reason: str
    value: object

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}: {self.reason}."

    def kept(self) -> Reject:
        """As it is kept in the store."""
        return kept(self.line, self.field, self.reason, self.value)


@dataclass(slots=True)
class ReadReport:
    """What reading one file came to."""

    records: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejects: list[Rejected] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Difference:
    """What indexing some files would do.

    `changed` maps an id to the names of the fields that differ. `removed` and `share` (of all
    live mentors) are of a sync. `nameless` are rejected records whose id cannot be read: whose
    they are is unknown, so a sync cannot tell who is missing.
    """

    added: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    share: float = 0.0
    rejects: list[Rejected] = field(default_factory=list)
    nameless: list[Rejected] = field(default_factory=list)


class Import:
    """Some files read one after the other; an id may come once in all of them."""

    def __init__(self, format: str, mapping: ColumnMapping) -> None:
        self._format = format
        self._mapping = mapping
        self._seen: dict[str, str] = {}

    def read(self, source: Source, writer: Writer, progress: Progress | None = None) -> ReadReport:
        """Write the records of one file; bad ones are reported and the others go on.

        Raises SourceUnreadable when the file cannot be read at all.
        """
        report = ReadReport()
        for outcomes in writer.put_each(_batches(self._checked(source, report))):
            for outcome in outcomes:
                setattr(report, outcome.result, getattr(report, outcome.result) + 1)
            if progress:
                progress(report.added + report.changed + report.unchanged)
        return report

    def plan(
        self, sources: Sequence[Source], store: Store, tenant: str, *, sync: bool
    ) -> Difference:
        """What reading the files would do; nothing is written.

        Raises SourceUnreadable when a file cannot be read at all.
        """
        found = Difference()
        for source in sources:
            report = ReadReport()
            for batch in _batches(self._checked(source, report)):
                _compare(batch, store, tenant, found)
            found.rejects += report.rejects
        if sync:
            self._find_missing(store, tenant, found)
        return found

    def _find_missing(self, store: Store, tenant: str, found: Difference) -> None:
        # A record that could not be taken still says that its mentor has not left.
        claimed = {reject.kept().id for reject in found.rejects}
        found.nameless = [reject for reject in found.rejects if not reject.kept().id]
        here = store.text_hashes(tenant).keys()
        found.removed = sorted(here - self._seen.keys() - claimed)
        found.share = len(found.removed) / max(1, len(here))

    def _checked(self, source: Source, report: ReadReport) -> Iterator[Mentor]:
        for raw in read_records(source, self._format, self._mapping):
            report.records += 1
            try:
                mentor = self._mentor(raw)
            except RecordRejected as error:
                report.rejects.append(
                    Rejected(raw.source, raw.line, error.pointer, str(error), raw.value)
                )
                continue
            report.ignored |= unknown_fields(raw.value)
            self._seen[mentor.id] = f"{raw.source}, line {raw.line}"
            yield mentor
        if not report.records:
            raise SourceUnreadable(f"{source} holds no record: expected mentor records.")

    def _mentor(self, raw: RawRecord) -> Mentor:
        if raw.problem:
            raise RecordRejected(raw.problem, pointer=raw.pointer)
        mentor = mentor_from(raw.value)
        if mentor.id in self._seen:
            before = self._seen[mentor.id]
            raise RecordRejected(f"/id {mentor.id!r} was already in {before}", pointer="/id")
        return mentor


def _batches(mentors: Iterable[Mentor]) -> Iterator[list[Mentor]]:
    batch: list[Mentor] = []
    for mentor in mentors:
        batch.append(mentor)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _compare(batch: Sequence[Mentor], store: Store, tenant: str, found: Difference) -> None:
    known = store.known(tenant, [mentor.id for mentor in batch])
    differing = []
    for mentor in batch:
        if mentor.id not in known:
            found.added.append(mentor.id)
        elif known[mentor.id].content_hash == content_hash(canonical_json(mentor)):
            found.unchanged += 1
        else:
            differing.append(mentor)
    stored = store.read(tenant, [mentor.id for mentor in differing])
    for mentor in differing:
        if mentor.id in stored:
            before = as_record(stored[mentor.id].mentor)
            found.changed[mentor.id] = _fields(before, as_record(mentor))


def _fields(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    def text(value: object) -> str:
        return json.dumps(value, sort_keys=True)

    names = sorted(before.keys() | after.keys())
    return [name for name in names if text(before.get(name)) != text(after.get(name))]
