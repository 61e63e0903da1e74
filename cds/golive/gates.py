"""The gates: a file of the committee, which names each one with its limit, or says that it is left out."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct

from cds.errors import UsageError, reason_of

SILENT, FEEDBACK, SHADOW, REPLAY, REVIEW = "silent", "feedback", "shadow", "replay", "review"
SOURCES = (SILENT, FEEDBACK, SHADOW, REPLAY, REVIEW)


class Gate(Struct, frozen=True):
    """What is looked at: its source, what it is called, and whether its limit is the least or the most."""

    source: str
    title: str
    is_least: bool = False


GATES = {
    "calls_seen": Gate(SILENT, "calls seen", is_least=True),
    "cards_per_100_calls": Gate(SILENT, "cards per 100 calls"),
    "not_checked_percent": Gate(SILENT, "calls with something not checked, %"),
    "unread_percent": Gate(SILENT, "calls with something unread, %"),
    "open_questions_percent": Gate(SILENT, "calls without an answer (412), %"),
    "p99_ms": Gate(SILENT, "99 % of the calls within, ms"),
    "failures_percent": Gate(SILENT, "failures (5xx), %"),
    "audit_findings": Gate(SILENT, "findings in the audit that this rests on"),
    "emergencies_reviewed_percent": Gate(SILENT, "emergencies reviewed, %", is_least=True),
    "emergencies_harmful": Gate(SILENT, "emergencies judged harmful"),
    "agreement": Gate(SILENT, "agreement of the reviewers (kappa)", is_least=True),
    "cards_answered": Gate(FEEDBACK, "cards answered", is_least=True),
    "overridden_percent": Gate(FEEDBACK, "answered cards that were overridden, %"),
    "shadow_calls": Gate(SHADOW, "calls that a candidate answered too", is_least=True),
    "shadow_different_percent": Gate(SHADOW, "of these with another answer, %"),
    "shadow_gone": Gate(SHADOW, "cards gone or less urgent under the candidate"),
    "shadow_failures_percent": Gate(SHADOW, "failures of the candidate, %"),
    "replay_calls": Gate(REPLAY, "replay: calls", is_least=True),
    "replay_cards_per_100_calls": Gate(REPLAY, "replay: cards per 100 calls"),
    "replay_not_checked_percent": Gate(REPLAY, "replay: calls with something not checked, %"),
    "replay_unread_percent": Gate(REPLAY, "replay: calls with something unread, %"),
    "replay_not_answered_percent": Gate(REPLAY, "replay: calls without an answer, %"),
    "replay_lost": Gate(REPLAY, "replay: resources, visits and patients that are missing in it"),
    "review_judged_percent": Gate(REVIEW, "review: items that both have judged, %", is_least=True),
    "review_agreement": Gate(REVIEW, "review: agreement of the reviewers (kappa)", is_least=True),
    "review_ppv_percent": Gate(REVIEW, "review: positive predictive value of the weakest card, %", is_least=True),
    "review_ppv_low_percent": Gate(REVIEW, "review: the lowest end of a card's 95 % interval, %", is_least=True),
    "review_silent_right_percent": Gate(REVIEW, "review: silent visits that were rightly silent, %", is_least=True),
    "review_harmful": Gate(REVIEW, "review: items judged harmful"),
}


class Limit(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`least` or `most`, as the gate wants it."""

    least: float | None = None
    most: float | None = None


class Gates(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One decision: of which client, over which days, with which limits; what is left out is left out by name."""

    client: str
    since: date
    until: date | None = None
    without: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()
    replay: str = ""
    gates: dict[str, Limit]

    @property
    def asked(self) -> dict[str, Gate]:
        """The gates that must be met, in the order in which they are told."""
        left_out = {*self.without, *((REVIEW,) if REPLAY in self.without else ())}  # no review without a replay
        return {name: gate for name, gate in GATES.items() if not {name, gate.source} & left_out}

    def limit(self, name: str) -> float:
        """The limit of one gate that is asked."""
        limit = self.gates[name]
        value = limit.least if GATES[name].is_least else limit.most
        assert value is not None
        return value


def read_gates(path: Path) -> Gates:
    """Read the file; raises UsageError with the key that is wrong."""
    try:
        gates = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Gates)
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path}: cannot be read: {reason_of(problem)}") from problem
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise UsageError(f"{path}: {_plain(str(problem))}") from problem
    for key, reason in _problems(gates):
        raise UsageError(f"{path}: {key}: {reason}")
    return gates


def _plain(text: str) -> str:
    return re.sub(r"`\$\.?(.*?)`", r"\1", text)


def _problems(gates: Gates) -> Iterable[tuple[str, str]]:
    if gates.until is not None and gates.until < gates.since:
        yield "until", f"{gates.until} is before since, {gates.since}"
    for name in gates.without:
        if name not in (*SOURCES, *GATES):
            yield "without", f"{name!r} is neither a source nor a gate; there are {', '.join((*SOURCES, *GATES))}"
    for name in gates.gates:
        if name not in GATES:
            yield f"gates.{name}", f"is not a gate; the gates are {', '.join(GATES)}"
    yield from _problems_of_limits(gates.asked, gates.gates)
    if "agreement" in gates.asked and len(gates.reviews) != 2:
        yield "reviews", 'must name the files of two reviewers for the gate "agreement"'


def _problems_of_limits(gates: Mapping[str, Gate], limits: Mapping[str, Limit]) -> Iterable[tuple[str, str]]:
    for name, gate in gates.items():
        bound, opposite = ("least", "most") if gate.is_least else ("most", "least")
        limit = limits.get(name, Limit())
        if getattr(limit, bound) is None or getattr(limit, opposite) is not None:
            yield f"gates.{name}", f'must be {{ {bound} = … }}; to leave the gate out, name it under "without"'
