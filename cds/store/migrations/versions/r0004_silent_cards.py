"""What calls in silent mode came to: a table of its own, which no repeat and no report of shown cards looks at.

Software of the tables before knows no silent mode, and goes on with tables of this version as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "silent_cards"
CALL = ("hook_instance", "service", "hook", "client")
CARD = ("topic", "indicator", "tags", "flags", "fingerprint")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("card", sa.String(255), nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in CALL),
        sa.Column("tenant", sa.Text),
        *(sa.Column(name, sa.String(32), nullable=False) for name in ("patient", "user")),
        *(sa.Column(name, sa.Text, nullable=False) for name in CARD),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("emergency", "shown")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("knowledge_version", "software_version")),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("silent_cards_evaluated_at", TABLE, ["evaluated_at"])
    op.create_index("silent_cards_emergency", TABLE, ["emergency", "evaluated_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table(TABLE)
