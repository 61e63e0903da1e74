"""What visits, requests, appointments, reports and panels hold within themselves (FHIR R4, contained resources)."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from cds.chart import care_events, conditions, observations
from cds.chart.facts import ClinicalObservation, Problem
from cds.chart.naming import Namer
from cds.chart.scope import Scope
from cds.fhir.base import Resource
from cds.fhir.dates import When, parse
from cds.fhir.raw import read_raw
from cds.fhir.resources import Appointment, Condition, DiagnosticReport, Encounter, Observation, ServiceRequest
from cds.fhir.statuses import status_of

VOID = care_events.VOID | observations.VOID
Reason = Encounter | ServiceRequest | Appointment
Whole = Reason | DiagnosticReport
R = TypeVar("R", bound=Resource)
_CONDITION = msgspec.json.Decoder(Condition)
_OBSERVATION = msgspec.json.Decoder(Observation)


def problems(holder: Reason, namer: Namer, scope: Scope, birth: When | None) -> Iterator[Problem]:
    """The Conditions within what they are a reason of: diagnoses of that visit, which stand on no problem list (N6)."""
    day = _day(holder)
    if scope.is_future(day):
        return
    for condition in _held(holder, _CONDITION):
        problem = conditions.problem(condition, namer, scope, birth) if scope.owns(condition) else None
        if problem is not None:
            yield replace(
                problem,
                named=replace(problem.named, ref=holder.ref),
                recorded=problem.recorded or scope.date(day),
                of_visit=True,
            )


def seen(holder: Whole, namer: Namer, scope: Scope) -> Iterator[ClinicalObservation]:
    """The findings within it, each known by the whole; one without a day is of the day of the whole."""
    day = _day(holder)
    for observation in _held(holder, _OBSERVATION):
        if not scope.owns(observation) or scope.is_future(day):
            continue
        if any(observations.labs(observation, namer, scope)):
            continue
        for entry in observations.seen(observation, namer, scope):
            yield replace(
                entry,
                named=replace(entry.named, ref=holder.ref),
                value=replace(entry.value, ref=holder.ref),
                when=entry.when or scope.date(day),
            )


def _held(holder: Whole, decoder: "msgspec.json.Decoder[R]") -> Iterator[R]:
    if not holder.contained or status_of(holder) in VOID:
        return
    if isinstance(holder, ServiceRequest) and (holder.do_not_perform or status_of(holder) not in care_events.REQUESTED):
        return
    found = (read_raw(decoder, raw) for raw in holder.contained)
    yield from (resource for resource in found if resource is not None)


def _day(holder: Whole) -> When | None:
    if isinstance(holder, Encounter):
        period = holder.period or holder.actual_period
        return parse(period.start) if period else None
    if isinstance(holder, ServiceRequest):
        return parse(holder.authored_on)
    if isinstance(holder, Appointment):
        return parse(holder.created) or parse(holder.start)
    return parse(holder.effective_date_time) or parse(holder.issued)
