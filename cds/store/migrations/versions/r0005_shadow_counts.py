"""What a candidate beside the live version would change, in numbers: a table of its own.

Software of the tables before knows no shadow, and goes on with tables of this version as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "shadow_counts"
WHAT = ("client", "service", "topic", "reason", "change")
VERSIONS = ("knowledge_version", "software_version", "candidate_knowledge", "candidate_software")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in WHAT),
        sa.Column("number", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in VERSIONS),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
    )
    op.create_index("shadow_counts_day", TABLE, ["day"])
    op.create_index("shadow_counts_counted_at", TABLE, ["counted_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table(TABLE)
