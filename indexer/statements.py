"""What happens within one transaction of the store: rows read, replaced and taken out.

Whoever writes calls `advance` first; from then on the transaction is the tenant's only writer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from indexer import postgres
from indexer.records import content_hash, readable, text_hash
from indexer.rejects import Looked, Reject, words_of
from indexer.tables import (
    asked,
    exposures,
    feedback,
    mentors,
    outlines,
    passages,
    rejects,
    tenants,
    vectors,
)
from models.errors import PreconditionFailed, SpaceMismatch
from models.mentor import Mentor

_T = TypeVar("_T")

BATCH = 500  # rows of one statement; SQLite takes at most 32,766 variables


class Conflict(Exception):
    """A mentor changed between being read and being written; read again and repeat."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a tenant stands.

    `sequence`: of the last change; `removed_at`: of the last removal; `purged_at`: tombstones up
    to here are gone; `space_id` and `runtime_id`: of the vectors its index is made of, "" before
    the first; `erased_at`: of the last removal of which no file holds anything any more;
    `encoder`: what the encoder is called in settings, "" where that is not known; `moving_to`: the
    space that is being embedded beside, "" when none is; `exposed_at`: of the last change of how
    often mentors were shown.
    """

    sequence: int = 0
    removed_at: int = 0
    purged_at: int = 0
    space_id: str = ""
    runtime_id: str = ""
    erased_at: int = 0
    encoder: str = ""
    moving_to: str = ""
    exposed_at: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """The sha256 of each text of a mentor that is embedded, and where they stand.

    `passages` are searched, in order; `items` of lists only wait to be quoted. `outline`: as
    `indexer.outlines` writes it, "" where nothing is kept.
    """

    passages: tuple[bytes, ...] = ()
    items: tuple[bytes, ...] = ()
    outline: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A mentor to write, and its canonical record.

    `cut` is None when the texts are as they were. `expected`: the revision it was derived from,
    or None to write over any.
    """

    mentor: Mentor
    record: str
    cut: Cut | None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a mentor; `record` is None when it has left."""

    id: str
    revision: int
    text_hash: str
    record: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A live mentor as the table has it."""

    id: str
    revision: int
    content_hash: str
    text_hash: str
    record: str


@dataclass(frozen=True, slots=True)
class Known:
    """What tells whether a record is new: the revision and the hashes of what is stored."""

    revision: int
    content_hash: str
    text_hash: str


def textless() -> sa.ColumnElement[bool]:
    """Vectors whose text no passage of anybody has."""
    return ~sa.exists().where(passages.c.text_hash == vectors.c.text_hash)


def unneeded() -> sa.ColumnElement[bool]:
    """Vectors whose text no passage has of a tenant in their space, or on the way to it."""
    return ~sa.exists().where(
        passages.c.text_hash == vectors.c.text_hash,
        tenants.c.tenant == passages.c.tenant,
        vectors.c.space_id.in_((tenants.c.space_id, tenants.c.moving_to)),
    )


def ownerless() -> sa.ColumnElement[bool]:
    """Passages of nobody who is still there."""
    same = sa.and_(mentors.c.tenant == passages.c.tenant, mentors.c.id == passages.c.id)
    return ~sa.exists().where(same, mentors.c.record.is_not(None))


def outlines_of_nobody() -> sa.ColumnElement[bool]:
    """Outlines of nobody who is still there."""
    same = sa.and_(mentors.c.tenant == outlines.c.tenant, mentors.c.id == outlines.c.id)
    return ~sa.exists().where(same, mentors.c.record.is_not(None))


def live(tenant: str) -> sa.ColumnElement[bool]:
    """Mentors of the tenant who are still there."""
    return sa.and_(mentors.c.tenant == tenant, mentors.c.record.is_not(None))


def read_live(
    connection: sa.Connection, tenant: str, ids: Sequence[str], columns: tuple[sa.Column[Any], ...]
) -> list[Any]:
    """Rows of the live mentors among `ids`."""
    found: list[Any] = []
    for some in batches(ids):
        query = sa.select(*columns).where(live(tenant), mentors.c.id.in_(some))
        found += connection.execute(query)
    return found


