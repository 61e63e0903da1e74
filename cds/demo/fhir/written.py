"""What is written to the demo server: a copy in memory beside the charts, which a reset empties."""

from typing import Any, Final
from uuid import uuid4

from cds.demo.fhir.answers import Refused

MOST: Final = 500
Resource = dict[str, Any]


class Written:
    """The resources that were created, by patient; `changes` counts up with each change."""

    def __init__(self) -> None:
        self.changes = 0
        self._by_patient: dict[str, list[Resource]] = {}

    def of(self, patient: str) -> tuple[Resource, ...]:
        """What was written for one patient."""
        return tuple(self._by_patient.get(patient, ()))

    @property
    def patients(self) -> tuple[str, ...]:
        """Those for whom something was written."""
        return tuple(self._by_patient)

    def create(self, patient: str, resource: Resource, condition: str) -> tuple[Resource, bool]:
        """The resource as it is held now, and whether it is new: with a condition that one meets, nothing is."""
        existing = next(
            (candidate for candidate in self.of(patient) if condition and _meets(candidate, resource, condition)), None
        )
        if existing is not None:
            return existing, False
        if sum(map(len, self._by_patient.values())) >= MOST:
            raise Refused(422, "too-costly", "The demo cannot store more. Reset it on its first page.")
        created = {**resource, "id": str(uuid4())}
        self._by_patient.setdefault(patient, []).append(created)
        self.changes += 1
        return created, True

    def reset(self) -> None:
        """Forget everything that was written."""
        self._by_patient.clear()
        self.changes += 1


def _meets(candidate: Resource, resource: Resource, condition: str) -> bool:
    """`identifier=system|value`, the one condition that is known here."""
    name, _, token = condition.partition("=")
    identifiers = candidate.get("identifier", [])
    members = identifiers if isinstance(identifiers, list) else [identifiers]
    same_kind = candidate["resourceType"] == resource["resourceType"]
    return same_kind and name == "identifier" and any(f"{i.get('system')}|{i.get('value')}" == token for i in members)
