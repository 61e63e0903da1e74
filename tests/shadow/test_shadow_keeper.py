"""The keeper of a candidate: what it counts, and what it does with a candidate that is of no use."""

import os
import signal
import socket
import sys
import threading
from itertools import count
from pathlib import Path

import msgspec
import pytest
from service.candidates import FAULTS, knowledge, program
from shadow_kit import PATIENT_ENOUGH, POTASSIUM, Clock, control, kept, offer, question, read_reports

from cds.shadow import keeping
from cds.shadow.choice import ANSWERING
from cds.shadow.keeping import Options
from cds.shadow.process import Budget
from cds.shadow.wire import Frames, Report, framed

EMPTY = b'{"cards":[]}'


def cards(code: str) -> tuple[str, ...]:
    """A candidate that answers every call so."""
    return program(f"hello('lifestyle', 'data-gap', 'U1', 'stress')\nwhile True:\n    heard(); {code}")


def body(*told: dict[str, object]) -> bytes:
    """A live answer."""
    return msgspec.json.encode({"cards": told})


def card(topic: str, indicator: str = "info", summary: str = "s", **basis: list[str]) -> dict[str, object]:
    """A card of a live answer."""
    source = {"label": "l", "topic": {"code": topic}}
    extension = {"org.twitch-cds.basis": basis}
    return {"summary": summary, "indicator": indicator, "source": source, "extension": extension, "uuid": "u"}


def test_nothing_but_their_number_is_kept_of_equal_answers() -> None:
    """Silent both, or the same cards under other ids."""
    silent = kept(cards("answer()"), offer(answer=EMPTY), offer(answer=EMPTY))
    same = kept(cards("answer(card('lifestyle'))"), offer(answer=body(card("lifestyle"))))

    assert ({"started": 1, "same": 2}, {}) == (silent.events, silent.cards)
    assert ({"started": 1, "same": 1}, {}) == (same.events, same.cards)


@pytest.mark.parametrize(
    ("live", "code", "change"),
    [
        ([], "answer(card('lifestyle'))", "new"),
        ([card("lifestyle")], "answer()", "gone"),
        ([card("lifestyle")], "answer(card('lifestyle', 'warning'))", "more urgent"),
        ([card("lifestyle", "critical")], "answer(card('lifestyle', 'warning'))", "less urgent"),
        ([card("lifestyle")], "answer(card('lifestyle', summary='t'))", "reworded"),
    ],
)
def test_each_card_that_differs_is_counted_by_its_change(live: list[dict[str, object]], code: str, change: str) -> None:
    """With the client and the service of the call."""
    found = kept(cards(code), offer(answer=body(*live)))

    assert ({"started": 1, "different": 1}, {("lifestyle", "", change): 1}) == (found.events, found.cards)
    assert {("ehr", "muscle-twitch-patient-view")} == {
        (one.client, one.service) for report in found.reports for one in report.counts if one.topic
    }


@pytest.mark.parametrize(
    ("potassium", "old", "new", "changes"),
    [
        ("3.2", "3.0", "3.3", {"more urgent": "abnormal-lab"}),
        ("2.6", "3.0", "2.55", {"less urgent": "abnormal-lab"}),
        ("3.2", "3.5", "3.1", {"gone": "abnormal-lab", "new": "data-gap"}),
        ("3.2", "3.5", "3.6", {"reworded": "abnormal-lab"}),
    ],
)
def test_another_limit_brings_the_change_that_a_clinician_would_see(
    tmp_path: Path, potassium: str, old: str, new: str, changes: dict[str, str]
) -> None:
    """A real candidate with another folder of knowledge; what it says of the other cards is the same."""
    folder = knowledge(tmp_path / "k", old=old, new=new, after=POTASSIUM)
    asked = question([{"lab": "K", "value": f"{potassium} mmol/L", "at": "today"}])
    found = kept((sys.executable, *ANSWERING, str(folder)), offer(asked), offer(question()))

    assert {(topic, "", change): 1 for change, topic in changes.items()} == {
        key: number for key, number in found.cards.items() if not key[1]
    }
    assert {"started": 1, "different": 1, "same": 1} == found.events