_WHOLE = (
    sa.select(
        mentors.c.id, mentors.c.revision, mentors.c.text_hash, mentors.c.record, outlines.c.outline
    )
    .outerjoin(
        outlines, sa.and_(outlines.c.tenant == mentors.c.tenant, outlines.c.id == mentors.c.id)
    )
    .where(
        mentors.c.tenant == sa.bindparam("tenant"),
        mentors.c.record.is_not(None),
        mentors.c.id.in_(sa.bindparam("ids", expanding=True)),
    )
)  # made once: every answer needs it


def read_whole(
    connection: sa.Connection, tenant: str, ids: Sequence[str]
) -> Iterator[tuple[str, int, str, str, str | None]]:
    """Id, revision, text hash, record and outline of the live mentors among `ids`."""
    for some in batches(ids):
        found = connection.execute(_WHOLE, {"tenant": tenant, "ids": some})
        yield from found


def head_of(connection: sa.Connection, tenant: str) -> Head:
    """Where the tenant stands."""
    columns = [tenants.c[name] for name in Head.__dataclass_fields__]
    row = connection.execute(sa.select(*columns).where(tenants.c.tenant == tenant)).first()
    return Head(*row) if row else Head()


def advance(connection: sa.Connection, tenant: str, by: int) -> int:
    """Move the counter and return it; from then on this transaction is the tenant's only writer."""
    at = tenants.c.tenant == tenant
    moved = connection.execute(
        sa.update(tenants).where(at).values(sequence=tenants.c.sequence + by)
    )
    if moved.rowcount == 0 and by:
        connection.execute(sa.insert(tenants).values(tenant=tenant, sequence=by))
    if by and postgres.is_postgres(connection):
        postgres.notify(connection, tenant)
    return connection.scalar(sa.select(tenants.c.sequence).where(at)) or 0


def settle_space(
    connection: sa.Connection, tenant: str, space_id: str, runtime_id: str, encoder: str
) -> None:
    """Make `space_id` the tenant's where it has none. Raises SpaceMismatch when it has another."""
    if not space_id:
        return
    now = head_of(connection, tenant)
    if now.space_id not in ("", space_id):
        raise SpaceMismatch(
            f"The index of the tenant {tenant!r} is now in the space {now.space_id}, this process "
            f"writes {space_id}: start it again with the encoder the index was made with."
        )
    if now.space_id != space_id:
        set_space(connection, tenant, space_id, runtime_id, encoder)
        return
    known = {"runtime_id": runtime_id or now.runtime_id, "encoder": encoder or now.encoder}
    if known != {"runtime_id": now.runtime_id, "encoder": now.encoder}:
        connection.execute(sa.update(tenants).where(tenants.c.tenant == tenant).values(**known))


def set_space(
    connection: sa.Connection, tenant: str, space_id: str, runtime_id: str, encoder: str
) -> None:
    """Set the tenant's space, its encoder's name and the runtime: "" while that is not known."""
    values = {"space_id": space_id, "runtime_id": runtime_id, "encoder": encoder, "moving_to": ""}
    connection.execute(sa.update(tenants).where(tenants.c.tenant == tenant).values(**values))


def expect(connection: sa.Connection, tenant: str, changes: Sequence[Change]) -> None:
    """Raises Conflict when a mentor is not at the revision that its change was derived from.

    0 is that of somebody who is not there.
    """
    expected = {c.mentor.id: c.expected for c in changes if c.expected is not None}
    found = read_live(connection, tenant, list(expected), (mentors.c.id, mentors.c.revision))
    now = dict.fromkeys(expected, 0) | {row.id: row.revision for row in found}
    if now != expected:
        raise Conflict


def replace_mentors(
    connection: sa.Connection, tenant: str, changes: Sequence[Change], first: int
) -> None:
    """Write the mentors anew, at revisions from `first` on."""
    delete_mentors(connection, tenant, [change.mentor.id for change in changes])
    rows = [
        {
            "tenant": tenant,
            "id": change.mentor.id,
            "revision": first + i,
            "content_hash": content_hash(change.record),
            "text_hash": text_hash(change.mentor),
            "record": change.record,
        }
        for i, change in enumerate(changes)
    ]
    if rows:
        connection.execute(sa.insert(mentors), rows)


def changed_since(id: str) -> PreconditionFailed:
    """The error of whoever names a revision that a mentor is not at."""
    return PreconditionFailed(
        f"The mentor {id!r} is no longer as the If-Match header has it: read it again."
    )


