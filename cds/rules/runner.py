"""Asking one rule at a time: a rule that fails is reported as not checked, never as silence (design, section 5)."""

import logging
from collections.abc import Callable, Collection, Iterable
from functools import cache
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from cards.advice import Fact, NotChecked
from cards.topics import Topic

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


def silent(_: object) -> tuple[Any, ...]:
    """What every rule says of a chart that holds nothing of what it reads."""
    return ()


@cache
def _not_fired(rule_id: str) -> Verdict:
    """The verdict of most rules on most charts."""
    return Verdict(rule_id, "not-fired")


class RuleRunner:
    """Collects the verdicts of one call. Rules that it is to do `without` are not asked, and stay silent."""

    def __init__(self, without: Collection[str] = ()) -> None:
        self._without = without
        self.verdicts: list[Verdict] = []
        self.failed: list[str] = []
        self.failed_cards: list[Topic] = []

    def ask(self, rule_id: str, rule: Callable[[P], Iterable[Found]], subject: P) -> tuple[Found, ...]:
        """All that a rule raises; nothing if it stays silent or fails."""
        if rule_id in self._without:
            return ()
        raised = () if rule is silent else self._made("rule failed", rule_id, lambda: tuple(rule(subject)))
        if raised is None:
            self.failed.append(rule_id)
            self.verdicts.append(Verdict(rule_id, "not-checked", because="rule-failed"))
            return ()
        if not raised:
            self.verdicts.append(_not_fired(rule_id))
            return ()
        facts = tuple(fact for raised_item in raised for fact in raised_item.facts)
        self.verdicts.append(Verdict(rule_id, "fired", facts))
        return raised

    def card(self, topic: Topic, make: Callable[[], R]) -> R | None:
        """A card, or a part of its making; None if that fails, and then the other cards say so."""
        card = self._made("card failed", topic.value, make)
        if card is None and topic not in self.failed_cards:
            self.failed_cards.append(topic)
        return card

    def _made(self, event: str, name: str, make: Callable[[], R]) -> R | None:
        """What is made; None after a fault, which is logged: it costs one rule or one card, never the answer."""
        try:
            return make()
        except Exception:  # noqa: BLE001 - isolation: the failure becomes visible on every card
            _LOG.error(event, extra={"fields": {"rule": name}}, exc_info=True)
            return None

    def note(self, rule_id: str, state: State, because: str) -> None:
        """Record what the combination table did with a rule's outcome."""
        self.verdicts.append(Verdict(rule_id, state, because=because))

    @property
    def failures(self) -> tuple[str, ...]:
        """Rules and cards that failed: news for whoever answered a card before."""
        return (*self.failed, *(card.value for card in self.failed_cards))

    @property
    def not_checked(self) -> tuple[NotChecked, ...]:
        """The rules and cards that failed, as every card states them."""
        rules = (NotChecked(type=rule, reason="rule-failed") for rule in self.failed)
        return (*rules, *(NotChecked(type=card.value, reason="card-failed") for card in self.failed_cards))


def once(rule: Callable[[P], R | None]) -> Callable[[P], Iterable[R]]:
    """A rule that raises at most one thing, as one that raises some."""

    def some(subject: P) -> tuple[R, ...]:
        answer = rule(subject)
        return () if answer is None else (answer,)

    return some
