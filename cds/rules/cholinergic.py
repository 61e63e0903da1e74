"""E6: poisoning that somebody has named, and its picture before a diagnosis (3a; second edition N38)."""

from collections.abc import Iterator

from cards.advice import Fact, Note
from cards.printed import number
from cds.chart.facts import ClinicalObservation
from cds.fhir.units import factor
from cds.rules import measured
from cds.rules.amount import beyond
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.medication import Course
from cds.rules.own_words import first_of_sentence
from cds.rules.reads import Reads
from cds.rules.view import View

TAG, CODED, EXPOSURE = "cholinergic", "cholinergic-poisoning", "pesticide-exposure"
SIGNS, INHIBITORS = "poisoning", "cholinesterase-inhibitors"  # a group and a list of the data
PULSE = "ask-heart-rate"
READS = Reads(
    groups=(SIGNS,),
    answers=(PULSE,),
    windows=("cholinergic_sign",),
    thresholds=("bradycardia",),
)
PICTURE = READS | Reads(
    sets=(CODED, EXPOSURE), classes=(INHIBITORS,), windows=("cholinergic",), thresholds=("cholinergic_signs",)
)
EXCESS = Reads(groups=(SIGNS,), answers=(PULSE,), windows=("cholinergic_excess",), thresholds=("bradycardia",))


def toxicity(view: View) -> Raised | None:
    """Poisoning by code, else two signs of three days: small pupils, or drooling beside a reason for it."""
    findings = view.within("cholinergic", CODED)
    if findings:
        return view.flag(findings, (CODED,), tag=TAG, used=True)
    kinds = {name: view.within("cholinergic_sign", name) for name in view.group(SIGNS)}
    slow = tuple(_slow(view, "cholinergic_sign"))
    signs = {name for name, findings in kinds.items() if findings} | ({"bradycardia"} if slow else set())
    drools = "drooling" in signs and _has_reason(view)
    if len(signs) < view.at("cholinergic_signs") or not ("miosis" in signs or drools):
        return None
    all_findings: dict[Finding, None] = dict.fromkeys(finding for findings in kinds.values() for finding in findings)
    beside = (*(view.fact(finding, EXPOSURE) for finding in view.of(EXPOSURE)), *slow)
    courses = view.courses(*view.classes(INHIBITORS))
    return view.flag(all_findings, view.group(SIGNS), tag=TAG, courses=courses, extra=beside, used=True)


def _has_reason(view: View) -> bool:
    """An exposure, or an inhibitor that is known by its code (N46)."""
    return bool(view.of(EXPOSURE)) or any(not course.by_words for course in view.courses(*view.classes(INHIBITORS)))


def cautions(course: Course, view: View) -> Iterator[Note]:
    """Any of the signs of 14 days on an inhibitor: is it too much?"""
    findings = view.within("cholinergic_excess", *view.group(SIGNS))
    slow = next(_slow(view, "cholinergic_excess"), None)
    if findings:
        date = findings[0].when.text if findings[0].when else ""
        sign = first_of_sentence(view.name(findings[0], *view.group(SIGNS)))
        yield Note("cholinergic_excess", {"drug": course.ingredient, "sign": sign, "date": date})
    elif slow is not None:
        sign = f"{first_of_sentence(slow.words)} {_pulse(slow)}/min"
        yield Note("cholinergic_excess", {"drug": course.ingredient, "sign": sign, "date": slow.date or ""})


def _pulse(slow: Fact) -> str:
    """The number of a fact about a pulse, as it is printed."""
    return number(slow.value) if isinstance(slow.value, float) else ""


def _slow(view: View, window: str) -> Iterator[Fact]:
    """A pulse below 50 a minute within a window."""
    for entry in view.answers(PULSE):
        if view.is_within(entry.when, window) and _is_slow(entry, view):
            limit = f"<{number(view.at('bradycardia'))}"
            yield measured.fact(entry, PULSE, view, limit, unit=view.unit_of(PULSE))


def _is_slow(entry: ClinicalObservation, view: View) -> bool:
    amount = measured.amount(entry, view)
    unit = view.unit_of(PULSE)
    ratio = factor(amount.unit, unit) if amount and unit else None
    if amount is None or unit is None or ratio is None:
        return False
    return beyond(amount.times(ratio, unit), "<", view.at("bradycardia")) is True
