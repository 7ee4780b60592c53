"""`mentors index` and `mentors status`."""

import contextlib
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from api import screen
from api.places import existing_store, folder_of, store_of
from api.settings import Settings
from api.spreading import Spreading
from api.wiring import Indexing
from indexer.addresses import Source
from indexer.generations import Generations, sequence_of
from indexer.importing import Difference, Import, Progress, ReadReport, Rejected
from indexer.mapping import ColumnMapping
from indexer.milvus import Mark, Milvus, collection_of
from indexer.reading import FORMATS, count_records, format_of
from indexer.store import Head, Store
from models.errors import BadInput, NoIndex, SearchUnavailable, SourceUnreadable
from recommender.scoring import VERSION

MOST_REMOVED = 20.0  # percent of the mentors that a sync removes without being told to
_SHOWN = 20  # records listed on the terminal; all rejected ones are in the rejects file
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB on Linux


class IndexCommand:
    """One run of `mentors index` over some files."""

    def __init__(
        self,
        files: Sequence[Source],
        format: str,
        mapping: ColumnMapping,
        settings: Settings,
        *,
        sync: bool = False,
        most_removed: float = MOST_REMOVED,
        spreading: Spreading | None = None,
    ) -> None:
        """Raises BadInput or SourceUnreadable for what cannot be begun at all."""
        if format not in FORMATS:
            raise BadInput(f"--format {format!r}: expected one of {', '.join(FORMATS)}.")
        if spreading:
            spreading.ensure_possible()
        for file in files:
            format_of(file, format)  # said before anything is written
        self._files = files
        self._format = format
        self._mapping = mapping
        self._settings = settings
        self._sync = sync
        self._most_removed = most_removed
        self._spreading = spreading

    def dry_run(self) -> bool:
        """Print what indexing would change; whether every record could be taken."""
        store = existing_store(self._settings) or Store("sqlite://")
        try:
            found = self._plan(store)
        finally:
            store.close()
        _say_difference(found)
        self._guard(found)
        return not found.rejects

    def run(self) -> bool:
        """Read the files, index the mentors, say what happened; whether all records were taken."""
        began = time.perf_counter()
        indexing = Indexing(self._settings, adopt=False)
        try:
            leaving = self._leaving(indexing)
            _adopt(indexing)
            with self._reading(indexing) as read:
                reports, unreadable = self._read(indexing, read)
            if leaving and not unreadable:
                removed = indexing.writer.remove(leaving)
                screen.say(f"{len(removed):,} mentors who are no longer listed were removed.")
            if indexing.store.head(indexing.tenant).sequence:
                follower = indexing.publish()
                if follower.origin.problems:
                    screen.complain(str(follower.origin))
                _say_built(indexing, follower.index.mentors, began)
            else:
                screen.complain("No mentor was indexed: no record of the files could be taken.")
        finally:
            indexing.close()
        if unreadable:
            raise unreadable
        return not any(report.rejects for report in reports)

    def _plan(self, store: Store) -> Difference:
        plan = Import(self._format, self._mapping)
        return plan.plan(self._files, store, self._settings.tenant, sync=self._sync)

    def _leaving(self, indexing: Indexing) -> list[str]:
        """Whom a sync removes; found, and refused, before anything is written."""
        if not self._sync:
            return []
        found = self._plan(indexing.store)
        self._guard(found)
        return found.removed

    def _guard(self, found: Difference) -> None:
        if not found.removed:
            return
        if found.nameless:
            raise BadInput(
                f"--sync would remove {len(found.removed):,} mentors, but {found.nameless[0]} "
                f"Whose record that is cannot be told: mend it first. Nothing was changed."
            )
        percent = 100 * found.share
        if percent > self._most_removed:
            raise BadInput(
                f"--sync would remove {len(found.removed):,} mentors, {percent:.0f} % of all, more "
                f"than {self._most_removed:g} %: if that is meant, say --max-removed "
                f"{min(100, int(percent) + 1)}. Nothing was changed."
            )

    @contextlib.contextmanager
    def _reading(self, indexing: Indexing) -> Iterator[Callable[[Source, Progress], ReadReport]]:
        """What reads one file after the other: this process, or many."""
        if self._spreading is None:
            here = Import(self._format, self._mapping)
            yield lambda file, progress: here.read(file, indexing.writer, progress)
            return
        parts = (self._files, self._format, self._mapping, indexing, self._settings)
        with self._spreading.over(*parts) as spread:
            yield spread.read

    def _read(
        self, indexing: Indexing, read: Callable[[Source, Progress], ReadReport]
    ) -> tuple[list[ReadReport], SourceUnreadable | None]:
        """What each file came to, up to one that broke off; what was read before it stays."""
        reports: list[ReadReport] = []
        for file in self._files:
            try:
                with screen.progress("indexing", count_records(file, self._format)) as progress:
                    report = read(file, progress)
            except SourceUnreadable as error:
                return reports, error
            kept = indexing.folder.rejects_path(indexing.tenant, file)
            indexing.store.keep_rejects(
                indexing.tenant, kept.name, [reject.kept() for reject in report.rejects]
            )
            indexing.write_rejects()
            _say_read(file, report, kept)
            reports.append(report)
        return reports, None


