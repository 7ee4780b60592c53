"""In PostgreSQL: rows of other tenants are out of reach, and text is sorted by its bytes.

SQLite does the second by itself and has nothing like the first. Every transaction says in
`mentors.tenant` whose rows it may see, one that says nothing sees none, and `*` is everybody: for
what is of no tenant, such as looking which vectors nobody needs. Vectors have no tenant.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = (
    "tenants",
    "mentors",
    "passages",
    "outlines",
    "keys",
    "rejects",
    "feedback",
    "asked",
    "exposures",
    "replies",
)
SEEN = "current_setting('mentors.tenant', true)"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    inspector = sa.inspect(connection)
    for table in (*TABLES, "vectors"):
        for column in inspector.get_columns(table):
            name, kind = f'"{column["name"]}"', column["type"]
            if isinstance(kind, sa.String):
                text = kind.compile(connection.dialect).partition(" COLLATE")[0]
                op.execute(f'ALTER TABLE {table} ALTER COLUMN {name} TYPE {text} COLLATE "C"')
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # it binds the owner too
        op.execute(f"CREATE POLICY one_tenant ON {table} USING (tenant = {SEEN} OR {SEEN} = '*')")
