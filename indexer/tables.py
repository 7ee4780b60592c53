"""The tables of the store, as the newest migration leaves them."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

NAME = 200  # characters of a tenant, an id or a space; PostgreSQL indexes want a bound

_ESCAPE = "\ufdd0"  # no character, and never will be one


class Text(sa.TypeDecorator[str]):
    """Text that every database keeps and sorts as SQLite does: any characters, by their bytes.

    PostgreSQL would sort it by the rules of a language, and takes no NUL, which is escaped.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self._length = length

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        collation = "C" if dialect.name == "postgresql" else None
        text = sa.String(self._length, collation) if self._length else sa.Text(collation=collation)
        return dialect.type_descriptor(text)

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
        return _escaped if dialect.name == "postgresql" else None

    def result_processor(self, dialect: sa.Dialect, _: object) -> Callable[[Any], Any] | None:
        return _plain if dialect.name == "postgresql" else None


def _escaped(value: str | None) -> str | None:
    if value is None:
        return None
    return value.replace(_ESCAPE, _ESCAPE + "1").replace("\x00", _ESCAPE + "0")


def _plain(value: str | None) -> str | None:
    if value is None or _ESCAPE not in value:
        return value
    return value.replace(_ESCAPE + "0", "\x00").replace(_ESCAPE + "1", _ESCAPE)


metadata = sa.MetaData()

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("removed_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("erased_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("purged_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("space_id", Text(NAME), nullable=False, server_default=""),
    sa.Column("runtime_id", Text(NAME), nullable=False, server_default=""),
    sa.Column("encoder", Text(), nullable=False, server_default=""),
    sa.Column("moving_to", Text(NAME), nullable=False, server_default=""),
    # What recommendations are signed with, so that feedback on others is known for what it is.
    sa.Column("secret", sa.LargeBinary(32), nullable=True),
    sa.Column("exposed_at", sa.BigInteger, nullable=False, server_default="0"),
)
mentors = sa.Table(
    "mentors",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("id", Text(NAME), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("content_hash", Text(64), nullable=False),
    sa.Column("text_hash", Text(64), nullable=False),
    # None is a tombstone: the mentor has left, and only who and when is still known.
    sa.Column("record", Text(), nullable=True),
    sa.Index("mentors_by_revision", "tenant", "revision"),
)
passages = sa.Table(
    "passages",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("id", Text(NAME), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("text_hash", sa.LargeBinary(32), nullable=False),
    # False for an item of a list, embedded only so that the best one can be quoted.
    sa.Column("searched", sa.Boolean, nullable=False),
    sa.Index("passages_by_text", "text_hash"),
)
vectors = sa.Table(
    "vectors",
    metadata,
    sa.Column("space_id", Text(NAME), primary_key=True),
    sa.Column("text_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)
outlines = sa.Table(
    "outlines",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("id", Text(NAME), primary_key=True),
    sa.Column("outline", Text(), nullable=False),
)
keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", Text(NAME), primary_key=True),
    sa.Column("tenant", Text(NAME), nullable=False),
    sa.Column("name", Text(), nullable=False),
    sa.Column("scopes", Text(), nullable=False),
    sa.Column("origin", Text(), nullable=False),
    sa.Column("salt", sa.LargeBinary(16), nullable=False),
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("created_at", Text(40), nullable=False),
    sa.Column("revoked_at", Text(40), nullable=False),
)
rejects = sa.Table(
    "rejects",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("source", Text(NAME), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", Text(), nullable=False),
    sa.Column("line", Text(), nullable=False),
)
feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("recommendation", Text(NAME), primary_key=True),
    sa.Column("mentor", Text(NAME), primary_key=True),
    sa.Column("event", Text(20), primary_key=True),
    sa.Column("rating", sa.Integer, nullable=True),
    sa.Column("at", sa.Double, nullable=False),  # seconds since 1970
    sa.Index("feedback_by_mentor", "tenant", "mentor"),
    sa.Index("feedback_by_time", "tenant", "at"),
)
asked = sa.Table(
    "asked",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("recommendation", Text(NAME), primary_key=True),
    sa.Column("goals", Text(), nullable=False),
)
exposures = sa.Table(
    "exposures",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("id", Text(NAME), primary_key=True),
    sa.Column("shown", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Index("exposures_by_revision", "tenant", "revision"),
)
replies = sa.Table(
    "replies",
    metadata,
    sa.Column("tenant", Text(NAME), primary_key=True),
    sa.Column("caller", Text(NAME), primary_key=True),
    sa.Column("key", Text(NAME), primary_key=True),
    sa.Column("request", Text(64), nullable=False),  # a digest
    sa.Column("status", sa.Integer, nullable=False),  # 0 while it is under way
    sa.Column("headers", Text(), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("replies_by_time", "at"),
)
