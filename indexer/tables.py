"""The tables of the store, as the newest migration leaves them."""

import sqlalchemy as sa

NAME = 200  # characters of a tenant, an id or a space; PostgreSQL indexes want a bound

metadata = sa.MetaData()

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("removed_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("erased_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("purged_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("space_id", sa.String(NAME), nullable=False, server_default=""),
    sa.Column("runtime_id", sa.String(NAME), nullable=False, server_default=""),
    sa.Column("encoder", sa.Text, nullable=False, server_default=""),
    sa.Column("moving_to", sa.String(NAME), nullable=False, server_default=""),
    # What recommendations are signed with, so that feedback on others is known for what it is.
    sa.Column("secret", sa.LargeBinary(32), nullable=True),
    sa.Column("exposed_at", sa.BigInteger, nullable=False, server_default="0"),
)
mentors = sa.Table(
    "mentors",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("id", sa.String(NAME), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("text_hash", sa.String(64), nullable=False),
    # None is a tombstone: the mentor has left, and only who and when is still known.
    sa.Column("record", sa.Text, nullable=True),
    sa.Index("mentors_by_revision", "tenant", "revision"),
)
passages = sa.Table(
    "passages",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("id", sa.String(NAME), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("text_hash", sa.LargeBinary(32), nullable=False),
    # False for an item of a list, embedded only so that the best one can be quoted.
    sa.Column("searched", sa.Boolean, nullable=False),
    sa.Index("passages_by_text", "text_hash"),
)
vectors = sa.Table(
    "vectors",
    metadata,
    sa.Column("space_id", sa.String(NAME), primary_key=True),
    sa.Column("text_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)
outlines = sa.Table(
    "outlines",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("id", sa.String(NAME), primary_key=True),
    sa.Column("outline", sa.Text, nullable=False),
)
keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.String(NAME), primary_key=True),
    sa.Column("tenant", sa.String(NAME), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary(16), nullable=False),
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("created_at", sa.String(40), nullable=False),
    sa.Column("revoked_at", sa.String(40), nullable=False),
)
rejects = sa.Table(
    "rejects",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("source", sa.String(NAME), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
)
feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("recommendation", sa.String(NAME), primary_key=True),
    sa.Column("mentor", sa.String(NAME), primary_key=True),
    sa.Column("event", sa.String(20), primary_key=True),
    sa.Column("rating", sa.Integer, nullable=True),
    sa.Column("at", sa.Double, nullable=False),  # seconds since 1970
    sa.Index("feedback_by_mentor", "tenant", "mentor"),
    sa.Index("feedback_by_time", "tenant", "at"),
)
asked = sa.Table(
    "asked",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("recommendation", sa.String(NAME), primary_key=True),
    sa.Column("goals", sa.Text, nullable=False),
)
exposures = sa.Table(
    "exposures",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("id", sa.String(NAME), primary_key=True),
    sa.Column("shown", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Index("exposures_by_revision", "tenant", "revision"),
)
replies = sa.Table(
    "replies",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("caller", sa.String(NAME), primary_key=True),
    sa.Column("key", sa.String(NAME), primary_key=True),
    sa.Column("request", sa.String(64), nullable=False),  # a digest
    sa.Column("status", sa.Integer, nullable=False),  # 0 while it is under way
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("replies_by_time", "at"),
)
