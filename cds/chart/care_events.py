"""Orders, referrals, appointments, examinations, reports, visits and relatives."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cds.chart import examinations
from cds.chart.facts import ORDER_INTENTS, ChartMention, FamilyMember, Meaning, Report, RequestedService, Visit
from cds.chart.naming import Namer, union
from cds.chart.scope import Scope, span
from cds.chart.spoken import KEPT
from cds.fhir import concepts
from cds.fhir.datatypes import CodeableConcept, Period
from cds.fhir.dates import When, parse
from cds.fhir.resources import (
    Appointment,
    ClinicalImpression,
    DiagnosticReport,
    Encounter,
    FamilyMemberHistory,
    Flag,
    Procedure,
    Reason,
    ServiceRequest,
)
from cds.fhir.statuses import code_of, status_of
from cds.knowledge.codes import Concept

BOOKED = frozenset({"booked", "pending", "arrived"})
CALLED_OFF = frozenset({"cancelled", "entered-in-error"})
VOID = frozenset({"cancelled", "entered-in-error", "nullified"})
REPORTED = frozenset({"final", "amended", "corrected", "appended", "completed"})
TO_COME = frozenset({"preliminary", "partial", "in-progress"})
EARLY = TO_COME | {"unknown", ""}  # not final, or of no status that says anything
REQUESTED = frozenset({"active", "on-hold", "completed"})
FAMILY_DISEASE = frozenset({"family-disease"})


def asked(request: ServiceRequest, namer: Namer, scope: Scope) -> RequestedService | None:
    """A live or completed order of the order family (4b WIP, 4d LAB-ORDER)."""
    when = parse(request.authored_on)
    if request.do_not_perform or code_of(request.intent) not in ORDER_INTENTS or scope.is_future(when):
        return None
    code = concepts.plain(request.code)
    sets = union(namer.concepts(code)) | namer.sets(concepts.each(request.performer_type))
    if not sets:
        return None
    return RequestedService(
        ref=request.ref, sets=sets, status=status_of(request), words=_words(code), when=scope.date(when)
    )


def lies_ahead(request: ServiceRequest, namer: Namer, scope: Scope) -> bool:
    """Whether a rule would read it but for its date, which lies ahead (4b Dates, N48)."""
    if not scope.is_future(parse(request.authored_on)) or status_of(request) not in REQUESTED:
        return False
    undated = replace(request, authored_on=None)
    return asked(undated, namer, scope) is not None or any(True for _ in told_by_request(undated, namer, scope))


def _words(concept: CodeableConcept | None) -> str | None:
    """What the chart calls it: its text, else the name of a code (N59)."""
    return next(concepts.texts(concept), None)


def booked(appointment: Appointment, namer: Namer, scope: Scope) -> RequestedService | None:
    """A booked appointment with neurology (4b WIP)."""
    created = parse(appointment.created)
    sets = namer.sets(concepts.each(appointment.specialty)) & {"neurology"}
    if status_of(appointment) not in BOOKED or not sets or scope.is_future(created):
        return None
    words = next((text for specialty in concepts.each(appointment.specialty) if (text := _words(specialty))), None)
    return RequestedService(ref=appointment.ref, sets=sets, status="active", words=words, when=scope.date(created))


def is_mine(appointment: Appointment, scope: Scope) -> bool:
    """Whether the patient takes part in an appointment."""
    actors = [participant.actor for participant in appointment.participant or ()]
    patients = [actor for actor in actors if actor and "Patient/" in (actor.reference or "")]
    return all(scope.is_mine(actor) for actor in patients) and scope.is_mine(appointment.subject)


def impression(resource: ClinicalImpression, namer: Namer, scope: Scope) -> Report | None:
    """A clinical impression as an examination."""
    if (hit := _examined(resource, namer)) is None:
        return None
    findings = [item.item_codeable_concept or concepts.of_reference(item.item) for item in resource.finding or ()]
    when = parse(resource.effective_date_time) or _of(resource.effective_period) or parse(resource.date)
    texts = (resource.summary or "", *(text for finding in findings for text in concepts.texts(finding)))
    return _report(resource, hit, scope, when, Conclusions([finding for finding in findings if finding], texts), namer)


def diagnostic_report(resource: DiagnosticReport, namer: Namer, scope: Scope) -> Report | None:
    """A report of an examination or an EMG."""
    if (hit := _examined(resource, namer)) is None:
        return None
    when = parse(resource.effective_date_time) or _of(resource.effective_period) or parse(resource.issued)
    results = [*concepts.each(resource.conclusion_code), *concepts.each(resource.coded_diagnosis)]
    texts = (text for conclusion in results for text in concepts.texts(conclusion))
    remarks = examinations.remarks(resource.conclusion, resource.comments, resource.note)
    return _report(resource, hit, scope, when, Conclusions(results, (*texts, *remarks)), namer)


def procedure(resource: Procedure, namer: Namer, scope: Scope) -> Report | None:
    """An examination or EMG that was done; its outcome if stated."""
    if (hit := _examined(resource, namer)) is None:
        return None
    when = parse(resource.performed_date_time or resource.occurrence_date_time)
    when = when or _of(resource.performed_period) or _of(resource.occurrence_period)
    outcome = [resource.outcome] if resource.outcome else []
    return _report(resource, hit, scope, when, Conclusions(outcome, tuple(concepts.texts(resource.outcome))), namer)


Examination = ClinicalImpression | DiagnosticReport | Procedure


class Conclusions(Struct, frozen=True):
    """What an examination concluded: coded, and in words."""

    coded: Sequence[CodeableConcept]
    texts: Sequence[str]


def _examined(resource: Examination, namer: Namer) -> tuple[str, Concept] | None:
    """The kind of examination that was done, with its code; most reports are about something else."""
    hits = namer.concepts(concepts.plain(resource.code))
    sets = union(hits)
    kind = next((kind for kind in examinations.KINDS if kind in sets), None)
    return (kind, hits[0]) if kind is not None and status_of(resource) in REPORTED | EARLY else None


def _report(
    resource: Examination,
    hit: tuple[str, Concept],
    scope: Scope,
    when: When | None,
    conclusions: Conclusions,
    namer: Namer,
) -> Report | None:
    """The report; one that is called normal, and says otherwise beside it, is of unknown result (N3, N24).

    So is one that is not final, unless it is normal and still to come, or a procedure without an outcome (N1).
    """
    if scope.is_future(when):
        return None
    kind, concept = hit
    outcome, disagrees = examinations.of_all(conclusions.coded, namer)
    disagrees |= outcome == examinations.NORMAL and examinations.speaks_against(conclusions.texts, namer)
    status, is_procedure = status_of(resource), isinstance(resource, Procedure)
    is_to_come = status in TO_COME and outcome == examinations.NORMAL and not disagrees
    if is_to_come or (status in EARLY and is_procedure and outcome is None):
        return None
    return Report(
        ref=resource.ref,
        kind=kind,
        concept=concept,
        words=_words(concepts.plain(resource.code)),
        when=scope.date(when),
        result=None if disagrees or status in EARLY else outcome,
        disagrees=disagrees,
        is_procedure=is_procedure,
    )


def visits(encounter: Encounter, namer: Namer, scope: Scope) -> Iterator[Visit]:
    """An encounter whose reason is read by a rule, once for each such reason."""
    period = encounter.period or encounter.actual_period
    start = parse(period.start) if period else None
    if status_of(encounter) in VOID or scope.is_future(start):
        return
    for meaning in _telling(namer.reason(encounter.ref, reason) for reason in _reasons(encounter)):
        yield Visit(id=encounter.id, named=meaning, status=status_of(encounter), start=scope.date(start))


def told_by_request(request: ServiceRequest, namer: Namer, scope: Scope) -> Iterator[ChartMention]:
    """A twitch, or a sign in words, as the reason of a request that was made (N13, field 6)."""
    when, status = parse(request.authored_on), status_of(request)
    if status not in REQUESTED or request.do_not_perform or scope.is_future(when):
        return
    reasons = (
        *concepts.each(request.reason_code),
        *(reason.concept for reason in request.reason or () if reason.concept),
    )
    for meaning in _telling(namer.reason(request.ref, reason) for reason in reasons):
        yield ChartMention(named=meaning, when=scope.date(when), is_current=status != "completed")


def told_by_alert(flag: Flag, namer: Namer, scope: Scope) -> Iterator[ChartMention]:
    """A twitch, or a sign in words, as an alert that is on (N13, field 7)."""
    start, end = (parse(flag.period.start), parse(flag.period.end)) if flag.period else (None, None)
    over = end is not None and end.last < scope.today
    if status_of(flag) != "active" or over or scope.is_future(start):
        return
    for meaning in _telling([namer.reason(flag.ref, flag.code)]):
        yield ChartMention(named=meaning, when=scope.date(start), is_current=True)


def told_by_appointment(appointment: Appointment, namer: Namer, scope: Scope) -> Iterator[ChartMention]:
    """What an appointment is for, as of the day on which it was made, else of its own past day (N13, field 2).

    One that lies ahead, of which that day is not known, counts while it is booked.
    """
    created, start = parse(appointment.created), parse(appointment.start)
    if status_of(appointment) in VOID or scope.is_future(created):
        return
    when = created or (None if scope.is_future(start) else start)
    reasons = (namer.reason(appointment.ref, reason) for reason in _reasons(appointment))
    for meaning in _telling((*reasons, namer.said(appointment.ref, appointment.description))):
        yield ChartMention(named=meaning, when=scope.date(when), is_current=status_of(appointment) in BOOKED)


def told_by_impression(resource: ClinicalImpression, namer: Namer, scope: Scope) -> Iterator[ChartMention]:
    """What the summary and the findings of a clinical impression say in words (N13, field 4)."""
    when = parse(resource.effective_date_time) or _of(resource.effective_period) or parse(resource.date)
    if status_of(resource) not in REPORTED or scope.is_future(when):
        return
    findings = (item.item_codeable_concept or concepts.of_reference(item.item) for item in resource.finding or ())
    named_findings = [namer.reason(resource.ref, finding) for finding in findings]
    in_words = [finding for finding in named_findings if finding is not None and finding.phrases]
    for meaning in _telling((*in_words, namer.said(resource.ref, resource.summary))):
        yield ChartMention(named=meaning, when=scope.date(when))


def _telling(entries: Iterable[Meaning | None]) -> Iterator[Meaning]:
    """What is a twitch by code or in words, a sign in words, or anything that is coded as a reason."""
    return (
        entry
        for entry in entries
        if entry is not None and (entry.is_coded or "twitch" in entry.sets or entry.phrases & KEPT)
    )


def _reasons(visit: Encounter | Appointment) -> list[CodeableConcept]:
    stated_reasons = list(concepts.each(visit.reason_code))
    reasons = [visit.reason] if isinstance(visit.reason, Reason) else visit.reason or []
    for reason in reasons:
        stated_reasons += [reference.concept for reference in (*(reason.value or ()), reason) if reference.concept]
        stated_reasons += [CodeableConcept(reason.coding, reason.text)] if reason.coding or reason.text else []
    return stated_reasons


def kin(history: FamilyMemberHistory, namer: Namer, scope: Scope) -> FamilyMember | None:
    """A first-degree relative with a disease of interest (3a ADD)."""
    when = parse(history.date)
    if not _counts(history, when, namer, scope):
        return None
    diseases: list[Concept] = []
    words = None
    for relative in history.condition or ():
        hits = [hit for hit in namer.concepts(relative.code) if hit.sets & {"family-disease", "family-history"}]
        diseases += hits
        words = words or (_words(relative.code) if hits else next(namer.family_words(relative.code), None))
    if not (diseases or words):
        return None
    meaning = Meaning(history.ref, tuple(diseases), union(diseases) or FAMILY_DISEASE, words=words)
    return FamilyMember(named=meaning, when=scope.date(when))


def told_of_relative(history: FamilyMemberHistory, namer: Namer, scope: Scope) -> Iterator[ChartMention]:
    """A disease of the family that is only suspected, or told in a language that is off: it is unclear (N14, N24)."""
    when = parse(history.date)
    if not _counts(history, when, namer, scope):
        return
    texts = (text for relative in history.condition or () for text in concepts.texts(relative.code))
    if (meaning := namer.of_relative(history.ref, texts)) is not None:
        yield ChartMention(named=meaning, when=scope.date(when))


def _counts(history: FamilyMemberHistory, when: When | None, namer: Namer, scope: Scope) -> bool:
    """Whether it is true, not ahead, and about a first-degree relative."""
    return status_of(history) != "entered-in-error" and not scope.is_future(when) and _is_near(history, namer)


def _is_near(history: FamilyMemberHistory, namer: Namer) -> bool:
    """Whether it is a parent, a sibling or a child, by code; where no code is known by the name (N19)."""
    relationships = list(concepts.each(history.relationship))
    if any(map(namer.concepts, relationships)):
        return "first-degree" in namer.sets(relationships)
    return any(namer.listener.is_near(text) for relationship in relationships for text in concepts.texts(relationship))


def _of(period: Period | None) -> When | None:
    return span(period) if period else None
