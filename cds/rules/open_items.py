"""What is open on a chart and has no card of its own: a summary names the first of it (N24, N55)."""

from collections.abc import Iterator

from cards.template import fill
from cds.rules import other_results, other_tests, readings, unread
from cds.rules.assess import Assessment
from cds.rules.flags import Flags
from cds.rules.own_words import in_sentence, own
from cds.rules.picture import NEEDED, Picture


def of(assessment: Assessment) -> tuple[str, ...]:
    """All that makes an isolated twitch not plain, in the order of N55, each once."""
    return tuple(dict.fromkeys(_open(assessment)))


def not_received(picture: Picture) -> tuple[str, ...]:
    """The types of which not all arrived, among those that a complete chart has (D17)."""
    types = picture.knowledge.names.types
    return tuple(dict.fromkeys(types[name] for name in NEEDED if not picture.complete.arrived(name)))


def before_advice(assessment: Assessment) -> Iterator[str]:
    """What is looked at before lifestyle advice, in the order of N24."""
    picture = assessment.picture
    yield from _quoted(picture)
    yield from _unsure(picture)
    yield from (name for flag in flags(assessment) for name in flag.names)
    yield from _answered(picture)
    yield from picture.unsettled
    yield from (cause.label for cause in assessment.causes)
    yield from _unjudged(picture)
    yield from uncoded(picture)
    yield from (fill(picture.knowledge.names.not_received, {"type": name}) for name in not_received(picture))


def flags(assessment: Assessment) -> Flags:
    """Every flag of a chart, of any grade."""
    return (
        *assessment.emergencies,
        *assessment.childhood,
        *assessment.urgent,
        *assessment.today,
        *assessment.routine,
        *assessment.additional,
    )


def uncoded(picture: Picture) -> Iterator[str]:
    """The examination and the EMG since the twitch began whose result is not coded (N48)."""
    names = picture.knowledge.names.open
    for done, name in ((picture.exam, names.examination), (picture.emg, names.emg)):
        if done is not None and done.result is None:
            yield names.disagrees if done.report.disagrees else name


def _open(assessment: Assessment) -> Iterator[str]:
    picture, names = assessment.picture, assessment.picture.knowledge.names
    for entry in picture.unclear:
        yield fill(names.open.unclear, {"sign": readings.name_of(entry, picture.knowledge)})
    yield from _quoted(picture)
    yield from _unsure(picture)
    yield from (name for flag in assessment.additional for name in flag.names)
    yield from _answered(picture)
    yield from picture.unsettled
    yield from (cause.label for cause in assessment.causes)
    yield from (fill(names.open.stopped, {"drug": stopped_drug.name}) for stopped_drug in assessment.stopped)
    yield from _unjudged(picture)
    yield from _unread(picture)
    if any(picture.reported(name) for name in picture.knowledge.rules.form_lines):
        yield names.open.alcohol
    if picture.says_pregnant is not None:
        yield names.open.pregnancy
    if picture.age is None:
        yield names.open.age


def _quoted(picture: Picture) -> Iterator[str]:
    """What no emergency used, and the signs that are too old or explained and so only quoted (N6 to N10)."""
    yield from (in_sentence(dict(remark.values)["sign"]) for remark in picture.quoted)


def _answered(picture: Picture) -> Iterator[str]:
    """The weakness on the chart that a later normal examination answers (3a U1)."""
    yield from (in_sentence(own(sign.named.words, sign.concepts, picture.knowledge)) for sign in picture.answered)


def _unjudged(picture: Picture) -> Iterator[str]:
    """The abnormal results that no rule judged, normal numbers that were flagged, and positive antibodies (N35)."""
    yield from (line.text for line in other_results.lines(picture))
    for test in other_results.disagreeing(picture):
        yield fill(picture.knowledge.names.open.flag, {"test": test})
    names = picture.knowledge.names
    for finding in other_results.antibodies(picture):
        test = in_sentence(own(finding.named.words, finding.concepts, picture.knowledge))
        values = {"test": test, "value": "", "flag": names.sides.positive}
        values["date"] = finding.when.text if finding.when else names.undated
        yield " ".join(fill(names.other_result, values).split())


def _unsure(picture: Picture) -> Iterator[str]:
    """A text that speaks of a twitch or a sign and does not say whether the patient has it (N14, N24)."""
    if picture.unsure:
        yield picture.knowledge.names.open.text


def _unread(picture: Picture) -> Iterator[str]:
    """What is on file and was not understood: results, medicines, problems known by their words only (N48)."""
    names, analytes = picture.knowledge.names.open, picture.knowledge.analytes
    yield from uncoded(picture)
    yield from (fill(names.result, {"test": analytes[test].label}) for test in picture.laboratory.unread)
    yield from (
        fill(names.result, {"test": other_tests.name_of(result, picture.knowledge)})
        for result in (*picture.others_unread, *picture.answers_unread)
    )
    medicines = picture.chart.medicines
    if medicines.unchecked:
        yield names.medicine
    if picture.chart.strange_problems:
        yield names.problem
    if picture.chart.ahead:
        yield names.ahead
    if medicines.not_known or picture.chart.problems_not_known:
        yield names.not_known
    if picture.chart.unread_answers:
        yield names.answers
    if any(not_checked.reason == unread.LANGUAGE for not_checked in picture.unread):
        yield names.language
