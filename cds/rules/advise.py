"""From the decision to advice: which summary, facts, notes and proposed orders each card gets (4a, section 1)."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cards.advice import RULE_FAILED, SWITCHED_OFF, Advice, Fact, Note, ProposedOrder
from cards.topics import Topic
from cds.chart.facts import Report, RequestedService
from cds.knowledge.load import Knowledge
from cds.rules import (
    added_classes,
    advise_labs,
    calm,
    context,
    emergency_words,
    open_items,
    own_words,
    proposals,
    tests_due,
)
from cds.rules.abnormal_labs import Abnormal
from cds.rules.assess import Assessment
from cds.rules.choice import SILENCE_NEEDS, Choice
from cds.rules.flag_rows import FLAG_IDS
from cds.rules.flags import Flags, Raised
from cds.rules.neurology import report_fact
from cds.rules.rulebook import rulebook_of

URGENT_UNREAD = "result_unread_urgent"


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


def high_tags(flags: Iterable[Raised]) -> tuple[str, ...]:
    """The emergency tags whose value is high."""
    return tuple(dict.fromkeys(flag.tag for flag in flags if flag.tag and flag.is_high))


def facts_of(flags: Flags) -> tuple[Fact, ...]:
    """The facts behind flags, each once."""
    return tuple(dict.fromkeys(fact for flag in flags for fact in flag.facts))


def emergency(choice: Choice, assessment: Assessment) -> Advice:
    """EMERG: every tag with its trigger; the missing labs are listed inside (D2)."""
    flags = choice.flags
    tags = {flag.tag for flag in flags if flag.tag}
    inside = _inside(assessment)
    notes = [*_early(flags), *(remark.note for flag in flags for finding in flag.found for remark in finding.remarks)]
    notes += _why_tetany(flags, assessment)
    notes += [finding.doubt.remark.note for flag in assessment.today for finding in flag.found if finding.doubt]
    notes += [Note("drug_does_not_explain")] if assessment.urgent else []
    moved = {*added_classes.sides(flags), *((lab.tag, lab.side) for lab in _shown_labs(assessment))}
    notes += [*advise_labs.of_high_calcium(assessment.picture), *added_classes.lines(moved, assessment.picture)]
    notes += uncertain(flags)
    variant, values = emergency_words.summary(flags)
    return Advice(
        topic=Topic.EMERG,
        indicator=choice.indicator,
        variant=variant,
        tags=rulebook_of(assessment.picture.knowledge).in_order(Topic.EMERG, tags),
        high=high_tags(flags),
        flags=flag_ids((*flags, *inside)),
        signs=signs(flags),
        values=values,
        told=emergency_words.told(flags),
        first=(*emergency_words.first(flags, variant), *emergency_words.of_weakness(flags, assessment.picture)),
        facts=tuple(_once(*assessment.picture.twitch_facts, *facts_of(flags), *_labs(assessment), *facts_of(inside))),
        notes=(
            *notes,
            *context.symptoms(inside, assessment.picture),
            Note("local_pathway"),
            *context.notes(assessment),
        ),
        missing=context.missing_tests(assessment),
        orders=proposals.in_emergency(tags, assessment.picture.knowledge),
    )


def _inside(assessment: Assessment) -> Flags:
    """The flags of a NEURO-EVAL that an emergency keeps back: they are quoted on its card (D2)."""
    if assessment.picture.diseases or assessment.childhood or assessment.urgent:
        return assessment.today
    return (*assessment.today, *assessment.routine, *(assessment.additional if assessment.picture.is_marked else ()))


def _labs(assessment: Assessment) -> Iterable[Fact]:
    """The other abnormal labs beside an emergency; in known disease the electrolytes only (D2, D7)."""
    return (fact for lab in _shown_labs(assessment) for fact in lab.facts)


def _shown_labs(assessment: Assessment) -> Iterable[Abnormal]:
    has_disease, electrolytes = bool(assessment.picture.diseases), assessment.picture.knowledge.electrolytes
    return (lab for lab in assessment.labs if not has_disease or lab.tag in electrolytes)


def _once(*facts: Fact) -> Iterable[Fact]:
    """Each result and each sign once: the first fact of a resource and code is kept."""
    first_facts: dict[tuple[str, str | None], Fact] = {}
    for fact in facts:
        first_facts.setdefault((fact.resource, fact.code), fact)
    return first_facts.values()


def _early(flags: Flags) -> list[Note]:
    """Results that are not final yet."""
    return [Note("preliminary", {"test": flag.preliminary}) for flag in flags if flag.preliminary]


def _why_tetany(flags: Flags, assessment: Assessment) -> list[Note]:
    """What is missing before tetany alone is not an emergency (N39)."""
    names = assessment.picture.knowledge.names.tetany
    return [Note("tetany_open", {"items": "; ".join(names[key] for key in flag.open)}) for flag in flags if flag.open]


def uncertain(flags: Flags) -> list[Note]:
    """Dates known by month or year only are said to be uncertain (4b Dates)."""
    vague = any(finding.when and finding.when.uncertain for flag in flags for finding in flag.found)
    return [Note("timing_uncertain")] if vague else []


def status(choice: Choice, assessment: Assessment) -> Advice:
    """STATUS: the request that covers the signs (D5)."""
    request = assessment.picture.request
    day = request.when.text if request and request.when else ""
    facts = (_requested(request, day, assessment.picture.knowledge),) if request else ()
    return Advice(
        topic=Topic.STATUS,
        indicator=choice.indicator,
        values={"date": day},
        flags=flag_ids(choice.flags),
        signs=signs(choice.flags),
        facts=(*assessment.picture.twitch_facts, *facts, *facts_of(choice.flags)),
        notes=(*context.symptoms(choice.flags, assessment.picture), *context.notes(assessment)),
        missing=context.missing_tests(assessment),
        orders=proposals.of_request(signs(choice.flags)),
    )


def _requested(request: RequestedService, day: str, knowledge: Knowledge) -> Fact:
    """The request as a fact, in the chart's words if it has any."""
    place = own_words.of_resource(request.ref)
    words = own_words.own(request.words, (), knowledge)
    return Fact(
        resource=request.ref,
        label=knowledge.label("work-up"),
        date=day,
        quoted=words or knowledge.names.request,
        place=place.key if place else None,
    )


