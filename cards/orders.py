"""The requests we propose: templates checked once with fhir.resources (R4B), filled cheaply."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from fhir.resources.R4B.servicerequest import ServiceRequest
from msgspec import Struct
from pydantic import ValidationError

from cards.errors import WordingError

ORDERS = Path(__file__).parent / "orders.toml"

_SAMPLE_DAY = date(2026, 1, 31)


class OrderCode(Struct, frozen=True, forbid_unknown_fields=True):
    """What is requested: a verified code, and how soon if not routine."""

    system: str
    code: str
    display: str
    priority: str | None = None


class OrderBook(Struct, frozen=True):
    """The templates by key, e.g. `lab:potassium`."""

    templates: dict[str, dict[str, Any]]

    def draft(self, key: str, patient_id: str, day: date, reason: str) -> dict[str, Any]:
        """A new draft ServiceRequest (FHIR R4); never one that stops or replaces anything."""
        try:
            template = self.templates[key]
        except KeyError:
            raise WordingError(ORDERS.name, key, "no such order") from None
        return {
            **template,
            "subject": {"reference": f"Patient/{patient_id}"},
            "authoredOn": day.isoformat(),
            "reasonCode": [{"text": reason}],
        }


def load_orders(names: Mapping[str, str], path: Path = ORDERS) -> OrderBook:
    """The order file joined to the names of the wording, each template a valid FHIR R4 resource."""
    codes = _codes(path)
    for key in sorted(codes.keys() ^ names.keys()):
        raise WordingError(path.name, key, "in the orders or in the wording, but not in both")
    book = OrderBook({key: _template(code, names[key]) for key, code in codes.items()})
    for key in codes:
        _check(book, key, path.name)
    return book


def _codes(path: Path) -> dict[str, OrderCode]:
    """The order file."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, OrderCode])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise WordingError(path.name, "file", str(error)) from error


def _template(code: OrderCode, name: str) -> dict[str, Any]:
    """The unchanging part of a draft; intent order, because EHRs sign orders, not proposals."""
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        **({"priority": code.priority} if code.priority else {}),
        "code": {
            "coding": [{"system": code.system, "code": code.code, "display": code.display}],
            "text": name,
        },
    }


def _check(book: OrderBook, key: str, file: str) -> None:
    """One filled draft against the FHIR R4B model; the model checks no code lists, so priority is checked here."""
    draft = book.draft(key, "1", _SAMPLE_DAY, key)
    if draft.get("priority", "routine") not in {"routine", "urgent", "asap", "stat"}:
        raise WordingError(file, key, "priority")
    try:
        ServiceRequest.model_validate(draft)
    except ValidationError as error:
        raise WordingError(file, key, str(error)) from error
