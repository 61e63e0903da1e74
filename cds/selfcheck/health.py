"""Whether the service is up, what it says of itself, and what time it has."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Struct

from cds.http import httpx
from cds.selfcheck.line import Line, failed, passed, skipped
from cds.selfcheck.subject import Subject, words

READY = "/health/ready"
MOST_SECONDS = 10.0
PARTS = {
    "store": "see the log, and TWITCH_CDS_DATABASE_URL and TWITCH_CDS_DATA_DIR: feedback is refused meanwhile",
    "audit": "see the log, and TWITCH_CDS_AUDIT_FILE: its folder must be writable and have room",
}
WHAT_PARTS = {"store": "store writable", "audit": "audit writable"}


class Details(Struct):
    """The words of an issue."""

    text: str


class Issue(Struct):
    """What is the matter."""

    details: Details


class Outcome(Struct):
    """An answer that refuses."""

    issue: list[Issue] = []


def check_health(subject: Subject) -> Iterator[Line]:
    """Readiness, knowledge version, store, audit and clock, from one answer."""
    try:
        answer = subject.get(subject.url + READY)
    except httpx.HTTPError as problem:
        yield failed("service", f"no answer from {subject.url}: {words(problem)}", "start it, or check name and port")
        return
    yield from _readiness(answer)
    yield _clock(answer.headers.get("date"), subject.now())


def _readiness(answer: httpx.Response) -> Iterator[Line]:
    if answer.status_code in (401, 403, 404):
        yield skipped("service", f"{READY} is not passed on by the proxy (status {answer.status_code})", _DIRECTLY)
        return
    document = _object(answer)
    if answer.status_code != httpx.codes.OK:
        yield failed(
            "service", f"it says that it is not ready (status {answer.status_code}){_reason(document)}", "see its log"
        )
    elif "knowledgeVersion" in document:
        yield passed("service", "it is ready")
        yield passed("knowledge version", str(document["knowledgeVersion"]))
    else:
        yield failed("service", f"what answers at {READY} is not this service", "check the address")
    yield from (_part(document, name, advice) for name, advice in PARTS.items())


_DIRECTLY = "run this on the machine of the service too, against its own port"


def _part(document: Mapping[str, object], name: str, advice: str) -> Line:
    state = document.get(name)
    if state is None:
        return skipped(WHAT_PARTS[name], f"{READY} does not say")
    if state == "up":
        return passed(WHAT_PARTS[name], "up")
    return failed(WHAT_PARTS[name], str(state), advice)


def _reason(document: Mapping[str, object]) -> str:
    """What the answer itself says, if it is an OperationOutcome of the service."""
    try:
        outcome = msgspec.convert(document, Outcome)
    except msgspec.ValidationError:
        return ""
    return f": {outcome.issue[0].details.text}" if outcome.issue else ""


def _object(answer: httpx.Response) -> Mapping[str, object]:
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _clock(date: str | None, now: datetime) -> Line:
    """The service's clock (or its proxy's) against the one here: tokens are judged by it."""
    try:
        there = parsedate_to_datetime(date or "")
    except ValueError:
        return skipped("clock", "the answer has no usable Date header")
    apart = abs((now - there).total_seconds())
    if apart > MOST_SECONDS:
        return failed(
            "clock", f"it is {apart:.0f} s off the clock here", "set both by NTP: tokens are valid for minutes only"
        )
    return passed("clock", f"within {MOST_SECONDS:.0f} s of the clock here")