def forget_feedback(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> None:
    """Take out what came of recommendations of these mentors, and how often they were shown."""
    for some in batches(ids):
        connection.execute(
            sa.delete(feedback).where(feedback.c.tenant == tenant, feedback.c.mentor.in_(some))
        )
        connection.execute(
            sa.delete(exposures).where(exposures.c.tenant == tenant, exposures.c.id.in_(some))
        )
    # Of whom nothing is left to be said, the goals are not kept either.
    told = sa.exists().where(
        feedback.c.tenant == asked.c.tenant, feedback.c.recommendation == asked.c.recommendation
    )
    connection.execute(sa.delete(asked).where(asked.c.tenant == tenant, ~told))


def bury(connection: sa.Connection, tenant: str, removed: Mapping[str, int]) -> None:
    """Leave a tombstone at its revision for each mentor in `removed`."""
    delete_mentors(connection, tenant, list(removed))
    nothing = {"tenant": tenant, "content_hash": "", "text_hash": "", "record": None}
    rows = [nothing | {"id": id, "revision": revision} for id, revision in removed.items()]
    connection.execute(sa.insert(mentors), rows)


def delete_mentors(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> None:
    """Take the rows out, tombstones too."""
    for some in batches(ids):
        connection.execute(
            sa.delete(mentors).where(mentors.c.tenant == tenant, mentors.c.id.in_(some))
        )


def cuts_of(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> dict[str, Cut]:
    """What is embedded for each of `ids`; those of whom nothing is are left out."""
    found: dict[str, tuple[list[bytes], list[bytes]]] = {}
    for some in batches(ids):
        query = (
            sa.select(passages.c.id, passages.c.text_hash, passages.c.searched)
            .where(passages.c.tenant == tenant, passages.c.id.in_(some))
            .order_by(passages.c.id, passages.c.position)
        )
        for id, text, searched in connection.execute(query):
            found.setdefault(id, ([], []))[0 if searched else 1].append(text)
    kept = outlines_of(connection, tenant, ids)
    return {
        id: Cut(tuple(texts), tuple(items), kept.get(id, ""))
        for id, (texts, items) in found.items()
    }


def outlines_of(connection: sa.Connection, tenant: str, ids: Sequence[str]) -> dict[str, str]:
    """The outline of each of `ids` of whom one is kept."""
    found: dict[str, str] = {}
    for some in batches(ids):
        here = sa.and_(outlines.c.tenant == tenant, outlines.c.id.in_(some))
        rows = connection.execute(sa.select(outlines.c.id, outlines.c.outline).where(here))
        found |= {row.id: row.outline for row in rows}
    return found


def hashes_of(cuts: Iterable[Cut]) -> set[bytes]:
    """Every text of some mentors."""
    return {text for cut in cuts for text in (*cut.passages, *cut.items)}


def replace_passages(
    connection: sa.Connection,
    tenant: str,
    cut: Mapping[str, Cut],
    space_id: str,
    fresh: Mapping[bytes, NDArray[np.float32]],
) -> None:
    """Set what is embedded for some mentors, with the vectors that are missing.

    Vectors that nobody needs any more go.
    """
    before = hashes_of(cuts_of(connection, tenant, list(cut)).values())
    for some in batches(list(cut)):
        here = sa.and_(passages.c.tenant == tenant, passages.c.id.in_(some))
        connection.execute(sa.delete(passages).where(here))
        there = sa.and_(outlines.c.tenant == tenant, outlines.c.id.in_(some))
        connection.execute(sa.delete(outlines).where(there))
    rows = [
        {"tenant": tenant, "id": id, "position": i, "text_hash": text, "searched": searched}
        for id, one in cut.items()
        for i, (text, searched) in enumerate(
            [(text, True) for text in one.passages] + [(text, False) for text in one.items]
        )
    ]
    if rows:
        connection.execute(sa.insert(passages), rows)
    kept = [
        {"tenant": tenant, "id": id, "outline": one.outline}
        for id, one in cut.items()
        if one.outline
    ]
    if kept:
        connection.execute(sa.insert(outlines), kept)
    now = hashes_of(cut.values())
    hold_vectors(connection, before | now)
    keep_vectors(connection, space_id, {h: v for h, v in fresh.items() if h in now})
    drop_unneeded(connection, sorted(before - now))


def hold_vectors(connection: sa.Connection, hashes: Iterable[bytes]) -> None:
    """Keep other tenants' writers from dropping or needing vectors of these texts meanwhile.

    Tenants share vectors, and PostgreSQL lets several write at once: who needs a vector and who
    would drop it must not pass each other. All take them in one order, so nobody waits in a circle.
    """
    if not postgres.is_postgres(connection):
        return  # there is one writer in all
    query = sa.select(vectors.c.text_hash).order_by(vectors.c.text_hash, vectors.c.space_id)
    for some in batches(sorted(hashes)):
        here = vectors.c.text_hash.in_(some)
        connection.execute(query.where(here).with_for_update()).all()


def keep_vectors(
    connection: sa.Connection, space_id: str, fresh: Mapping[bytes, NDArray[np.float32]]
) -> None:
    """Add the vectors that are not there; the first one of a text stays."""
    known: set[bytes] = set()
    for some in batches(list(fresh)):
        query = sa.select(vectors.c.text_hash).where(
            vectors.c.space_id == space_id, vectors.c.text_hash.in_(some)
        )
        known |= set(connection.scalars(query))
    rows = [
        {"space_id": space_id, "text_hash": text, "vector": vector.tobytes()}
        for text, vector in sorted(fresh.items(), key=lambda one: one[0])
        if text not in known
    ]
    if rows:
        connection.execute(_add_vectors(connection), rows)


def _add_vectors(connection: sa.Connection) -> sa.Insert:
    if postgres.is_postgres(connection):  # another tenant's writer may be adding the same text
        return insert_or_leave(vectors).on_conflict_do_nothing()
    return sa.insert(vectors)


def drop_unneeded(connection: sa.Connection, hashes: Sequence[bytes]) -> None:
    """Drop the vectors, in every space, of those texts that no passage of anybody has."""
    for some in batches(hashes):
        query = sa.select(passages.c.text_hash).where(passages.c.text_hash.in_(some)).distinct()
        with postgres.of_everybody(connection):
            needed = set(connection.scalars(query))
        drop_vectors(connection, [h for h in some if h not in needed], sa.true())


def drop_vectors(
    connection: sa.Connection, hashes: Sequence[bytes], where: sa.ColumnElement[bool]
) -> None:
    """Take out the vectors of these texts, where `where` holds."""
    for some in batches(hashes):
        connection.execute(sa.delete(vectors).where(where, vectors.c.text_hash.in_(some)))


def drop_some_strays(
    connection: sa.Connection, space_id: str, after: bytes, limit: int
) -> bytes | None:
    """Drop those of the next `limit` vectors of a space that nobody needs.

    Returns the key of the last one looked at, None when there was none.
    """
    here = sa.and_(vectors.c.space_id == space_id, vectors.c.text_hash > after)
    query = sa.select(vectors.c.text_hash).where(here).order_by(vectors.c.text_hash).limit(limit)
    found: Sequence[bytes] = connection.scalars(query).all()
    if not found:
        return None
    hold_vectors(connection, found)
    some = sa.and_(here, vectors.c.text_hash <= found[-1])
    connection.execute(sa.delete(vectors).where(some, unneeded()))
    return found[-1]


def count(connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    """How many rows of the table are so."""
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0


def drop_rejects(
    connection: sa.Connection, tenant: str, records: Mapping[str, str], ids: Sequence[str]
) -> set[str]:
    """Drop the rejected records that speak of `ids`; those of them that had one of their own."""
    query = sa.select(rejects.c.source, rejects.c.position, rejects.c.id, rejects.c.line)
    kept = connection.execute(query.where(rejects.c.tenant == tenant)).all()
    if not kept:
        return set()
    looked = [Looked(readable(records.get(id, "")) or Mentor(id)) for id in ids]
    own: set[str] = set()
    for row in kept:
        reject, words = Reject(row.id, row.line), words_of(row.line)
        if any(one.in_reject(reject, words) for one in looked):
            own |= {row.id} & set(ids)
            connection.execute(
                sa.delete(rejects).where(
                    rejects.c.tenant == tenant,
                    rejects.c.source == row.source,
                    rejects.c.position == row.position,
                )
            )
    return own


def batches(items: Sequence[_T], size: int = BATCH) -> Iterator[Sequence[_T]]:
    """`items` in pieces of at most `size`."""
    return (items[i : i + size] for i in range(0, len(items), size))
