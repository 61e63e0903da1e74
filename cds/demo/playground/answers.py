"""What a clinician answered in a form, as the feedback that an EHR would send (CDS Hooks 2.0, Feedback)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from cds.account import FeedbackItem
from cds.hooks import feedback

Json = dict[str, object]


def read(fields: Mapping[str, str], now: datetime) -> tuple[FeedbackItem, ...]:
    """The one item of a form, checked like any feedback; raises CallError."""
    item: Json = {
        "card": fields.get("card", ""),
        "outcome": fields.get("outcome", ""),
        "outcomeTimestamp": now.isoformat(),
        **_detail(fields),
    }
    return feedback.read(msgspec.json.encode({"feedback": [item]}))


def _detail(fields: Mapping[str, str]) -> Json:
    """The suggestion taken, or the reason given."""
    if fields.get("outcome") == feedback.ACCEPTED:
        return {"acceptedSuggestions": [{"id": fields.get("suggestion", "")}]}
    system, _, code = fields.get("reason", "").rpartition("|")
    return {"overrideReason": {"reason": {"code": code, "system": system}}} if code else {}
