"""The candidate: it answers what the live engine was asked, from what that engine had, and from nothing else."""

import asyncio
import io
import json
import resource
import runpy
import socket
import subprocess
import sys
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from charts.dates import TODAY
from charts.golden import cases
from charts.notation import request
from charts.seam import engine
from service.candidates import knowledge
from shadow_kit import NOON, POTASSIUM, VIEW, question

from cds.account import NOBODY, Account, Caller
from cds.deadline import Deadline
from cds.diff.changes import cards_of
from cds.hook_handler import HookHandler, Reply
from cds.knowledge.load import DATA
from cds.settings import load
from cds.shadow import answering
from cds.shadow.answering import Candidate, Offline, no_network, renew_cpu, serve
from cds.shadow.wire import CandidateReply, Frames, Hello, Question, framed

Json = dict[str, Any]
EVERY_CASE = {case.id: case for case in cases()}
SECONDS = 600.0


@pytest.fixture(scope="module")
def candidate() -> Candidate:
    """This version beside itself."""
    return Candidate(load({"TWITCH_CDS_DEMO": "true"}))


class Store:
    """Knows that every card was answered, or shown to the user, an hour ago."""

    def __init__(self, *, answered: bool = False, shown: bool = False) -> None:
        self._answered, self._shown = answered, shown

    async def answered(self, patient: str, fingerprints: Collection[str], deadline: Deadline) -> Mapping[str, datetime]:
        return dict.fromkeys(fingerprints, NOON - timedelta(hours=1)) if self._answered else {}

    async def shown(
        self, patient: str, user: str, fingerprints: Collection[str], deadline: Deadline
    ) -> Mapping[str, datetime]:
        return dict.fromkeys(fingerprints, NOON - timedelta(hours=1)) if self._shown else {}

    def remember(self, caller: Caller, service_id: str, account: Account, knowledge_version: str) -> None:
        """Nothing is kept."""


def replied(body: bytes, service: str = VIEW, memory: Store | None = None, caller: Caller = NOBODY) -> Reply:
    """The live reply to one call."""
    handler = HookHandler(
        engine(TODAY), memory=memory, seconds=lambda: 0.0, seconds_allowed=SECONDS, keeps_questions=True
    )
    return asyncio.run(handler.answer(service, body, caller))


def passed_on(reply: Reply) -> Question:
    """The question as it arrives in the other process."""
    (frame,) = Frames(2**30).take(bytes(framed(_question(reply))))
    return msgspec.msgpack.decode(frame, type=Question)


def _question(reply: Reply) -> Question:
    assert reply.question is not None
    return reply.question


@pytest.mark.parametrize("name", [*EVERY_CASE][::29])
def test_the_same_version_answers_the_same(candidate: Candidate, name: str) -> None:
    """On charts of the golden cases, of every hook; only ids differ."""
    made = request(EVERY_CASE[name].chart)
    reply = replied(json.dumps(made).encode(), f"muscle-twitch-{made['hook']}")
    if reply.status != 200:
        assert reply.question is None
        return

    told = candidate.answer(passed_on(reply))
    assert cards_of(reply.body, "live") == cards_of(told.body, "candidate")


@pytest.mark.parametrize("memory", [Store(), Store(answered=True), Store(shown=True)], ids=["new", "answered", "shown"])
def test_what_the_store_said_of_repeats_is_said_to_the_candidate(candidate: Candidate, memory: Store) -> None:
    """Else each repeat that was silenced would look like a new card."""
    reply = replied(question().body, memory=memory)

    assert cards_of(reply.body, "live") == cards_of(candidate.answer(passed_on(reply)).body, "candidate")


def test_who_calls_is_said_to_the_candidate(candidate: Candidate) -> None:
    """A client that takes several actions, and one whose patients see cards."""
    lab = {"patient": {"age": "50 y", "sex": "F"}, "resources": [{"twitch": "5 w"}]}
    caller = Caller(client="ehr", many_actions=True, smart=True, patient_users=True)
    reply = replied(json.dumps(request(lab)).encode(), caller=caller)

    asked = passed_on(reply)
    assert (True, True, True) == (asked.many_actions, asked.smart, asked.patient_users)
    assert cards_of(reply.body, "live") == cards_of(candidate.answer(asked).body, "candidate")


def test_a_call_that_it_cannot_answer_is_refused(candidate: Candidate) -> None:
    """As a candidate does that has become stricter."""
    asked = msgspec.structs.replace(question(), body=b"{}")

    assert CandidateReply(refused=True) == candidate.answer(asked)


def test_another_folder_of_knowledge_is_another_candidate(tmp_path: Path) -> None:
    """It says so of itself, before any chart."""
    settings = load({"TWITCH_CDS_DEMO": "true"})
    own = Candidate(settings).hello()
    other = Candidate(settings, knowledge(tmp_path / "k", old="3.5", new="3.4", after=POTASSIUM)).hello()

    assert own.software == other.software
    assert own.knowledge != other.knowledge
    assert {"abnormal-lab", "potassium", "U1"} <= set(own.names)
    assert own.is_fit


def test_questions_are_answered_one_after_the_other(candidate: Candidate) -> None:
    """Each with processor time of its own."""
    asked, out, renewed = question(), io.BytesIO(), list[int]()
    serve(candidate, io.BytesIO(2 * framed(asked)), out, lambda: renewed.append(1))

    hello, *answers = Frames(2**24).take(out.getvalue())
    assert candidate.hello() == msgspec.msgpack.decode(hello, type=Hello)
    assert 2 == len(answers) == len(renewed)
    assert cards_of(engine(TODAY).answer(VIEW, asked.body).body, "live") == cards_of(
        msgspec.msgpack.decode(answers[0], type=CandidateReply).body, "candidate"
    )


def test_each_question_has_processor_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than was used so far; the hard limit stays."""
    given: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: given.append((kind, limits)))
    renew_cpu()

    ((kind, (soft, hard)),) = given
    assert resource.RLIMIT_CPU == kind
    assert answering.CPU_SECONDS <= soft
    assert resource.getrlimit(kind)[1] == hard


def test_a_candidate_reaches_no_network() -> None:
    """Neither by a connection nor by a name; other events are none of its business."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        code = (
            "import socket, sys\nfrom cds.shadow.answering import Offline, no_network\nsys.addaudithook(no_network)\n"
            f"for reach in (lambda: socket.create_connection(('127.0.0.1', {listening.getsockname()[1]})),\n"
            "        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))):\n"
            "    try: reach()\n    except Offline: print('offline')\n"
        )
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ["offline", "offline"] == told.stdout.split()
    no_network("open", ())
    with pytest.raises(Offline):
        no_network("socket.connect", ())


@pytest.mark.parametrize("folder", [None, DATA])
def test_the_module_serves_its_standard_input(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    """`python -m cds.shadow.answering`, with a folder of knowledge or without."""
    served: list[tuple[object, object]] = []
    hooks: list[object] = []
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    monkeypatch.setattr(answering, "serve", lambda candidate, *ends: served.append((candidate.hello().names, ends[-1])))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    answering.main([str(folder)] if folder else [])

    assert [no_network] == hooks
    ((names, before),) = served
    assert names
    assert renew_cpu is before


def test_the_module_is_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """It serves only where it is run."""
    monkeypatch.setattr(sys, "argv", ["answering", "/nonexistent"])
    monkeypatch.setattr(sys, "addaudithook", lambda _: None)
    monkeypatch.delitem(sys.modules, "cds.shadow.answering")
    with pytest.raises(Exception, match="nonexistent"):
        runpy.run_module("cds.shadow.answering", run_name="__main__")
