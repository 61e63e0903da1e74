"""No nagging: by what a card is known again, and how long an answer keeps it silent (4d Repeats)."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from cards.advice import SWITCHED_OFF, Advice, Fact
from cards.topics import Indicator, Topic
from cds.knowledge.load import Knowledge
from cds.need import Answered
from cds.rules.own_words import in_sentence

ONCE = "repeat_once"
WINDOWS = {Indicator.INFO: "repeat_info", Indicator.WARNING: "repeat_warning"}


def is_repeatable(advice: Advice) -> bool:
    """Whether an answer can silence a card at all: never an emergency, what is in its place, or what is critical."""
    urgent = advice.topic is Topic.EMERG or advice.variant == SWITCHED_OFF
    return not urgent and advice.indicator is not Indicator.CRITICAL


def fingerprint(
    advice: Advice, twitches: Collection[Fact] = (), failed: Collection[str] = (), still_open: Collection[str] = ()
) -> str:
    """Card, urgency, tags, signs, medicine, and the newest trigger of each kind with date and value.

    Anything new in it, or worse, makes another card of it. The twitch itself counts by what it is, not by its date,
    so that a record made anew is no news; neither the hook nor how the chart words a sign is a part. A rule that failed
    is news: no answer to a card on which it was asked keeps it silent. What is
    `still_open` beside a card that is shown once is a part of it (N57).
    """
    kinds = sorted({f"{fact.code or fact.label}" for fact in twitches})
    news = [fact for fact in advice.facts if fact not in twitches]
    triggers = sorted(f"{fact.label}|{fact.date}|{fact.value}" for fact in _newest(news))
    kinds_of = {in_sentence(fact.words): fact.label for fact in reversed(advice.facts) if fact.quoted}
    parts = (
        advice.topic.value,
        advice.indicator.value,
        ",".join(advice.tags),
        ",".join(advice.flags),
        ",".join(sorted({kinds_of.get(sign, sign) for sign in advice.signs})),
        advice.values.get("drug", ""),
        ",".join(kinds),
        *triggers,
        *(f"failed|{rule}" for rule in sorted(failed)),
        *(f"open|{item}" for item in sorted(still_open)),
    )
    return "\n".join(parts)


def _newest(facts: Iterable[Fact]) -> Iterable[Fact]:
    """The newest fact of each kind; undated ones come before all dated."""
    newest: dict[tuple[str, str | None], Fact] = {}
    for fact in sorted(facts, key=lambda fact: (fact.date or "", str(fact.value or ""))):
        newest[fact.label, fact.code] = fact
    return newest.values()


def was_shown(print_: str, shown: Answered, knowledge: Knowledge, now: datetime) -> bool:
    """Whether this very card was shown to this user within the window (N57)."""
    when = shown.get(print_)
    return when is not None and now - when < timedelta(days=knowledge.days(ONCE))


def is_answered(advice: Advice, print_: str, answered: Answered, knowledge: Knowledge, now: datetime) -> bool:
    """Whether this very card was accepted or overridden within its window."""
    when = answered.get(print_)
    return when is not None and now - when < timedelta(days=knowledge.days(WINDOWS[advice.indicator]))
