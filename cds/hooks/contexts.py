"""What each hook's context must hold, and what of it is kept unread (CDS Hooks library, hook contexts)."""

import re

from msgspec import Raw, Struct

from cds.errors import BadEnvelope
from cds.fhir.bundle import NULL
from cds.hooks.members import required_text, text, value

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


class Shape(Struct, frozen=True, kw_only=True):
    """The context of one hook: which optional members it must have, and where its resources are."""

    user: bool = True
    encounter: bool = False
    drafts: str = ""
    selects: bool = False
    problems: str = ""

    @property
    def is_order(self) -> bool:
        """Whether the hook is about drafts that are about to be ordered."""
        return bool(self.drafts)


SHAPES: dict[str, Shape] = {
    "patient-view": Shape(),
    "encounter-start": Shape(encounter=True),
    "problem-list-item-create": Shape(problems="conditions"),
    "order-select": Shape(drafts="draftOrders", selects=True),
    "order-sign": Shape(drafts="draftOrders"),
    "medication-refill": Shape(user=False, drafts="medications"),
}


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


def read(members: dict[str, Raw], shape: Shape) -> Context:
    """The context of a hook; drafts may be anything, since clients send them half written."""
    return Context(
        patient_id=_id(members, "patientId"),
        user_id=required_text(members, "userId") if shape.user else text(members, "userId"),
        encounter_id=required_text(members, "encounterId") if shape.encounter else text(members, "encounterId"),
        drafts=members.get(shape.drafts),
        selections=_selections(members) if shape.selects else None,
        problems=_problems(members, shape.problems) if shape.problems else None,
    )


def _id(members: dict[str, Raw], field: str) -> str:
    found = required_text(members, field)
    if not FHIR_ID.fullmatch(found):
        raise BadEnvelope(f"context.{field}", "is no FHIR id")
    return found


def _selections(members: dict[str, Raw]) -> frozenset[str]:
    """What is selected; a client that has nothing selected yet leaves it out."""
    found = value(members, "selections")
    return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()


def _problems(members: dict[str, Raw], field: str) -> Raw:
    found = members.get(field)
    if found is None or bytes(found) == NULL:
        raise BadEnvelope(f"context.{field}")
    if bytes(memoryview(found)[:1]) != b"{":
        raise BadEnvelope(f"context.{field}", "is no Bundle")
    return found
