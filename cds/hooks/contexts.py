"""What each hook's context must hold, and what of it is kept unread (CDS Hooks library, hook contexts)."""

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct

from cds.errors import BadEnvelope
from cds.fhir.bundle import NULL
from cds.fhir.references import type_of
from cds.hooks.members import required_text, text, value

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
BUNDLE, REQUEST = "Bundle", "MedicationRequest"
PATIENT_TYPES = frozenset({"Patient", "RelatedPerson"})


class Shape(Struct, frozen=True, kw_only=True):
    """The context of one hook: which optional members it must have, and where its resources are.

    `drafts` names a Bundle of drafts, or one MedicationRequest where `is_single`.
    """

    user: bool = True
    encounter: bool = False
    drafts: str = ""
    selects: bool = False
    is_single: bool = False
    problems: str = ""

    @property
    def is_order(self) -> bool:
        """Whether the hook is about drafts that are about to be ordered, or an order that is being verified."""
        return bool(self.drafts)


SHAPES: dict[str, Shape] = {
    "patient-view": Shape(),
    "encounter-start": Shape(encounter=True),
    "encounter-discharge": Shape(encounter=True),
    "problem-list-item-create": Shape(problems="conditions"),
    "order-select": Shape(drafts="draftOrders", selects=True),
    "order-sign": Shape(drafts="draftOrders"),
    "medication-refill": Shape(user=False, drafts="medications"),
    "medication-verify": Shape(drafts="medication", is_single=True),
}


SERVICE_IDS = {hook: f"muscle-twitch-{hook}" for hook in SHAPES}


class Context(Struct, frozen=True, kw_only=True):
    """Who, whom, and what is being written. `drafts` and `problems` are still bytes; None if they were not sent.

    `selections` holds the references of order-select; None means that all drafts count.
    """

    patient_id: str
    user_id: str | None
    encounter_id: str | None
    drafts: Raw | None = None
    selections: frozenset[str] | None = None
    problems: Raw | None = None

    @property
    def is_for_patient(self) -> bool:
        """Whether the user is the patient or somebody close to them (CDS Hooks library, `userId`)."""
        return type_of(self.user_id or "") in PATIENT_TYPES


def read(members: dict[str, Raw], shape: Shape) -> Context:
    """The context of a hook. A draft may be half written, but what must hold the drafts has to be there."""
    selections = _selections(members) if shape.selects else None
    return Context(
        patient_id=_id(members, "patientId"),
        user_id=required_text(members, "userId") if shape.user else text(members, "userId"),
        encounter_id=required_text(members, "encounterId") if shape.encounter else text(members, "encounterId"),
        drafts=_drafts(members, shape, selections) if shape.is_order else None,
        selections=selections,
        problems=_resource(members, shape.problems, BUNDLE) if shape.problems else None,
    )


def _id(members: dict[str, Raw], field: str) -> str:
    identifier = required_text(members, field)
    if not FHIR_ID.fullmatch(identifier):
        raise BadEnvelope(f"context.{field}", "must be a FHIR id")
    return identifier


def _selections(members: dict[str, Raw]) -> frozenset[str]:
    """What is selected. A client with nothing selected yet sends an empty list, or leaves it out with the drafts."""
    selections = value(members, "selections")
    if selections is None:
        if _is_there(members, "draftOrders"):
            raise BadEnvelope("context.selections")
        return frozenset()
    if not isinstance(selections, list) or not all(isinstance(selection, str) for selection in selections):
        raise BadEnvelope("context.selections", "must be a list of references")
    return frozenset(selections)


def _drafts(members: dict[str, Raw], shape: Shape, selections: frozenset[str] | None) -> Raw | None:
    if selections is not None and not selections and not _is_there(members, shape.drafts):
        return None
    return _resource(members, shape.drafts, REQUEST if shape.is_single else BUNDLE)


def _is_there(members: dict[str, Raw], field: str) -> bool:
    return field in members and bytes(members[field]) != NULL


class Head(Struct):
    """The type of a resource; `entry` is of a Bundle."""

    resourceType: Any = None  # noqa: N815 - FHIR's name
    entry: list[Raw] | None = None


_HEAD = msgspec.json.Decoder(Head)


def _resource(members: dict[str, Raw], field: str, kind: str) -> Raw:
    """A resource of this type, unread."""
    if not _is_there(members, field):
        raise BadEnvelope(f"context.{field}")
    try:
        head = _HEAD.decode(members[field])
    except (msgspec.DecodeError, RecursionError) as problem:
        raise BadEnvelope(f"context.{field}", f"must be a {kind}") from problem
    is_untyped = head.resourceType is None and head.entry is not None and kind == BUNDLE  # some clients leave it out
    if head.resourceType != kind and not is_untyped:
        raise BadEnvelope(f"context.{field}", f"must be a {kind}")
    return members[field]
