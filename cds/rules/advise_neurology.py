"""NEURO-URG, NEURO-EVAL and PED-NEURO as advice: which summary, facts, notes and orders each gets (4a)."""

from collections.abc import Iterable

from cards.advice import TODAY, TODAY_CODED, TODAY_REASON, Advice, Note, ProposedOrder
from cards.topics import Topic
from cds.rules import (
    acute_weakness,
    advise,
    context,
    encephalitis,
    known_disease,
    new_signs,
    proposals,
    reported,
    tests_due,
    timing,
)
from cds.rules.assess import Assessment, flag_days
from cds.rules.choice import Choice
from cds.rules.flags import Flags, Raised, is_today
from cds.rules.motor_neuron import is_of_dystrophy, may_be_named
from cds.rules.own_words import in_sentence
from cds.rules.picture import Picture
from cds.rules.work_up import covers

DAY = 10  # characters of a date without its time


def _days(flags: Flags) -> dict[str, str]:
    """The newest day of each sign behind some flags."""
    by_date = sorted((fact.date[:DAY], in_sentence(fact.words)) for fact in advise.facts_of(flags) if fact.date)
    return {label: day for day, label in by_date}


def childhood(choice: Choice, assessment: Assessment) -> Advice:
    """PED-NEURO: SMA is treatable, so the sign is named first; delay alone needs development and CK checked (P2)."""
    ids = {flag.id for flag in choice.flags}
    variant = "default"
    if ids == {"P2"}:
        variant = "weakness" if _has(choice.flags, "weakness") else "default"
        delay = all(finding.sets & {"motor-delay"} for flag in choice.flags for finding in flag.found)
        variant = "development" if delay else variant
    variant = "infant" if ids == {"P4"} else variant
    values = _of_encephalitis(choice.flags)
    variant = encephalitis.SENTENCE if values else variant
    asks_for_ck = variant != "infant" and (variant != "development" or assessment.picture.chart.sex == "male")
    due = (
        asks_for_ck
        and assessment.picture.complete.has("Observation")
        and tests_due.is_due("creatine-kinase", assessment.picture)
    )
    referral, ck = ProposedOrder("referral:paediatric-neurology"), ProposedOrder("lab:creatine-kinase")
    orders: tuple[ProposedOrder, ...] = (referral, ck) if due else (referral,)
    orders = (ck, referral) if due and variant == "development" else orders
    orders += proposals.of_infant(assessment.picture) if variant == "infant" else ()
    return _neuro(choice, assessment, variant, orders, values)


def urgent(choice: Choice, assessment: Assessment) -> Advice:
    """NEURO-URG: the sign named with its day, the basic bloods inside; the disease only where N12 allows it."""
    if encephalitis_words := _of_encephalitis(choice.flags):
        variant, values = encephalitis.SENTENCE, encephalitis_words
    elif strange := new_signs.unexplained(choice.flags, assessment.picture):
        variant, values = "unexplained", strange
    elif {flag.id for flag in choice.flags} == {"U8"}:
        variant, values = "medicine", {"drug": _myopathic(assessment.picture)}
    else:
        variant, values = "motor-neuron-disease" if may_be_named(assessment) else "default", _days(choice.flags)
    return _neuro(
        choice, assessment, variant, (ProposedOrder("referral:neurology-urgent"), *advise.due(assessment)), values
    )


def _of_encephalitis(flags: Flags) -> dict[str, str]:
    """What the sentence names, whatever other sign stands beside it: it is the one for within days (N43)."""
    return next((dict(flag.values) for flag in flags if flag.sentence == encephalitis.SENTENCE), {})


def evaluation(choice: Choice, assessment: Assessment) -> Advice:
    """NEURO-EVAL: hyperexcitability, a central sign, an eyelid, or an additional symptom."""
    ids = {flag.id for flag in choice.flags}
    variants = (("R1", "hyperexcitability"), ("R2", "central"), ("R3", "eyelid"), ("R4", "unspecific"))
    variant = next((name for flag, name in variants if flag in ids), "default")
    if assessment.picture.is_marked and "ADD" in ids and variant in ("unspecific", "eyelid"):
        variant = "default"
    old = timing.old_sign(choice.flags) if variant == "unspecific" else None
    variant = "old-sign" if old else variant
    now = _today(choice.flags)
    variant = _of_today(choice.flags, assessment) if now else variant
    first = (ProposedOrder("task:examine-today"),) if now else ()
    studies = proposals.of_hyperexcitability(ids)
    return _neuro(
        choice,
        assessment,
        variant,
        (*first, ProposedOrder("referral:neurology"), *studies, *advise.due(assessment)),
        now or old,
    )


def _of_today(flags: Flags, assessment: Assessment) -> str:
    """By how every sign that is to be examined today is told: in words, as a reason, and as one of another kind."""
    signs = [finding for flag in flags if flag.today for finding in flag.found]
    if not all(finding.named.is_coded for finding in signs):
        return TODAY
    asked_sets = {*reported.SPOKEN.values(), *assessment.picture.knowledge.group("acute-weakness")}
    is_asked = any(finding.doubt is not None and finding.doubt.sets & asked_sets for finding in signs)
    return TODAY_CODED if is_asked else TODAY_REASON


