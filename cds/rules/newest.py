"""Which of several answers to one question counts: the newest (clinical knowledge 4b, Dates)."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from cds.fhir.dates import When

T = TypeVar("T")
Dated = Callable[[T], When | None]


def newest(items: Iterable[T], when: Dated[T]) -> list[T]:
    """Those of the newest day; of these the newest by instant, if all state one.

    More than one is left where nothing tells which came last: the caller takes the most abnormal of them. What is
    undated counts only where nothing is dated.
    """
    dated_items = list(items)
    return dated_items if len(dated_items) < 2 else latest(of_newest_day(dated_items, when), when)


def of_newest_day(items: Iterable[T], when: Dated[T]) -> list[T]:
    """Those whose first possible day is the newest."""
    days = [(moment.first if (moment := when(item)) else 0, item) for item in items]
    newest_day = max((day for day, _ in days), default=0)
    return [item for day, item in days if day == newest_day]


def latest(same_day: list[T], when: Dated[T]) -> list[T]:
    """Of one day's the newest by instant, if all state one."""
    moments = [(moment.instant, item) for item in same_day if (moment := when(item)) and moment.instant]
    if len(moments) != len(same_day) or not moments:
        return same_day
    last = max(instant for instant, _ in moments)
    return [item for instant, item in moments if instant == last]