def lab_order(choice: Choice, assessment: Assessment) -> Advice:
    """LAB-ORDER: why tests are due, and only those that are not on file or out of date (N56)."""
    reason = assessment.tests_wanted
    return Advice(
        topic=Topic.LAB_ORDER,
        indicator=choice.indicator,
        values={"reason": reason.text} if reason else {},
        flags=flag_ids(assessment.additional),
        facts=(*assessment.picture.twitch_facts, *(reason.facts if reason else ()), *facts_of(assessment.additional)),
        notes=(
            *context.symptoms(assessment.additional, assessment.picture),
            *tests_due.stale(assessment.picture),
            *context.notes(assessment),
        ),
        missing=context.missing_tests(assessment),
        orders=due(assessment),
    )


def reassurance(choice: Choice, assessment: Assessment) -> Advice:
    """REASSURE: findings favour a benign cause; never more (D8)."""
    picture = assessment.picture
    done = [done for done in (picture.exam, picture.emg) if done is not None]
    facts = (_normal(done.report, picture.knowledge) for done in done)
    dates = [done.report.when.text for done in done if done.report.when]
    return Advice(
        topic=Topic.REASSURE,
        indicator=choice.indicator,
        values={"dates": " / ".join(dict.fromkeys(dates))},
        facts=(*picture.twitch_facts, *facts),
        notes=context.notes(assessment),
        missing=context.missing_tests(assessment),
    )


def _normal(report: Report, knowledge: Knowledge) -> Fact:
    words = own_words.of_report(report, knowledge)
    return report_fact(report, knowledge.label(report.kind), words, knowledge.names.sides.normal)


def lifestyle(choice: Choice, assessment: Assessment) -> Advice:
    """LIFESTYLE: the recorded factors, or general advice after a normal examination (D13, D14, N24)."""
    factors, counsel = choice.factors, assessment.picture.knowledge.rules.counsel
    variant = _lifestyle_variant(choice, assessment)
    values = factors[0].values if len(factors) == 1 else {"date": context.exam_date(assessment.picture)}
    called = {factor.tag: sign for factor in factors if (sign := factor.values.get("sign"))}
    tags = {factor.tag for factor in factors} or {"general"}
    return Advice(
        topic=Topic.LIFESTYLE,
        indicator=choice.indicator,
        variant=variant,
        values=({"item": calm.open_item(assessment)} if variant == "open-item" else values) | called,
        tags=rulebook_of(assessment.picture.knowledge).in_order(Topic.LIFESTYLE, tags),
        facts=(*assessment.picture.twitch_facts, *(fact for factor in factors for fact in factor.facts)),
        notes=(
            *(note for factor in factors for note in factor.notes),
            *context.explanations(assessment.picture),
            *context.exam_notes(assessment.picture),
            *context.notes(assessment),
        ),
        missing=context.gaps(assessment),
        orders=tuple(ProposedOrder(counsel[factor.tag]) for factor in factors),
    )


