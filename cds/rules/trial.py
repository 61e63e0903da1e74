"""Asking one rule at a time: a rule that fails is reported as not checked, never as silence (design, section 5)."""

import logging
from collections.abc import Callable, Iterable
from typing import Literal, Protocol, TypeVar

from msgspec import Struct

from cards.advice import Fact, NotChecked

State = Literal["fired", "not-fired", "not-checked", "suppressed"]


class Evidenced(Protocol):
    """What a rule raises: something with the facts it rests on."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts, for the verdict."""


P = TypeVar("P")
R = TypeVar("R")
Found = TypeVar("Found", bound=Evidenced)
_LOG = logging.getLogger(__name__)


class Verdict(Struct, frozen=True):
    """What one rule said: its id, its state, the facts behind it, and a word on why."""

    rule: str
    state: State
    facts: tuple[Fact, ...] = ()
    because: str = ""


class Trial:
    """Collects the verdicts of one call."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.failed: list[str] = []

    def ask(self, rule_id: str, rule: Callable[[P], Iterable[Found]], subject: P) -> tuple[Found, ...]:
        """All that a rule raises; nothing if it stays silent or fails."""
        try:
            raised = tuple(rule(subject))
        except Exception:  # noqa: BLE001 - per-rule isolation: the failure becomes visible on every card
            _LOG.error("rule failed", extra={"fields": {"rule": rule_id}}, exc_info=True)
            self.failed.append(rule_id)
            self.verdicts.append(Verdict(rule_id, "not-checked", because="rule-failed"))
            return ()
        if not raised:
            self.verdicts.append(Verdict(rule_id, "not-fired"))
            return ()
        facts = tuple(fact for one in raised for fact in one.facts)
        self.verdicts.append(Verdict(rule_id, "fired", facts))
        return raised

    def note(self, rule_id: str, state: State, because: str) -> None:
        """Record what the combination table did with a rule's outcome."""
        self.verdicts.append(Verdict(rule_id, state, because=because))

    @property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """The rules that failed, as every card states them."""
        return tuple(NotChecked(type=rule, reason="rule-failed") for rule in self.failed)


def once(rule: Callable[[P], R | None]) -> Callable[[P], Iterable[R]]:
    """A rule that raises at most one thing, as one that raises some."""

    def some(subject: P) -> tuple[R, ...]:
        answer = rule(subject)
        return () if answer is None else (answer,)

    return some
