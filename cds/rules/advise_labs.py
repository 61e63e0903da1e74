"""LAB-ABN as advice: one analyte has its own summary, several share one (S11, S20 to S22)."""

from cards.advice import Advice, Note, Order
from cards.topics import Topic
from cds.rules import abnormal as labs
from cds.rules import context, laboratory, tests_due
from cds.rules.abnormal import Abnormal
from cds.rules.assess import Assessment
from cds.rules.choice import Choice
from cds.rules.picture import Picture

CALCIUM = {"ionised": "calcium-ionised", "unadjusted": "calcium-unadjusted"}


def abnormal(choice: Choice, found: Assessment) -> Advice:
    """One card for all abnormal analytes and recorded deficiencies, with the missing tests inside (D10)."""
    picture, some = found.picture, choice.labs
    orderable = picture.knowledge.orderable
    recorded = tuple(Order(f"lab:{lab.tag}") for lab in some if lab.value is None and lab.tag in orderable)
    return Advice(
        topic=Topic.LAB_ABN,
        indicator=choice.indicator,
        variant=_variant(some, picture),
        values=_values(some),
        tags=tuple(lab.tag for lab in some),
        facts=(*picture.twitch_facts, *(fact for lab in some for fact in lab.facts)),
        notes=(*_notes(some, found), *tests_due.stale(picture), *context.notes(found)),
        missing=context.missing_tests(found),
        orders=tuple(dict.fromkeys((*recorded, *(Order(f"lab:{test}") for test in context.missing_tests(found))))),
    )


def _variant(some: tuple[Abnormal, ...], picture: Picture) -> str:
    if len(some) > 1:
        return "several"
    lab = some[0]
    if lab.value is None:
        return "recorded"
    if lab.tag == "vitamin-d" and _is_calcium_high(picture):
        return "vitamin-d-calcium-high"
    if lab.tag == "calcium":
        return CALCIUM.get(lab.kind or "", "calcium")
    return lab.tag if lab.tag in picture.knowledge.listed("own-summary") else "one"


def _values(some: tuple[Abnormal, ...]) -> dict[str, str]:
    values = {lab.tag: lab.value for lab in some if lab.value}
    if len(some) == 1:
        values["test"] = some[0].label
        values["diagnosis"] = some[0].label
        values["date"] = some[0].date
    return values


def _notes(some: tuple[Abnormal, ...], found: Assessment) -> tuple[Note, ...]:
    picture = found.picture
    own = tuple(note for lab in some for note in lab.notes)
    high = (Note("calcium_high_no_vitamin_d"),) if _is_calcium_high(picture) else ()
    pregnant = (Note("pregnancy_limits"),) if picture.pregnant else ()
    worded = (*own, *context.site_notes(picture), *_quoted(picture), *labs.replaced(picture))
    weeks = () if found.hides else (Note("reassess"),)  # beside an emergency that is not shown, weeks would calm
    return (*worded, *high, *pregnant, *weeks)


def _is_calcium_high(picture: Picture) -> bool:
    standing = picture.laboratory.of("calcium")
    return standing.is_fresh and standing.judged is not None and standing.judged.side == "high"


def _quoted(picture: Picture) -> tuple[Note, ...]:
    """Values beyond a limit that makes no card, such as a high magnesium (2d)."""
    notes = []
    for analyte in sorted(picture.laboratory.standings):
        standing = picture.laboratory.of(analyte)
        judged = standing.judged
        if standing.is_fresh and judged is not None and judged.effect == "quote" and judged.when:
            notes.append(Note("high_value", laboratory.quoted(judged, picture.knowledge)))
    return tuple(notes)
