"""Answers go to the EHR: each resource once, however often it is sent (FHIR R4, conditional create)."""

from collections.abc import Sequence
from typing import Literal

from cds.fhir.references import parts
from cds.smart.wire import Answer, Json, Unreached, Wire

Outcome = Literal["stored", "partly", "refused", "unknown"]
ALREADY = 412  # of a conditional create: the server holds it, more than once
REFUSED = range(400, 500)
LATER = frozenset({408, 409, 425, 429})  # not now: to send once more may help, and stores nothing twice


async def store(wire: Wire, base: str, token: str, response: Json, observations: Sequence[Json]) -> Outcome:
    """Store the answers and what was derived from them.

    `partly`: the answers are stored, not all that was derived. `unknown`: no answer came, or "not now": it may be sent
    again.
    """
    created = await _create(wire, base, token, response)
    if created is None or created.status >= REFUSED.stop or created.status in LATER:
        return "unknown"
    if not _is_stored(created):
        return "refused"
    source = _reference(created, response)
    outcomes = [
        await _create(wire, base, token, {**observation, "derivedFrom": [source]}) for observation in observations
    ]
    return "stored" if all(outcome is not None and _is_stored(outcome) for outcome in outcomes) else "partly"


async def _create(wire: Wire, base: str, token: str, resource: Json) -> Answer | None:
    name = resource["identifier"] if isinstance(resource["identifier"], dict) else resource["identifier"][0]
    headers = {
        "authorization": f"Bearer {token}",
        "if-none-exist": f"identifier={name['system']}|{name['value']}",
        "prefer": "return=minimal",
    }
    try:
        return await wire.post_resource(f"{base}/{resource['resourceType']}", resource, headers)
    except Unreached:
        return None


def _is_stored(answer: Answer) -> bool:
    return answer.is_good or answer.status == ALREADY


def _reference(answer: Answer, response: Json) -> Json:
    """The stored response by its id, or by its identifier if the server does not give the id."""
    kind, named_id = parts(answer.location.rstrip("/"))
    ident = named_id if kind == "QuestionnaireResponse" else answer.body.get("id")
    if isinstance(ident, str) and ident:
        return {"reference": f"QuestionnaireResponse/{ident}"}
    return {"type": "QuestionnaireResponse", "identifier": response["identifier"]}
