"""The five states of a prefetch key, and what follows for what can be known (CDS Hooks 2.0, prefetch; 4c D17)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Raw, Struct

from cards.advice import NotChecked
from cds.fhir import bundle
from cds.fhir.bundle import Feed
from cds.fhir.resources import Any, CodeableConcept

TYPES = {
    "patient": "Patient",
    "conditions": "Condition",
    "observations": "Observation",
    "encounters": "Encounter",
    "labs": "Observation",
    "medicationRequests": "MedicationRequest",
    "medicationStatements": "MedicationStatement",
    "serviceRequests": "ServiceRequest",
    "procedures": "Procedure",
    "diagnosticReports": "DiagnosticReport",
    "familyHistory": "FamilyMemberHistory",
}
CONDITIONS = "conditions"
TWITCH_KEYS = (CONDITIONS, "observations", "encounters")
GATE = ("patient", *TWITCH_KEYS)
REST = tuple(key for key in TYPES if key not in GATE)


class State(StrEnum):
    """What a client did with a prefetch key."""

    SUPPLIED = "supplied"
    KNOWN_EMPTY = "known-empty"
    FAILED = "failed"
    ABSENT = "absent"
    NOT_APPLICABLE = "not-applicable"


class Supply(Struct):
    """One key: its state and what it held."""

    key: str
    state: State
    feed: Feed

    @property
    def is_complete(self) -> bool:
        """Whether all that the template asks for is here and readable."""
        if self.state in (State.FAILED, State.ABSENT):
            return False
        return not self.feed.truncated and not self.feed.unreadable

    def not_checked(self) -> Iterable[NotChecked]:
        """What could not be seen, and why."""
        kind = TYPES[self.key]
        if self.state in (State.FAILED, State.ABSENT):
            yield NotChecked(type=kind, reason=self.state.value, key=self.key)
        if self.feed.truncated:
            yield NotChecked(type=kind, reason="partial", key=self.key)
        for unread, count in self.feed.unreadable.items():
            yield NotChecked(type=unread, reason="unreadable", key=self.key, count=count)


class Supplies:
    """All keys of a call, read when they are wanted: the gate first, the rest only if there is a twitch."""

    def __init__(self, prefetch: Mapping[str, Raw]) -> None:
        self._prefetch = prefetch
        self._read: dict[str, Supply] = {}

    def of(self, key: str) -> Supply:
        """One key, read once."""
        if key not in self._read:
            self._read[key] = supply(key, self._prefetch.get(key))
        return self._read[key]

    def resources(self, keys: Iterable[str]) -> list[Any]:
        """The resources of some keys."""
        return [resource for key in keys for resource in self.of(key).feed.resources]

    def missing(self) -> frozenset[str]:
        """The FHIR types that did not arrive, or not whole."""
        return frozenset(TYPES[key] for key in TYPES if not self.of(key).is_complete)

    def not_checked(self) -> tuple[NotChecked, ...]:
        """All that could not be seen."""
        return tuple(item for key in TYPES for item in self.of(key).not_checked())

    def unread_problems(self) -> list[CodeableConcept | None]:
        """The codes of Conditions that could not be read otherwise."""
        return self.of(CONDITIONS).feed.unread_codes


def supply(key: str, raw: Raw | None) -> Supply:
    """Read one prefetch value: absent and null are different things."""
    if raw is None:
        return Supply(key, State.ABSENT, Feed())
    if bytes(memoryview(raw)[:5]) == bundle.NULL:
        return Supply(key, State.KNOWN_EMPTY, Feed())
    feed = bundle.read(raw)
    if feed.failed:
        return Supply(key, State.FAILED, feed)
    empty = not (feed.resources or feed.unreadable or feed.truncated)
    return Supply(key, State.KNOWN_EMPTY if empty else State.SUPPLIED, feed)
