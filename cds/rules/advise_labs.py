"""LAB-ABN as advice: one analyte has its own summary, several share one (S11, S20 to S22)."""

from cards.advice import Advice, Note, ProposedOrder
from cards.topics import Indicator, Topic
from cds.rules import abnormal_labs, added_classes, context, proposals, tests_due
from cds.rules.abnormal_labs import Abnormal
from cds.rules.assess import Assessment
from cds.rules.choice import Choice
from cds.rules.picture import Picture
from cds.rules.rulebook import rulebook_of

CALCIUM = {"ionised": "calcium-ionised", "unadjusted": "calcium-unadjusted"}
DARK_URINE = abnormal_labs.DARK_URINE
NAME_TWO = ("several", "calcium-high-several")
RAISED = ("calcium", "high")
LOWERED = ("calcium", "low")
RAISES_CALCIUM = "raise-calcium"  # a list of the data


def abnormal(choice: Choice, assessment: Assessment) -> Advice:
    """One card for all abnormal analytes and recorded deficiencies, with the missing tests inside (D10)."""
    picture, labs = assessment.picture, choice.labs
    orderable = picture.knowledge.orderable
    due = context.missing_tests(assessment, of_child=True)
    proposed_orders = [ProposedOrder(f"lab:{lab.tag}") for lab in labs if lab.value is None and lab.tag in orderable]
    proposed_orders += proposals.of_thyroid(picture, labs)
    if _own(labs, picture) == DARK_URINE:
        proposed_orders += [ProposedOrder("lab:potassium"), ProposedOrder("lab:egfr")]
    return Advice(
        topic=Topic.LAB_ABN,
        indicator=choice.indicator,
        variant=_variant(labs, picture),
        values=_values(labs, picture),
        tags=rulebook_of(picture.knowledge).in_order(Topic.LAB_ABN, {lab.tag for lab in labs}),
        named=tuple(lab.tag for lab in labs),
        more=_unnamed(labs, picture),
        high=tuple(lab.tag for lab in labs if lab.side == "high"),
        facts=(*picture.twitch_facts, *(fact for lab in labs for fact in lab.facts)),
        notes=(
            *_notes(labs, assessment),
            *added_classes.lines({(lab.tag, lab.side) for lab in labs}, picture),
            *tests_due.stale(picture),
            *context.notes(assessment),
        ),
        missing=due,
        orders=tuple(dict.fromkeys((*proposed_orders, *(ProposedOrder(f"lab:{test}") for test in due)))),
    )


def _variant(labs: tuple[Abnormal, ...], picture: Picture) -> str:
    lab = labs[0]
    if _vitamin_d(labs) is not None and _is_calcium_high(picture):
        return "vitamin-d-calcium-high"
    if (own_summary := _own(labs, picture)) is not None:
        return own_summary
    if lab.value is None:
        is_urgent = lab.indicator is Indicator.WARNING
        return "recorded-high" if lab.side == "high" else "recorded-today" if is_urgent else "recorded"
    if not lab.is_read:
        return "number-unread"
    if lab.tag == "calcium" and lab.side == "high" and lab.indicator is Indicator.WARNING:
        return "calcium-high-several" if len(labs) > 1 else "calcium-high"
    if len(labs) > 1:
        return "several"
    if lab.tag == "calcium" and lab.side == "low":
        mild = lab.kind == "unadjusted" and lab.indicator is Indicator.INFO
        variant = "calcium-unadjusted-low" if mild else CALCIUM.get(lab.kind or "", "calcium")
        is_unread = lab.kind == "unadjusted" and "albumin" in picture.laboratory.unread
        return f"{variant}-unread" if is_unread else variant
    with_own_summary = picture.knowledge.listed("own-summary")
    return (
        lab.tag if lab.tag in with_own_summary and (lab.side == "high") == (lab.tag == abnormal_labs.MUSCLE) else "one"
    )


def _own(labs: tuple[Abnormal, ...], picture: Picture) -> str | None:
    """A sentence of its own: dark urine without a CK, or what suggests thyrotoxicosis, beside nothing as urgent."""
    lab = labs[0]
    further, thyroid = labs[1:], picture.knowledge.rules.thyrotoxicosis
    mild = all(lab.indicator is Indicator.INFO or lab.tag in thyroid for lab in further)
    if any(lab.kind == DARK_URINE for lab in labs) and all(
        lab.kind == DARK_URINE or lab.indicator is Indicator.INFO for lab in labs
    ):
        return DARK_URINE
    toxic = lab.is_read and lab.indicator is Indicator.WARNING and (lab.tag, lab.side) in thyroid.items()
    return "thyrotoxicosis" if toxic and mild else None