def _lifestyle_variant(choice: Choice, assessment: Assessment) -> str:
    if not choice.factors:
        return "general-child" if assessment.picture.is_under("adult_texts_years") else "general"
    if not calm.words_allowed(assessment):
        return "open-item" if calm.is_examined(assessment) else "unexamined"
    return choice.factors[0].variant if len(choice.factors) == 1 else "several"


def data_gap(choice: Choice, assessment: Assessment) -> Advice:
    """DATA-GAP: what to examine in a twitch without any other finding; it never reassures (D15, N55)."""
    if choice.flags:
        return _unsaid(choice, assessment)
    if assessment.picture.diseases:
        return _unseen(choice, assessment)
    variant, names = _isolated(assessment)
    habits = not assessment.picture.is_child
    return Advice(
        topic=Topic.DATA_GAP,
        indicator=choice.indicator,
        variant=variant,
        signs=names,
        values=_in_summary(variant, names, assessment),
        flags=flag_ids(assessment.additional),
        facts=(*assessment.picture.twitch_facts, *facts_of(assessment.additional)),
        notes=(
            *_requested_line(assessment),
            *context.symptoms(assessment.additional, assessment.picture),
            *context.explanations(assessment.picture, habits=habits),
            *context.exam_notes(assessment.picture),
            *context.notes(assessment),
        ),
        missing=context.gaps(assessment, habits=habits),
    )


def _isolated(assessment: Assessment) -> tuple[str, tuple[str, ...]]:
    """The first text of N55 whose condition is true, and what it names; a check that failed comes before all."""
    picture = assessment.picture
    if assessment.failed:
        return RULE_FAILED, ()
    if absent := open_items.not_received(picture):
        return "incomplete", absent
    if picture.is_child:
        return "child", ()
    if items := open_items.of(assessment):
        return "open", items
    is_dated = picture.last is not None
    return "eyelid" if is_dated and all(twitch.eyelid_only for twitch in picture.twitches) else "default", ()


def _in_summary(variant: str, names: tuple[str, ...], assessment: Assessment) -> dict[str, str]:
    if variant == "open":
        return {"first_item": names[0]}
    onsets = (
        [twitch.onset for twitch in assessment.picture.twitches if twitch.onset is not None]
        if variant == "eyelid"
        else []
    )
    return {"date": min(onsets, key=lambda when: when.first).text} if onsets else {}


def _requested_line(assessment: Assessment) -> tuple[Note, ...]:
    """A referral or EMG on file (4b WIP)."""
    request = assessment.picture.request
    when = request.when if request else None
    return (Note("work_up_requested", {"date": when.text}),) if when else ()


def _unsaid(choice: Choice, assessment: Assessment) -> Advice:
    """DATA-GAP in the place of an emergency that the site does not show: what was found, and nothing of its urgency."""
    return Advice(
        topic=Topic.DATA_GAP,
        indicator=choice.indicator,
        variant=SWITCHED_OFF,
        facts=tuple(_once(*assessment.picture.twitch_facts, *facts_of(choice.flags))),
        notes=(*_early(choice.flags), *uncertain(choice.flags), *context.notes(assessment)),
        missing=context.missing_tests(assessment),
    )


def _unseen(choice: Choice, assessment: Assessment) -> Advice:
    """DATA-GAP in known disease: what failed, and nothing about the work-up; another failure is another card (D7)."""
    complete = assessment.picture.complete
    return Advice(
        topic=Topic.DATA_GAP,
        indicator=choice.indicator,
        variant="known-disease",
        signs=(*(name for name in SILENCE_NEEDS if not complete.arrived(name)), *assessment.picture.may_break_silence),
        facts=assessment.picture.twitch_facts,
        notes=context.notes(assessment),
    )


def due(assessment: Assessment) -> tuple[ProposedOrder, ...]:
    """Draft orders for the tests that are due."""
    return tuple(ProposedOrder(f"lab:{test}") for test in context.missing_tests(assessment))