def _adopt(indexing: Indexing) -> None:
    before = indexing.store.head(indexing.tenant).space_id
    with screen.progress("re-embedding") as progress:
        adopted = indexing.adopt(progress)
    if before and adopted:
        screen.say(
            f"Texts are read in a new way, so everybody was embedded again: the index has moved "
            f"from {before} to {indexing.vectors.space_id}."
        )


def _say_difference(found: Difference) -> None:
    _list("+ {}", found.added)
    _list("~ {}", [f"{id} ({', '.join(fields)})" for id, fields in found.changed.items()])
    _list("- {}", found.removed)
    _complain_about(found.rejects)
    screen.say(
        f"Would add {len(found.added):,}, change {len(found.changed):,}, remove "
        f"{len(found.removed):,} and leave {found.unchanged:,} mentors as they are; "
        f"{len(found.rejects):,} records would be rejected. Nothing was changed."
    )


def _list(form: str, items: Iterable[str]) -> None:
    for item in items:
        screen.say(form.format(screen.plain(item)))


def _say_read(file: Source, report: ReadReport, kept: Path) -> None:
    screen.say(
        f"{file}: {report.records:,} records, {report.added:,} added, {report.changed:,} changed, "
        f"{report.unchanged:,} unchanged, {len(report.rejects):,} rejected"
    )
    for name in sorted(report.ignored):
        screen.complain(
            f"{file}: {name!r} is no field of a mentor record and was ignored; name one with "
            f"--map, or put it under attributes."
        )
    _complain_about(report.rejects)
    if report.rejects:
        screen.complain(f"The rejected records are kept in {kept}.")


def _complain_about(rejects: Sequence[Rejected]) -> None:
    for reject in rejects[:_SHOWN]:
        screen.complain(str(reject))
    if len(rejects) > _SHOWN:
        screen.complain(f"... and {len(rejects) - _SHOWN:,} more.")


def _say_built(indexing: Indexing, mentors: int, began: float) -> None:
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / 1024**2
    screen.say(
        f"Indexed {mentors:,} mentors in {seconds:.1f} s: {indexing.vectors.encoded:,} new texts "
        f"embedded, peak memory {peak:,.0f} MiB."
    )


def require_indexed(head: Head, settings: Settings) -> None:
    """Raises NoIndex when nothing was ever indexed."""
    if not head.sequence:
        raise NoIndex(
            f"The tenant {settings.tenant!r} has no mentor in {settings.data}: run "
            f"'mentors index FILE' with the same --data and --tenant."
        )


def status_of(settings: Settings) -> dict[str, Any]:
    """What `mentors status --json` prints."""
    folder = folder_of(settings)
    folder.ensure_present()
    generations = Generations(folder.tenant(settings.tenant))
    store = store_of(settings)
    try:
        head = store.head(settings.tenant)
        mentors, passages = store.count(settings.tenant), store.count_passages(settings.tenant)
        rejected = sum(map(len, store.rejects(settings.tenant).values()))
    finally:
        store.close()
    require_indexed(head, settings)
    live = generations.live()
    return {
        "mentors": mentors,
        "passages": passages,
        "sequence": head.sequence,
        "index_version": f"{head.space_id}/{VERSION}/{head.sequence}",
        "encoder": head.space_id,
        "encoder_name": head.encoder or None,
        "moving_to": head.moving_to or None,
        "runtime": head.runtime_id,
        "snapshot": live,
        "changes_since_snapshot": head.sequence - (sequence_of(live) if live else 0),
        "erasure_pending": head.erased_at < head.removed_at,
        "rejected_records": rejected,
        "data": str(settings.data),
        "tenant": settings.tenant,
        **_search_of(settings, head),
    }


def _search_of(settings: Settings, head: Head) -> dict[str, Any]:
    """How far a Milvus is, where passages are searched in one."""
    if not settings.passages:
        return {}
    try:
        with closing(Milvus(settings.passages)) as milvus:
            marks = milvus.spaces_of(settings.tenant)
            mark = marks.get(collection_of(milvus, head.space_id), Mark())
    except SearchUnavailable as error:
        return {"search": str(error), "not_brought": None}
    return {"search": f"Milvus at {milvus.name}", "not_brought": head.sequence - mark.sequence}
