"""The first tables: shown cards, suppressed repeats, feedback, used tokens."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _showings()
    _suppressions()
    _feedback()
    _used_tokens()


def downgrade() -> None:
    """Drop them, with everything in them."""
    for table in ("used_tokens", "feedback", "suppressions", "showings"):
        op.drop_table(table)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _people() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(32), nullable=False) for name in ("patient", "user")]


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _showings() -> None:
    op.create_table(
        "showings",
        _id(),
        sa.Column("card", sa.String(255), nullable=False, unique=True),
        *_texts("hook_instance", "service", "hook", "client"),
        sa.Column("tenant", sa.Text),
        *_people(),
        *_texts("topic", "indicator", "tags", "flags", "fingerprint", "suggestions"),
        *_texts("knowledge_version", "software_version"),
        _moment("shown_at"),
    )
    op.create_index("showings_patient_fingerprint", "showings", ["patient", "fingerprint", "id"])
    op.create_index("showings_shown_at", "showings", ["shown_at"])


def _suppressions() -> None:
    op.create_table(
        "suppressions",
        _id(),
        *_texts("hook_instance", "service", "hook", "client"),
        sa.Column("tenant", sa.Text),
        *_people(),
        *_texts("topic", "tags", "flags", "fingerprint", "knowledge_version", "software_version"),
        _moment("suppressed_at"),
    )
    op.create_index("suppressions_suppressed_at", "suppressions", ["suppressed_at"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        _id(),
        *_texts("service", "client"),
        sa.Column("tenant", sa.Text),
        sa.Column("card", sa.String(255), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        _moment("outcome_at"),
        *_texts("suggestions"),
        *[sa.Column(name, sa.Text) for name in ("reason_code", "reason_system", "comment")],
        _moment("received_at"),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
    )
    op.create_index("feedback_card", "feedback", ["card"])
    op.create_index("feedback_received_at", "feedback", ["received_at"])


def _used_tokens() -> None:
    op.create_table(
        "used_tokens",
        sa.Column("key", sa.String(64), primary_key=True),
        _moment("expires_at"),
    )
    op.create_index("used_tokens_expires_at", "used_tokens", ["expires_at"])
