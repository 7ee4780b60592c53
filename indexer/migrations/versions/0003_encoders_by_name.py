"""The name of the encoder that each tenant's index was made with, and the space it is moving to.

Where the space is that of the model which was the default until now, its name is known; where it
is empty, the cached vectors tell what the index will be made of.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NAME = "all-MiniLM-L6-v2"
SPACES = f"{NAME}-57af7d3e3f8a-r%"


def upgrade() -> None:
    with op.batch_alter_table("tenants") as table:
        table.add_column(sa.Column("encoder", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("moving_to", sa.String(200), nullable=False, server_default=""))
    tenants = sa.table("tenants", sa.column("space_id"), sa.column("encoder"))
    vectors = sa.table("vectors", sa.column("space_id"))
    cached = sa.exists().where(vectors.c.space_id.like(SPACES)).correlate(None)
    known = tenants.c.space_id.like(SPACES) | ((tenants.c.space_id == "") & cached)
    op.execute(sa.update(tenants).where(known).values(encoder=NAME))
