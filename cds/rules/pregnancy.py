"""E8 in pregnancy: severe blood pressure, or blood pressure or headache with a sign (3a; second edition N27, N42)."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from cards.advice import Fact
from cards.printed import number
from cds.chart.facts import ClinicalObservation
from cds.rules import measured
from cds.rules.amount import beyond
from cds.rules.findings import Finding
from cds.rules.flags import Raised
from cds.rules.reported import is_pregnant
from cds.rules.view import View

CODED, HEADACHE, UNDIRECTED = "pre-eclampsia", "headache", "abnormal-reflex"
BRISK = "brisk-reflexes"  # a group of the data
UNKNOWN_WEEKS = "pre-eclampsia-weeks-unknown"


def pre_eclampsia(view: View) -> Raised | None:
    """Named by somebody, or shown by blood pressure and signs: after 20 weeks, or where the weeks are not recorded."""
    findings = _named(view)
    if findings:
        return view.flag(findings, (CODED,), tag="pre-eclampsia", used=True)
    if view.weeks is None:
        return _weeks_unknown(view) if _is_pregnant(view) else None
    return _late(view) if view.weeks >= view.at("pregnancy_weeks") else None


def _is_pregnant(view: View) -> bool:
    """By an entry that may tell of today, or as the patient says."""
    is_told = is_pregnant(view.answers("ask-pregnancy"), view.today - view.days("reported_sign"))
    return is_told or (view.pregnant and bool(_pregnancies(view)))


def _named(view: View) -> tuple[Finding, ...]:
    """Coded within 42 days, or in a pregnancy that another entry tells of."""
    pregnant = any(CODED not in finding.sets for finding in _pregnancies(view))
    return view.within("pregnancy" if pregnant else "after_birth", CODED, undated=True)


def _pregnancies(view: View) -> tuple[Finding, ...]:
    """The entries that may tell of a pregnancy of today: one of years ago does not."""
    return view.within("pregnancy", "pregnancy", undated=True)


def _late(view: View) -> Raised | None:
    """Brisk reflexes or clonus with high pressure or headache, or severe pressure alone."""
    brisk, headache = _brisk(view), _headache(view)
    severe, high = list(_pressure(view, view.pressure.severe)), list(_pressure(view, view.pressure.high))
    if not (severe or (brisk and (headache or high))):
        return None
    return _flag(view, brisk, headache, severe or high)


def _weeks_unknown(view: View) -> Raised | None:
    """Severe pressure alone, or high pressure with headache, brisk reflexes or clonus."""
    brisk, headache = _brisk(view), _headache(view)
    severe, high = list(_pressure(view, view.pressure.severe)), list(_pressure(view, view.pressure.high))
    if not (severe or (high and (brisk or headache))):
        return None
    flag = _flag(view, brisk, headache, severe or high)
    return replace(flag, sentence=UNKNOWN_WEEKS) if flag else None


def _flag(view: View, brisk: tuple[Finding, ...], headache: tuple[Finding, ...], pressure: list[Fact]) -> Raised | None:
    """The flag; an abnormal reflex of unknown direction is used with it."""
    signs = dict.fromkeys((*brisk, *view.of(UNDIRECTED), *headache))
    return view.flag(
        signs, (CODED, *view.group(BRISK), UNDIRECTED, HEADACHE), tag="pre-eclampsia", extra=pressure, used=True
    )


def _brisk(view: View) -> tuple[Finding, ...]:
    return view.of(*view.group(BRISK))


def _headache(view: View) -> tuple[Finding, ...]:
    return view.within("pre_eclampsia_sign", HEADACHE)


def _pressure(view: View, limits: Mapping[str, str]) -> Iterator[Fact]:
    """Systolic or diastolic pressure at or above its limit within 7 days."""
    for name, threshold in limits.items():
        limit = view.at(threshold)
        for entry in view.component("ask-blood-pressure", name):
            if view.is_within(entry.when, "pre_eclampsia_sign") and _is_high(entry, name, limit, view):
                text, source = f">={number(limit)} mmHg", view.source(threshold)
                yield measured.fact(entry, name, view, text, unit=view.unit_of(name), source=source)


def _is_high(entry: ClinicalObservation, name: str, limit: float, view: View) -> bool:
    amount = measured.amount(entry, view)
    return amount is not None and amount.unit == view.unit_of(name) and beyond(amount, ">=", limit) is True
