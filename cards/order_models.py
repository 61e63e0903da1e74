"""Every draft that we can propose, held against the models of fhir.resources (R4B)."""

from collections.abc import Iterator
from datetime import date

from fhir.resources.R4B.servicerequest import ServiceRequest
from fhir.resources.R4B.task import Task
from pydantic import ValidationError

from cards.orders import OrderBook

_DAY = date(2026, 1, 31)


def faults(book: OrderBook) -> Iterator[str]:
    """What is wrong with a filled draft, by its key; nothing if all are valid."""
    for key in book.templates:
        draft = book.draft(key, "1", _DAY, key)
        model = Task if draft["resourceType"] == "Task" else ServiceRequest
        try:
            model.model_validate(draft)
        except ValidationError as error:
            yield f"{key}: {error}"