def test_flags_and_tags_that_come_and_go_are_counted_by_card() -> None:
    """What is behind a card is a rule."""
    live = body(card("lifestyle", tags=["caffeine"]))
    found = kept(cards("answer(card('lifestyle', tags=['stress'], flags=['U1']))"), offer(answer=live))

    assert {
        ("lifestyle", "", "reworded"): 1,
        ("lifestyle", "stress", "new"): 1,
        ("lifestyle", "U1", "new"): 1,
        ("lifestyle", "caffeine", "gone"): 1,
    } == found.cards


def test_a_name_that_was_not_announced_is_not_repeated() -> None:
    """A candidate could put a patient's name there."""
    found = kept(cards("answer(card('Zq Canary', tags=['zq-canary']))"), offer(answer=EMPTY))

    assert {("(other)", "", "new"): 1, ("(other)", "(other)", "new"): 1} == found.cards


def test_a_call_that_the_candidate_refuses_is_counted() -> None:
    """It is no failure of its process."""
    found = kept(cards("say(refused=True)"), offer(), offer())

    assert {"started": 1, "refused": 2} == found.events


@pytest.mark.parametrize(("code", "cause"), FAULTS.values(), ids=FAULTS)
def test_whatever_a_candidate_does_it_is_ended_and_counted(code: str, cause: str) -> None:
    """Late is what the clock says; the other faults show themselves, however slow the machine is."""
    at_start = 0.5 if code == FAULTS["hangs at the start"][0] else PATIENT_ENOUGH
    hurried = Budget(seconds=0.5, start_seconds=at_start)
    patient = Budget(seconds=PATIENT_ENOUGH, start_seconds=PATIENT_ENOUGH, megabytes=512)
    is_late = cause == "late"
    found = kept(
        program(code),
        offer(question(padding=100_000), answer=EMPTY),
        seconds=Clock(0.1) if is_late else None,
        budget=hurried if is_late else patient,
    )

    events = found.events
    assert 1 == events.pop(cause)
    assert events.keys() <= {"started", "skipped"}


def test_a_command_that_cannot_be_run_is_a_crash() -> None:
    """As when the other version was removed."""
    assert {"crashed": 1, "skipped": 1} == kept(("/nonexistent/python",), offer()).events


def test_a_candidate_rests_after_its_death_and_is_started_again() -> None:
    """Charts that come meanwhile are counted, not kept."""
    dies_once = "hello(); heard()"
    resting = kept(
        program(dies_once), offer(), offer(), offer(), first_pause=PATIENT_ENOUGH, longest_pause=PATIENT_ENOUGH
    )
    anew = kept(program(dies_once), offer(), offer(), first_pause=1.0, seconds=Clock(1.0))

    assert {"started": 1, "crashed": 1, "skipped": 2} == resting.events
    assert {"started": 2, "crashed": 2} == anew.events


def test_the_rest_grows_with_each_death_in_a_row() -> None:
    """1, 2 and 4 seconds, no more than the longest; an answer between two deaths begins it anew."""
    never = program("raise SystemExit(1)")
    doubling = kept(never, *[offer(answer=EMPTY)] * 16, first_pause=4.0, longest_pause=16.0, seconds=Clock(1.0))
    steady = kept(never, *[offer(answer=EMPTY)] * 16, first_pause=4.0, longest_pause=4.0, seconds=Clock(1.0))

    assert doubling.events["crashed"] < steady.events["crashed"] <= 16


def test_a_candidate_that_dies_again_and_again_is_given_up() -> None:
    """It is started no more, and the report says so."""
    found = kept(program("raise SystemExit(1)"), *[offer(answer=EMPTY)] * 5, most_deaths=3)

    assert {"crashed": 3, "given-up": 1, "skipped": 5} == found.events
    assert found.reports[-1].is_given_up


