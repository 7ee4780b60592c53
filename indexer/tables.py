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
rejects = sa.Table(
    "rejects",
    metadata,
    sa.Column("tenant", sa.String(NAME), primary_key=True),
    sa.Column("source", sa.String(NAME), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
)
