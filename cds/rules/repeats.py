"""No nagging: by what a card is known again, and how long an answer keeps it silent (4d Repeats)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from cards.advice import OF_TODAY, SWITCHED_OFF, Advice, Fact
from cards.template import fill
from cards.topics import Indicator, Topic
from cds.knowledge.load import Knowledge
from cds.need import Answered
from cds.rules.own_words import in_sentence

SIGN = "{sign}"
ONCE = "repeat_once"
WINDOWS = {Indicator.INFO: "repeat_info", Indicator.WARNING: "repeat_warning"}


def is_repeatable(advice: Advice) -> bool:
    """Whether an answer can silence a card at all: never an emergency, what is in its place, or what is critical."""
    urgent = advice.topic is Topic.EMERG or advice.variant in (SWITCHED_OFF, *OF_TODAY)
    return not urgent and advice.indicator is not Indicator.CRITICAL


class Naming(Struct, frozen=True):
    """How the name of a sign is made of what a fact is called, and what the first edition called what is renamed.

    `forms`: with {sign}, as a card words it, and as it is known again.
    """

    forms: tuple[tuple[str, str], ...] = ((SIGN, SIGN),)
    former: Mapping[str, str] = {}


AS_WORDED = Naming()


def fingerprint(
    advice: Advice,
    twitches: Collection[Fact] = (),
    failed: Collection[str] = (),
    still_open: Collection[str] = (),
    naming: Naming = AS_WORDED,
) -> str:
    """Card, urgency, tags, signs, medicine, and the newest trigger of each kind with date and value.

    Anything new in it, or worse, makes another card of it. The twitch itself counts by what it is, not by its date,
    so that a record made anew is no news; neither the hook nor how the chart words a sign is a part. A rule that failed
    is news: no answer to a card on which it was asked keeps it silent. What is `still_open` beside a card that is shown
    once is a part of it (N57). With the `former` names: the card as it was known in the first edition.
    """
    names = naming.former
    kinds = sorted({fact.code or names.get(fact.label, fact.label) for fact in twitches})
    news = [fact for fact in advice.facts if fact not in twitches]
    triggers = sorted(f"{names.get(fact.label, fact.label)}|{fact.date}|{fact.value}" for fact in _newest(news))
    parts = (
        advice.topic.value,
        advice.indicator.value,
        ",".join(advice.tags),
        ",".join(advice.flags),
        ",".join(_signs(advice, (*twitches, *reversed(news)), naming)),
        advice.values.get("drug", ""),
        ",".join(kinds),
        *triggers,
        *(f"failed|{rule}" for rule in sorted(failed)),
        *(f"open|{item}" for item in sorted(still_open)),
    )
    return "\n".join(parts)


def _signs(advice: Advice, facts: Iterable[Fact], naming: Naming) -> list[str]:
    """What the signs are known by. A twitch that is a sign too, as of the tongue, is called as the sign: the last."""
    if not advice.signs:
        return []
    by_print = {
        fill(worded, {"sign": words}): fill(as_known, {"sign": fact.label})
        for fact in facts
        if fact.quoted
        for words in (fact.words, in_sentence(fact.words))
        for worded, as_known in naming.forms
    }
    kinds = (by_print.get(sign, sign) for sign in advice.signs)
    return sorted({naming.former.get(kind, kind) for kind in kinds})


def _newest(facts: Iterable[Fact]) -> Iterable[Fact]:
    """The newest fact of each kind; undated ones come before all dated."""
    newest: dict[tuple[str, str | None], Fact] = {}
    for fact in sorted(facts, key=lambda fact: (fact.date or "", str(fact.value or ""))):
        newest[fact.label, fact.code] = fact
    return newest.values()


def was_shown(print_: str, showing_times: Answered, knowledge: Knowledge, now: datetime) -> bool:
    """Whether this very card was shown to this user within the window (N57)."""
    when = showing_times.get(print_)
    return when is not None and now - when < timedelta(days=knowledge.days(ONCE))


@lru_cache(maxsize=4)
def naming_of(knowledge: Knowledge) -> Naming:
    """How this edition names signs, and an abnormal examination. A relative's disease keeps its words."""
    abnormal = fill(knowledge.names.abnormal, {"test": SIGN})
    return Naming(((SIGN, SIGN), (abnormal, abnormal)))


@lru_cache(maxsize=4)
def former_naming(knowledge: Knowledge) -> Naming:
    """What the first edition called what this one names otherwise: a result without its side, a sign by its set."""
    names = knowledge.names
    former = dict(names.former)
    for analyte in knowledge.analytes.values():
        for label in (analyte.label, *analyte.kinds.values()):
            former[fill(names.high, {"test": label})] = former.get(label, label)
    for twitch in (knowledge.label("twitch"), knowledge.label("twitch-eyelid")):
        former[fill(names.mentioned, {"twitch": twitch})] = twitch
    return Naming((*naming_of(knowledge).forms, (names.in_family, SIGN)), former)


def is_answered(
    advice: Advice, prints: Iterable[str], answer_times: Answered, knowledge: Knowledge, now: datetime
) -> bool:
    """Whether this very card was accepted or overridden within its window, under this name or its former one."""
    window = timedelta(days=knowledge.days(WINDOWS[advice.indicator]))
    return any(now - answer_times[print_] < window for print_ in prints if print_ in answer_times)
