"""The numbers of the report: what counts as what, and when."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_data import BERLIN, NOON, NOW, Data, only, report, store
from sqlalchemy import create_engine

from cds.report.build import build
from cds.report.days import spans
from cds.report.model import Filters, Period, Rate, Reason
from cds.report.questions import Question
from cds.report.wilson import rate


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Data]:
    """Empty tables."""
    with store(tmp_path) as made:
        yield made


def test_nothing(data: Data) -> None:
    """An empty store makes an empty report."""
    assert report(data).is_empty
    assert () == report(data).days


def test_every_card_is_one_of_four(data: Data) -> None:
    """Accepted, overridden, ignored, or younger than a day and without an answer."""
    data.answer(data.show(), "accepted")
    data.answer(data.show(), "overridden")
    data.show()
    data.show(at=NOW - timedelta(hours=23))
    data.show(at=NOW - timedelta(hours=25))
    data.suppress()
    line = only(data)

    assert (5, 1, 1, 2, 1, 1) == (
        line.shown,
        line.accepted,
        line.overridden,
        line.ignored,
        line.pending,
        line.suppressed,
    )


def test_a_single_card(data: Data) -> None:
    """One row is enough for a report; its interval says how little it proves."""
    data.answer(data.show(), later=90)
    line = only(data)

    assert (1.0, 1.0, 90.0) == (line.overridden_of_shown.share, line.overridden_of_shown.high, line.median_seconds)
    assert 0.2065 == round(line.overridden_of_answered.low or 0, 4)


def test_the_last_answer_counts(data: Data) -> None:
    """By the time of its arrival, then by the order in which it was kept."""
    first, second = data.show(), data.show()
    data.answer(first, "accepted", later=300)
    data.answer(first, "overridden", later=200)
    for outcome in ("overridden", "overridden", "accepted"):
        data.answer(second, outcome, later=50)
    line = only(data)

    assert (2, 2, 0, 175.0) == (line.shown, line.accepted, line.overridden, line.median_seconds)


def test_only_who_was_shown_a_card_can_answer_it(data: Data) -> None:
    """Another client's or tenant's feedback on a card is feedback on an unknown card."""
    card = data.show(tenant="north")
    data.answer(card)
    data.answer(card, tenant="south")
    data.answer(card, client="other", tenant="north")
    data.answer("never shown")
    found = report(data)

    assert (1, 4) == (found.cards[0].ignored, found.unknown_feedback)
    data.answer(card, tenant="north")
    assert (1, 4) == (only(data).overridden, report(data).unknown_feedback)


def test_feedback_on_unknown_cards_alone_is_a_report(data: Data) -> None:
    """It is counted by arrival and service; it has no topic."""
    data.answer("never shown", later=0)
    data.answer("never shown", later=86_400 * 2)

    assert not report(data).is_empty
    assert 1 == report(data, until=date(2026, 11, 10)).unknown_feedback
    assert 0 == report(data, Filters(service="other")).unknown_feedback
    assert report(data, Filters(topic="lab-order")).unknown_feedback is None


def test_tags_are_counted_beside_their_card(data: Data) -> None:
    """A card with two tags counts in both, and once as a card; the most frequent tag comes first."""
    data.answer(data.show("abnormal-lab", "calcium,potassium"))
    data.answer(data.show("abnormal-lab", "potassium"), "accepted")
    data.show("medication-review", "potassium")
    data.suppress("abnormal-lab", "calcium")
    found = report(data)

    assert [("abnormal-lab", 2), ("medication-review", 1)] == [(line.topic, line.shown) for line in found.cards]
    assert [
        ("abnormal-lab", "potassium", 2, 1, 0),
        ("abnormal-lab", "calcium", 1, 1, 1),
        ("medication-review", "potassium", 1, 0, 0),
    ] == [(line.topic, line.tag, line.shown, line.overridden, line.suppressed) for line in found.tags]


def test_cards_come_in_the_order_of_their_rank(data: Data) -> None:
    """A card of another version, which this one does not know, comes last."""
    for topic in ("retired-card", "lifestyle", "emergency"):
        data.show(topic)

    assert ["emergency", "lifestyle", "retired-card"] == [line.topic for line in report(data).cards]


def test_reasons_are_counted(data: Data) -> None:
    """Those of the answers that count; no reason is a reason of its own."""
    for code in ("x", "y", "y", None):
        data.answer(data.show(), reason_code=code, reason_system="urn:s" if code else None)
    changed = data.show()
    data.answer(changed, reason_code="z")
    data.answer(changed, "accepted", later=120)

    assert (Reason("y", "urn:s", 2), Reason("x", "urn:s", 1), Reason(None, None, 1)) == tuple(
        sorted(only(data).reasons, key=lambda reason: (-reason.count, reason.code is None))
    )


def test_rare_reasons_are_put_together(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that sends free text as a code cannot make the report endless."""
    for number in range(25):
        data.answer(data.show(), reason_code=f"code-{number:02}")
    assert 21 == len(only(data).reasons)
    assert Reason("(others)", None, 5) == only(data).reasons[-1]
    monkeypatch.setattr("cds.report.tally.MOST_CODES", 3)

    assert Reason("(others)", None, 22) == only(data).reasons[-1]


