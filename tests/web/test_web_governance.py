"""The governance page: what the database and the process have counted, for those who may see it."""

import asyncio
import base64
import csv
import html
import io
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date
from pathlib import Path

import httpx
import pytest
from governance_kit import NOW, SERVICES, Journal, Writer, client, settings
from web_fakes import ONE_CARD, FakeEngine

from cds.errors import NotReady, Overloaded
from cds.report.model import Day, Filters, Period, Report
from cds.web.governance import numbers
from cds.web.governance.access import MOST_WAITING, SECONDS
from cds.web.governance.bins import MOST, binned
from cds.web.governance.counting import Counting
from cds.web.governance.page_query import PageQuery, read_query
from cds.web.governance.pictures import nice, over_time, row, small
from cds.web.metrics import Metrics

TOKEN = "a-credential-of-at-least-32-characters"
OURS = "urn:twitch-cds:override"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """A database that is there."""
    made = Writer(tmp_path)
    yield made
    made.close()


def text(folder: Path, query: str = "") -> str:
    """The page as it is read."""
    answer = client(settings(folder))("GET", f"/governance{query}")
    assert 200 == answer.status_code
    return html.unescape(answer.text)


def figures(page: str) -> dict[str, str]:
    """The big numbers."""
    found = re.findall(r"<dt>([^<]+)</dt><dd>([\d,]+)", page)
    return dict(found)


def test_without_a_database_the_page_says_so(tmp_path: Path) -> None:
    """And still shows what the process has counted; the sheet is not made up."""
    assert "or does not exist yet" in text(tmp_path)
    assert 503 == client(settings(tmp_path))("GET", "/governance.csv").status_code


def test_an_empty_database_is_told_in_words(tmp_path: Path, writer: Writer) -> None:
    """No picture of nothing."""
    page = text(tmp_path)

    assert "No card was shown in this period." in page
    assert "0" == figures(page)["Cards shown"]
    assert "Over time" not in page


def test_one_row_makes_a_whole_page(tmp_path: Path, writer: Writer) -> None:
    """A single card that nobody has answered yet."""
    writer.shown("lifestyle", tags="sleep")

    page = text(tmp_path)

    assert "1" == figures(page)["Cards shown"]
    assert "Lifestyle advice: sleep" in page
    assert "No card was overridden." in page


def test_what_was_done_is_counted_card_by_card(tmp_path: Path, writer: Writer) -> None:
    """Accepted, overridden with its reason in words, open, and not repeated."""
    writer.answered(writer.shown("lifestyle"), "accepted")
    writer.answered(writer.shown("lifestyle"), "overridden", ("already-advised", OURS))
    writer.answered(writer.shown("data-gap", 3), "overridden", ("x<y", "https://ehr.example"))
    writer.answered(writer.shown("data-gap", 3), "overridden")
    writer.shown("data-gap", 3)
    writer.suppressed("data-gap")

    page = text(tmp_path)

    assert {
        "Cards shown": "5",
        "Accepted": "1",
        "Overridden": "3",
        "No answer yet, or ignored": "1",
        "Repeats suppressed": "1",
    } == figures(page)
    assert [] == [
        said for said in ("Already advised", "x<y https://ehr.example", "No reason given") if said not in page
    ]
    assert "67% (21%–94%)" in page


def test_both_editions_of_the_rules_stand_apart(tmp_path: Path, writer: Writer) -> None:
    """Only where there are cards of both; what was shown once more is counted."""
    writer.answered(writer.shown("lifestyle", 2, software="0.1.0"), "accepted")
    before = text(tmp_path)
    writer.shown("lifestyle")
    page = text(tmp_path)

    assert "By edition" not in before
    assert all(said in page for said in ("Lifestyle advice: first edition", "Lifestyle advice: second edition"))
    assert "1 cards of the second were shown although" in page