def _today(flags: Flags) -> dict[str, str] | None:
    """Name and date of the sign that is to be asked and examined today (N17)."""
    doubted = [finding for flag in flags if flag.today for finding in flag.found if finding.doubt is not None]
    finding = max((finding for finding in doubted if finding.doubt), key=lambda finding: finding.day or 0, default=None)
    if finding is None or finding.doubt is None:
        return None
    values = dict(finding.doubt.remark.values)
    return values | {"sign": in_sentence(values["sign"])}


def _neuro(
    choice: Choice,
    assessment: Assessment,
    variant: str,
    orders: tuple[ProposedOrder, ...],
    values: dict[str, str] | None = None,
) -> Advice:
    notes = list(_neuro_notes(choice, assessment))
    return Advice(
        topic=choice.topic,
        indicator=choice.indicator,
        variant=variant,
        values=values or {},
        flags=advise.flag_ids(choice.flags),
        signs=advise.signs(choice.flags),
        facts=(*assessment.picture.twitch_facts, *advise.facts_of(choice.flags)),
        first=_both_sides(choice.flags, assessment.picture),
        notes=(*notes, *context.symptoms(choice.flags, assessment.picture), *context.notes(assessment)),
        missing=_missing(choice, assessment),
        orders=orders,
    )


def _missing(choice: Choice, assessment: Assessment) -> tuple[str, ...]:
    """The tests that are due; of an infant the electrolytes only (N41)."""
    missing = context.missing_tests(assessment, of_child=choice.topic is Topic.PED_NEURO)
    electrolytes = assessment.picture.knowledge.electrolytes
    return tuple(test for test in missing if not assessment.picture.is_infant or test in electrolytes)


def _both_sides(flags: Flags, picture: Picture) -> tuple[Note, ...]:
    """Weakness that may be new asks for both sides first; no date is no proof that it is older (N40)."""
    oldest = picture.today - picture.knowledge.days("guillain_barre")
    sets = picture.knowledge.group(acute_weakness.WEAK)
    weak = [finding for flag in flags for finding in flag.found if not finding.sets.isdisjoint(sets)]
    new = any(finding.day is None or finding.day >= oldest for finding in weak)
    return (Note("both_sides_weak"),) if new else ()


def _neuro_notes(choice: Choice, assessment: Assessment) -> Iterable[Note]:
    picture, flags = assessment.picture, choice.flags
    if picture.request is not None and picture.request.when and not covers(picture.request, flag_days(flags)):
        yield Note("update_request", {"date": picture.request.when.text})
    if timing.only_soft_gait(flags):
        yield Note("soft_gait")
    if any(flag.acute for flag in flags):
        yield Note("within_two_weeks")
    if choice.topic is Topic.NEURO_URG and (assessment.labs or assessment.courses):
        yield Note("drug_does_not_explain")
    if choice.topic is Topic.NEURO_URG:
        muscle = known_disease.myopathies(picture.chart.problems, picture.knowledge)
        yield from (Note("myopathy_not_explaining", {"diagnosis": name}) for name in muscle)
    if choice.topic is Topic.NEURO_EVAL and not is_today(flags):
        yield Note("not_isolated")
    if (
        assessment.is_normal
        and picture.exam
        and any(day is not None and day > picture.exam.day for day in flag_days(flags))
    ):
        yield Note("exam_predates_sign", {"date": context.exam_date(picture)})
    yield from _sign_notes(flags, picture)
    for flag in flags:
        yield from _wording(flag)
    yield from advise.uncertain(flags)


def _sign_notes(flags: Flags, picture: Picture) -> Iterable[Note]:
    """Sites of a dystrophy, relatives, and why an unspecific sign is not dismissed (S27, R4)."""
    if _has(flags, "weakness-girdle"):
        yield Note("weakness_sites")
    elif is_of_dystrophy(picture):
        yield Note("family_dystrophy")
    if picture.chart.kin:
        yield Note("family_history", {"items": ", ".join(context.family(picture))})
    if any(flag.id == "R4" for flag in flags):
        yield Note("flag_cannot_reassure")


def _wording(flag: Raised) -> Iterable[Note]:
    """What the chart says beside each sign, why one is in doubt, and that one is in words only."""
    for finding in flag.found:
        yield from (remark.note for remark in finding.remarks)
        if finding.doubt is not None:
            yield finding.doubt.remark.note
        if finding.phrases and finding.named.text:
            yield Note("reason_sign" if finding.named.is_coded else "only_text_sign", {"phrase": finding.named.text})


def _has(flags: Flags, *sets: str) -> bool:
    return any(finding.sets & set(sets) for flag in flags for finding in flag.found)


def _myopathic(picture: Picture) -> str:
    """The steroid or statin that U8 is about; the statin may have ended."""
    courses = picture.medication.of(*picture.knowledge.listed("myopathic"))
    return (
        courses[0].ingredient
        if courses
        else next(ended.ingredient for ended in picture.medication.ended if ended.tag == "statin")
    )
