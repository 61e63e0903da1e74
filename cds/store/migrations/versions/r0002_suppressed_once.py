"""A suppressed repeat is kept once, even if its batch is written twice; rows that are there stay, without a key."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the key."""
    op.add_column("suppressions", sa.Column("key", sa.String(64)))
    op.create_index("suppressions_key", "suppressions", ["key"], unique=True)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("suppressions_key", "suppressions")
    op.drop_column("suppressions", "key")
