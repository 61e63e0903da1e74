"""What must hold of every answer of the combination table: it cannot calm, and it cannot forget."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cards.topics import Indicator, Topic
from cds.rules.choice import SILENCE_NEEDS, Choice, Decision
from cds.rules.picture import NEEDED

LIMIT = 3
CALMING = frozenset({Topic.REASSURE, Topic.LIFESTYLE})
ALARMING = frozenset({Topic.EMERG, Topic.PED_NEURO, Topic.NEURO_URG, Topic.NEURO_EVAL, Topic.STATUS, Topic.NEW_SIGN})
LEVELS = {Indicator.INFO: 1, Indicator.WARNING: 2, Indicator.CRITICAL: 3}
Read = Mapping[str, str]


class Answer(NamedTuple):
    """The cards that are due, and those that are shown."""

    due: Sequence[Choice]
    decision: Decision

    @property
    def level(self) -> int:
        """The urgency of the most urgent card that is shown; 0 for silence."""
        return max((LEVELS[one.indicator] for one in self.decision.choices), default=0)

    def topics(self) -> list[Topic]:
        """The cards that are due, in their order."""
        return [one.topic for one in self.due]


def has(read: Read, name: str) -> bool:
    """Whether an input was read and is there."""
    return read.get(name, "none") not in ("none", "no", "lowered")


def emergency(read: Read) -> bool:
    """Whether there is one that the site shows."""
    return has(read, "emergencies") and read.get("emergency_cards") != "no"


def no_calm_beside_what_alarms(read: Read, answer: Answer) -> bool:
    """A red flag, an emergency, a new sign or a warning never stands beside reassurance or lifestyle advice (N24)."""
    calm = CALMING & set(answer.topics())
    signs = any(has(read, name) for name in ("emergencies", "childhood", "urgent", "today", "routine", "new_signs"))
    warned = any(one.indicator is not Indicator.INFO for one in answer.due)
    return not (calm and (signs or warned or ALARMING & set(answer.topics())))


def no_reassurance_without_all_of_it(read: Read, answer: Answer) -> bool:
    """Reassurance rests on a normal examination and EMG, all types complete, and nothing unread, unclear or failed."""
    if Topic.REASSURE not in answer.topics():
        return True
    doubts = (
        "unread",
        "unclear",
        "failed",
        "quoted",
        "unsure",
        "other_results",
        "unsettled",
        "causes",
        "stopped",
        "expected",
        "diseases",
        "findings",
        "today",
    )
    missing = any(read.get(f"missing.{name}") != "no" for name in NEEDED)
    return read.get("is_normal") == "yes" and not missing and not any(read.get(name) != "none" for name in doubts)


def no_general_advice_without_an_examination(read: Read, answer: Answer) -> bool:
    """Lifestyle advice that no factor asks for is given only after a normal examination, with all seen (N24)."""
    general = any(one.topic is Topic.LIFESTYLE and not one.factors for one in answer.due)
    missing = any(read.get(f"missing.{name}") != "no" for name in NEEDED)
    seen = read.get("exam") == "normal" and not missing
    return not general or (seen and all(read.get(name) == "none" for name in ("unread", "other_results", "answered")))


def no_advice_on_factors_where_signs_could_not_be_asked(read: Read, answer: Answer) -> bool:
    """Lifestyle advice needs problems and observations whole, every flag asked, and no unclear or unread answer."""
    if Topic.LIFESTYLE not in answer.topics():
        return True
    missing = any(read.get(f"missing.{name}") != "no" for name in ("Condition", "Observation"))
    return not missing and read.get("failed") in ("none", "other") and read.get("unclear") == "none"


def at_most_three_cards(_: Read, answer: Answer) -> bool:
    """And each but once."""
    topics = [one.topic for one in answer.decision.choices]
    return len(topics) <= LIMIT and len(topics) == len(set(topics))


def is_protected(choice: Choice) -> bool:
    """What never makes way, said here once more: N60 step 35, and the card in the place of a hidden emergency."""
    always = choice.topic in (Topic.EMERG, Topic.PED_NEURO, Topic.NEURO_URG) or choice.indicator is Indicator.CRITICAL
    warns = choice.topic is Topic.NEW_SIGN and choice.indicator is Indicator.WARNING
    now = any(flag.today for flag in choice.flags)
    return always or warns or now or (choice.topic is Topic.DATA_GAP and bool(choice.flags))


def no_protected_card_makes_way(_: Read, answer: Answer) -> bool:
    """Every protected card that is due is shown."""
    return all(one in answer.decision.choices for one in answer.due if is_protected(one))


def what_makes_way_is_named(_: Read, answer: Answer) -> bool:
    """Shown and named together are all that is due."""
    told = [*(one.topic for one in answer.decision.choices), *answer.decision.dropped]
    return sorted(answer.topics()) == sorted(told)


def the_most_urgent_card_comes_first(_: Read, answer: Answer) -> bool:
    """In the order of urgency."""
    levels = [LEVELS[one.indicator] for one in answer.decision.choices]
    return levels == sorted(levels, reverse=True)


def an_emergency_is_told(read: Read, answer: Answer) -> bool:
    """As a critical card; where the site has switched it off, by a card that says so."""
    if not has(read, "emergencies"):
        return True
    if emergency(read):
        return answer.due[0].topic is Topic.EMERG and answer.level == LEVELS[Indicator.CRITICAL]
    return any(one.topic is Topic.DATA_GAP and one.flags for one in answer.decision.choices)


def a_sign_has_its_card(read: Read, answer: Answer) -> bool:
    """An urgent or a child's sign warns, unless a request covers it or the disease is known; critical ones always."""
    if read.get("childhood") == "critical" and not has(read, "diseases"):
        return any(one.topic is Topic.PED_NEURO and one.indicator is Indicator.CRITICAL for one in answer.due)
    if not (has(read, "childhood") or has(read, "urgent")) or has(read, "diseases"):
        return True
    covered = {Topic.STATUS} if has(read, "request") else set()
    return bool(({Topic.PED_NEURO, Topic.NEURO_URG} | covered) & set(answer.topics()))


