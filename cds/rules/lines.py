"""The lines on whatever card comes first, and which known causes are no more than a line (N25, N26; N60)."""

from collections.abc import Iterable, Iterator, Sequence

from cards.advice import Note
from cards.topics import Indicator, Topic
from cds.rules import added_classes, calm, context, other_results, self_harm
from cds.rules.abnormal_labs import Abnormal
from cds.rules.assess import Assessment
from cds.rules.causes import Cause
from cds.rules.choice import Choice
from cds.rules.flags import Flags
from cds.rules.new_signs import NewSign
from cds.rules.picture import Picture
from cds.rules.reads import EXPECTED
from cds.rules.work_up import covers

NEUROLOGY = frozenset({Topic.PED_NEURO, Topic.NEURO_URG, Topic.NEURO_EVAL})
BEYOND_MS = "beyond-ms"  # a group of the data
STEROID = "corticosteroid"
CHANGES = {
    "started": "reported_medicine_started",
    "stopped": "reported_medicine_stopped",
    "changed": "reported_medicine_changed",
}


def of(assessment: Assessment, choices: Sequence[Choice]) -> tuple[Note, ...]:
    """All lines, given every card that is due."""
    return (
        *_of_self_harm(assessment.picture),
        *_of_forms(assessment),
        *_of_stopped(assessment, choices),
        *_of_causes(assessment, choices),
        *_of_new_signs(assessment),
        *_of_muscle(assessment, choices),
        *added_classes.nitrous_oxide(assessment.picture),
        *other_results.of(
            assessment.picture, {fact.resource for flag in _of_results(assessment) for fact in flag.facts}
        ),
    )


def _of_results(assessment: Assessment) -> Flags:
    """The flags whose facts are on a card whenever they are raised."""
    return (*assessment.emergencies, *assessment.urgent, *assessment.childhood)


def _of_self_harm(picture: Picture) -> Iterator[Note]:
    """A positive item 9 of the PHQ-9 comes first, whatever the score is and whatever else is found (2a PHQ-9)."""
    if (when := self_harm.positive(picture.chart.seen, picture.is_within)) is not None:
        yield Note("phq9_positive", {"date": when.text})


def _of_forms(assessment: Assessment) -> Iterator[Note]:
    """What a patient answered that is asked about before anything else is said (N22)."""
    picture, undated = assessment.picture, assessment.picture.knowledge.names.undated
    for name, key in picture.knowledge.rules.form_lines.items():
        if findings := picture.reported(name):
            yield Note(key, {"date": max(finding.when.text for finding in findings if finding.when)})
    if picture.says_pregnant is not None:
        yield Note("pregnancy_reported", {"date": picture.says_pregnant.text})
    for medicine in picture.chart.reported_medicines:
        when, start = medicine.when, medicine.start
        values = {"drug": context.cut(medicine.name), "date": when.text if when else undated}
        change = CHANGES.get(medicine.change, "reported_medicine")
        yield Note(
            change, values | ({"before": start.text if start else undated} if medicine.change in CHANGES else {})
        )


def labs_left(assessment: Assessment, choices: Sequence[Choice]) -> tuple[Abnormal, ...]:
    """The abnormal results that have a card: beside neurology a CK that is only raised is a line there (N36 c)."""
    if not NEUROLOGY & {choice.topic for choice in choices}:
        return assessment.labs
    return tuple(lab for lab in assessment.labs if not _is_line(lab, assessment))


def _is_line(lab: Abnormal, assessment: Assessment) -> bool:
    return lab.indicator is Indicator.INFO and lab.tag in assessment.picture.knowledge.listed("muscle-test")


def _of_muscle(assessment: Assessment, choices: Sequence[Choice]) -> Iterator[Note]:
    tags_shown = {lab.tag for choice in choices for lab in choice.labs}
    if NEUROLOGY & {choice.topic for choice in choices}:
        for lab in assessment.labs:
            if _is_line(lab, assessment) and lab.tag not in tags_shown:
                yield Note("ck_raised", {"value": lab.value or "", "date": lab.date})


def uncovered(assessment: Assessment) -> tuple[NewSign, ...]:
    """The new signs that have a card: those that no later request covers, or that ask for the same day (N52).

    What multiple sclerosis does not explain goes to neurology.
    """
    of_ms = assessment.picture.diseases == {"kd-ms"}
    beyond = assessment.picture.knowledge.group(BEYOND_MS)
    new = (new_sign for new_sign in assessment.new_signs if not of_ms or new_sign.finding.sets.isdisjoint(beyond))
    return tuple(sign for sign in new if sign.is_same_day or not _is_requested(sign, assessment.picture))


def _of_stopped(assessment: Assessment, choices: Sequence[Choice]) -> Iterator[Note]:
    """Medicines that were stopped on a day that is not known, or beside an emergency; what a stopped steroid brings."""
    names_shown = {stopped.name for choice in choices for stopped in choice.stopped}
    for stopped in assessment.stopped:
        if stopped.when is None:
            yield Note("stopped_undated", {"drug": stopped.name})
            continue
        values = {"drug": stopped.name, "date": stopped.when.text}
        if stopped.tag == STEROID:
            yield Note("stopped_steroid", values)
        elif stopped.name not in names_shown:
            yield Note("stopped", values)


def _is_requested(sign: NewSign, picture: Picture) -> bool:
    return picture.request is not None and covers(picture.request, (sign.day,))


def _of_new_signs(assessment: Assessment) -> Iterator[Note]:
    request = assessment.picture.request
    for sign in assessment.new_signs:
        if request is not None and request.when and not sign.is_same_day and _is_requested(sign, assessment.picture):
            values = {"sign": sign.label, "before": sign.date, "date": request.when.text}
            yield Note("new_sign_requested", values)


def causes_left(assessment: Assessment, choices: Sequence[Choice]) -> tuple[Cause, ...]:
    """The known causes that have a card: none beside neurology, and none whose own test LAB-ABN judges (N26).

    Tetany that was lowered has one always (N39).
    """
    tags_judged, hushed = (
        {lab.tag for lab in assessment.labs},
        bool(calm.NEUROLOGY & {choice.topic for choice in choices}),
    )
    return tuple(
        cause
        for cause in assessment.causes
        if cause.sentence or (cause.stands and not hushed and tags_judged.isdisjoint(cause.tests))
    )


def _of_causes(assessment: Assessment, choices: Sequence[Choice]) -> Iterator[Note]:
    tags_shown = {cause.tag for choice in choices for cause in choice.causes}
    used_findings = {finding for flag in assessment.emergencies for finding in flag.found}
    sign = next(_signs(choices), "")
    expected = frozenset(assessment.picture.knowledge.group(EXPECTED))
    for cause in assessment.causes:
        if any(expected & finding.sets for finding in cause.found) and assessment.picture.expected:
            continue  # the same disease
        values = {"diagnosis": cause.label, "date": cause.date or assessment.picture.knowledge.names.undated}
        if cause.line is not None:
            yield Note(cause.line, values)
        elif cause.tag in tags_shown or assessment.picture.diseases or not used_findings.isdisjoint(cause.found):
            continue
        elif sign:
            yield Note("cause_not_explaining", {**values, "sign": sign})
        else:
            yield Note("cause_on_file", values)


def _signs(choices: Iterable[Choice]) -> Iterator[str]:
    """What the cards that are due name, the most urgent first."""
    return (name for choice in choices for flag in choice.flags for name in flag.names)
