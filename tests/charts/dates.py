"""Dates as a clinician says them ("3 d", "6 w", "4 mo", "5 y" ago), written as FHIR dates."""

import re
from calendar import monthrange
from datetime import date, timedelta

TODAY = date(2026, 11, 22)
UNDATED = "3 d"

_AGO = re.compile(r"(?P<ahead>in )?(?P<count>\d+) (?P<unit>d|w|mo|y)(?: @(?P<time>\d\d:\d\d))?")


def fhir_date(text: str, today: date = TODAY) -> str:
    """A FHIR date from "today", "10 d", "in 2 d", "3 d @08:00"; anything else (2026-10, a full date) as it stands."""
    if text == "today":
        return today.isoformat()
    if match := _AGO.fullmatch(text):
        sign = -1 if match["ahead"] else 1
        day = ago(int(match["count"]) * sign, match["unit"], today).isoformat()
        return f"{day}T{match['time']}:00Z" if match["time"] else day
    return text


def ago(count: int, unit: str, today: date) -> date:
    """The calendar day that many days, weeks, months or years before today."""
    if unit == "d":
        return today - timedelta(days=count)
    if unit == "w":
        return today - timedelta(weeks=count)
    return _months_ago(count * (12 if unit == "y" else 1), today)


def birth_date(age: str, today: date = TODAY) -> str:
    """A birth date for "29 y" (a birthday some 100 days ago), or exactly for "5 mo", "3 w", "20 d"."""
    count, unit = age.split()
    born = ago(int(count), unit, today)
    return (born - timedelta(days=100) if unit == "y" else born).isoformat()


def _months_ago(months: int, today: date) -> date:
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