def a_sign_of_today_is_never_covered(read: Read, answer: Answer) -> bool:
    """What is to be examined today warns on a card of its own; beside an emergency it is a line of that (N17)."""
    if not has(read, "today") or has(read, "diseases") or has(read, "emergencies"):
        return True
    return any(one.topic is Topic.NEURO_EVAL and any(f.today for f in one.flags) for one in answer.decision.choices)


def a_request_under_way_covers_only_what_is_not_newer(read: Read, answer: Answer) -> bool:
    """STATUS needs a request that is not older than the sign, and never stands for an emergency that is hidden (D5)."""
    if Topic.STATUS not in answer.topics():
        return True
    hidden = has(read, "emergencies") and not emergency(read)
    covered = next(one for one in answer.due if one.topic is Topic.STATUS)
    dated = any(day is not None for flag in covered.flags for day in flag.days)
    late = read.get("request") in ("after", "between") or (has(read, "request") and not dated)
    return late and not hidden and read.get("childhood") != "critical"


def no_silence_over_what_was_not_seen(read: Read, answer: Answer) -> bool:
    """No card only in a disease that explains twitching, with all that the silence rests on seen and understood."""
    if answer.due:
        return True
    known = has(read, "diseases") or has(read, "expected")
    missing = any(read.get(f"missing.{name}") == "yes" for name in SILENCE_NEEDS)
    return known and not missing and not has(read, "failed") and read.get("may_break_silence") == "none"


def a_warning_of_the_laboratory_is_told(read: Read, answer: Answer) -> bool:
    """As a warning on its card, or behind an emergency that is shown."""
    if read.get("labs") != "calcium":
        return True
    return emergency(read) or any(
        one.topic is Topic.LAB_ABN and one.indicator is Indicator.WARNING for one in answer.due
    )


PROPERTIES: tuple[Callable[[Read, Answer], bool], ...] = (
    no_calm_beside_what_alarms,
    no_reassurance_without_all_of_it,
    no_general_advice_without_an_examination,
    no_advice_on_factors_where_signs_could_not_be_asked,
    at_most_three_cards,
    no_protected_card_makes_way,
    what_makes_way_is_named,
    the_most_urgent_card_comes_first,
    an_emergency_is_told,
    a_sign_has_its_card,
    a_sign_of_today_is_never_covered,
    a_request_under_way_covers_only_what_is_not_newer,
    no_silence_over_what_was_not_seen,
    a_warning_of_the_laboratory_is_told,
)


def broken(read: Read, answer: Answer) -> Iterator[str]:
    """The names of the properties that an answer breaks."""
    yield from (one.__name__ for one in PROPERTIES if not one(read, answer))
