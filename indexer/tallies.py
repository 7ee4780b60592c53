"""How much feedback there was, by day: counts for whoever runs the server, nobody's words."""

from dataclasses import dataclass

import sqlalchemy as sa

from indexer.database import Database
from indexer.tables import feedback

DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Tally:
    """Events of one kind on one day: `day` counts from 1970; `ratings` is the sum of the stars."""

    day: int
    event: str
    count: int
    ratings: int


def by_day(database: Database, tenant: str, since: float) -> list[Tally]:
    """The events of a tenant from `since`, seconds from 1970, on."""
    whole = sa.cast(feedback.c.at, sa.BigInteger)  # cut off by SQLite, rounded by PostgreSQL
    second = whole - sa.case((whole > feedback.c.at, 1), else_=0)
    day = (second // sa.literal_column(str(DAY_S))).label("day")
    stars = sa.func.coalesce(sa.func.sum(feedback.c.rating), 0)
    query = (
        sa.select(day, feedback.c.event, sa.func.count(), stars)
        .where(feedback.c.tenant == tenant, feedback.c.at >= since)
        .group_by(day, feedback.c.event)
        .order_by(day, feedback.c.event)
    )
    with database.reading(tenant) as connection:
        return [Tally(int(d), e, int(c), int(r)) for d, e, c, r in connection.execute(query)]
