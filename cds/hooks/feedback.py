"""The feedback of a client: what was done with the cards that it was given (CDS Hooks 2.0, Feedback)."""

import re
from datetime import UTC, datetime

from msgspec import Raw

from cds.account import FeedbackItem
from cds.errors import BadEnvelope, BadFeedback, TooMuchFeedback
from cds.hooks.limits import USUAL, Limits
from cds.hooks.members import members
from cds.hooks.part import Part

MOST_ITEMS = 1_000
MOST_SUGGESTIONS = 100
LONGEST_SYSTEM = 1_000
LONGEST_COMMENT = 4_000
ACCEPTED, OVERRIDDEN = "accepted", "overridden"
RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}):(\d{2})(?:\.(\d{1,30}))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
LEAP_SECOND, BEFORE_IT = "60", "59"
NO_REASON = Part(Raw(b"{}"), "")


def read(body: bytes, limits: Limits = USUAL) -> tuple[FeedbackItem, ...]:
    """All items of a request, or a CallError that names the place of the first thing that is wrong."""
    return tuple(_item(Part(raw, f"feedback[{index}]")) for index, raw in enumerate(_items(body, limits)))


def _items(body: bytes, limits: Limits) -> list[Raw]:
    try:
        items = members(body, limits).get("feedback")
    except BadEnvelope as problem:
        raise BadFeedback("body", "must be a JSON object") from problem
    if items is None:
        raise BadFeedback("feedback")
    if not isinstance(items, list):
        raise BadFeedback("feedback", "must be an array")
    if len(items) > MOST_ITEMS:
        raise TooMuchFeedback
    return items


def _item(part: Part) -> FeedbackItem:
    """One item; what belongs to the other outcome is not read."""
    card, outcome = part.required("card"), part.required("outcome")
    if outcome not in (ACCEPTED, OVERRIDDEN):
        raise BadFeedback(part.where("outcome"), "is neither accepted nor overridden")
    accepted = outcome == ACCEPTED
    timestamp = part.required("outcomeTimestamp")
    why = NO_REASON if accepted else part.part("overrideReason")
    reason = why.part("reason")
    return FeedbackItem(
        card=card,
        outcome=outcome,
        at=_moment(timestamp, part.where("outcomeTimestamp")),
        timestamp=timestamp,
        suggestions=_suggestions(part) if accepted else (),
        reason_code=reason.word("code"),
        reason_system=reason.word("system", LONGEST_SYSTEM),
        comment=_comment(why),
    )


def _moment(text: str, place: str) -> datetime:
    """RFC 3339 with any offset, as UTC, to the microsecond; a leap second counts as the one before it."""
    match = RFC_3339.fullmatch(text)
    if match is None:
        raise BadFeedback(place, "is not an RFC 3339 date and time with an offset, such as 2026-11-22T06:55:49.404Z")
    day, minute, second, fraction, offset = match.groups()
    clock_second = BEFORE_IT if second == LEAP_SECOND else second
    zone = "+00:00" if offset in "Zz" else offset
    try:
        return datetime.fromisoformat(f"{day}T{minute}:{clock_second}.{(fraction or '0')[:6]:0<6}{zone}").astimezone(
            UTC
        )
    except (ValueError, OverflowError) as problem:
        raise BadFeedback(place, "is not a valid date and time") from problem


def _suggestions(part: Part) -> tuple[str, ...]:
    """What was accepted: one suggestion at least, for a card is accepted by its suggestions only."""
    accepted = part.parts("acceptedSuggestions", MOST_SUGGESTIONS)
    if not accepted:
        raise BadFeedback(part.where("acceptedSuggestions"), "is missing or empty, though the outcome is accepted")
    return tuple(suggestion.required("id") for suggestion in accepted)


def _comment(why: Part) -> str | None:
    """What was written, lines and all; a database cannot hold the character 0."""
    comment = why.text("userComment", LONGEST_COMMENT)
    return comment.replace("\0", "") or None if comment else None
