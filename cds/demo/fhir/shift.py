"""Move every date of a resource by a number of days, so that the demo charts never grow old.

A string is moved only when both hold: it sits in an element that R4 types as date, dateTime or instant, recognised by
the element's name, and the whole of it reads as such a value. The name alone is not enough (`Timing.repeat.when` is a
code, `Signature.when` an instant), nor is the form (an id or a `valueString` may look like a date). A test holds the
names against the R4B models; one is left out on purpose: `value`, a date in a single backbone element and anything
elsewhere. Narrative (`text.div`) is prose and stays as it is.
"""

import re
from datetime import date, timedelta
from typing import Any, Final

# `fooDate`, `onsetDateTime`, `valueInstant`; an upper-case suffix, so that `update` is none.
_SUFFIXES: Final = ("Date", "DateTime", "Instant")
_NAMES: Final = frozenset(
    {"authored", "authoredOn", "created", "creation", "date", "dateAccessed", "dateAsserted", "dateTime"}
    | {"dateWritten", "detected", "effectiveTime", "end", "event", "expiry", "ifModifiedSince", "issued"}
    | {"lastModified", "lastOccurrence", "lastPerformed", "lastUpdated", "nextScheduled", "onset"}
    | {"received", "receivedTime", "recorded", "recordedOn", "sent", "start", "started", "time"}
    | {"timestamp", "useBy", "validTo", "when", "whenHandedOver", "whenPrepared"}
)
_FORM: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?P<rest>T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


def is_date_name(name: str) -> bool:
    """Say whether R4 uses this element name for dates."""
    return name in _NAMES or name.endswith(_SUFFIXES)


def shift_text(text: str, days: int) -> str:
    """Move one date; a partial date moves with its middle and keeps its precision, anything else stays."""
    match = _FORM.fullmatch(text)
    if match is None:
        return text
    try:
        moved = _middle(match) + timedelta(days=days)
    except (ValueError, OverflowError):
        return text  # no such day, or an open end such as 9999-12-31
    precision = 10 if match["day"] else 7 if match["month"] else 4
    return moved.isoformat()[:precision] + (match["rest"] or "")


def _middle(match: re.Match[str]) -> date:
    """Name the day that represents the date: the 15th for a month, 1 July for a year."""
    month = int(match["month"] or 7)
    day = int(match["day"] or (15 if match["month"] else 1))
    return date(int(match["year"]), month, day)


def shifted(node: Any, days: int, name: str = "") -> Any:
    """Copy a resource with all its dates moved; every other value is the same object."""
    if isinstance(node, dict):
        return {key: shifted(value, days, key) for key, value in node.items()}
    if isinstance(node, list):
        return [shifted(item, days, name) for item in node]
    if isinstance(node, str) and is_date_name(name):
        return shift_text(node, days)
    return node
