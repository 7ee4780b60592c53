"""API keys, feedback, how often mentors were shown, and replies that are kept to be repeated."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("salt", sa.LargeBinary(16), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("revoked_at", sa.String(40), nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("recommendation", sa.String(200), primary_key=True),
        sa.Column("mentor", sa.String(200), primary_key=True),
        sa.Column("event", sa.String(20), primary_key=True),
        sa.Column("rating", sa.Integer, nullable=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("feedback_by_mentor", "feedback", ["tenant", "mentor"])
    op.create_index("feedback_by_time", "feedback", ["tenant", "at"])
    op.create_table(
        "asked",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("recommendation", sa.String(200), primary_key=True),
        sa.Column("goals", sa.Text, nullable=False),
    )
    op.create_table(
        "exposures",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("shown", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_index("exposures_by_revision", "exposures", ["tenant", "revision"])
    op.create_table(
        "replies",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("caller", sa.String(200), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("replies_by_time", "replies", ["at"])
    op.add_column("tenants", sa.Column("secret", sa.LargeBinary(32), nullable=True))
    exposed = sa.Column("exposed_at", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("tenants", exposed)
