"""The combination table and the ranking, short enough to check line by line: the steps of N60, by their numbers."""

from collections.abc import Collection, Iterable, Sequence

from cards.topics import Indicator, Topic
from cds.rules import calm, lines, other_results, serotonin, stopped
from cds.rules.abnormal_labs import Abnormal
from cds.rules.assess import Assessment, flag_days
from cds.rules.cardbook import PROTECTED, RANKS
from cds.rules.causes import Cause
from cds.rules.choice import SILENCE_NEEDS, Choice, Decision
from cds.rules.findings import Finding
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.flags import Flags, is_today
from cds.rules.medication import Course
from cds.rules.runner import RuleRunner
from cds.rules.stopped import Stopped
from cds.rules.work_up import covers

URGENCY = {Indicator.CRITICAL: 0, Indicator.WARNING: 1, Indicator.INFO: 2}


def choose(found: Assessment, runner: RuleRunner) -> list[Choice]:
    """Which cards are due, the most urgent first (N60 steps 18 to 34)."""
    return sorted(_chosen(found, runner), key=lambda choice: (URGENCY[choice.indicator], RANKS[choice.topic]))


def _chosen(found: Assessment, runner: RuleRunner) -> list[Choice]:
    if found.picture.diseases:
        runner.note("KD", "fired", "known-disease")
        return _with_known_disease(found) or _unseen(found)
    if found.emergencies:
        return _with_emergency(found)
    return _without_emergency(found)


def _with_known_disease(found: Assessment) -> list[Choice]:
    """N60 step 20: emergencies, electrolytes and the medicines behind them; MS alone does not explain wasting."""
    labs = tuple(lab for lab in found.labs if lab.tag in found.picture.knowledge.electrolytes)
    chosen = _emergency(found, labs) if found.emergencies else _abnormal_lab(labs)
    chosen += _medicines(found, _linked(found, {(lab.tag, lab.side) for lab in labs}), _stopped(found, grave=True))
    chosen += _new_sign(found)
    chosen += _lowered(found)
    if _breathes_or_feeds_badly(found):
        chosen += _neurology(Topic.PED_NEURO, _critical(found), found)
    if found.picture.diseases == {"kd-ms"}:
        signs = tuple(flag for flag in (*found.urgent, *found.childhood) if _is_beyond_ms(flag.found))
        chosen += _neurology(Topic.PED_NEURO if found.picture.is_child else Topic.NEURO_URG, signs, found)
    return chosen


def _new_sign(found: Assessment) -> list[Choice]:
    """N52, N53: one card for all new signs that no request to the team covers."""
    new = lines.uncovered(found)
    if not new:
        return []
    worst = Indicator.WARNING if any(one.indicator is Indicator.WARNING for one in new) else Indicator.INFO
    return [Choice(topic=Topic.NEW_SIGN, indicator=worst, new_signs=new)]


def _breathes_or_feeds_badly(found: Assessment) -> bool:
    """N54: in known disease a child's sign counts only with new trouble of feeding or breathing."""
    return found.picture.is_child and any(one.is_same_day for one in found.new_signs)


def _critical(found: Assessment) -> Flags:
    return tuple(flag for flag in found.childhood if flag.critical and flag.id == "P1")


def _unseen(found: Assessment) -> list[Choice]:
    """Known disease is silent only where all was seen that could break the silence; else it is said (D7, D17, N48)."""
    picture = found.picture
    seen = picture.complete.has(*SILENCE_NEEDS) and not found.failed and not picture.may_break_silence
    return [] if seen else [Choice(topic=Topic.DATA_GAP, indicator=Indicator.INFO)]


def _with_emergency(found: Assessment) -> list[Choice]:
    """N60 steps 19 and 22: the emergency, the medicines behind it, and neurology if a sign remains.

    Routine signs stand on its card.
    """
    chosen, main = _emergency(found, found.labs), _main(found)
    if main and (found.hides or main[0] is not Topic.NEURO_EVAL):
        chosen += _neurology(*main, found)
    if found.hides:  # what is not shown names no medicine
        return chosen + _new_sign(found) + _medicines(found, found.courses, _stopped(found))
    ended = _stopped(found) if stopped.WITHDRAWAL in _tags(found.emergencies) else ()
    return chosen + _new_sign(found) + _medicines(found, _linked(found), ended)


