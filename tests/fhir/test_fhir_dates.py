"""FHIR dates as intervals of days: partial dates, instants, leap years, and whatever is no date (4b Dates)."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds.fhir.dates import LAST_DAY, When, completed_years, instant_of, parse, years_after

DAYS = st.integers(1, LAST_DAY)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATE_LIKE = st.from_regex(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", fullmatch=True)


def day(text: str) -> int:
    """The ordinal of a full date."""
    return date.fromisoformat(text).toordinal()


def of_day(number: int) -> When:
    """A full calendar day."""
    return When(number, number, date.fromordinal(number).isoformat())


def read(text: str) -> When:
    """A date that can be read."""
    when = parse(text)
    assert when is not None
    return when


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-22", "2026-11-22", "2026-11-22"),
        ("2026-11", "2026-11-01", "2026-11-30"),
        ("2026-12", "2026-12-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2100-02", "2100-02-01", "2100-02-28"),
        ("2024-02-29", "2024-02-29", "2024-02-29"),
        ("9999-12", "9999-12-01", "9999-12-31"),
        ("0001", "0001-01-01", "0001-12-31"),
        ("2026-11-22T23:30:00-11:00", "2026-11-22", "2026-11-22"),
        ("2026-11-22T00:30:00+14:00", "2026-11-22", "2026-11-22"),
    ],
)
def test_a_date_is_the_interval_of_its_possible_days(text: str, first: str, last: str) -> None:
    """A partial date spans its month or year; an offset never moves the day that is written."""
    when = read(text)

    assert (day(first), day(last)) == (when.first, when.last)
    assert (first != last) == when.uncertain


@pytest.mark.parametrize(
    "text",
    [
        *("", "today", "22.11.2026", "2026-11-22 ", " 2026-11-22", "2026-11-22\n", "26-11-22", "2026-1-2", "20261122"),
        *("2026-02-30", "2025-02-29", "2026-13", "2026-00", "2026-11-00", "0000", "0000-01-01", "2026-11-22T"),
        *("2026-11-22T8:00", "2026-11-22t08:00:00Z", "２０２６", "2026-W47", "-2026-11-22", "2026-11-22T08:00:00+0100"),
    ],
)
def test_what_is_no_fhir_date_is_not_guessed(text: str) -> None:
    """Other notations and impossible days are no date."""
    assert parse(text) is None


def test_an_absent_date_is_none() -> None:
    """No text, no date."""
    assert parse(None) is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22T08:00:00Z", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22T08:00Z", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22T08:00:30.123456789+01:00", datetime(2026, 11, 22, 7, 0, 30, tzinfo=UTC)),
        ("2026-11-22T00:10:00+14:00", datetime(2026, 11, 21, 10, 10, tzinfo=UTC)),
        ("2026-11-22T08:00:00", None),
        ("2026-11-22T08:00", None),
        ("2026-11-22", None),
        ("2026-11", None),
    ],
)
def test_an_instant_needs_a_time_and_a_zone(text: str, instant: datetime | None) -> None:
    """Only a time with its zone can be put in order with others."""
    assert instant == read(text).instant


@pytest.mark.parametrize("time", ["24:00:00Z", "23:59:60Z", "25:00:00Z", "12:61:00Z", "12:00:00+25:00"])
def test_a_time_that_no_clock_shows_leaves_the_day(time: str) -> None:
    """A leap second or midnight at the day's end costs the instant, not the date."""
    assert When(day("2026-11-22"), day("2026-11-22"), "2026-11-22") == parse(f"2026-11-22T{time}")


