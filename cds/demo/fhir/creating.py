"""What is sent to be created: one JSON object of the type of its address, about one patient."""

from decimal import Decimal
from typing import Any, Final

from msgspec import DecodeError
from msgspec.json import Decoder
from starlette.requests import Request

from cds.demo.fhir.answers import Refused
from cds.web.body import ClientGone, read_body

MOST_BYTES: Final = 256 * 1024
SECONDS: Final = 10.0
CREATED: Final = ("QuestionnaireResponse", "Observation")  # what the app writes, and nothing else
PATIENT: Final = "Patient/"
_DECODER: Final = Decoder(float_hook=Decimal)


async def created_from(request: Request, kind: str) -> dict[str, Any]:
    """The resource in a body, or a refusal."""
    try:
        body = await read_body(request.receive, MOST_BYTES, SECONDS)
        resource = _DECODER.decode(body)
    except (DecodeError, RecursionError) as problem:
        raise Refused(400, "structure", "The body is not valid JSON. Send one FHIR resource.") from problem
    except ClientGone as problem:
        raise Refused(400, "incomplete", "The body ended early. Send it again.") from problem
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise Refused(422, "invalid", f"The body is not a {kind}. Send the resource to the URL of its type.")
    return resource


def patient_of(resource: dict[str, Any]) -> str:
    """The id of the patient whom a resource is about."""
    subject = resource.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    return reference.removeprefix(PATIENT) if isinstance(reference, str) else ""
