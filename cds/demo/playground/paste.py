"""A visitor's own Bundle or request: turned into a call, or refused in one sentence."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from cds.demo.fhir.charts import ChartStore, Resource
from cds.demo.playground.reading import one, some, text
from cds.demo.playground.requests import USER, Ehr, Json

DECODER = msgspec.json.Decoder(float_hook=Decimal)
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}


class PasteError(ValueError):
    """What was pasted cannot be made a call; the text says what would."""


class Pasted(Struct, frozen=True, kw_only=True):
    """A call, and the chart behind it if a Bundle was pasted."""

    service: str
    request: Json
    patient: str = ""
    store: ChartStore | None = None


def read(pasted: str, ehr: Ehr, new_id: Callable[[], str] = lambda: str(uuid4())) -> Pasted:
    """Tell a hook call from a Bundle, and make a call of either; raises PasteError."""
    document = _decoded(pasted)
    hook = document.get("hook")
    if hook is not None:
        service = ehr.service(text(hook))
        if service is None:
            raise PasteError("This service does not support this hook. See the list at /cds-services.")
        return Pasted(service=service.id, request=document)
    if document.get("resourceType") != "Bundle":
        raise PasteError("Paste a FHIR Bundle of one patient's chart, or a whole CDS Hooks request (it has a “hook”).")
    return _of_bundle(document, ehr, new_id)


def _decoded(pasted: str) -> Json:
    try:
        document = DECODER.decode(pasted)
    except (msgspec.DecodeError, RecursionError) as problem:
        raise PasteError("This is not valid JSON. Copy it again, from the first brace to the last.") from problem
    if not isinstance(document, dict):
        raise PasteError("This JSON is not an object. Paste a Bundle or a CDS Hooks request.")
    return document


def _of_bundle(bundle: Json, ehr: Ehr, new_id: Callable[[], str]) -> Pasted:
    """patient-view for the one patient of a Bundle, everything in it sent as prefetch."""
    entries = some(bundle.get("entry"))
    patients = [entry for entry in entries if one(entry.get("resource")).get("resourceType") == "Patient"]
    if len(patients) != 1:
        raise PasteError(f"This Bundle contains {len(patients)} patients. It must contain exactly one.")
    patient, url = one(patients[0].get("resource")), text(patients[0].get("fullUrl"))
    ident = text(patient.get("id")) or "pasted"
    chart = tuple(_resource(number, entry, ident, url) for number, entry in enumerate(entries) if entry.get("resource"))
    store = _store(chart, {**patient, "id": ident})
    service = ehr.opening
    request: Json = {
        "hook": service.hook,
        "hookInstance": new_id(),
        "context": {"userId": USER, "patientId": ident},
        "prefetch": _prefetch(chart, service.prefetch, store.of("Patient")[ident]),
    }
    return Pasted(service=service.id, request=request, patient=ident, store=store)


def _resource(number: int, entry: Json, patient: str, url: str) -> Resource:
    """One resource with an id, its patient named as the call names it (a transaction Bundle uses fullUrls)."""
    resource: dict[str, Any] = {"id": f"pasted-{number}", **one(entry.get("resource"))}
    for name in ("subject", "patient"):
        if url and one(resource.get(name)).get("reference") == url:
            resource[name] = {"reference": f"Patient/{patient}"}
    return resource


def _store(chart: tuple[Resource, ...], patient: Resource) -> ChartStore:
    ident = patient["id"]
    return ChartStore({"Patient": {ident: patient}}, {ident: chart})


def _prefetch(chart: tuple[Resource, ...], templates: dict[str, str], patient: Resource) -> Json:
    """Each resource under the first key that asks for its type; the service sorts out what it reads."""
    used_keys: set[str] = set()
    prefetch: Json = {"patient": patient}
    for key, template in templates.items():
        kind, search, _ = template.partition("?")
        if search:
            fresh = kind not in used_keys
            kinds = {kind, "Medication"} if kind == "MedicationRequest" else {kind}
            entries = [{"resource": resource} for resource in chart if fresh and resource.get("resourceType") in kinds]
            prefetch[key] = {**EMPTY, "total": len(entries), "entry": entries} if entries else EMPTY
            used_keys.add(kind)
    return prefetch
