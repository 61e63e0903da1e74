"""The combination table and the ranking, short enough to check line by line: the steps of N60, by their numbers."""

from collections.abc import Collection, Iterable, Sequence

from cards.topics import Indicator, Topic
from cds.rules import calm, lines, serotonin, stopped
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


def choose(assessment: Assessment, runner: RuleRunner) -> list[Choice]:
    """Which cards are due, the most urgent first (N60 steps 18 to 34)."""
    return sorted(_chosen(assessment, runner), key=lambda choice: (URGENCY[choice.indicator], RANKS[choice.topic]))


def _chosen(assessment: Assessment, runner: RuleRunner) -> list[Choice]:
    if assessment.picture.diseases:
        runner.note("KD", "fired", "known-disease")
        return _with_known_disease(assessment) or _unseen(assessment)
    if assessment.emergencies:
        return _with_emergency(assessment)
    return _without_emergency(assessment)


def _with_known_disease(assessment: Assessment) -> list[Choice]:
    """N60 step 20: emergencies, electrolytes and the medicines behind them; MS alone does not explain wasting."""
    labs = tuple(lab for lab in assessment.labs if lab.tag in assessment.picture.knowledge.electrolytes)
    choices = _emergency(assessment, labs) if assessment.emergencies else _abnormal_lab(labs)
    choices += _medicines(
        assessment, _linked(assessment, {(lab.tag, lab.side) for lab in labs}), _stopped(assessment, grave=True)
    )
    choices += _new_sign(assessment)
    choices += _lowered(assessment)
    if _breathes_or_feeds_badly(assessment):
        choices += _neurology(Topic.PED_NEURO, _critical(assessment), assessment)
    if assessment.picture.diseases == {"kd-ms"}:
        beyond = assessment.picture.knowledge.group(lines.BEYOND_MS)
        signs = tuple(flag for flag in (*assessment.urgent, *assessment.childhood) if _is_beyond_ms(flag.found, beyond))
        choices += _neurology(Topic.PED_NEURO if assessment.picture.is_child else Topic.NEURO_URG, signs, assessment)
    return choices


def _new_sign(assessment: Assessment) -> list[Choice]:
    """N52, N53: one card for all new signs that no request to the team covers."""
    new = lines.uncovered(assessment)
    if not new:
        return []
    worst = Indicator.WARNING if any(new_sign.indicator is Indicator.WARNING for new_sign in new) else Indicator.INFO
    return [Choice(topic=Topic.NEW_SIGN, indicator=worst, new_signs=new)]


def _breathes_or_feeds_badly(assessment: Assessment) -> bool:
    """N54: in known disease a child's sign counts only with new trouble of feeding or breathing."""
    return assessment.picture.is_child and any(new_sign.is_same_day for new_sign in assessment.new_signs)


def _critical(assessment: Assessment) -> Flags:
    return tuple(flag for flag in assessment.childhood if flag.critical and flag.id == "P1")


def _unseen(assessment: Assessment) -> list[Choice]:
    """Known disease is silent only where all was seen that could break the silence; else it is said (D7, D17, N48)."""
    picture = assessment.picture
    was_seen = picture.complete.arrived(*SILENCE_NEEDS) and not assessment.failed and not picture.may_break_silence
    return [] if was_seen else [Choice(topic=Topic.DATA_GAP, indicator=Indicator.INFO)]


def _with_emergency(assessment: Assessment) -> list[Choice]:
    """N60 steps 19 and 22: the emergency, the medicines behind it, and neurology if a sign remains.

    Routine signs stand on its card.
    """
    choices, main = _emergency(assessment, assessment.labs), _main(assessment)
    if main and (assessment.hides or main[0] is not Topic.NEURO_EVAL):
        choices += _neurology(*main, assessment)
    if assessment.hides:  # what is not shown names no medicine
        return choices + _new_sign(assessment) + _medicines(assessment, assessment.courses, _stopped(assessment))
    ended = _stopped(assessment) if stopped.WITHDRAWAL in _tags(assessment.emergencies) else ()
    return choices + _new_sign(assessment) + _medicines(assessment, _linked(assessment), ended)


def _without_emergency(assessment: Assessment) -> list[Choice]:
    """N60 steps 21 and 23 to 31; where twitching is expected nothing calms, orders or calls data missing (N53)."""
    choices = _new_sign(assessment)  # 21
    main = _main(assessment)  # 23
    choices += _neurology(*main, assessment) if main else []  # 24
    choices += _today(assessment, main)
    choices += _abnormal_lab(lines.labs_left(assessment, choices))  # 25
    choices += _medicines(assessment, assessment.courses, _stopped(assessment))  # 26
    choices += _known_cause(assessment, choices)  # 27
    if assessment.picture.expected:
        return choices or _unseen(assessment)
    choices += _reassurance(assessment, choices)  # 28
    choices += _lab_order(assessment, choices)  # 29
    choices += _lifestyle(assessment, choices)  # 30
    return choices or [_fallback(assessment)]  # 31


