"""What is wrong with a resource that we propose: four judges of FHIR R4, so that a real server will take it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task
from jsonschema import Draft6Validator
from pydantic import ValidationError

from charts.resources import Json

SCHEMA = Path(__file__).parent / "fhir-r4.schema.json"
MODELS: dict[str, Any] = {"ServiceRequest": ServiceRequest, "Task": Task}
BOUND = ("status", "intent", "priority")
PATIENT = re.compile(r"Patient/[A-Za-z0-9\-.]{1,64}")
CODE = re.compile(r"[^\s]+( [^\s]+)*")


def faults(resource: Json) -> list[str]:
    """Everything that any of the judges holds against a resource; nothing for a good one."""
    kind = resource.get("resourceType")
    if kind not in MODELS:
        return [f"{kind} is nothing that we propose"]
    return [*_of_model(kind, resource), *_of_schema(kind, resource), *_of_codes(kind, resource), *_of_shape(resource)]


@cache
def _validator(kind: str) -> Draft6Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return Draft6Validator({**schema, "$ref": f"#/definitions/{kind}"})


def _of_model(kind: str, resource: Json) -> Iterator[str]:
    """fhir.resources, R4B: types, required elements, cardinality."""
    try:
        MODELS[kind].model_validate(resource)
    except ValidationError as error:
        yield f"model: {error}"


def _of_schema(kind: str, resource: Json) -> Iterator[str]:
    """HL7's own JSON schema: no unknown element, every primitive in its format."""
    for error in _validator(kind).iter_errors(resource):
        yield f"schema: {error.json_path} {error.message}"


def _of_codes(kind: str, resource: Json) -> Iterator[str]:
    """Required bindings, which neither the model nor the schema holds: status, intent, priority."""
    for element in BOUND:
        allowed = MODELS[kind].model_fields[element].json_schema_extra["enum_values"]
        if element in resource and resource[element] not in allowed:
            yield f"code: {element} {resource[element]!r}"
    if resource.get("status") != "draft":
        yield "code: we propose drafts only"


def _of_shape(resource: Json) -> Iterator[str]:
    """New, self-contained and about the patient: no id, nothing contained, nothing empty, no reference elsewhere."""
    for name in ("id", "meta", "text", "contained", "extension"):
        if name in resource:
            yield f"shape: {name} has no place in a proposal"
    owner = resource.get("for") or resource.get("subject") or {}
    if not PATIENT.fullmatch(owner.get("reference", "")):
        yield "shape: about no patient"
    for path, value in _leaves(resource, resource["resourceType"]):
        if value in (None, "", [], {}):
            yield f"shape: {path} is empty"
        if path.endswith(".reference") and value != owner.get("reference"):
            yield f"shape: {path} leads elsewhere"
        if path.endswith(".code") and isinstance(value, str) and not CODE.fullmatch(value):
            yield f"shape: {path} is no code"


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every value that holds no other, with its path."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for part in value:
            yield from _leaves(part, path)
    else:
        yield path, value
