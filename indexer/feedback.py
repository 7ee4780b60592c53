"""What came of recommendations, and how often each mentor was shown.

An event is known by the recommendation it belongs to, the mentor and its kind, so sending it twice
changes nothing. Counts of who was shown are taken into the index from time to time, as one change
of the sequence, so equal index versions know equal counts.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from indexer import statements as sql
from indexer.database import Database
from indexer.tables import asked, exposures, feedback, mentors, tenants

EVENTS = ("shown", "opened", "requested", "accepted", "declined", "rated")
WINDOW_S = 30 * 24 * 3600.0  # attention longer ago is forgotten
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a mentor in a recommendation.

    `rating`: 1..5 for "rated", None for the others; `at`: seconds since 1970.
    """

    recommendation: str
    mentor: str
    event: str
    rating: int | None
    at: float


class Feedback:
    """The events in a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, tenant: str, events: Sequence[Event], goals: str | None = None) -> list[str]:
        """Keep events of one recommendation; for each "recorded", "unchanged" or "no_mentor".

        `goals`: the mentee's words, kept only where a platform sends them. A rating that differs
        replaces the one before. What is said of somebody who has left is not kept.
        """
        results = []
        with self._database.writing(tenant) as connection:
            ids = list({event.mentor for event in events})
            here = {row.id for row in sql.read_live(connection, tenant, ids, (mentors.c.id,))}
            for event in events:
                if event.mentor not in here:
                    results.append("no_mentor")
                    continue
                at = sa.and_(
                    feedback.c.tenant == tenant,
                    feedback.c.recommendation == event.recommendation,
                    feedback.c.mentor == event.mentor,
                    feedback.c.event == event.event,
                )
                found = connection.execute(sa.select(feedback.c.rating).where(at)).first()
                if found and found.rating == event.rating:
                    results.append("unchanged")
                    continue
                connection.execute(sa.delete(feedback).where(at))
                row = {"tenant": tenant, **asdict(event)}
                connection.execute(sa.insert(feedback), [row])
                results.append("recorded")
            if goals is not None and set(results) - {"no_mentor"}:
                (recommendation,) = {event.recommendation for event in events}
                of = sa.and_(asked.c.tenant == tenant, asked.c.recommendation == recommendation)
                connection.execute(sa.delete(asked).where(of))
                row = {"tenant": tenant, "recommendation": recommendation, "goals": goals}
                connection.execute(sa.insert(asked), [row])
        return results

    def erase(self, tenant: str, recommendation: str) -> int:
        """Take out everything about one recommendation; how many events there were."""
        with self._database.writing(tenant) as connection:
            of = sa.and_(asked.c.tenant == tenant, asked.c.recommendation == recommendation)
            connection.execute(sa.delete(asked).where(of))
            at = sa.and_(feedback.c.tenant == tenant, feedback.c.recommendation == recommendation)
            erased = connection.execute(sa.delete(feedback).where(at)).rowcount
        # Where a reader keeps it, the next emptying takes it.
        self._database.purge_soon(feedback, asked)
        return erased

    def events(self, tenant: str, since: float = 0.0) -> Iterator[tuple[Event, str | None]]:
        """Every event from `since` on in the order of time, with the goals where they are kept."""
        of = sa.and_(
            asked.c.tenant == feedback.c.tenant,
            asked.c.recommendation == feedback.c.recommendation,
        )
        order = (feedback.c.at, feedback.c.recommendation, feedback.c.mentor, feedback.c.event)
        query = (
            sa.select(
                feedback.c.recommendation,
                feedback.c.mentor,
                feedback.c.event,
                feedback.c.rating,
                feedback.c.at,
                asked.c.goals,
            )
            .outerjoin(asked, of)
            .where(feedback.c.tenant == tenant, feedback.c.at >= since)
            .order_by(*order)
        )
        rest = query
        while True:
            with self._database.reading(tenant) as connection:
                rows = connection.execute(rest.limit(AT_ONCE)).all()
            yield from ((Event(*row[:-1]), row.goals) for row in rows)
            if len(rows) < AT_ONCE:
                return
            # By the last event, not by their number: others may be erased meanwhile.
            last = rows[-1]
            after = sa.tuple_(last.at, last.recommendation, last.mentor, last.event)
            rest = query.where(sa.tuple_(*order) > after)

    def expose(self, tenant: str, now: float | None = None) -> bool:
        """Take the counts of who was shown lately into the index; whether any has changed."""
        since = (time.time() if now is None else now) - WINDOW_S
        counted = (
            sa.select(feedback.c.mentor.label("id"), sa.func.count().label("shown"))
            .where(feedback.c.tenant == tenant, feedback.c.event == "shown", feedback.c.at >= since)
            .group_by(feedback.c.mentor)
        )
        before = sa.select(exposures.c.id, exposures.c.shown).where(exposures.c.tenant == tenant)
        with self._database.reading(tenant) as connection:
            if _differing(connection, counted, before) == {}:
                return False
        with self._database.writing(tenant) as connection:
            sql.advance(connection, tenant, 0)
            changed = _differing(connection, counted, before)
            if not changed:
                return False
            revision = sql.advance(connection, tenant, 1)
            for some in sql.batches(list(changed)):
                connection.execute(
                    sa.delete(exposures).where(
                        exposures.c.tenant == tenant, exposures.c.id.in_(some)
                    )
                )
                rows = [
                    {"tenant": tenant, "id": id, "shown": changed[id], "revision": revision}
                    for id in some
                ]
                connection.execute(sa.insert(exposures), rows)
            at = tenants.c.tenant == tenant
            connection.execute(sa.update(tenants).where(at).values(exposed_at=revision))
        return True


def _differing(
    connection: sa.Connection,
    counted: sa.Select[tuple[str, int]],
    before: sa.Select[tuple[str, int]],
) -> Mapping[str, int]:
    """The counts that are no longer as they were; 0 for who was not shown any more."""
    now = {row.id: row.shown for row in connection.execute(counted)}
    known = {row.id: row.shown for row in connection.execute(before)}
    gone = {id: 0 for id, count in known.items() if count and id not in now}
    return gone | {id: count for id, count in now.items() if known.get(id, 0) != count}
