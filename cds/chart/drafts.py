"""Drafts that are about to be ordered, read leniently: clients send them incomplete and often not as valid FHIR."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds.chart.scope import Scope
from cds.fhir.allowance import Allowance
from cds.fhir.datatypes import CodeableConcept, CodeableReference, Coding, NamedReference
from cds.fhir.raw import read_raw
from cds.fhir.references import id_of, parts
from cds.fhir.resources import Dosage, Ingredient, Medication, MedicationRequest, Repeat, Timing

OVER = frozenset({"cancelled", "stopped", "completed", "ended", "entered-in-error"})
REQUEST, MEDICATION = "MedicationRequest", "Medication"
Json = dict[str, Any]
_TOP = msgspec.json.Decoder(dict[str, Raw] | list[Raw] | str | float | bool | None)
_ANY = msgspec.json.Decoder()


class Drafts(Struct, frozen=True):
    """The drafted requests, and the Medications that came with them, each under every name that may refer to it."""

    requests: tuple[MedicationRequest, ...] = ()
    medications: tuple[Medication, ...] = ()


def read(raw: Raw | None, selections: frozenset[str] | None, scope: Scope, allowance: Allowance) -> Drafts:
    """The drafts that count: this patient's, not over, selected (4d Order hooks).

    What is half written is read as far as it goes.
    `raw` is a Bundle or one MedicationRequest. `selections` are references of order-select; None lets all drafts
    count, an empty set none. Raises TooManyEntries.
    """
    if raw is None or (selections is not None and not selections):
        return Drafts()
    medications, requests = [], []
    selected = None if selections is None else frozenset(map(_named, selections))
    for url, resource in _resources(raw, allowance):
        kind = resource.get("resourceType")
        if kind == MEDICATION:
            medications += [_medication(resource, name) for name in _names(resource, url)]
        elif kind == REQUEST and _is_open(resource) and _is_selected(resource, url, selected):
            requests.append(_request(resource, _names(resource, url)))
    return Drafts(tuple(request for request in requests if scope.owns(request)), tuple(medications))


def _resources(raw: Raw, allowance: Allowance) -> Iterator[tuple[str, Json]]:
    """Every resource with its fullUrl, from a Bundle or a resource alone."""
    top: Any = read_raw(_TOP, raw)
    if "entry" in top:
        entries = read_raw(_TOP, top["entry"]) or ()
    else:
        entries = () if read_raw(_ANY, top["resourceType"]) == "Bundle" else (raw,)
    allowance.take(len(entries))
    for member in entries:
        entry = _one(read_raw(_ANY, member))
        yield _text(entry.get("fullUrl")) or "", _one(entry.get("resource", entry))


def _is_open(resource: Json) -> bool:
    """Whether the draft may still become an order for the medicine; a request not to give it is none."""
    return _text(resource.get("status")) not in OVER and resource.get("doNotPerform") is not True


def _is_selected(resource: Json, url: str, selected: frozenset[str | None] | None) -> bool:
    return selected is None or not selected.isdisjoint(_names(resource, url))


def _named(selection: str) -> str | None:
    """The id that a selection names; None if it names a resource of another type."""
    kind, ident = parts(selection)
    return ident if kind in ("", REQUEST) else None


def _names(resource: Json, url: str) -> list[str]:
    """What a resource may be called by: its id, and the end of its fullUrl."""
    return [name for name in (_text(resource.get("id")), id_of(url)) if name]


def _request(resource: Json, names: list[str]) -> MedicationRequest:
    """The few elements of a draft that are read, in the shapes they ought to have."""
    concept, reference = (
        _concept(resource.get("medicationCodeableConcept")),
        _reference(resource, "medicationReference"),
    )
    either = _one(resource.get("medication"))
    return MedicationRequest(
        id=next(iter(names), None),
        subject=_reference(resource, "subject") or _reference(resource, "patient"),
        medication_codeable_concept=concept,
        medication_reference=reference,
        medication=CodeableReference(
            concept=_concept(either.get("concept")), reference=_reference(either, "reference")
        ),
        contained=[Raw(msgspec.json.encode(medication)) for medication in _contained(resource)],
        dosage_instruction=[_dosage(dosage) for dosage in _many(resource.get("dosageInstruction"))],
    )


def _contained(resource: Json) -> Iterator[Medication]:
    for entry in _many(resource.get("contained")):
        if entry.get("resourceType") == MEDICATION:
            yield _medication(entry, _text(entry.get("id")))


def _medication(resource: Json, ident: str | None) -> Medication:
    """A Medication with its code, its form and the codes of its ingredients."""
    ingredients = [
        Ingredient(
            item_codeable_concept=_concept(
                ingredient.get("itemCodeableConcept") or _one(ingredient.get("item")).get("concept")
            ),
            item_reference=_reference(ingredient, "itemReference"),
        )
        for ingredient in _many(resource.get("ingredient"))
    ]
    return Medication(
        id=ident, code=_concept(resource.get("code")), form=_concept(resource.get("form")), ingredient=ingredients
    )


def _dosage(value: Json) -> Dosage:
    """Text, route, method, timing and dose of one instruction; the numbers stay unread (`cds.rules.doses`)."""
    repeat = _one(_one(value.get("timing")).get("repeat"))
    often = Repeat(
        frequency=_raw(repeat, "frequency"),
        frequency_max=_raw(repeat, "frequencyMax"),
        period=_raw(repeat, "period"),
        period_unit=_raw(repeat, "periodUnit"),
        time_of_day=_raw(repeat, "timeOfDay"),
    )
    return Dosage(
        text=_text(value.get("text")),
        route=_concept(value.get("route")),
        method=_concept(value.get("method")),
        timing=Timing(repeat=often),
        sequence=_raw(value, "sequence"),
        dose_and_rate=_raw(value, "doseAndRate"),
        dose_quantity=_raw(value, "doseQuantity"),
        dose_range=_raw(value, "doseRange"),
        max_dose_per_period=_raw(value, "maxDosePerPeriod"),
    )


def _raw(value: Json, name: str) -> Raw:
    return Raw(msgspec.json.encode(value[name])) if name in value else Raw()


def _concept(value: object) -> CodeableConcept | None:
    """A concept that says anything: one or many where one belongs, and the same with its codings."""
    concept = _one(value)
    codings = [
        Coding(system=_text(coding.get("system")), code=_text(coding.get("code")), display=_text(coding.get("display")))
        for coding in _many(concept.get("coding"))
    ]
    text = _text(concept.get("text"))
    return CodeableConcept(coding=codings, text=text) if codings or text else None


def _reference(value: Json, name: str) -> NamedReference | None:
    reference = _one(value.get(name))
    target = _text(reference.get("reference"))
    return NamedReference(reference=target, display=_text(reference.get("display"))) if target else None


def _many(value: object) -> list[Json]:
    """The objects of a list, or an object where a list belongs."""
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict)]


def _one(value: object) -> Json:
    """An object, or the first of a list of them; else an empty one."""
    return next(iter(_many(value)), {})


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