def test_what_should_be_retuned_is_marked(tmp_path: Path, writer: Writer) -> None:
    """More than 80 % of at least 100 showings overridden."""
    for _ in range(100):
        writer.answered(writer.shown("data-gap"), "overridden")

    assert re.search(r'What to examine <span class="mark warning">.*?retune', text(tmp_path), re.DOTALL)


@pytest.mark.parametrize(
    ("shown", "query"),
    [
        ("3", ""),
        ("4", "?since=all"),
        ("2", "?since=2026-11-16"),
        ("2", "?since=2026-11-01&until=2026-11-19"),
        ("2", "?since=2026-11-19&until=2026-11-01"),
        ("1", f"?service={SERVICES[1]}"),
        ("2", "?topic=lifestyle"),
        ("3", "?service=nothing&topic=nothing&since=yesterday&until=0001-01-01"),
    ],
)
def test_filters_are_in_the_address(shown: str, query: str, tmp_path: Path, writer: Writer) -> None:
    """Period, service, card; what makes no sense is left out."""
    writer.shown("lifestyle")
    writer.shown("lifestyle", 5)
    writer.shown("data-gap", 10, SERVICES[1])
    writer.shown("data-gap", 400)

    assert shown == figures(text(tmp_path, query))["Cards shown"]


def test_a_filter_that_finds_nothing_says_that_it_is_the_filter(tmp_path: Path, writer: Writer) -> None:
    """Not that there is nothing at all."""
    assert "by this service or of this kind" in text(tmp_path, "?topic=lifestyle")


def test_the_sheet_and_the_json_are_of_the_same_view(tmp_path: Path, writer: Writer) -> None:
    """A client's reason that a spreadsheet would run is quoted."""
    writer.answered(writer.shown("lifestyle"), "overridden", ("=cmd|calc", "x"))
    writer.shown("data-gap")
    site = client(settings(tmp_path))

    sheet = site("GET", "/governance.csv?topic=lifestyle")
    report = site("GET", "/governance.json?topic=lifestyle").json()

    (line,) = list(csv.DictReader(io.StringIO(sheet.text)))
    assert ("lifestyle", "1", "x|=cmd|calc=1") == (line["topic"], line["shown"], line["reasons"])
    assert "attachment" in sheet.headers["content-disposition"]
    assert ["lifestyle"] == [one["topic"] for one in report["cards"]]


def basic(secret: str) -> str:
    """What a browser sends after its dialog."""
    return "Basic " + base64.b64encode(f"anyone:{secret}".encode()).decode()


@pytest.mark.parametrize(
    ("status", "authorization"),
    [
        (401, ""),
        (401, basic("wrong")),
        (401, "Basic %%%"),
        (401, f"Digest {TOKEN}"),
        (401, "Bearer"),
        (200, basic(TOKEN)),
        (200, f"Bearer {TOKEN}"),
        (200, f"bearer  {TOKEN} "),
    ],
)
def test_outside_demo_mode_the_page_has_its_own_credential(status: int, authorization: str, tmp_path: Path) -> None:
    """HTTP Basic with any name, or Bearer; nothing else opens it."""
    site = client(settings(tmp_path, demo="", governance_token=TOKEN), sleep=at_once)

    answer = site("GET", "/governance", headers={"authorization": authorization})

    assert status == answer.status_code
    assert (status == 401) == answer.headers.get("www-authenticate", "").startswith("Basic")


async def at_once(_: float) -> None:
    """Wait for nothing."""


def test_a_wrong_credential_is_counted_and_written_and_a_first_visit_is_not(tmp_path: Path) -> None:
    """So that somebody who tries is seen; what was tried is nowhere."""
    journal = Journal()
    site = client(settings(tmp_path, demo="", governance_token=TOKEN), sleep=at_once, journal=journal)
    for given in ({}, {"authorization": basic("wr0ng")}, {"authorization": basic(TOKEN)}):
        site("GET", "/governance", headers=given)

    assert [("refused", "governance", "/governance")] == [
        (line["kind"], line["check"], line["route"]) for line in journal.lines
    ]
    assert "wr0ng" not in repr(journal.lines)
    refusals = [line for line in site("GET", "/metrics").text.splitlines() if line.startswith("twitch_cds_refusals")]
    assert 'twitch_cds_refusals_total{client="",reason="governance"} 1.0' in refusals