def _main(assessment: Assessment) -> tuple[Topic, Flags] | None:
    """The neurology card that is due: a child's sign, an urgent sign, or a routine one (S33, S45)."""
    if assessment.childhood:
        return Topic.PED_NEURO, assessment.childhood
    if assessment.urgent:
        return Topic.NEURO_URG, assessment.urgent
    evaluated = _evaluated(assessment)
    return (Topic.NEURO_EVAL, evaluated) if evaluated else None


def _evaluated(assessment: Assessment) -> Flags:
    """The signs of the routine card: symptoms only of a twitch that lasts, is severe or frequent (S45)."""
    return (*assessment.today, *assessment.routine, *(assessment.additional if assessment.picture.is_marked else ()))


def _today(assessment: Assessment, main: tuple[Topic, Flags] | None) -> list[Choice]:
    """R4-today beside another neurology card: theirs is weeks, this is today (N17)."""
    if not assessment.today or main is None or main[0] is Topic.NEURO_EVAL:
        return []
    return [Choice(topic=Topic.NEURO_EVAL, indicator=Indicator.WARNING, flags=assessment.today)]


def _neurology(topic: Topic, flags: Flags, assessment: Assessment) -> list[Choice]:
    """4e NEURO(card): a request under way that covers all flags turns it into STATUS, unless it is critical (D5).

    All flags are those of the routine card too, which an urgent one stands before. Beside an emergency that is not
    shown STATUS alone would calm.
    """
    if not flags:
        return []
    critical = topic is Topic.PED_NEURO and any(flag.critical for flag in flags)
    request = assessment.picture.request
    is_shown = critical or assessment.hides or is_today(flags)
    if request is not None and not is_shown and covers(request, flag_days((*flags, *_evaluated(assessment)))):
        return [Choice(topic=Topic.STATUS, indicator=Indicator.INFO, flags=flags, covered=topic)]
    return [Choice(topic=topic, indicator=Indicator.CRITICAL if critical else Indicator.WARNING, flags=flags)]


def _emergency(assessment: Assessment, labs: tuple[Abnormal, ...]) -> list[Choice]:
    """EMERG, which quotes the labs; switched off, the labs and a card saying so (section 6 Time-critical)."""
    if not assessment.hides:
        return [Choice(topic=Topic.EMERG, indicator=Indicator.CRITICAL, flags=assessment.emergencies)]
    return [*_abnormal_lab(labs), Choice(topic=Topic.DATA_GAP, indicator=Indicator.INFO, flags=assessment.emergencies)]


def _abnormal_lab(labs: tuple[Abnormal, ...]) -> list[Choice]:
    """D10: one card for all, as urgent as its worst."""
    if not labs:
        return []
    worst = Indicator.WARNING if any(lab.indicator is Indicator.WARNING for lab in labs) else Indicator.INFO
    return [Choice(topic=Topic.LAB_ABN, indicator=worst, labs=labs)]


def _medicines(assessment: Assessment, courses: tuple[Course, ...], ended: tuple[Stopped, ...] = ()) -> list[Choice]:
    """D11: a warning for a steroid with weakness or low K or Ca (4a MED-REV), or what N34 says of a level.

    Also for a sedative or baclofen that was stopped (N28), and for what may be serotonin toxicity (N37).
    """
    if not (courses or ended):
        return []
    steroid = any(course.tag == "corticosteroid" for course in courses)
    serious = steroid and (_has_weakness(assessment) or _has_low_electrolyte(assessment))
    serious = serious or any(course.tag == serotonin.AGENT for course in courses)
    serious = serious or any(course.cautions for course in courses) or any(stop.warns for stop in ended)
    indicator = Indicator.WARNING if serious else Indicator.INFO
    return [Choice(topic=Topic.MED_REV, indicator=indicator, courses=courses, stopped=ended)]


def _stopped(assessment: Assessment, *, grave: bool = False) -> tuple[Stopped, ...]:
    """The medicines that were stopped on a day that is known; in known disease only those that warn (N60 20)."""
    return tuple(
        stopped_drug
        for stopped_drug in assessment.stopped
        if stopped_drug.when is not None and (stopped_drug.warns or not grave)
    )


def _has_weakness(assessment: Assessment) -> bool:
    return any(
        flag.id in ("U1", "U8")
        or (flag.id == "R4" and any("weakness-unspecific" in finding.sets for finding in flag.found))
        for flag in assessment.muscle_signs
    )


def _has_low_electrolyte(assessment: Assessment) -> bool:
    low = {lab.tag for lab in assessment.labs if lab.side == "low"}
    raised = {flag.tag for flag in assessment.emergencies if flag.id == "E3" or flag.is_low}
    return bool((low | raised) & {"potassium", "calcium"})


