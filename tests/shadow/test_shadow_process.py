"""The process of a candidate, and what its messages are cut into."""

import os
import resource
import runpy
import signal
import sys
from typing import Any

import pytest
from service.candidates import program
from shadow_kit import PATIENT_ENOUGH, Clock, control

from cds.shadow.process import Budget, Ended, Process, bind
from cds.shadow.wire import CandidateReply, Frames, Hello, TooLong, framed

BUDGET = Budget(seconds=PATIENT_ENOUGH, start_seconds=PATIENT_ENOUGH)


def test_a_question_ends_when_nobody_wants_to_hear_more() -> None:
    """Even if the candidate hangs; its process is ended all the same."""
    with control() as still:
        reads, writes = os.pipe()
        process = Process(program("hello(); heard(); time.sleep(10**6)"), {}, BUDGET, Clock(), still)
        process.hello()
        process._control = reads
        os.close(writes)
        with pytest.raises(Ended):
            process.ask(framed(CandidateReply()))
        process.end()
    os.close(reads)


@pytest.mark.parametrize(("hard", "memory"), [(resource.RLIM_INFINITY, 512 * 2**20), (2**20, 2**20)])
def test_a_candidate_is_bound_before_it_runs(monkeypatch: pytest.MonkeyPatch, hard: int, memory: int) -> None:
    """Memory, processor time, files and core dumps; a limit that is set is not raised. It dies with its parent."""
    limits: dict[int, Any] = {}
    called: list[object] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (0, hard))
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    monkeypatch.setattr(os, "nice", called.append)

    def prctl(option: int, value: int) -> int:
        called.append((option, value))
        return 0

    bind(Budget(megabytes=512, start_seconds=60), prctl)

    assert [(1, signal.SIGKILL), 19] == called
    assert {
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_CPU: (61, hard),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
    } == limits


def test_messages_arrive_in_any_pieces() -> None:
    """Byte by byte, and several at once."""
    messages = [CandidateReply(body=b"one"), CandidateReply(refused=True)]
    sent = b"".join(framed(one) for one in messages)
    frames = Frames(2**10)
    apart = [found for place in range(len(sent)) for found in frames.take(sent[place : place + 1])]

    assert apart == Frames(2**10).take(sent)
    assert 2 == len(apart)


def test_a_message_that_is_too_long_is_not_waited_for() -> None:
    """Its length is enough."""
    with pytest.raises(TooLong):
        Frames(10).take(b"\0\0\0\x0b")


@pytest.mark.parametrize("names", [("x" * 65,), ("a\nb",), ("x",) * 2_001])
def test_names_are_short_and_not_too_many(names: tuple[str, ...]) -> None:
    """What a candidate calls itself and its cards may be kept."""
    assert not Hello(software="1", knowledge="k", names=names).is_fit
    assert Hello(software="1", knowledge="k", names=("U1",)).is_fit


def test_the_keeper_is_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does its work only where it is run."""
    monkeypatch.setattr(sys, "argv", ["keeping"])
    monkeypatch.delitem(sys.modules, "cds.shadow.keeping", raising=False)
    with pytest.raises(IndexError):
        runpy.run_module("cds.shadow.keeping", run_name="__main__")
