"""Why a rule did not fire: what each rule looks for, and what of it the chart has."""

from msgspec import Struct

from cards.printed import number, plain_unit
from cds.chart.facts import (
    Chart,
    ChartMention,
    ClinicalObservation,
    Drug,
    FamilyMember,
    LabResult,
    Problem,
    Report,
    Visit,
)
from cds.chart.polarity import By
from cds.fhir.datatypes import Quantity
from cds.fhir.dates import When
from cds.knowledge.load import Knowledge
from cds.rules.against import Against, Reason
from cds.rules.gate import NEAR
from cds.rules.reads import Reads


class Trace(Struct, frozen=True, omit_defaults=True):
    """Something on the chart that a rule reads, and what is known against it."""

    resource: str
    label: str
    date: str | None = None
    value: str | None = None
    note: str | None = None
    reason: Reason | None = None
    because: str | None = None


def sought(reads: Reads, knowledge: Knowledge) -> tuple[str, ...]:
    """What a rule looks for, in words."""
    sets = (knowledge.label(name) for name in reads.value_sets if name in knowledge.sets)
    analytes = (knowledge.analytes[name].label for name in reads.analytes if name in knowledge.analytes)
    return tuple(dict.fromkeys((*sets, *analytes, *(name.replace("-", " ") for name in reads.medicines))))


def traces(chart: Chart, reads: Reads, knowledge: Knowledge, against: Against | None = None) -> tuple[Trace, ...]:
    """What the chart has of it, the newest of each kind first; these did not qualify if the rule did not fire."""
    dated_traces = [
        *(
            (problem.onset or problem.recorded, _of_problem(problem, reads, knowledge, against))
            for problem in chart.problems
        ),
        *((entry.when, _of_seen(entry, reads, knowledge, against)) for entry in chart.seen),
        *((lab.when, _of_lab(lab, reads, knowledge, against)) for lab in chart.labs),
        *((drug.start, _of_drug(drug, reads, knowledge, against)) for drug in chart.drugs),
        *((report.when, _of_report(report, reads, knowledge)) for report in chart.reports),
        *((family_member.when, _of_kin(family_member, reads, knowledge)) for family_member in chart.kin),
    ]
    newest = sorted(
        ((_day(when), trace) for when, trace in dated_traces if trace is not None), key=lambda pair: -pair[0]
    )
    by_key: dict[tuple[str, str | None], Trace] = {}
    for _, trace in newest:
        by_key.setdefault((trace.label, trace.note), trace)
    return tuple(by_key.values())


def _day(when: When | None) -> int:
    return when.first if when else 0


def _text(when: When | None) -> str | None:
    return when.text if when else None


def _label(sets: frozenset[str], phrases: frozenset[str], reads: Reads, knowledge: Knowledge) -> str | None:
    """The name of what was found, if the rule reads it."""
    name = next((name for name in reads.value_sets if name in sets), None)
    if name is not None:
        return knowledge.label(name)
    return knowledge.names.worded if phrases & set(reads.phrases) else None


def _of_problem(problem: Problem, reads: Reads, knowledge: Knowledge, against: Against | None) -> Trace | None:
    label = _label(problem.named.sets, problem.named.phrases, reads, knowledge)
    if label is None:
        return None
    doubted = problem.verification if problem.verification not in (None, "confirmed") else None
    status = doubted or problem.clinical or ("abated" if problem.abated else None)
    when = problem.onset or problem.recorded
    reason = against.of_sign(problem.named.sets, when, observed=False) if against else None
    return Trace(problem.named.ref, label, _text(when), note=status, reason=reason)


def _of_seen(entry: ClinicalObservation, reads: Reads, knowledge: Knowledge, against: Against | None) -> Trace | None:
    phrases = entry.named.phrases | entry.value.phrases
    label = _label(entry.named.sets | entry.value_sets, phrases, reads, knowledge)
    if label is None:
        return None
    note = None if entry.said.is_present or entry.said.by is By.NUMBER else entry.said.says.value
    sets = entry.named.sets | entry.value_sets
    reason = against.of_sign(sets, entry.when, observed=True) if against else None
    return Trace(entry.named.ref, label, _text(entry.when), _number(entry.quantity), note, reason)


def _number(quantity: Quantity | None) -> str | None:
    if quantity is None or quantity.value is None:
        return None
    unit = plain_unit(quantity.code or quantity.unit)
    return f"{quantity.comparator or ''}{number(quantity.value)} {unit}".strip()


def _of_lab(result: LabResult, reads: Reads, knowledge: Knowledge, against: Against | None) -> Trace | None:
    if result.analyte not in reads.analytes:
        return None
    label = knowledge.analytes[result.analyte].label
    note = "preliminary" if result.preliminary else None
    reason = against.of_lab(result) if against else None
    return Trace(result.ref, label, _text(result.when), _number(result.quantity), note, reason)


def _of_drug(drug: Drug, reads: Reads, knowledge: Knowledge, against: Against | None) -> Trace | None:
    for concept in drug.concepts:
        classes = (knowledge.medicines[tag] for tag in reads.medicines)
        is_listed = any(
            concept.groups & {*medicine_class.groups, *medicine_class.check_route} for medicine_class in classes
        )
        value_set = next((name for name in reads.value_sets if name in concept.sets), None)
        if is_listed or value_set:
            name = concept.ingredient or (knowledge.label(value_set) if value_set else concept.display)
            reason = against.of_drug(drug) if against else None
            return Trace(drug.ref, name, _text(drug.start), note=drug.state, reason=reason)
    return None


def _of_report(report: Report, reads: Reads, knowledge: Knowledge) -> Trace | None:
    if report.kind not in reads.value_sets:
        return None
    return Trace(report.ref, knowledge.label(report.kind), _text(report.when), report.result)


def _of_kin(kin: FamilyMember, reads: Reads, knowledge: Knowledge) -> Trace | None:
    label = _label(kin.named.sets, kin.named.phrases, reads, knowledge)
    return Trace(kin.named.ref, label, _text(kin.when)) if label else None


def near_misses(chart: Chart, knowledge: Knowledge) -> tuple[Trace, ...]:
    """What looks like a twitch on a chart without an active one: resolved, refuted, too old, or another movement."""
    mentions = (
        *(_of_visit(visit, knowledge) for visit in chart.visits),
        *(_of_told(entry, knowledge) for entry in chart.told),
    )
    return (*traces(chart, NEAR, knowledge), *mentions)


def _of_told(entry: ChartMention, knowledge: Knowledge) -> Trace:
    kind = "alert" if entry.named.ref.startswith("Flag") else "reason of a request"
    return Trace(entry.named.ref, knowledge.label("twitch"), _text(entry.when), note=kind)


def _of_visit(visit: Visit, knowledge: Knowledge) -> Trace:
    note = f"visit {visit.status or 'without status'}"
    return Trace(visit.named.ref, knowledge.label("twitch"), _text(visit.start), note=note)