def _without_emergency(found: Assessment) -> list[Choice]:
    """N60 steps 21 and 23 to 31; where twitching is expected nothing calms, orders or calls data missing (N53)."""
    chosen = _new_sign(found)  # 21
    main = _main(found)  # 23
    chosen += _neurology(*main, found) if main else []  # 24
    chosen += _today(found, main)
    chosen += _abnormal_lab(lines.labs_left(found, chosen))  # 25
    chosen += _medicines(found, found.courses, _stopped(found))  # 26
    chosen += _known_cause(found, chosen)  # 27
    if found.picture.expected:
        return chosen or _unseen(found)
    chosen += _reassurance(found, chosen)  # 28
    chosen += _lab_order(found, chosen)  # 29
    chosen += _lifestyle(found, chosen)  # 30
    return chosen or [_fallback(found)]  # 31


def _main(found: Assessment) -> tuple[Topic, Flags] | None:
    """The neurology card that is due: a child's sign, an urgent sign, or a routine one (S33, S45)."""
    if found.childhood:
        return Topic.PED_NEURO, found.childhood
    if found.urgent:
        return Topic.NEURO_URG, found.urgent
    evaluated = _evaluated(found)
    return (Topic.NEURO_EVAL, evaluated) if evaluated else None


def _evaluated(found: Assessment) -> Flags:
    """The signs of the routine card: symptoms only of a twitch that lasts, is severe or frequent (S45)."""
    return (*found.today, *found.routine, *(found.additional if found.picture.is_marked else ()))


def _today(found: Assessment, main: tuple[Topic, Flags] | None) -> list[Choice]:
    """R4-today beside another neurology card: theirs is weeks, this is today (N17)."""
    if not found.today or main is None or main[0] is Topic.NEURO_EVAL:
        return []
    return [Choice(topic=Topic.NEURO_EVAL, indicator=Indicator.WARNING, flags=found.today)]


def _neurology(topic: Topic, flags: Flags, found: Assessment) -> list[Choice]:
    """4e NEURO(card): a request under way that covers all flags turns it into STATUS, unless it is critical (D5).

    All flags are those of the routine card too, which an urgent one stands before. Beside an emergency that is not
    shown STATUS alone would calm.
    """
    if not flags:
        return []
    critical = topic is Topic.PED_NEURO and any(flag.critical for flag in flags)
    request = found.picture.request
    stands = critical or found.hides or is_today(flags)
    if request is not None and not stands and covers(request, flag_days((*flags, *_evaluated(found)))):
        return [Choice(topic=Topic.STATUS, indicator=Indicator.INFO, flags=flags, covered=topic)]
    return [Choice(topic=topic, indicator=Indicator.CRITICAL if critical else Indicator.WARNING, flags=flags)]


def _emergency(found: Assessment, labs: tuple[Abnormal, ...]) -> list[Choice]:
    """EMERG, which quotes the labs; switched off, the labs and a card saying so (section 6 Time-critical)."""
    if not found.hides:
        return [Choice(topic=Topic.EMERG, indicator=Indicator.CRITICAL, flags=found.emergencies)]
    return [*_abnormal_lab(labs), Choice(topic=Topic.DATA_GAP, indicator=Indicator.INFO, flags=found.emergencies)]


def _abnormal_lab(labs: tuple[Abnormal, ...]) -> list[Choice]:
    """D10: one card for all, as urgent as its worst."""
    if not labs:
        return []
    worst = Indicator.WARNING if any(lab.indicator is Indicator.WARNING for lab in labs) else Indicator.INFO
    return [Choice(topic=Topic.LAB_ABN, indicator=worst, labs=labs)]


def _medicines(found: Assessment, courses: tuple[Course, ...], ended: tuple[Stopped, ...] = ()) -> list[Choice]:
    """D11: a warning for a steroid with weakness or low K or Ca (4a MED-REV), or what N34 says of a level.

    Also for a sedative or baclofen that was stopped (N28), and for what may be serotonin toxicity (N37).
    """
    if not (courses or ended):
        return []
    steroid = any(course.tag == "corticosteroid" for course in courses)
    serious = steroid and (_has_weakness(found) or _has_low_electrolyte(found))
    serious = serious or any(course.tag == serotonin.AGENT for course in courses)
    serious = serious or any(course.cautions for course in courses) or any(one.warns for one in ended)
    indicator = Indicator.WARNING if serious else Indicator.INFO
    return [Choice(topic=Topic.MED_REV, indicator=indicator, courses=courses, stopped=ended)]


def _stopped(found: Assessment, *, grave: bool = False) -> tuple[Stopped, ...]:
    """The medicines that were stopped on a day that is known; in known disease only those that warn (N60 20)."""
    return tuple(one for one in found.stopped if one.when is not None and (one.warns or not grave))


def _has_weakness(found: Assessment) -> bool:
    return any(
        flag.id in ("U1", "U8") or (flag.id == "R4" and any("weakness-unspecific" in one.sets for one in flag.found))
        for flag in found.muscle_signs
    )


