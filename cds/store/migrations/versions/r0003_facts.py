"""What the database says of itself: which software may use it, and under which key its hashes were made."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table. A later change that software of these tables does not survive raises the oldest version."""
    facts = op.create_table(
        "store_facts", sa.Column("name", sa.String(64), primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
    op.bulk_insert(facts, [{"name": "oldest_version", "value": revision}])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("store_facts")