def _vitamin_d(labs: tuple[Abnormal, ...]) -> Abnormal | None:
    """A low vitamin D, alone or beside a calcium that is not a warning: its own sentence mentions that calcium."""
    lab = next((lab for lab in labs if lab.tag == "vitamin-d" and lab.value), None)
    other_labs = (other_lab for other_lab in labs if other_lab is not lab)
    alone = all(lab.tag == "calcium" and lab.indicator is Indicator.INFO for lab in other_labs)
    return lab if alone else None


def _values(labs: tuple[Abnormal, ...], picture: Picture) -> dict[str, str]:
    """What a summary shows of the first, which is the worst (N36 a); the others are counted beside its name."""
    if (lab := _vitamin_d(labs)) is not None and _is_calcium_high(picture):
        return {"value": lab.value or "", "date": lab.date}
    lab = next((lab for lab in labs if lab.kind == DARK_URINE), labs[0])
    values = {"test": lab.label, "diagnosis": lab.label, "date": lab.date}
    if _variant(labs, picture) in NAME_TWO:
        values["also"] = _also(labs[1], picture)
    return values | {"side": picture.knowledge.names.sides.of(lab.side), "value": lab.value or ""}


def _also(lab: Abnormal, picture: Picture) -> str:
    """The second: its side and name, or what the chart calls it where it has no value."""
    if lab.value is None:
        return lab.label
    return f"{picture.knowledge.names.sides.of(lab.side)} {lab.label}"


def _unnamed(labs: tuple[Abnormal, ...], picture: Picture) -> int:
    """How many results the summary counts and does not name."""
    if _stands_alone(labs, picture):
        return 0
    return len(labs) - (2 if _variant(labs, picture) in NAME_TWO else 1)


def _stands_alone(labs: tuple[Abnormal, ...], picture: Picture) -> bool:
    """Whether the sentence is about one thing whatever else is found."""
    return _own(labs, picture) is not None or (_vitamin_d(labs) is not None and _is_calcium_high(picture))


def _notes(labs: tuple[Abnormal, ...], assessment: Assessment) -> tuple[Note, ...]:
    picture = assessment.picture
    is_in_summary = _own(labs, picture) == DARK_URINE
    notes = tuple(note for lab in labs if not (is_in_summary and lab.kind == DARK_URINE) for note in lab.notes)
    high = (Note("calcium_high_no_vitamin_d"),) if _is_calcium_high(picture) else ()
    pregnant = (Note("pregnancy_limits"),) if picture.pregnant else ()
    is_low = any((lab.tag, lab.side) == LOWERED and lab.indicator is Indicator.WARNING and lab.value for lab in labs)
    today = (Note("calcium_today"),) if is_low and _variant(labs, picture) == "several" else ()
    worded = (*today, *notes, *context.site_notes(picture), *abnormal_labs.replaced(picture))
    return (*worded, *high, *of_high_calcium(picture), *pregnant, *_weeks(labs, assessment))


def _weeks(labs: tuple[Abnormal, ...], assessment: Assessment) -> tuple[Note, ...]:
    """When to look again: of vitamins only, never beside a warning or an emergency, which cannot wait (N36 e)."""
    mild = all(lab.indicator is Indicator.INFO for lab in labs)
    slow = {lab.tag for lab in labs} <= set(assessment.picture.knowledge.listed("in-weeks"))
    return (Note("reassess"),) if mild and slow and not assessment.hides else ()


def of_high_calcium(picture: Picture) -> tuple[Note, ...]:
    """The medicines that can raise calcium, where it is high (N29)."""
    if not _is_calcium_high(picture):
        return ()
    medicines, medication = picture.knowledge.medicines, picture.medication
    names = [
        course.ingredient for course in medication.courses if RAISED in medicines[course.tag].moved_by(course.groups)
    ]
    replaced = {name for name, _ in medication.replacements}
    names += [
        picture.knowledge.analytes[analyte].label
        for analyte in picture.knowledge.listed(RAISES_CALCIUM)
        if analyte in replaced
    ]
    return (Note("high_calcium_drugs", {"items": ", ".join(dict.fromkeys(names))}),) if names else ()


def _is_calcium_high(picture: Picture) -> bool:
    status = picture.laboratory.of("calcium")
    return status.is_fresh and status.judged is not None and status.judged.side == "high"
