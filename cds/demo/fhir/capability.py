"""What the demo server says about itself."""

from datetime import date
from typing import Any

from cds.demo.fhir.answers import FHIR_JSON
from cds.demo.fhir.creating import CREATED
from cds.demo.fhir.parameters import table_of

_ABOUT = "A demo server with fictional patients. Not for clinical use."
_EVERYTHING = {
    "name": "everything",
    "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
}


def capability_statement(kinds: list[str], today: date, base: str) -> dict[str, Any]:
    """Write the CapabilityStatement of this very instance, marked as demo."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "demo",
        "meta": {"tag": [{"system": "urn:twitch-cds:demo", "code": "demo", "display": "Demo"}]},
        "name": "TwitchCdsDemo",
        "title": "Twitch CDS demo FHIR server",
        "status": "active",
        "experimental": True,
        "date": today.isoformat(),
        "description": _ABOUT,
        "kind": "instance",
        "software": {"name": "Twitch CDS demo FHIR server"},
        "implementation": {"description": _ABOUT, "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", FHIR_JSON],
        "rest": [{"mode": "server", "documentation": _ABOUT, "resource": [_kind(kind) for kind in kinds]}],
    }


def _kind(kind: str) -> dict[str, Any]:
    table = table_of(kind)
    names = sorted(name for name, parameter in table.items() if parameter.kind == "reference")
    created = [{"code": "create"}] if kind in CREATED else []
    described: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": "read"}, {"code": "search-type"}, *created],
        "versioning": "no-version",
        "searchInclude": [f"{kind}:{name}" for name in names],
        "searchParam": [{"name": name, "type": table[name].kind} for name in sorted(table)],
    }
    if not names:
        del described["searchInclude"]
    return {**described, "operation": [_EVERYTHING]} if kind == "Patient" else described