def test_wrong_credentials_are_answered_one_after_the_other(tmp_path: Path) -> None:
    """However many connections are used; the right one is let in meanwhile, and in a flood nothing is looked at."""
    slept: list[float] = []
    turns: list[asyncio.Event] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        turns.append(asyncio.Event())
        await turns[-1].wait()

    site = client(settings(tmp_path, demo="", governance_token=TOKEN), sleep=sleep)
    transport = httpx.ASGITransport(site.app)

    async def visit() -> tuple[list[int], list[int]]:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as caller:

            async def ask(secret: str) -> int:
                return (await caller.get("/governance", headers={"authorization": basic(secret)})).status_code

            wrong = [asyncio.create_task(ask("wrong"))]
            while not turns:
                await asyncio.sleep(0)
            during = [await ask(TOKEN)]
            while len(wrong) < MOST_WAITING:
                wrong.append(asyncio.create_task(ask("wrong")))
            for _ in range(1000):
                await asyncio.sleep(0)
            assert [SECONDS] == slept
            during += [await ask(TOKEN), await ask("wrong")]
            for turn in range(MOST_WAITING):
                while len(turns) <= turn:
                    await asyncio.sleep(0)
                turns[turn].set()
            return during, [*await asyncio.gather(*wrong), await ask(TOKEN)]

    during, late = asyncio.run(visit())

    assert ([200, 429, 429], [401] * MOST_WAITING + [200]) == (during, late)
    assert [SECONDS] * MOST_WAITING == slept
    assert 'refusals_total{client="",reason="governance-rate"} 2.0' in site("GET", "/metrics").text


@pytest.mark.parametrize("path", ["/governance", "/governance.csv", "/governance.json"])
def test_every_form_of_the_report_stands_behind_the_same_door(path: str, tmp_path: Path) -> None:
    """The sheet holds what the page shows."""
    assert 401 == client(settings(tmp_path, demo="", governance_token=TOKEN))("GET", path).status_code


def test_without_a_credential_there_is_no_page_outside_demo_mode(tmp_path: Path) -> None:
    """Not even a dialog."""
    site = client(settings(tmp_path, demo=""))

    assert [404, 404] == [
        site("GET", "/governance", headers=given).status_code for given in ({}, {"authorization": basic("")})
    ]


def test_the_numbers_of_the_process_stand_beside(tmp_path: Path, writer: Writer) -> None:
    """How fast, how calls ended, what was not checked."""
    engine = FakeEngine()
    engine.reply = lambda _: (200, ONE_CARD)
    site = client(settings(tmp_path), engine)
    site.call()
    site.call(b"")

    page = html.unescape(site("GET", "/governance").text)

    assert "No call yet." not in page
    assert re.search(r'muscle-twitch-patient-view</th><td class="num">2</td><td class="num">[\d.]+ ms', page)
    assert "cards 2" in page


def counted(*seconds: float, causes: tuple[str, ...] = ()) -> bytes:
    """A page of metrics."""
    metrics = Metrics("k")
    for one in seconds:
        metrics.record("ehr", "a", 200, (), one)
    metrics.record("ehr", "b", 500, (), 0.5)
    metrics.unchecked(causes)
    return metrics.text()


def test_percentiles_are_read_from_the_buckets() -> None:
    """On a straight line within a bucket; beyond the last edge only that is known."""
    made = numbers.read(counted(*[0.002] * 98, 20.0, 20.0), "a")

    (speed,) = made.speeds
    assert ("a", 100) == (speed.service, speed.calls)
    assert (1.8, 2.5, None) == tuple(round(one, 1) if one else one for one in speed.percentiles)