def _linked(assessment: Assessment, moved: Collection[tuple[str, str]] = ()) -> tuple[Course, ...]:
    """The courses that may explain an emergency or what was moved, unless the emergency names the drug already (5a)."""
    medicines, tags_told = assessment.picture.knowledge.medicines, _tags(assessment.emergencies)
    sides = {(flag.tag, "high" if flag.is_high else "low") for flag in assessment.emergencies}
    sides_wanted = {*moved, *sides}
    return tuple(
        course
        for course in assessment.courses
        if not tags_told & set(medicines[course.tag].named)
        and (
            tags_told & set(medicines[course.tag].linked)
            or sides_wanted & set(medicines[course.tag].moved_by(course.groups))
        )
    )


def _tags(flags: Flags) -> set[str]:
    return {flag.tag for flag in flags if flag.tag}


def _known_cause(assessment: Assessment, choices: list[Choice]) -> list[Choice]:
    """N26: one card for all known causes, unless neurology is due or LAB-ABN judges the test; then a line says it."""
    return _known(lines.causes_left(assessment, choices))


def _lowered(assessment: Assessment) -> list[Choice]:
    """N39: tetany that was lowered is told in known disease too."""
    return _known(tuple(cause for cause in assessment.causes if cause.sentence))


def _known(causes: tuple[Cause, ...]) -> list[Choice]:
    if not causes:
        return []
    warns = any(cause.indicator is Indicator.WARNING for cause in causes)
    indicator = Indicator.WARNING if warns else Indicator.INFO
    return [Choice(topic=Topic.KNOWN, indicator=indicator, causes=causes)]


def _reassurance(assessment: Assessment, choices: list[Choice]) -> list[Choice]:
    """D8: normal examination and EMG, and nothing open (N60 step 28); they answer weakness by its own rule (4b)."""
    if not assessment.is_normal or calm.is_hushed(choices) or not calm.may_reassure(assessment):
        return []
    return [Choice(topic=Topic.REASSURE, indicator=Indicator.INFO)]


def _lab_order(assessment: Assessment, choices: list[Choice]) -> list[Choice]:
    """N56: something asks for tests that are due, and no other card lists them."""
    allowed = calm.BESIDE | {Topic.LAB_ABN, Topic.REASSURE}
    was_seen = assessment.picture.complete.has("Condition", "Observation")
    if allowed & _topics(choices) or not (assessment.missing and assessment.tests_wanted and was_seen):
        return []
    return [Choice(topic=Topic.LAB_ORDER, indicator=Indicator.INFO)]


def _lifestyle(assessment: Assessment, choices: list[Choice]) -> list[Choice]:
    """D13: beside nothing that alarms (N24), and only where all red flags could be asked."""
    was_seen = assessment.picture.complete.has("Condition", "Observation") and not assessment.failed & set(FLAG_IDS)
    unread = assessment.picture.unclear or assessment.picture.unread
    if not assessment.factors or calm.is_hushed(choices) or not was_seen or unread:
        return []
    return [Choice(topic=Topic.LIFESTYLE, indicator=Indicator.INFO, factors=assessment.factors)]


def _fallback(assessment: Assessment) -> Choice:
    """D14 and D15: general advice only where "no red flags" may be said (N24); else say what is missing."""
    topic = Topic.LIFESTYLE if calm.words_allowed(assessment) else Topic.DATA_GAP
    return Choice(topic=topic, indicator=Indicator.INFO)


def _topics(choices: Iterable[Choice]) -> set[Topic]:
    return {choice.topic for choice in choices}


def _is_beyond_ms(findings: Iterable[Finding], beyond: tuple[str, ...]) -> bool:
    """Wasting or a fasciculating tongue, which multiple sclerosis does not explain (D7)."""
    return any(not finding.sets.isdisjoint(beyond) for finding in findings)


def is_for_an_emergency(choice: Choice) -> bool:
    """The card in the place of an emergency that is switched off."""
    return choice.topic is Topic.DATA_GAP and bool(choice.flags)


def _is_protected(choice: Choice) -> bool:
    new = choice.topic is Topic.NEW_SIGN and choice.indicator is Indicator.WARNING
    return choice.topic in PROTECTED or new or is_today(choice.flags) or is_for_an_emergency(choice)


def capped(ordered: Sequence[Choice], limit: int, repeated: tuple[Topic, ...] = ()) -> Decision:
    """At most three cards; the last that is not protected makes way and is named (step 35)."""
    choices_left, dropped = list(ordered), []
    spare = [choice for choice in choices_left if not _is_protected(choice)]
    while len(choices_left) > limit and spare:
        victim = spare.pop()
        choices_left.remove(victim)
        dropped.append(victim.topic)
    return Decision(tuple(choices_left), tuple(reversed(dropped)), repeated)
