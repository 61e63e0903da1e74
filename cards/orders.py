"""What we propose: draft requests and tasks, from templates checked once with fhir.resources (R4B), filled cheaply."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task
from msgspec import Struct
from pydantic import ValidationError

from cards.errors import WordingError

ORDERS = Path(__file__).parent / "orders.toml"
TASK = "task:"  # the keys of tasks begin with it, and only they have a place for what they are about

Resource = dict[str, Any]
_PRIORITIES = frozenset({"routine", "urgent", "asap", "stat"})
_SAMPLE_DAY = date(2026, 1, 31)


class OrderCode(Struct, frozen=True, forbid_unknown_fields=True):
    """What is requested: a verified code, and how soon if not routine."""

    system: str
    code: str
    display: str
    priority: str | None = None


class TaskKind(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done where no order fits: its words alone, and how soon if not routine."""

    resource: Literal["Task"]
    priority: str | None = None


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
    """The order file joined to the names of the wording, each template a valid FHIR R4 resource."""
    codes = _codes(path)
    for key in sorted(codes.keys() ^ names.keys()):
        raise WordingError(path.name, key, "in the orders or in the wording, but not in both")
    book = OrderBook({key: _template(code, names[key]) for key, code in codes.items()})
    for key, code in codes.items():
        if key.startswith(TASK) != isinstance(code, TaskKind):
            raise WordingError(path.name, key, "a task, and nothing else, has a key that begins with task:")
        _check(book, key, path.name)
    return book


def _codes(path: Path) -> dict[str, OrderCode | TaskKind]:
    """The order file."""
    try:
        return {key: _code(entry) for key, entry in tomllib.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise WordingError(path.name, "file", str(error)) from error


def _code(entry: Resource) -> OrderCode | TaskKind:
    """One entry of the file."""
    return msgspec.convert(entry, TaskKind) if "resource" in entry else msgspec.convert(entry, OrderCode)


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


def _check(book: OrderBook, key: str, file: str) -> None:
    """One filled draft against the FHIR R4B model; the model checks no code lists, so priority is checked here."""
    draft = book.draft(key, "1", _SAMPLE_DAY, key)
    if draft.get("priority", "routine") not in _PRIORITIES:
        raise WordingError(file, key, "priority")
    model = Task if draft["resourceType"] == "Task" else ServiceRequest
    try:
        model.model_validate(draft)
    except ValidationError as error:
        raise WordingError(file, key, str(error)) from error