def test_counts_are_summed_and_ranked_for_one_service_or_all() -> None:
    """Causes belong to no service."""
    page = counted(0.1, 0.1, causes=("Observation:timed-out", "Condition:failed", "Observation:timed-out"))

    assert [("silent", 2), ("5xx", 1)] == [(one.name, one.count) for one in numbers.read(page).outcomes]
    assert [("silent", 2)] == [(one.name, one.count) for one in numbers.read(page, "a").outcomes]
    assert [("Observation:timed-out", 2), ("Condition:failed", 1)] == [
        (one.name, one.count) for one in numbers.read(page, "a").not_checked
    ]
    assert ["a", "b"] == [one.service for one in numbers.read(page).speeds]


@pytest.mark.parametrize(
    ("bars", "width", "last"),
    [(1, 1, "2026-01-01"), (62, 1, "2026-03-03"), (9, 7, "2026-03-04"), (53, 7, "2027-01-01"), (59, 364, "2084-01-01")],
)
def test_days_are_put_together_until_they_fit(bars: int, width: int, last: str) -> None:
    """A day, a week, four weeks, a quarter, a year; never more bars than a picture holds."""
    first = date(2026, 1, 1)
    days = [Day(day=first, topic="t", shown=3, accepted=1), Day(day=date.fromisoformat(last), topic="t", shown=2)]

    made = binned(days, first, date.fromisoformat(last))

    assert (bars, width) == (len(made), made[0].days)
    assert 5 == sum(one.shown for one in made)
    assert made[0].unanswered in (2, 4)


def test_a_very_long_time_gets_wider_bars() -> None:
    """From 1970 on, say."""
    made = binned([], date(1970, 1, 1), date(2999, 12, 31))

    assert len(made) <= MOST
    assert "1970-01-01 to " in made[0].name


@pytest.mark.parametrize(
    ("top", "most"), [(2, 0), (2, 1), (2, 2), (4, 3), (10, 9), (20, 11), (200, 193), (2_000_000, 1_000_001)]
)
def test_a_scale_ends_at_an_even_round_number(top: int, most: int) -> None:
    """Its half is one, too."""
    assert top == nice(most)


def test_bars_are_stacked_and_as_high_as_their_numbers() -> None:
    """Accepted at the bottom, then overridden, then what is open; parts of nothing are not drawn."""
    bins = binned(
        [Day(day=date(2026, 1, 1), topic="t", shown=10, accepted=5, overridden=5)], date(2026, 1, 1), date(2026, 1, 2)
    )

    pictures = [over_time(bins, 10), small(bins, 10)]

    for picture, height in zip(pictures, ("90", "45"), strict=True):
        assert [("accepted", height), ("overridden", height)] == re.findall(
            r'<rect class="(\w+)"[^>]* height="(\d+)(?:\.0)?"', picture
        )
    assert [("accepted", "120"), ("overridden", "60")] == re.findall(
        r'<rect class="(\w+)"[^>]* width="(\d+)(?:\.0)?"', row((("accepted", 2), ("overridden", 1)), 4)
    )


def view(topic: str = "") -> PageQuery:
    """One view."""
    return read_query({"topic": topic}, NOW, UTC, (), (topic,))


def report() -> Report:
    """A report of nothing."""
    return Report(made_at=NOW, time_zone="UTC", since=None, until=None, service=None, topic=None)


def counter() -> tuple[list[int], Callable[[PageQuery], Report]]:
    """A count that is quick, and how often it was made."""
    calls: list[int] = []

    def count(_: PageQuery) -> Report:
        calls.append(1)
        return report()

    return calls, count


