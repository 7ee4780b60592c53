"""Live changes: tombstones, passages, rejected records, and what each tenant's index stands on.

Passages stay empty here: cutting is the program's business. A tenant whose `space_id` is empty
has its passages cut, and missing vectors made, when it is next opened.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("tenants") as table:
        for name in ("removed_at", "erased_at", "purged_at"):
            table.add_column(sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
        for name in ("space_id", "runtime_id"):
            table.add_column(sa.Column(name, sa.String(200), nullable=False, server_default=""))
    with op.batch_alter_table("mentors") as table:
        table.alter_column("record", existing_type=sa.Text, nullable=True)
    op.create_index("mentors_by_revision", "mentors", ["tenant", "revision"])
    op.create_table(
        "passages",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("text_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("searched", sa.Boolean, nullable=False),
    )
    op.create_index("passages_by_text", "passages", ["text_hash"])
    op.create_table(
        "rejects",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
    )