@given(st.one_of(st.text(), DATE_LIKE))
@example("9999-12-31T23:59:59-14:00")
@example("0001-01-01T00:00:00+14:00")
@example("2026-11-22T08:00:00.")
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is a date with its first day not after its last, or none; its instant can be compared."""
    when = parse(text)

    assert when is None or 1 <= when.first <= when.last <= LAST_DAY
    assert when is None or when.instant is None or (when.instant > datetime(2026, 1, 1, tzinfo=UTC)) in (True, False)


@given(st.datetimes(timezones=ZONES))
def test_a_full_instant_reads_as_what_was_written(moment: datetime) -> None:
    """An instant is read back to the second, its day as written."""
    moment = moment.replace(microsecond=0)
    when = read(moment.isoformat())

    assert moment == when.instant
    assert moment.date().toordinal() == when.first == when.last
    assert moment.date().isoformat() == when.text


@given(DATE_LIKE, DAYS)
def test_capping_moves_only_days_after_today(text: str, today: int) -> None:
    """A capped date ends today at the latest, keeps its order, and capping twice is capping once."""
    when = parse(text)
    if when is None:
        return
    capped = when.capped(today)

    assert capped.first <= capped.last == min(when.last, today)
    assert capped.first == min(when.first, today)
    assert capped == capped.capped(today)
    assert (when.text, when.instant) == (capped.text, capped.instant)


@given(DAYS, st.integers(-(10**9), 10**9))
def test_a_shifted_date_stays_in_the_calendar(start: int, days: int) -> None:
    """A day moved beyond the years 1 to 9999 stops at their end, for an age may be any number."""
    shifted = of_day(start).shifted(days)

    assert min(max(start + days, 1), LAST_DAY) == shifted.first == shifted.last
    assert date.fromordinal(shifted.last).isoformat() == shifted.text


@given(DAYS)
def test_a_day_is_certain(number: int) -> None:
    """A calendar day is itself, shown in ISO form and read back."""
    when = of_day(number)

    assert not when.uncertain
    assert when == parse(when.text)


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        ("2010-11-22", "2026-11-22", 16),
        ("2010-11-23", "2026-11-22", 15),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
        ("2008-02-29", "2024-02-29", 16),
        ("2026-11-22", "2026-11-22", 0),
    ],
)
def test_years_are_completed_on_the_birthday(born: str, today: str, years: int) -> None:
    """The birthday itself counts; a leap day's birthday falls on 1 March in common years."""
    assert years == completed_years(day(born), day(today))


@pytest.mark.parametrize(
    ("born", "years", "first", "last"),
    [
        ("1990-05-17", 30, "2020-05-17", "2021-05-16"),
        ("1990", 30, "2020-01-01", "2021-12-30"),
        ("2008-02-29", 1, "2009-03-01", "2010-02-28"),
        ("2008-02-29", 4, "2012-02-29", "2013-02-28"),
    ],
)
def test_an_age_in_years_is_a_year_long(born: str, years: int, first: str, last: str) -> None:
    """Somebody has an age from one birthday to the eve of the next."""
    when = years_after(read(born), years)

    assert when is not None
    assert (day(first), day(last), first[:4]) == (when.first, when.last, when.text)


@pytest.mark.parametrize("years", [10**6, -(10**6), 10**30, 9999])
def test_an_impossible_age_has_no_date(years: int) -> None:
    """An age outside the calendar is no onset."""
    assert years_after(of_day(day("1990-05-17")), years) is None


@given(DATE_LIKE | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d[:.]\d\d:\d\d([Z.]|[+-]\d\d[:.]\d\d)", fullmatch=True))
@example("2026-01-31T12:00:00+01.00")
@example("2026-01-31T12:00:00+24:00")
@example("2026-01-31T24:00:00Z")
@example("2026-W05-6T12:00:00+00:00")
@example("2026-01-31T12:00:00Z")
def test_the_instant_is_that_of_the_whole_date(text: str) -> None:
    """The short way to an instant is the same for every text."""
    when = parse(text)

    assert (when.instant if when is not None else None) == instant_of(text)


def test_no_text_has_no_instant() -> None:
    """Neither has an empty one."""
    assert (None, None) == (instant_of(None), instant_of(""))
