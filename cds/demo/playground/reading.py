"""Reading a demo chart for people: the few words and numbers that a clinician's screen shows. No rule reads this."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from cds.demo.fhir.charts import Resource

MONTHS_SHOWN_UNDER = 2
DAYS_SHOWN_UNDER = 60
LARGEST = 1e12


def some(value: object) -> list[dict[str, Any]]:
    """The objects of a list, or an object where a list belongs: a pasted chart may be anything."""
    many = value if isinstance(value, list) else [value]
    return [item for item in many if isinstance(item, dict)]


def one(value: object) -> dict[str, Any]:
    """An object, or the first of a list of them; else an empty one."""
    return next(iter(some(value)), {})


def text(value: object) -> str:
    """Text, or nothing."""
    return value if isinstance(value, str) else ""


def codes(concept: object) -> Iterator[tuple[str, str]]:
    """System and code of each coding."""
    for coding in some(one(concept).get("coding")):
        yield text(coding.get("system")), text(coding.get("code"))


def words(concept: object) -> str:
    """What a concept is called: its text, else the first display, else the first code."""
    codings = some(one(concept).get("coding"))
    displays = (text(coding.get("display")) for coding in codings)
    return (
        text(one(concept).get("text")) or next(filter(None, displays), "") or next((c for _, c in codes(concept)), "")
    )


def status(concept: object) -> str:
    """The code of a status, plain or coded."""
    return text(concept) or next((code for _, code in codes(concept)), "")


def day(value: object) -> str:
    """The day of a date or time, as written."""
    return text(value)[:10]


def moment(resource: Resource) -> str:
    """When an observation or report was true."""
    period = one(resource.get("effectivePeriod"))
    return day(resource.get("effectiveDateTime")) or day(period.get("start")) or day(resource.get("issued"))


def number(value: object) -> float | None:
    """A number that can be drawn."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if -LARGEST < value < LARGEST else None


def shown(value: object) -> str:
    """A number as it was written."""
    return "" if value is None else str(value)


def completed(birth: str, today: date) -> int | None:
    """Completed years; None if the date of birth is not wholly known."""
    born = _date(birth)
    return None if born is None else _months(born, today) // 12


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _months(born: date, today: date) -> int:
    return (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)


def age(birth: str, today: date) -> str:
    """Completed years; months or days of the very young."""
    born = _date(birth)
    if born is None:
        return ""
    months = _months(born, today)
    if months >= MONTHS_SHOWN_UNDER * 12:
        return f"{months // 12} years"
    days = (today - born).days
    return f"{months} months" if days >= DAYS_SHOWN_UNDER else f"{days} days"
