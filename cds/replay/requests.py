"""The requests that an EHR would have sent: the chart as it was known, behind the service's own prefetch templates."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import Raw

from cds.fhir.references import parts
from cds.replay.entries import PATIENT
from cds.replay.events import CHART, Event
from cds.replay.searches import Matches

NOBODY = "Practitioner/unknown"
DRAFT = Raw(b'"draft"')
EMPTY = b'{"resourceType":"Bundle","type":"searchset"}'


class SentResource(NamedTuple):
    """One resource as it was then, and where it is sent."""

    kind: str
    text: bytes
    matches: Matches


def body(
    event: Event,
    keys: Sequence[str],
    chart: Iterable[SentResource],
    shared_texts: Mapping[str, bytes],
    drafts: Sequence[bytes],
) -> bytes:
    """One request. The chart holds no drafts; the Medications of `shared_texts` come with what refers to them."""
    by_key: dict[str, list[bytes]] = {key: [] for key in keys}
    included: set[tuple[str, str]] = set()
    person = b""
    for resource in chart:
        if resource.kind == PATIENT:
            person = resource.text
            continue
        for key in resource.matches.keys:
            by_key[key].append(resource.text)
        shared = shared_texts.get(resource.matches.shared)
        for key in resource.matches.including if shared is not None else ():
            if (key, resource.matches.shared) not in included:
                included.add((key, resource.matches.shared))
                by_key[key].append(shared or b"")
    prefetch = [
        b'"%s":%s' % (key.encode(), _searchset(resources)) for key, resources in by_key.items() if key != "patient"
    ]
    if person:
        prefetch.append(b'"patient":' + person)
    return b'{"hook":"%s","hookInstance":"%s","context":%s,"prefetch":{%s}}' % (
        event.hook.encode(),
        str(uuid5(NAMESPACE_URL, event.key)).encode(),
        _context(event, drafts),
        b",".join(prefetch),
    )


def drafted(text: bytes) -> bytes:
    """A request as it was before it was signed."""
    return msgspec.json.encode({**msgspec.json.decode(text, type=dict[str, Raw]), "status": DRAFT})


def _context(event: Event, drafts: Sequence[bytes]) -> bytes:
    user = event.clinician or f"{NOBODY}-{uuid5(NAMESPACE_URL, event.key)}"  # whom nobody knows was shown nothing yet
    context: dict[str, object] = {"userId": user, "patientId": event.owner}
    if event.hook == CHART:
        kind, ident = parts(event.ref)
        return msgspec.json.encode(context | ({"encounterId": ident} if kind == "Encounter" else {}))
    return msgspec.json.encode(context | {"draftOrders": Raw(_searchset(drafts))})


def _searchset(resources: Sequence[bytes]) -> bytes:
    if not resources:
        return EMPTY
    return b'%s,"entry":[{"resource":%s}]}' % (EMPTY[:-1], b'},{"resource":'.join(resources))
