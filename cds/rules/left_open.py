"""What an emergency leaves open: quoted on whatever card is shown, and nothing calms beside it (N24, N27, N42)."""

from collections.abc import Iterator

from cards.printed import number
from cards.template import fill
from cds.chart.facts import ClinicalObservation
from cds.knowledge.load import Knowledge
from cds.rules import pregnancy, timing
from cds.rules.amount import Amount, beyond, ucum
from cds.rules.findings import Finding, Findings, Remark, label
from cds.rules.flags import Flags
from cds.rules.own_words import first_of_sentence
from cds.rules.picture import Picture

SEIZURE = ("seizure",)


def remarks(findings: Findings, picture: Picture, flags: Flags) -> Iterator[Remark]:
    """Withdrawal and seizures that no emergency has used, and a high blood pressure in pregnancy that is none alone."""
    yield from timing.past_withdrawals(findings, picture.knowledge)
    behind_flags = {finding for flag in flags for finding in flag.found}
    for finding in findings.of(*SEIZURE):
        if finding not in behind_flags and _is_late(finding, picture):
            yield _seizure(finding, picture.knowledge)
    if all(flag.tag != pregnancy.CODED for flag in flags):
        yield from _pressure(picture)


def _is_late(finding: Finding, picture: Picture) -> bool:
    return finding.when is None or picture.is_within(finding.when, "seizure_quoted")


def _seizure(finding: Finding, knowledge: Knowledge) -> Remark:
    """One beside normal calcium and magnesium, or a known epilepsy: no emergency of 3a E3, and nothing that calms."""
    sign, date = label(finding, SEIZURE, knowledge), finding.when.text if finding.when else knowledge.names.undated
    return Remark("seizure_recorded", (("sign", first_of_sentence(sign)), ("date", date)))


def _pressure(picture: Picture) -> Iterator[Remark]:
    """The highest pressure of the last days from the limit on that asks for more in pregnancy (3a E8, N42)."""
    if not (picture.pregnant or picture.says_pregnant):
        return
    knowledge = picture.knowledge
    limits = knowledge.rules.pressure
    high = (_highest(picture, name, knowledge.at(limit)) for name, limit in limits.high.items())
    entries = [entry for entry in high if entry is not None]
    if not entries:
        return
    newest = max(entries, key=lambda entry: entry.when.first if entry.when else 0)
    day = {name: _of_entry(picture, name, newest) for name in limits.high}
    value = "/".join(number(amount.value) if amount else "?" for amount in day.values())
    sign = fill(knowledge.names.open.pressure, {"value": value})
    severe = any(
        amount is not None and beyond(amount, ">=", knowledge.at(limit))
        for (name, limit) in limits.severe.items()
        for amount in (day[name],)
    )
    key = "pregnancy_pressure_severe" if severe else "pregnancy_pressure"
    yield Remark(key, (("sign", first_of_sentence(sign)), ("date", newest.when.text if newest.when else "")))


def _highest(picture: Picture, name: str, limit: float) -> ClinicalObservation | None:
    """The newest entry of the last days at or above a limit."""
    entries = [
        entry
        for entry in picture.chart.seen
        if name in entry.named.sets
        and picture.is_within(entry.when, "pre_eclampsia_sign")
        and (amount := _amount(entry, name, picture.knowledge)) is not None
        and beyond(amount, ">=", limit)
    ]
    return max(entries, key=lambda entry: entry.when.first if entry.when else 0, default=None)


def _of_entry(picture: Picture, name: str, panel: ClinicalObservation) -> Amount | None:
    """The same part of the same measurement: a panel is one entry with two numbers."""
    same = (
        _amount(entry, name, picture.knowledge)
        for entry in picture.chart.seen
        if name in entry.named.sets and (entry.named.ref == panel.named.ref or entry is panel)
    )
    return next((amount for amount in same if amount is not None), None)


def _amount(entry: ClinicalObservation, name: str, knowledge: Knowledge) -> Amount | None:
    quantity, unit = entry.quantity, knowledge.answers.questions.units[name]
    if quantity is None or quantity.value is None or ucum(quantity, knowledge) != unit:
        return None
    return Amount(quantity.value, unit, quantity.comparator)