def test_a_view_is_an_address_and_back() -> None:
    """Shortcuts keep the filters; the one that is shown is known."""
    made = read_query({"since": "2026-10-24", "service": "s", "topic": "t"}, NOW, UTC, ("s",), ("t",))

    assert "since=2026-10-24&service=s&topic=t" == made.query
    assert ["30 days"] == [name for name, _, is_here in made.ranges(NOW.date()) if is_here]
    assert ("All", "since=all&service=s&topic=t", False) == made.ranges(NOW.date())[-1]
    everything = PageQuery(period=Period(now=NOW, zone=UTC, since=None, until=date(2026, 1, 1)), filters=Filters())
    assert "since=all&until=2026-01-01" == everything.query


def test_a_slow_report_is_counted_in_the_background() -> None:
    """The first visitor is told to come back, the next one finds it, and it is kept as long as it is worth."""
    go, calls = threading.Event(), []

    def count(_: PageQuery) -> Report:
        calls.append(1)
        go.wait(600)
        return report()

    async def visits() -> tuple[Report | None, Report, Report | None]:
        clock = iter([0.0, 0.0, 2.0, 3.0, 10.0, 23.0, 23.0, 24.0, 24.0])
        counting = Counting(count, patience=0.01, seconds=lambda: next(clock))
        first = await counting.soon(view())
        whole = asyncio.create_task(counting.whole(view()))
        await asyncio.sleep(0)
        go.set()
        return first, await whole, await counting.soon(view())

    first, whole, kept = asyncio.run(visits())

    assert (None, report(), report()) == (first, whole, kept)
    assert 1 == len(calls)


def test_a_quick_report_is_counted_anew() -> None:
    """Who has just dismissed a card sees it at once."""
    calls, count = counter()

    async def visits() -> None:
        counting = Counting(count, seconds=lambda: 0.0)
        await counting.whole(view())
        await counting.soon(view())

    asyncio.run(visits())

    assert 2 == len(calls)


def test_a_report_that_is_kept_serves_a_download_too() -> None:
    """Without counting again."""
    calls, count = counter()
    clock = iter(float(second) for second in range(100))

    async def visits() -> None:
        counting = Counting(count, seconds=lambda: next(clock))
        await counting.soon(view())
        await counting.whole(view())

    asyncio.run(visits())

    assert 1 == len(calls)


def test_too_many_slow_views_at_once_are_refused() -> None:
    """The database is there for the calls first."""
    go = threading.Event()

    def count(_: PageQuery) -> Report:
        go.wait(600)
        return report()

    async def visits() -> None:
        counting = Counting(count, patience=0.0)
        try:
            for topic in "abcd":
                assert await counting.soon(view(topic)) is None
            with pytest.raises(Overloaded):
                await counting.soon(view("e"))
        finally:
            go.set()
        await counting.whole(view("d"))

    asyncio.run(visits())


def test_a_count_that_fails_after_everybody_left_fails_quietly() -> None:
    """Nobody is there to be told; who asks again is."""
    go = threading.Event()

    def count(_: PageQuery) -> Report:
        go.wait(600)
        raise NotReady

    async def visits() -> None:
        counting = Counting(count, patience=0.0)
        assert await counting.soon(view()) is None
        go.set()
        with pytest.raises(NotReady):
            await counting.whole(view())

    asyncio.run(visits())


def test_a_count_that_is_ended_with_the_process_fails_quietly() -> None:
    """A cancelled task has no exception to look at."""
    go = threading.Event()

    def count(_: PageQuery) -> Report:
        go.wait(600)
        return report()

    async def leave() -> None:
        counting = Counting(count, patience=0.0)
        assert await counting.soon(view()) is None
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)
        go.set()

    asyncio.run(leave())


def test_while_it_is_counted_the_page_says_so(tmp_path: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a way to look again, and the numbers of the process meanwhile."""

    async def never(self: Counting[object], view: PageQuery) -> None:
        return None

    monkeypatch.setattr(Counting, "soon", never)

    page = text(tmp_path)

    assert "continues in the background" in page
    assert "Reload" in page
    assert "No call yet." in page