def test_a_clock_that_is_wrong(data: Data) -> None:
    """An answer from before its card counts as at once, and is counted as such."""
    data.answer(data.show(), later=-30)
    data.answer(data.show(), later=10)

    assert (1, 5.0) == (only(data).clock_skewed, only(data).median_seconds)


@pytest.mark.parametrize(
    ("delays", "median"), [([3], 3), ([1, 2, 9], 2), ([1, 2, 4, 9], 3), ([1, 1, 1, 9, 9], 1), ([3661, 3661], 3660)]
)
def test_the_median(delays: list[int], median: float, data: Data) -> None:
    """To the second, above one hour to the minute."""
    for delay in delays:
        data.answer(data.show(), later=delay)

    assert median == only(data).median_seconds


@pytest.mark.parametrize(
    ("overridden", "accepted", "retune"), [(81, 19, True), (80, 20, False), (99, 0, False), (100, 0, True)]
)
def test_a_card_to_retune(overridden: int, accepted: int, retune: bool, data: Data) -> None:
    """More than 80 % of at least 100 showings; for a tag the same."""
    data.shown_and_answered(overridden, "overridden", "lifestyle", "sleep")
    data.shown_and_answered(accepted, "accepted", "lifestyle", "sleep")
    found = report(data)

    assert [retune, retune] == [line.retune for line in (*found.cards, *found.tags)]


def test_filters(data: Data) -> None:
    """By service and by card, for what was shown and what was not shown again."""
    data.show("lifestyle", service="other")
    data.suppress("lifestyle", service="other")
    data.show("data-gap")
    data.suppress("data-gap")

    assert [("lifestyle", 1, 1)] == [
        (line.topic, line.shown, line.suppressed) for line in report(data, Filters(service="other")).cards
    ]
    assert [("data-gap", 1, 1)] == [
        (line.topic, line.shown, line.suppressed) for line in report(data, Filters(topic="data-gap")).cards
    ]


def test_days_are_the_sites(data: Data) -> None:
    """Half past eleven at night in UTC is the next day in Berlin, an hour earlier so in summer."""
    for at in ("2026-03-28T22:59", "2026-03-28T23:00", "2026-03-29T21:59", "2026-03-29T22:00", "2026-10-25T22:59"):
        data.answer(data.show(at=datetime.fromisoformat(f"{at}Z")), "accepted")
    data.suppress(at=datetime(2026, 10, 25, 23, tzinfo=UTC))
    days = [(day.day.isoformat(), day.shown, day.accepted, day.suppressed) for day in report(data).days]

    assert [
        ("2026-03-28", 1, 1, 0),
        ("2026-03-29", 2, 2, 0),
        ("2026-03-30", 1, 1, 0),
        ("2026-10-25", 1, 1, 0),
        ("2026-10-26", 0, 0, 1),
    ] == days
    assert 2 == only(data, since=date(2026, 3, 29), until=date(2026, 3, 29)).shown
    assert 2 == only(data, until=date(2026, 10, 25), since=date(2026, 3, 30)).shown


@given(st.integers(0, 3 * 10**8), st.integers(0, 10**8), st.floats(0, 1))
def test_spans_are_the_zones_offsets(first: int, length: int, share: float) -> None:
    """At any moment between, the offset is the one that the zone's own rules give."""
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=first)
    moment = start + timedelta(seconds=length * share)
    found = spans(BERLIN, start, start + timedelta(seconds=length))
    offset = next((span.offset for span in found if moment < span.until), found[-1].offset)

    assert moment.astimezone(BERLIN).utcoffset() == timedelta(seconds=offset)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 100, 0.7222, 0.8749)],
)
def test_wilsons_interval(count: int, total: int, low: float, high: float) -> None:
    """The values of the literature (Newcombe, Stat Med 1998;17:857-872, method 3)."""
    found = rate(count, total)

    assert (count / total, low, high) == (found.share, round(found.low or 0, 4), round(found.high or 0, 4))


def test_a_share_of_nothing() -> None:
    """It is none, not 0 %."""
    assert Rate(None, None, None) == rate(0, 0)


def test_a_connection_will_do(data: Data) -> None:
    """A page that holds a connection reports within its transaction."""
    data.show()
    with data.engine.connect() as connection:
        assert 1 == build(connection, Period(now=NOW, zone=BERLIN)).cards[0].shown


def test_the_questions_can_be_asked_of_postgresql() -> None:
    """Its own words for seconds, and a day that is computed in whole numbers."""
    question = Question(Period(now=NOW, zone=BERLIN), Filters())
    sql = str(question.answers(spans(BERLIN, NOON, NOW)).compile(create_engine("postgresql+psycopg://")))

    assert "CAST(floor(extract(epoch from showings.shown_at)) AS BIGINT)" in sql
