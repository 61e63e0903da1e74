"""Statuses as senders write them: the code with blanks around it, or in capitals, is the same code."""

from typing import Protocol


class HasStatus(Protocol):
    """A resource with a status."""

    @property
    def status(self) -> str | None:
        """As it is written."""


def status_of(resource: HasStatus) -> str:
    """The code of a resource's status; empty if it has none."""
    return (resource.status or "").strip().lower()


def code_of(text: str | None) -> str:
    """A code of a small list of FHIR: in small letters, without the blanks around it."""
    return (text or "").strip().lower()