def _has_low_electrolyte(found: Assessment) -> bool:
    low = {lab.tag for lab in found.labs if lab.side == "low"}
    raised = {flag.tag for flag in found.emergencies if flag.id == "E3" or flag.is_low}
    return bool((low | raised) & {"potassium", "calcium"})


def _linked(found: Assessment, moved: Collection[tuple[str, str]] = ()) -> tuple[Course, ...]:
    """The courses that may explain an emergency or what was moved, unless the emergency names the drug already (5a)."""
    medicines, told = found.picture.knowledge.medicines, _tags(found.emergencies)
    sides = {(flag.tag, "high" if flag.is_high else "low") for flag in found.emergencies}
    wanted = {*moved, *sides}
    return tuple(
        course
        for course in found.courses
        if not told & set(medicines[course.tag].named)
        and (told & set(medicines[course.tag].linked) or wanted & set(medicines[course.tag].moved_by(course.groups)))
    )


def _tags(flags: Flags) -> set[str]:
    return {flag.tag for flag in flags if flag.tag}


def _known_cause(found: Assessment, chosen: list[Choice]) -> list[Choice]:
    """N26: one card for all known causes, unless neurology is due or LAB-ABN judges the test; then a line says it."""
    return _known(lines.causes_left(found, chosen))


def _lowered(found: Assessment) -> list[Choice]:
    """N39: tetany that was lowered is told in known disease too."""
    return _known(tuple(cause for cause in found.causes if cause.sentence))


def _known(causes: tuple[Cause, ...]) -> list[Choice]:
    if not causes:
        return []
    warns = any(cause.indicator is Indicator.WARNING for cause in causes)
    indicator = Indicator.WARNING if warns else Indicator.INFO
    return [Choice(topic=Topic.KNOWN, indicator=indicator, causes=causes)]


def _reassurance(found: Assessment, chosen: list[Choice]) -> list[Choice]:
    """D8: normal examination and EMG, the words of N24 allowed, and no abnormal result quoted (N60 step 28)."""
    if not found.is_normal or calm.is_hushed(chosen) or not calm.words_allowed(found):
        return []
    if other_results.of(found.picture):
        return []
    return [Choice(topic=Topic.REASSURE, indicator=Indicator.INFO)]


def _lab_order(found: Assessment, chosen: list[Choice]) -> list[Choice]:
    """N56: something asks for tests that are due, and no other card lists them."""
    listed = calm.BESIDE | {Topic.LAB_ABN, Topic.REASSURE}
    seen = found.picture.complete.has("Condition", "Observation")
    if listed & _topics(chosen) or not (found.missing and found.tests_wanted and seen):
        return []
    return [Choice(topic=Topic.LAB_ORDER, indicator=Indicator.INFO)]


def _lifestyle(found: Assessment, chosen: list[Choice]) -> list[Choice]:
    """D13: beside nothing that alarms (N24), and only where all red flags could be asked."""
    seen = found.picture.complete.has("Condition", "Observation") and not found.failed & set(FLAG_IDS)
    unread = found.picture.unclear or found.picture.unread
    if not found.factors or calm.is_hushed(chosen) or not seen or unread:
        return []
    return [Choice(topic=Topic.LIFESTYLE, indicator=Indicator.INFO, factors=found.factors)]


def _fallback(found: Assessment) -> Choice:
    """D14 and D15: general advice only where "no red flags" may be said (N24); else say what is missing."""
    topic = Topic.LIFESTYLE if calm.words_allowed(found) else Topic.DATA_GAP
    return Choice(topic=topic, indicator=Indicator.INFO)


def _topics(chosen: Iterable[Choice]) -> set[Topic]:
    return {one.topic for one in chosen}


def _is_beyond_ms(found: Iterable[Finding]) -> bool:
    """Wasting or a fasciculating tongue, which multiple sclerosis does not explain (D7)."""
    return any(one.sets & lines.BEYOND_MS for one in found)


def is_for_an_emergency(choice: Choice) -> bool:
    """The card in the place of an emergency that is switched off."""
    return choice.topic is Topic.DATA_GAP and bool(choice.flags)


def _is_protected(choice: Choice) -> bool:
    new = choice.topic is Topic.NEW_SIGN and choice.indicator is Indicator.WARNING
    return choice.topic in PROTECTED or new or is_today(choice.flags) or is_for_an_emergency(choice)


def capped(ordered: Sequence[Choice], limit: int, repeated: tuple[Topic, ...] = ()) -> Decision:
    """At most three cards; the last that is not protected makes way and is named (step 35)."""
    kept, dropped = list(ordered), []
    spare = [one for one in kept if not _is_protected(one)]
    while len(kept) > limit and spare:
        victim = spare.pop()
        kept.remove(victim)
        dropped.append(victim.topic)
    return Decision(tuple(kept), tuple(reversed(dropped)), repeated)
