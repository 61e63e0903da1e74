"""The load test tells right from wrong, and runs; what it measures is no test's business."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from crowd import SILENT, Chart, Crowd, Verdict, Visit
from driver import Sample, steady
from figures import faults, recovered, spread
from payloads import FIRING, PATIENT, SERVICE

from cds.call import Engine, build_engine
from cds.settings import load

SMALL = 10


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The engine that says what is to be expected."""
    return build_engine(load({}))


def sample(verdict: Verdict, due: float = 0.0, took: float = 0.1) -> Sample:
    """One call that was sent when it was due."""
    return Sample(due, due, due + took, 200, verdict)


def test_the_engine_says_of_each_patient_what_is_expected(engine: Engine) -> None:
    """Each visit is a chart of its own, with the answer of its own."""
    chart = Chart(engine, FIRING, SMALL)
    for number in (1, 2, 2**32 - 1):
        visit = chart.visit(number)
        answer = engine.answer(SERVICE, visit.body)

        assert Verdict.RIGHT == visit.judge(answer.status, answer.body, None)
        assert PATIENT[:-8] + f"{number:08x}" == json.loads(visit.body)["context"]["patientId"]


def test_the_answer_of_another_patient_is_wrong(engine: Engine) -> None:
    """So are silence in place of cards, cards in place of silence, and one changed letter."""
    chart = Chart(engine, FIRING, SMALL)
    mine, other = chart.visit(1), chart.visit(2)
    theirs = engine.answer(SERVICE, other.body).body

    wrong = [theirs, SILENT, theirs.replace(b"00000002", b"00000001").replace(b"summary", b"summery")]
    assert [Verdict.WRONG] * 3 == [mine.judge(200, one, None) for one in wrong]
    assert Verdict.WRONG == Visit(b"", SILENT).judge(200, theirs, None)


def test_only_503_that_says_when_to_come_back_is_shedding() -> None:
    """Everything else is a failure."""
    visit = Visit(b"", SILENT)

    assert Verdict.SHED == visit.judge(503, b"", b"1")
    for status, retry_after in ((503, None), (500, b"1"), (429, b"1"), (0, None), (401, None), (413, None)):
        assert Verdict.FAILED == visit.judge(status, b"", retry_after)


def test_a_chart_that_is_not_what_it_should_be_stops_the_run(engine: Engine) -> None:
    """Else silence would be compared with silence."""
    with pytest.raises(ValueError, match="is not odd"):
        Chart(engine, "odd", SMALL)


def test_the_crowd_is_the_same_each_time_and_one_in_ten_fires(engine: Engine) -> None:
    """No two visits are of one patient."""
    visits, again = (Crowd(engine).visits() for _ in range(2))
    some = [next(visits) for _ in range(300)]

    assert some[:5] == [next(again) for _ in range(5)]
    assert 15 <= sum(one.answer != SILENT for one in some) <= 50
    assert 300 == len({json.loads(one.body)["context"]["patientId"] for one in some})


def test_times_are_measured_from_when_a_call_was_due() -> None:
    """A client that was held up has waited too."""
    late = Sample(due=1.0, sent=3.0, done=3.5, status=200, verdict=Verdict.RIGHT)

    assert (2.5, 0.5) == (late.latency, late.service)
    assert [0.0, 0.25, 0.5, 0.75] == list(steady(4, 1))


def test_figures_were_measured() -> None:
    """The nearest rank; faults are what must never be; recovery counts until the last slow or shed call."""
    right, shed = sample(Verdict.RIGHT), sample(Verdict.SHED)
    slow = sample(Verdict.RIGHT, due=2.0, took=3.0)

    assert (51, 96, 100, 100) == spread(list(range(1, 101)))
    assert (0, 0, 0, 0) == spread([])
    assert 2 == faults([right, shed, sample(Verdict.WRONG), sample(Verdict.FAILED)])
    assert 0.0 == recovered([right], [sample(Verdict.RIGHT, due=1.0)])
    assert 5.0 == recovered([right], [slow, sample(Verdict.RIGHT, due=9.0)])
    assert pytest.approx(0.1) == recovered([shed], [])


def test_it_runs() -> None:
    """Against the real service, for a moment: every phase is told, and nothing was wrong."""
    command = [sys.executable, str(Path(__file__).with_name("load_run.py"))]
    options = ["--seconds", "0.5", "--rate", "20", "--overload-seconds", "0.2", "--workers", "1"]
    done = subprocess.run([*command, *options], capture_output=True, encoding="utf-8", timeout=600, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    starts = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert ["Python", "load", "capacity", "overload", "recovery"] == starts
    assert "10 right" in done.stdout
