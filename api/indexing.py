"""`mentors index` and `mentors status`."""

import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from api import screen
from api.settings import Settings
from api.wiring import Indexing
from indexer.build import ReadReport, ingest
from indexer.folder import DataFolder
from indexer.mapping import ColumnMapping
from indexer.reading import FORMATS, format_of
from indexer.snapshot import live_name, read_manifest
from indexer.store import Store
from models.errors import BadInput, NoIndex, SourceUnreadable
from recommender.scoring import VERSION

_SHOWN = 20  # rejected records listed on the terminal; all of them are in the rejects file
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB on Linux


def index_files(
    files: Sequence[Path], format: str, mapping: ColumnMapping, settings: Settings
) -> bool:
    """Read the files, index the mentors, say what happened; whether every record was taken."""
    if format not in FORMATS:
        raise BadInput(f"--format {format!r}: expected one of {', '.join(FORMATS)}.")
    for file in files:
        format_of(file, format)  # a file that cannot be read is said before anything is written
    began = time.perf_counter()
    indexing = Indexing(settings)
    try:
        reports, unreadable = _read(files, format, mapping, indexing, settings.tenant)
        if indexing.store.count(settings.tenant):
            with screen.progress("embedding") as progress:
                snapshot = indexing.build(progress)
            _say_built(snapshot.catalogue.size, int(snapshot.dense.index.ntotal), began)
        else:
            screen.complain("No mentor was indexed: no record of the files could be taken.")
    finally:
        indexing.close()
    if unreadable:
        raise unreadable
    return not any(report.rejects for report in reports)


def _read(
    files: Sequence[Path],
    format: str,
    mapping: ColumnMapping,
    indexing: Indexing,
    tenant: str,
) -> tuple[list[ReadReport], SourceUnreadable | None]:
    """What each file came to, up to one that broke off; what was read before it stays."""
    seen: dict[str, str] = {}
    reports: list[ReadReport] = []
    for file in files:
        try:
            report = ingest(file, format, mapping, indexing.store, tenant, seen)
        except SourceUnreadable as error:
            return reports, error
        rejects = [
            {"line": r.line, "field": r.field, "reason": r.reason, "record": r.value}
            for r in report.rejects
        ]
        kept = indexing.folder.keep_rejects(tenant, file, rejects)
        _say_read(file, report, kept)
        reports.append(report)
    return reports, None


def _say_read(file: Path, report: ReadReport, kept: Path) -> None:
    screen.say(
        f"{file}: {report.records:,} records, {report.added:,} added, {report.changed:,} changed, "
        f"{report.unchanged:,} unchanged, {len(report.rejects):,} rejected"
    )
    for name in sorted(report.ignored):
        screen.complain(
            f"{file}: {name!r} is no field of a mentor record and was ignored; name one with "
            f"--map, or put it under attributes."
        )
    for reject in report.rejects[:_SHOWN]:
        screen.complain(str(reject))
    if len(report.rejects) > _SHOWN:
        screen.complain(f"... and {len(report.rejects) - _SHOWN:,} more.")
    if report.rejects:
        screen.complain(f"The rejected records are kept in {kept}.")


def _say_built(mentors: int, passages: int, began: float) -> None:
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / 1024**2
    screen.say(
        f"Indexed {mentors:,} mentors, {passages:,} passages in {seconds:.1f} s "
        f"({passages / seconds:,.0f} passages a second, peak memory {peak:,.0f} MiB)."
    )


def status_of(settings: Settings) -> dict[str, Any]:
    """What `mentors status --json` prints."""
    folder = DataFolder(settings.data)
    folder.ensure_present()
    store = Store.in_folder(settings.data)
    try:
        mentors, sequence = store.count(settings.tenant), store.sequence(settings.tenant)
    finally:
        store.close()
    here = folder.tenant(settings.tenant)
    if not mentors:
        raise NoIndex(
            f"The tenant {settings.tenant!r} has no mentor in {settings.data}: run "
            f"'mentors index FILE' with the same --data and --tenant."
        )
    manifest = read_manifest(here, live_name(here))
    return {
        "mentors": mentors,
        "passages": manifest.passages,
        "sequence": sequence,
        "index_version": f"{manifest.space_id}/{VERSION}/{manifest.sequence}",
        "encoder": manifest.space_id,
        "runtime": manifest.runtime_id,
        "data": str(settings.data),
        "tenant": settings.tenant,
    }
