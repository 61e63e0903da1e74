"""From the decision to advice: which summary, facts, notes and proposed orders each card gets (4a, section 1)."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cards.advice import SWITCHED_OFF, Advice, Fact, Note, Order
from cards.topics import Topic
from cds.rules import (
    acute_weakness,
    advise_labs,
    calm,
    context,
    emergency_words,
    encephalitis,
    known_disease,
    new_signs,
    proposals,
    tests_due,
    timing,
)
from cds.rules.assess import Assessment, flag_days
from cds.rules.choice import SILENCE_NEEDS, Choice
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.flags import Flags, Raised
from cds.rules.motor_neuron import is_of_dystrophy, may_be_named
from cds.rules.neurology import report_fact
from cds.rules.picture import Picture
from cds.rules.rulebook import rulebook_of
from cds.rules.work_up import covers

URGENT_UNREAD = "result_unread_urgent"
DAY = 10  # characters of a date without its time


def closed(advice: Sequence[Advice], dropped: tuple[Topic, ...], lines: tuple[Note, ...] = ()) -> tuple[Advice, ...]:
    """All cards; the first one has the lines, the last one names those that found no place (N60 35, 36)."""
    cards = list(advice)
    if cards and lines:
        cards[0] = replace(cards[0], notes=_urgent_first((*lines, *cards[0].notes)))
    if cards and dropped:
        cards[-1] = replace(cards[-1], also_noted=dropped)
    return tuple(cards)


def _urgent_first(notes: Iterable[Note]) -> tuple[Note, ...]:
    """What the laboratory called critical and could not be read is the first bullet (N64)."""
    return tuple(sorted(notes, key=lambda note: not note.key.startswith(URGENT_UNREAD)))


def bounded(advice: Advice, limit: int) -> Advice:
    """A chart may repeat itself a thousand times; a card names the first facts and says how many more there are."""
    notes = tuple({(note.key, *sorted(note.values.items())): note for note in advice.notes}.values())
    notes = _urgent_first(notes)
    more = len(advice.facts) - limit
    if more > 0:
        notes = (Note("more_facts", {"n": str(more)}), *notes)
    return replace(advice, facts=advice.facts[:limit], notes=notes[:limit])


def signs(flags: Flags) -> tuple[str, ...]:
    """The display names of the signs behind some flags, each once."""
    return tuple(dict.fromkeys(name for flag in flags for name in flag.names))


def flag_ids(flags: Flags) -> tuple[str, ...]:
    """The ids of flags in their order."""
    ids = {flag.id for flag in flags}
    return tuple(name for name in FLAG_IDS if name in ids)


def _days(flags: Flags) -> dict[str, str]:
    """The newest day of each sign behind some flags."""
    dated = sorted((fact.date[:DAY], fact.label) for fact in facts_of(flags) if fact.date)
    return {label: day for day, label in dated}


def high_tags(flags: Iterable[Raised]) -> tuple[str, ...]:
    """The emergency tags whose value is high."""
    return tuple(dict.fromkeys(flag.tag for flag in flags if flag.tag and flag.is_high))


def facts_of(flags: Flags) -> tuple[Fact, ...]:
    """The facts behind flags, each once."""
    return tuple(dict.fromkeys(fact for flag in flags for fact in flag.facts))


def emergency(choice: Choice, found: Assessment) -> Advice:
    """EMERG: every tag with its trigger; the missing labs are listed inside (D2)."""
    flags = choice.flags
    tags = {flag.tag for flag in flags if flag.tag}
    inside = _inside(found)
    notes = [*_early(flags), *(remark.note for flag in flags for one in flag.found for remark in one.remarks)]
    notes += [Note("drug_does_not_explain")] if found.urgent else []
    notes += [*advise_labs.of_high_calcium(found.picture), *_uncertain(flags)]
    variant, values = emergency_words.summary(flags)
    return Advice(
        topic=Topic.EMERG,
        indicator=choice.indicator,
        variant=variant,
        tags=rulebook_of(found.picture.knowledge).in_order(Topic.EMERG, tags),
        high=high_tags(flags),
        flags=flag_ids((*flags, *inside)),
        signs=signs(flags),
        values=values,
        first=(*emergency_words.first(flags), *emergency_words.of_weakness(flags, found.picture)),
        facts=tuple(_once(*found.picture.twitch_facts, *facts_of(flags), *_labs(found), *facts_of(inside))),
        notes=(*notes, Note("local_pathway"), *context.notes(found)),
        missing=found.missing if found.picture.complete.has("Observation") else (),
        orders=proposals.in_emergency(tags, found.picture.knowledge),
    )


def _inside(found: Assessment) -> Flags:
    """The flags of a NEURO-EVAL that an emergency keeps back: they are quoted on its card (D2)."""
    if found.picture.diseases or found.childhood or found.urgent:
        return ()
    return (*found.routine, *(found.additional if found.picture.is_marked else ()))


def _labs(found: Assessment) -> Iterable[Fact]:
    """The other abnormal labs beside an emergency; in known disease the electrolytes only (D2, D7)."""
    known, electrolytes = bool(found.picture.diseases), found.picture.knowledge.electrolytes
    return (fact for lab in found.labs if not known or lab.tag in electrolytes for fact in lab.facts)


def _once(*facts: Fact) -> Iterable[Fact]:
    """Each result and each sign once: the first fact of a resource and code stands."""
    kept: dict[tuple[str, str | None], Fact] = {}
    for fact in facts:
        kept.setdefault((fact.resource, fact.code), fact)
    return kept.values()


def childhood(choice: Choice, found: Assessment) -> Advice:
    """PED-NEURO: SMA is treatable, so the sign is named first; delay alone asks for development and CK (P2)."""
    ids = {flag.id for flag in choice.flags}
    variant = "default"
    if ids == {"P2"}:
        variant = "weakness" if _has(choice.flags, "weakness") else "default"
        delay = all(one.sets & {"motor-delay"} for flag in choice.flags for one in flag.found)
        variant = "development" if delay else variant
    variant = "infant" if ids == {"P4"} else variant
    told = _of_encephalitis(choice.flags)
    variant = encephalitis.SENTENCE if told else variant
    wanted = variant != "infant" and (variant != "development" or found.picture.chart.sex == "male")
    due = wanted and found.picture.complete.has("Observation") and tests_due.is_due("creatine-kinase", found.picture)
    orders = (Order("referral:paediatric-neurology"), *((Order("lab:creatine-kinase"),) if due else ()))
    return _neuro(choice, found, variant, orders, told)


def urgent(choice: Choice, found: Assessment) -> Advice:
    """NEURO-URG: the sign named with its day, the basic bloods inside; the disease only where N12 allows it."""
    if told := _of_encephalitis(choice.flags):
        variant, values = encephalitis.SENTENCE, told
    elif strange := new_signs.unexplained(choice.flags, found.picture):
        variant, values = "unexplained", strange
    elif {flag.id for flag in choice.flags} == {"U8"}:
        variant, values = "medicine", {"drug": _myopathic(found.picture)}
    else:
        variant, values = "motor-neuron-disease" if may_be_named(found) else "default", _days(choice.flags)
    return _neuro(choice, found, variant, (Order("referral:neurology-urgent"), *_due(found)), values)


def _of_encephalitis(flags: Flags) -> dict[str, str]:
    """What the sentence names, whatever other sign stands beside it: it is the one for within days (N43)."""
    return next((dict(flag.values) for flag in flags if flag.sentence == encephalitis.SENTENCE), {})


def evaluation(choice: Choice, found: Assessment) -> Advice:
    """NEURO-EVAL: hyperexcitability, a central sign, an eyelid, or an additional symptom."""
    ids = {flag.id for flag in choice.flags}
    variants = (("R1", "hyperexcitability"), ("R2", "central"), ("R3", "eyelid"), ("R4", "unspecific"))
    variant = next((name for flag, name in variants if flag in ids), "default")
    if found.picture.is_marked and "ADD" in ids and variant in ("unspecific", "eyelid"):
        variant = "default"
    old = timing.old_sign(choice.flags) if variant == "unspecific" else None
    variant = "old-sign" if old else variant
    studies = proposals.of_hyperexcitability(ids)
    return _neuro(choice, found, variant, (Order("referral:neurology"), *studies, *_due(found)), old)


def _neuro(
    choice: Choice, found: Assessment, variant: str, orders: tuple[Order, ...], values: dict[str, str] | None = None
) -> Advice:
    notes = list(_neuro_notes(choice, found))
    return Advice(
        topic=choice.topic,
        indicator=choice.indicator,
        variant=variant,
        values=values or {},
        flags=flag_ids(choice.flags),
        signs=signs(choice.flags),
        facts=(*found.picture.twitch_facts, *facts_of(choice.flags)),
        first=_both_sides(choice.flags, found.picture),
        notes=(*notes, *context.notes(found)),
        missing=context.missing_tests(found),
        orders=orders,
    )


def _both_sides(flags: Flags, picture: Picture) -> tuple[Note, ...]:
    """Weakness that may be new asks for both sides first; no date is no proof that it is older (N40)."""
    oldest = picture.today - picture.knowledge.days("guillain_barre")
    weak = [one for flag in flags for one in flag.found if not one.sets.isdisjoint(acute_weakness.WEAK)]
    new = any(one.day is None or one.day >= oldest for one in weak)
    return (Note("both_sides_weak"),) if new else ()


def _neuro_notes(choice: Choice, found: Assessment) -> Iterable[Note]:
    picture, flags = found.picture, choice.flags
    if picture.request is not None and picture.request.when and not covers(picture.request, flag_days(flags)):
        yield Note("update_request", {"date": picture.request.when.text})
    if timing.only_soft_gait(flags):
        yield Note("soft_gait")
    if any(flag.acute for flag in flags):
        yield Note("within_two_weeks")
    if choice.topic is Topic.NEURO_URG and (found.labs or found.courses):
        yield Note("drug_does_not_explain")
    if choice.topic is Topic.NEURO_URG:
        muscle = known_disease.myopathies(picture.chart.problems, picture.knowledge)
        yield from (Note("myopathy_not_explaining", {"diagnosis": name}) for name in muscle)
    if choice.topic is Topic.NEURO_EVAL:
        yield Note("not_isolated")
    if found.is_normal and picture.exam and any(day is not None and day > picture.exam.day for day in flag_days(flags)):
        yield Note("exam_predates_sign", {"date": context.exam_date(picture)})
    yield from _sign_notes(flags, picture)
    for flag in flags:
        yield from _wording(flag)
    yield from _uncertain(flags)


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
            yield Note("only_text_sign", {"phrase": finding.named.text})


def _early(flags: Flags) -> list[Note]:
    """Results that are not final yet."""
    return [Note("preliminary", {"test": flag.preliminary}) for flag in flags if flag.preliminary]


def _uncertain(flags: Flags) -> list[Note]:
    """Dates known by month or year only are said to be uncertain (4b Dates)."""
    vague = any(one.when and one.when.uncertain for flag in flags for one in flag.found)
    return [Note("timing_uncertain")] if vague else []


def status(choice: Choice, found: Assessment) -> Advice:
    """STATUS: the request that covers the signs (D5)."""
    request = found.picture.request
    day = request.when.text if request and request.when else ""
    fact = Fact(resource=request.ref, label=found.picture.knowledge.label("work-up"), date=day) if request else None
    return Advice(
        topic=Topic.STATUS,
        indicator=choice.indicator,
        values={"date": day},
        flags=flag_ids(choice.flags),
        signs=signs(choice.flags),
        facts=(*found.picture.twitch_facts, *((fact,) if fact else ()), *facts_of(choice.flags)),
        notes=context.notes(found),
        missing=context.missing_tests(found),
        orders=proposals.of_request(signs(choice.flags)),
    )


def lab_order(choice: Choice, found: Assessment) -> Advice:
    """LAB-ORDER: only missing or stale tests; CK with cramps or a statin (4d LAB-ORDER)."""
    tests = context.missing_tests(found)
    vitamin_d = (Note("optional_vitamin_d"),) if "vitamin-d" in tests else ()
    return Advice(
        topic=Topic.LAB_ORDER,
        indicator=choice.indicator,
        flags=("ADD",) if found.additional else (),
        facts=(*found.picture.twitch_facts, *facts_of(found.additional)),
        notes=(*vitamin_d, *tests_due.stale(found.picture), *context.notes(found)),
        missing=tests,
        orders=_due(found),
    )


def reassurance(choice: Choice, found: Assessment) -> Advice:
    """REASSURE: findings favour a benign cause; never more (D8)."""
    picture = found.picture
    done = [one for one in (picture.exam, picture.emg) if one is not None]
    facts = (
        report_fact(one.report, picture.knowledge.label(one.report.kind), picture.knowledge.label("normal"))
        for one in done
    )
    dates = [one.report.when.text for one in done if one.report.when]
    return Advice(
        topic=Topic.REASSURE,
        indicator=choice.indicator,
        values={"dates": " / ".join(dict.fromkeys(dates))},
        facts=(*picture.twitch_facts, *facts),
        notes=(Note("benign_course"), Note("safety_net"), *context.notes(found)),
        missing=found.missing,
    )


def lifestyle(choice: Choice, found: Assessment) -> Advice:
    """LIFESTYLE: the recorded factors, or general advice after a normal examination (D13, D14, N24)."""
    factors, counsel = choice.factors, found.picture.knowledge.rules.counsel
    variant = _lifestyle_variant(choice, found)
    values = factors[0].values if len(factors) == 1 else {"date": context.exam_date(found.picture)}
    tags = {factor.tag for factor in factors} or {"general"}
    return Advice(
        topic=Topic.LIFESTYLE,
        indicator=choice.indicator,
        variant=variant,
        values={"item": calm.open_item(found)} if variant == "open-item" else values,
        tags=rulebook_of(found.picture.knowledge).in_order(Topic.LIFESTYLE, tags),
        facts=(*found.picture.twitch_facts, *(fact for factor in factors for fact in factor.facts)),
        notes=(
            *(note for factor in factors for note in factor.notes),
            *context.explanations(found.picture),
            *context.exam_notes(found.picture),
            *context.notes(found),
        ),
        missing=context.gaps(found),
        orders=tuple(Order(counsel[factor.tag]) for factor in factors),
    )


def _lifestyle_variant(choice: Choice, found: Assessment) -> str:
    if not choice.factors:
        return "general-child" if found.picture.is_under("adult_texts_years") else "general"
    if not calm.words_allowed(found):
        return "open-item" if calm.is_examined(found) else "unexamined"
    return choice.factors[0].variant if len(choice.factors) == 1 else "several"


def data_gap(choice: Choice, found: Assessment) -> Advice:
    """DATA-GAP: what is missing; "not found on this chart" is not "absent" (D15)."""
    if choice.flags:
        return _unsaid(choice, found)
    if found.picture.diseases:
        return _unseen(choice, found)
    return Advice(
        topic=Topic.DATA_GAP,
        indicator=choice.indicator,
        variant=_gap_variant(found),
        facts=found.picture.twitch_facts,
        notes=(*context.explanations(found.picture), *context.exam_notes(found.picture), *context.notes(found)),
        missing=context.gaps(found),
    )


def _gap_variant(found: Assessment) -> str:
    if found.failed:
        return "rule-failed"
    return "child" if found.picture.is_child else "default"


def _unsaid(choice: Choice, found: Assessment) -> Advice:
    """DATA-GAP in the place of an emergency that the site does not show: what was found, and nothing of its urgency."""
    return Advice(
        topic=Topic.DATA_GAP,
        indicator=choice.indicator,
        variant=SWITCHED_OFF,
        facts=tuple(_once(*found.picture.twitch_facts, *facts_of(choice.flags))),
        notes=(*_early(choice.flags), *_uncertain(choice.flags), *context.notes(found)),
        missing=found.missing if found.picture.complete.has("Observation") else (),
    )


def _unseen(choice: Choice, found: Assessment) -> Advice:
    """DATA-GAP in known disease: what failed, and nothing about the work-up; another failure is another card (D7)."""
    missing, electrolytes = found.picture.complete.missing, found.picture.knowledge.electrolytes
    unread = (test for test in found.picture.laboratory.unread if test in electrolytes)
    return Advice(
        topic=Topic.DATA_GAP,
        indicator=choice.indicator,
        variant="known-disease",
        signs=(*(name for name in SILENCE_NEEDS if name in missing), *sorted(unread)),
        facts=found.picture.twitch_facts,
        notes=context.notes(found),
    )


def _due(found: Assessment) -> tuple[Order, ...]:
    """Draft orders for the tests that are due."""
    return tuple(Order(f"lab:{test}") for test in context.missing_tests(found))


def _has(flags: Flags, *sets: str) -> bool:
    return any(one.sets & set(sets) for flag in flags for one in flag.found)


def _myopathic(picture: Picture) -> str:
    """The steroid or statin that U8 is about; the statin may have ended."""
    taken = picture.medication.of(*picture.knowledge.listed("myopathic"))
    return (
        taken[0].ingredient
        if taken
        else next(one.ingredient for one in picture.medication.ended if one.tag == "statin")
    )
