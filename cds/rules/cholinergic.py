"""E6: poisoning that somebody has named, and its picture before a diagnosis (3a; second edition N38)."""

from collections.abc import Iterator

from cards.advice import Fact, Note
from cards.printed import number
from cds.chart.facts import Seen
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
PER_MINUTE = "/min"
READS = Reads(
    groups=(SIGNS,),
    answers=("ask-heart-rate",),
    windows=("cholinergic_sign",),
    thresholds=("bradycardia",),
)
PICTURE = READS | Reads(
    sets=(CODED, EXPOSURE), classes=(INHIBITORS,), windows=("cholinergic",), thresholds=("cholinergic_signs",)
)
EXCESS = Reads(
    groups=(SIGNS,), answers=("ask-heart-rate",), windows=("cholinergic_excess",), thresholds=("bradycardia",)
)


def toxicity(view: View) -> Raised | None:
    """Poisoning by code, else two signs of three days: small pupils, or drooling beside a reason for it."""
    named = view.within("cholinergic", CODED)
    if named:
        return view.flag(named, (CODED,), tag=TAG, used=True)
    kinds = {name: view.within("cholinergic_sign", name) for name in view.group(SIGNS)}
    slow = tuple(_slow(view, "cholinergic_sign"))
    seen = {name for name, found in kinds.items() if found} | ({"bradycardia"} if slow else set())
    drools = "drooling" in seen and _has_reason(view)
    if len(seen) < view.at("cholinergic_signs") or not ("miosis" in seen or drools):
        return None
    found: dict[Finding, None] = dict.fromkeys(one for some in kinds.values() for one in some)
    beside = (*(view.fact(one, EXPOSURE) for one in view.of(EXPOSURE)), *slow)
    courses = view.courses(*view.classes(INHIBITORS))
    return view.flag(found, view.group(SIGNS), tag=TAG, courses=courses, extra=beside, used=True)


def _has_reason(view: View) -> bool:
    """An exposure, or an inhibitor that is known by its code (N46)."""
    return bool(view.of(EXPOSURE)) or any(not course.by_words for course in view.courses(*view.classes(INHIBITORS)))


def cautions(course: Course, view: View) -> Iterator[Note]:
    """Any of the signs of 14 days on an inhibitor: is it too much?"""
    found = view.within("cholinergic_excess", *view.group(SIGNS))
    slow = next(_slow(view, "cholinergic_excess"), None)
    if found:
        date = found[0].when.text if found[0].when else ""
        sign = first_of_sentence(view.name(found[0], *view.group(SIGNS)))
        yield Note("cholinergic_excess", {"drug": course.ingredient, "sign": sign, "date": date})
    elif slow is not None:
        sign = f"{first_of_sentence(slow.words)} {_pulse(slow)}/min"
        yield Note("cholinergic_excess", {"drug": course.ingredient, "sign": sign, "date": slow.date or ""})


def _pulse(slow: Fact) -> str:
    """The number of a fact about a pulse, as it is printed."""
    return number(slow.value) if isinstance(slow.value, float) else ""


def _slow(view: View, window: str) -> Iterator[Fact]:
    """A pulse below 50 a minute within a window."""
    for seen in view.answers("ask-heart-rate"):
        if view.is_within(seen.when, window) and _is_slow(seen, view):
            limit = f"<{number(view.at('bradycardia'))}"
            yield measured.fact(seen, "ask-heart-rate", view, limit, unit=PER_MINUTE)


def _is_slow(seen: Seen, view: View) -> bool:
    found = measured.amount(seen, view)
    ratio = factor(found.unit, PER_MINUTE) if found else None
    if found is None or ratio is None:
        return False
    return beyond(found.times(ratio, PER_MINUTE), "<", view.at("bradycardia")) is True
