"""Refused callers in the audit: few in words, all in number, whoever sends how many of them."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from audit_seam import journal, lines, verify
from hypothesis import given
from hypothesis import strategies as st

from cds.trust.refusal import Refusal
from cds.web.refusals import EXAMPLES, IN_WORDS, WINDOW, Refusals

ROUTE = "/cds-services"
Line = Mapping[str, Any]


class Desk:
    """A clock that is moved by hand, the timers that were set, and the lines that were written."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[Alarm] = []
        self.lines: list[Line] = []
        self.refusals = Refusals(self.lines.append, seconds=lambda: self.now, later=self._later)

    def refuse(self, number: int, kind: str = "header", client: str | None = None, reason: str = "It is so.") -> None:
        """So many refusals of one kind."""
        for _ in range(number):
            self.refusals.add(Refusal(kind, reason, client), ROUTE, "r-1")

    def pass_by(self, seconds: float) -> None:
        """Time goes on; a timer whose time has come goes off."""
        self.now += seconds
        for timer in [timer for timer in self.timers if timer.due <= self.now]:
            timer.go_off()

    def of(self, kind: str) -> list[Line]:
        """The lines of one kind."""
        return [line for line in self.lines if line["kind"] == kind]

    @property
    def told(self) -> Counter[tuple[str, str | None]]:
        """How many refusals the audit tells of, by kind and client: in words and in number."""
        found: Counter[tuple[str, str | None]] = Counter()
        for line in self.lines:
            found[line["check"], line.get("client")] += line.get("count", 1)
        return found

    def _later(self, seconds: float, do: Callable[[], None]) -> "Alarm":
        self.timers.append(Alarm(self, self.now + seconds, do))
        return self.timers[-1]


class Alarm:
    """One timer."""

    def __init__(self, desk: Desk, due: float, do: Callable[[], None]) -> None:
        self._desk, self.due, self._do = desk, due, do

    def cancel(self) -> None:
        if self in self._desk.timers:
            self._desk.timers.remove(self)

    def go_off(self) -> None:
        self.cancel()
        self._do()


@pytest.fixture
def desk() -> Desk:
    """Refusals of which none was seen yet."""
    return Desk()


def test_the_first_of_a_kind_are_written_in_words(desk: Desk) -> None:
    """At once, each with its reason."""
    desk.refuse(IN_WORDS, "audience", "ehr", "The aud is wrong.")

    assert [
        {
            "kind": "refused",
            "status": 401,
            "check": "audience",
            "client": "ehr",
            "requestId": "r-1",
            "route": ROUTE,
            "reason": "The aud is wrong.",
        }
    ] * IN_WORDS == desk.lines


def test_the_others_are_told_in_number_when_the_window_ends(desk: Desk) -> None:
    """One line for all of them, however many they are; the timer brings it, even if nobody calls any more."""
    desk.refuse(10_000)
    before = len(desk.lines)
    desk.pass_by(WINDOW)

    assert IN_WORDS == before
    assert [{"kind": "refusals", "status": 401, "check": "header", "count": 10_000 - IN_WORDS, "seconds": 60.0}] == [
        {name: value for name, value in line.items() if name != "reasons"} for line in desk.of("refusals")
    ]


def test_nothing_more_is_told_of_what_was_told_in_words(desk: Desk) -> None:
    """A few refusals make no sum."""
    desk.refuse(IN_WORDS)
    desk.pass_by(WINDOW)

    assert [] == desk.of("refusals")


def test_each_client_is_told_in_words_whatever_nobody_sends(desk: Desk) -> None:
    """A client that is set up wrongly can be mended in the middle of a flood; its other faults as well."""
    desk.refuse(5_000, "time")
    desk.refuse(1, "time", "ehr", "The clock is wrong.")
    desk.refuse(1, "audience", "ehr", "The aud is wrong.")
    desk.refuse(1, "time", "lab", "The clock is wrong too.")

    assert [("ehr", "The clock is wrong."), ("ehr", "The aud is wrong."), ("lab", "The clock is wrong too.")] == [
        (line["client"], line["reason"]) for line in desk.of("refused") if "client" in line
    ]