def test_an_answer_between_deaths_keeps_a_candidate_from_being_given_up() -> None:
    """Only deaths in a row count."""
    code = "hello(); heard(); answer(); heard()"
    found = kept(program(code), *[offer(answer=EMPTY)] * 6, most_deaths=2)

    assert {"started": 3, "same": 3, "crashed": 3} == found.events


def test_no_process_is_left_in_the_end() -> None:
    """Nor what a candidate has started."""
    code = "pid = os.fork()\nif not pid: time.sleep(10**6)\nhello(str(pid)); heard(); answer(); heard()"
    found = kept(program(code), offer(answer=EMPTY))

    (report,) = found.reports
    assert {"started": 1, "same": 1} == found.events
    with pytest.raises(ProcessLookupError):
        os.kill(int(report.software), 0)


def test_counts_are_reported_on_the_way() -> None:
    """Each some seconds; what was reported is not reported again."""
    found = kept(cards("answer()"), *[offer(answer=EMPTY)] * 4, report_seconds=1.0, seconds=Clock(1.0))

    assert len(found.reports) > 1
    assert {"started": 1, "same": 4} == found.events


def test_counts_are_reported_when_nothing_more_comes() -> None:
    """The last call of a quiet hour is not kept back until the next."""
    ours, theirs = socket.socketpair()
    ticks = count()
    with ours, theirs, control() as end:
        options = Options(command=("/nonexistent",), socket=-1, report_seconds=0.01)
        keeper = keeping.Keeper(options, theirs, lambda: float(next(ticks) >= 8), end)
        working = threading.Thread(target=keeper.run)
        working.start()
        ours.sendall(framed(offer(answer=EMPTY)))
        (report,) = Frames(2**20).take(ours.recv(65_536))
        ours.shutdown(socket.SHUT_WR)
        working.join()

    assert {"crashed", "skipped"} == {one.change for one in msgspec.msgpack.decode(report, type=Report).counts}


def test_the_end_of_its_control_ends_the_keeper() -> None:
    """The worker holds the other end: when it is gone, so is all that works for it."""
    ours, theirs = socket.socketpair()
    reads, writes = os.pipe()
    os.close(writes)
    with ours, theirs:
        options = Options(command=program(""), socket=theirs.fileno())
        keeping.Keeper(options, theirs, Clock(), reads).run()
        theirs.shutdown(socket.SHUT_WR)

        assert [] == read_reports(ours)
    os.close(reads)


def test_a_keeper_whose_worker_is_gone_reports_to_nobody() -> None:
    """It ends without an error."""
    ours, theirs = socket.socketpair()
    with theirs, control() as end:
        ours.sendall(framed(offer(answer=EMPTY)))
        ours.close()
        keeping.Keeper(Options(command=("/nonexistent",), socket=-1), theirs, Clock(), end).run()


def test_the_process_itself_lowers_its_priority_and_leaves_signals_to_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stop of the service reaches all processes: the worker still wants the last counts."""
    nice: list[int] = []
    ignored: list[int] = []
    monkeypatch.setattr(os, "nice", nice.append)
    monkeypatch.setattr(signal, "signal", lambda one, _: ignored.append(one))
    ours, theirs = socket.socketpair()
    options = Options(command=("/nonexistent",), socket=theirs.detach())
    with ours, control() as end:
        ours.sendall(framed(offer(answer=EMPTY)))
        ours.shutdown(socket.SHUT_WR)
        keeping.main([msgspec.json.encode(options).decode()], Clock(), end)
        found = read_reports(ours)

    assert ([keeping.LOWER], [signal.SIGTERM, signal.SIGINT]) == (nice, ignored)
    assert {"crashed", "skipped"} == {one.change for report in found for one in report.counts}
