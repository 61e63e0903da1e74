"""What we propose: draft requests and tasks, from templates filled cheaply.

`cards.order_models` holds them against fhir.resources (R4B): in the tests and in `twitch-cds knowledge check`, because
the models cost more to import than everything else that a command needs.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from cards.errors import WordingError

ORDERS = Path(__file__).parent / "orders.toml"
TEST = "lab:"  # the keys of tests that are missing
TASK = "task:"  # the keys of tasks begin with it, and only they have a place for what they are about

Resource = dict[str, Any]
Code = Annotated[str, Meta(pattern=r"^\S+( \S+)*$")]  # FHIR R4, datatypes: code
Priority = Literal["routine", "urgent", "asap", "stat"]


class OrderCode(Struct, frozen=True, forbid_unknown_fields=True):
    """What is requested: a verified code, and how soon if not routine."""

    system: str
    code: Code
    display: str
    priority: Priority | None = None


class TaskKind(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done where no order fits: its words alone, and how soon if not routine."""

    resource: Literal["Task"]
    priority: Priority | None = None


class OrderBook(Struct, frozen=True):
    """The templates by key, e.g. `lab:potassium`."""

    templates: dict[str, Resource]

    def draft(
        self, key: str, patient_id: str, day: date, reason: str, signs: Sequence[Resource] = (), name: str = ""
    ) -> Resource:
        """A new draft ServiceRequest or Task (FHIR R4); never one that stops or replaces anything.

        `signs` are CodeableConcepts that name the reason in codes; `name` is a task's in full.
        """
        try:
            template = self.templates[key]
        except KeyError:
            raise WordingError(ORDERS.name, key, "no such order") from None
        filled = template | {"authoredOn": day.isoformat()}
        patient = {"reference": f"Patient/{patient_id}"}
        if template["resourceType"] == "Task":
            return filled | {"description": name or key, "for": patient, "reasonCode": {"text": reason}}
        return filled | {"subject": patient, "reasonCode": [{"text": reason}, *signs]}


def load_orders(names: Mapping[str, str], path: Path = ORDERS) -> OrderBook:
    """The order file joined to the names of the wording."""
    codes = _codes(path)
    for key in sorted(codes.keys() ^ names.keys()):
        raise WordingError(path.name, key, "in the orders or in the wording, but not in both")
    book = OrderBook({key: _template(code, names[key]) for key, code in codes.items()})
    for key, code in codes.items():
        if key.startswith(TASK) != isinstance(code, TaskKind):
            raise WordingError(path.name, key, "a task, and nothing else, has a key that begins with task:")
    return book


def _codes(path: Path) -> dict[str, OrderCode | TaskKind]:
    """The order file."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WordingError(path.name, "file", str(error)) from error
    return {key: _code(path.name, key, entry) for key, entry in entries.items()}


def _code(file: str, key: str, entry: Resource) -> OrderCode | TaskKind:
    """One entry of the file."""
    try:
        return msgspec.convert(entry, TaskKind) if "resource" in entry else msgspec.convert(entry, OrderCode)
    except msgspec.ValidationError as error:
        raise WordingError(file, key, str(error)) from error


def _template(code: OrderCode | TaskKind, name: str) -> Resource:
    """The unchanging part of a draft; orders have the intent order, because EHRs sign orders, not proposals."""
    priority = {"priority": code.priority} if code.priority else {}
    if isinstance(code, TaskKind):
        return {"resourceType": "Task", "status": "draft", "intent": "proposal", **priority}
    coding = {"system": code.system, "code": code.code, "display": code.display}
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        **priority,
        "code": {"coding": [coding], "text": name},
    }