def test_a_new_window_is_told_in_words_again(desk: Desk) -> None:
    """Each minute of a flood leaves a few lines, so that its reason of today is there."""
    for _ in range(3):
        desk.refuse(100)
        desk.pass_by(WINDOW)

    assert (3 * IN_WORDS, 3) == (len(desk.of("refused")), len(desk.of("refusals")))
    assert Counter({("header", None): 300}) == desk.told


def test_reasons_that_are_new_are_quoted_with_the_number(desk: Desk) -> None:
    """A rare fault beside a frequent one of the same kind is seen; no more of them than a few."""
    desk.refuse(50, reason="Frequent.")
    for number in range(10):
        desk.refuse(2, reason=f"Rare {number}.")
    desk.refusals.end()
    (line,) = desk.of("refusals")

    assert [f"Rare {number}." for number in range(EXAMPLES)] == line["reasons"]


def test_the_end_of_the_process_tells_what_is_open(desk: Desk) -> None:
    """With the seconds that it took so far, once; nothing is left to be done later."""
    desk.refuse(20)
    desk.pass_by(12.34)
    desk.refusals.end()
    desk.refusals.end()
    (line,) = desk.of("refusals")

    assert (20 - IN_WORDS, 12.3) == (line["count"], line["seconds"])
    assert [] == desk.timers


def test_an_end_without_refusals_says_nothing(desk: Desk) -> None:
    """Most processes end like that."""
    desk.refusals.end()

    assert [] == desk.lines


def test_a_timer_that_is_late_does_not_stretch_the_window(desk: Desk) -> None:
    """A refusal that comes after the end belongs to the next one."""
    desk.refuse(20)
    desk.now += WINDOW
    desk.refuse(1)

    assert ["refused"] * IN_WORDS + ["refusals", "refused"] == [line["kind"] for line in desk.lines]
    assert [desk.now + WINDOW] == [timer.due for timer in desk.timers]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["header", "time", "key"]),
        st.sampled_from([None, "ehr", "lab"]),
        st.sampled_from([0.0, 1.0, WINDOW / 2, WINDOW, 10 * WINDOW]),
    ),
    max_size=30,
)


@given(STEPS)
def test_no_refusal_is_lost_in_number(steps: list[tuple[int, str, str | None, float]]) -> None:
    """Whatever comes when: words and sums together are all of them."""
    desk, sent = Desk(), Counter[tuple[str, str | None]]()
    for number, kind, client, seconds in steps:
        desk.refuse(number, kind, client)
        sent[kind, client] += number
        desk.pass_by(seconds)
    desk.refusals.end()

    assert +sent == desk.told


def test_the_loop_keeps_the_time_and_the_chain_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the service does it, into a real audit, which is proved afterwards."""
    monkeypatch.setattr("cds.web.refusals.WINDOW", 0.05)
    path = tmp_path / "audit.jsonl"
    audit = journal(path)

    async def flood() -> None:
        is_told = asyncio.Event()

        def write(line: Line) -> None:
            audit.write(line)
            if line["kind"] == "refusals":
                is_told.set()

        refusals = Refusals(write, seconds=lambda: 0.0)
        for _ in range(500):
            refusals.add(Refusal("signature", "It is forged.", "ehr"), ROUTE, "r-1")
        await asyncio.wait_for(is_told.wait(), 600)

    asyncio.run(flood())
    audit.close()
    told = [json.loads(line) for line in lines(path)]

    assert ["opened", *["refused"] * IN_WORDS, "refusals"] == [line["kind"] for line in told]
    assert (500 - IN_WORDS, []) == (told[-1]["count"], told[-1]["reasons"])
    assert 0 == verify(path).status
