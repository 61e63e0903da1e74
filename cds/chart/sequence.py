"""The order in which a chart is read out: newest first, and the same however its resources arrived."""

import msgspec

from cds.chart.facts import (
    Chart,
    ChartMention,
    ClinicalObservation,
    Drug,
    FamilyMember,
    LabResult,
    Problem,
    Report,
    RequestedService,
    Visit,
)
from cds.fhir.dates import When

_ENCODER = msgspec.json.Encoder(order="deterministic")
Place = tuple[int, str]


def put_in_order(chart: Chart) -> None:
    """Sort all but the medicines, which are known last."""
    chart.problems.sort(key=_of_problem)
    chart.seen.sort(key=_of_seen)
    chart.unsettled.sort(key=_of_seen)
    chart.labs.sort(key=_of_dated)
    chart.asked.sort(key=_of_dated)
    chart.reports.sort(key=_of_dated)
    chart.visits.sort(key=_of_visit)
    chart.told.sort(key=_of_told)
    chart.kin.sort(key=_of_kin)
    chart.reported_medicines.sort(key=lambda medicine: (medicine.ref, medicine.name, medicine.change))


def _of_problem(problem: Problem) -> Place:
    return _place(problem.named.ref, problem.onset or problem.recorded, problem)


def _of_seen(observation: ClinicalObservation) -> Place:
    return _place(observation.named.ref, observation.when, observation)


def of_drug(drug: Drug) -> Place:
    """The place of a medicine."""
    return _place(drug.ref, drug.start, drug)


def _of_dated(result: LabResult | RequestedService | Report) -> Place:
    return _place(result.ref, result.when, result)


def _of_visit(visit: Visit) -> Place:
    return _place(visit.named.ref, visit.start, visit)


def _of_told(mention: ChartMention) -> Place:
    return _place(mention.named.ref, mention.when, mention)


def _of_kin(kin: FamilyMember) -> Place:
    return _place(kin.named.ref, kin.when, kin)


def _place(ref: str, when: When | None, fact: object) -> Place:
    """By day and by reference; what has no id of its own by all that it says."""
    day = when.first if when else 0
    return -day, ref if "/" in ref else _ENCODER.encode(fact).decode()
