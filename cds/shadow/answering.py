"""The candidate: an engine that answers the questions of a live service, from what that service had, and nothing else.

`python -m cds.shadow.answering [FOLDER]`, the folder being knowledge in place of its own. It makes no connection.
"""

import math
import resource
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import msgspec

from cds.account import Caller
from cds.call import Call, Engine, build_engine
from cds.errors import CallError
from cds.fhir.bundle import read
from cds.knowledge.load import DATA
from cds.need import NOTHING, Done, Fetch, Need, Recall, advance
from cds.need import Answered as Resolution
from cds.prefetch.reading import Reading
from cds.prefetch.supply import State, Supply
from cds.settings import Settings, environment, load
from cds.shadow.wire import LENGTH, CandidateReply, Fetched, Hello, Question, framed

CPU_SECONDS = 30  # of one question; the time that it may take is bounded by whoever asks
NETWORK = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"})


class Offline(Exception):  # noqa: N818 - it says what is the matter
    """Something tried to reach the network from here."""


def no_network(event: str, _: object) -> None:
    """Refuse what Python would tell the network (an audit hook, PEP 578)."""
    if event in NETWORK:
        raise Offline(event)


class Candidate:
    """Answers as of the moment of each question."""

    def __init__(self, settings: Settings, data: Path = DATA) -> None:
        self._at: datetime | None = None
        self._zone = settings.zone
        self._engine = build_engine(settings, now=self._now, data=data)

    def hello(self) -> Hello:
        """Who it is, and the names of its cards, flags and tags."""
        words = self._engine.words
        names = {*(topic.value for topic in words.topics), *words.flags, *(tag for _, tag, _ in words.tagged)}
        return Hello(
            software=version("twitch-cds"), knowledge=self._engine.knowledge_version, names=tuple(sorted(names))
        )

    def answer(self, question: Question) -> CandidateReply:
        """Its answer to one question."""
        self._at = question.at
        caller = Caller(
            client="shadow",
            patient_users=question.patient_users,
            many_actions=question.many_actions,
            smart=question.smart,
        )
        try:
            return CandidateReply(body=_answered(self._engine, question, caller))
        except CallError:
            return CandidateReply(refused=True)

    def _now(self) -> datetime:
        assert self._at is not None
        return self._at.astimezone(self._zone)


def _answered(engine: Engine, question: Question, caller: Caller) -> bytes:
    call = engine.read(question.service, question.body, caller)
    steps = engine.steps(call)
    step = advance(steps, None)
    while not isinstance(step, Done):
        step = advance(steps, _served(step, call, question))
    return step.value.encoded()


def _served(need: Need, call: Call, question: Question) -> Resolution:
    """What the live call got; what it did not ask for is not there."""
    if isinstance(need, Fetch):
        present = {key: question.fetched[key] for key in need.keys if key in question.fetched}
        call.supplies.put({key: _supply(key, fetched, call) for key, fetched in present.items()})
        return NOTHING
    moments = question.answered if isinstance(need, Recall) else question.shown
    return {fingerprint: moments[fingerprint] for fingerprint in need.fingerprints if fingerprint in moments}


def _supply(key: str, fetched: Fetched, call: Call) -> Supply:
    """One key as the live call held it in the end."""
    supply = call.supplies.held((key,))[key]
    feed = supply.feed
    if fetched.pages:
        reading = Reading(supply)
        for page in fetched.pages:
            reading.join(read(page, call.allowance))
        feed = reading.feed
        feed.truncated = fetched.truncated
    return Supply(key, State(fetched.state), feed, fetched.reason, dict(fetched.unread))


def serve(candidate: Candidate, questions: BinaryIO, answers: BinaryIO, before: Callable[[], None]) -> None:
    """Say who it is, then answer one question after the other, until there are no more."""
    _say(answers, candidate.hello())
    while length := questions.read(LENGTH.size):
        before()
        frame = questions.read(*LENGTH.unpack(length))
        _say(answers, candidate.answer(msgspec.msgpack.decode(frame, type=Question)))


def _say(answers: BinaryIO, message: Hello | CandidateReply) -> None:
    answers.write(framed(message))
    answers.flush()


def renew_cpu() -> None:
    """Each question has so many seconds of processor anew; whoever is not asked any more and goes on is ended."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(usage.ru_utime + usage.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def main(arguments: Sequence[str]) -> None:
    """Serve what comes on the standard input."""
    sys.addaudithook(no_network)
    data = Path(arguments[0]) if arguments else DATA
    serve(Candidate(load(environment()), data), sys.stdin.buffer, sys.stdout.buffer, renew_cpu)


if __name__ == "__main__":
    main(sys.argv[1:])
