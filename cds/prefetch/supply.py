"""The five states of a prefetch key, and what follows for what can be known (CDS Hooks 2.0, prefetch; D17)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Raw, Struct

from cards.advice import NotChecked
from cds.fhir import bundle
from cds.fhir.allowance import Allowance
from cds.fhir.bundle import Feed
from cds.fhir.datatypes import CodeableConcept
from cds.fhir.resources import Any, Medication, MedicationRequest
from cds.prefetch.references import dangling, shelf

TYPES = {
    "patient": "Patient",
    "conditions": "Condition",
    "observations": "Observation",
    "encounters": "Encounter",
    "labs": "Observation",
    "allLabs": "Observation",
    "medicationRequests": "MedicationRequest",
    "medicationStatements": "MedicationStatement",
    "medicationAdministrations": "MedicationAdministration",
    "serviceRequests": "ServiceRequest",
    "procedures": "Procedure",
    "diagnosticReports": "DiagnosticReport",
    "clinicalImpressions": "ClinicalImpression",
    "familyHistory": "FamilyMemberHistory",
    "flags": "Flag",
    "appointments": "Appointment",
    "questionnaireResponses": "QuestionnaireResponse",
}
# What N61 added is only named where a client does not know it yet and nobody could ask for it, and never blocks.
ADDED = ("medicationAdministrations", "clinicalImpressions", "flags", "appointments", "questionnaireResponses")
CONDITIONS, LABS = "conditions", "labs"
ALL_LABS = "allLabs"  # the tests that no rule reads are among them: only what reassures needs to have seen them (N35)
TWITCH_KEYS = (
    *(CONDITIONS, "observations", "encounters", "serviceRequests", "flags", "appointments"),
    "questionnaireResponses",
)
MEDICINES = ("medicationRequests", "medicationStatements", "medicationAdministrations")
DRAFTS = "drafts"  # no prefetch key: the drafts of a context, whose Medications may have to be read
MEDICATED = (*MEDICINES, DRAFTS)
GATE = ("patient", *TWITCH_KEYS)
REST = tuple(key for key in TYPES if key not in GATE)


FORBIDDEN = "forbidden"
# Issue types of an OperationOutcome after which nobody asks again (CDS Hooks 2.0, prefetch; FHIR R4, issue-type).
REFUSALS = frozenset({"forbidden", "security", "login", "suppressed", "expired", "unknown"})
PARTIAL, WITHHELD, INCOMPLETE = "partial", "withheld", "incomplete"

_BY_CODE = re.compile(r"[?&]code(?:[:=]|%3A)", re.IGNORECASE)


class State(StrEnum):
    """What a client did with a prefetch key."""

    SUPPLIED = "supplied"
    KNOWN_EMPTY = "known-empty"
    FAILED = "failed"
    ABSENT = "absent"
    NOT_APPLICABLE = "not-applicable"


LOST = (State.FAILED, State.ABSENT)


class Supply(Struct):
    """One key: its state and what it held. `reason` says why it is not whole, `unread` why Medications are missing.

    `pages`: what was fetched, as it came, if that is kept.
    """

    key: str
    state: State
    feed: Feed
    reason: str = ""
    unread: dict[str, str] = {}
    pages: tuple[bytes, ...] = ()

    @property
    def is_lost(self) -> bool:
        """Whether nothing can be relied upon: it failed, or never came."""
        return self.state in LOST

    @property
    def is_complete(self) -> bool:
        """Whether everything that the template requests is here and readable."""
        return not (self.is_lost or self.feed.truncated or self.feed.unreadable)

    @property
    def is_forbidden(self) -> bool:
        """Whether the source said that the rest is not to be had; it is then not asked again."""
        refused = not self.feed.issues.isdisjoint(REFUSALS)
        return refused and (self.state is State.FAILED or (self.feed.truncated and self.feed.next is None))

    def not_checked(self) -> Iterator[NotChecked]:
        """What could not be seen, and why."""
        kind = TYPES[self.key]
        if self.is_lost:
            yield NotChecked(type=kind, reason=self._reason(self.state.value), key=self.key)
        elif self.feed.truncated:
            yield NotChecked(type=kind, reason=self._reason(cut_reason(self.feed) or PARTIAL), key=self.key)
        for unread, count in self.feed.unreadable.items():
            yield NotChecked(type=unread, reason="unreadable", key=self.key, count=count)

    def _reason(self, otherwise: str) -> str:
        return self.reason or (FORBIDDEN if self.is_lost and self.is_forbidden else otherwise)


class Supplies:
    """All keys of a call, read when they are wanted: the gate first, the rest only if there is a twitch."""

    def __init__(
        self,
        prefetch: Mapping[str, Raw],
        keys: Iterable[str] = TYPES,
        allowance: Allowance | None = None,
        remarks: tuple[NotChecked, ...] = (),
        closed: Callable[[Supply], Supply] | None = None,
    ) -> None:
        """Take the prefetch of a call, the keys that its service asks for, and how many resources they may bring.

        `remarks` is what could not be used of the request beside them; `closed` takes a search as whole of which only
        pages are missing that nobody reads.
        """
        self.keys = tuple(keys)
        self.remarks = remarks
        self._allowance = allowance
        self._prefetch = prefetch
        self._closed = closed or _as_it_is
        self._read: dict[str, Supply] = {}
        self._verified: frozenset[str] = frozenset()
        self._ends: dict[str, list[str]] | None = None

    def of(self, key: str) -> Supply:
        """One key, read once."""
        read_supply = self._read.get(key)
        if read_supply is None:
            read_supply = self._read[key] = self._closed(supply(key, self._prefetch.get(key), self._allowance))
        return read_supply

    def put(self, supplies: Mapping[str, Supply]) -> None:
        """Take what was fetched in the place of what was sent."""
        self._read.update({key: self._closed(supply) for key, supply in supplies.items()})
        self._ends = None

    def draft(self, resources: Iterable[Any], *, verified: bool = False) -> None:
        """Take the drafts of a context, so that their Medications can be asked for.

        Where they are `verified`, they are orders that stand on the chart already: there they count no second time.
        """
        drafted = list(resources)
        self._read[DRAFTS] = Supply(DRAFTS, State.SUPPLIED, Feed(resources=drafted))
        if verified:
            self._verified = frozenset(
                draft.id for draft in drafted if isinstance(draft, MedicationRequest) and draft.id
            )

    def drafted_medications(self) -> Iterator[Medication]:
        """The Medications that the drafts refer to, as far as they are known by now."""
        for key in (*MEDICINES, DRAFTS):
            yield from (resource for resource in self.of(key).feed.resources if isinstance(resource, Medication))

    def held(self, keys: Iterable[str]) -> dict[str, Supply]:
        """Some keys, read."""
        return {key: self.of(key) for key in keys}

    def resources(self, keys: Iterable[str]) -> list[Any]:
        """The resources of some keys, of those that the service asks for."""
        resources = [resource for key in keys if key in self.keys for resource in self.of(key).feed.resources]
        if not self._verified:
            return resources
        return [
            resource
            for resource in resources
            if not (isinstance(resource, MedicationRequest) and resource.id in self._verified)
        ]

    def missing(self) -> frozenset[str]:
        """The FHIR types that did not arrive, or not whole; and `ALL_LABS`, if other tests were not asked for."""
        cut = {key for key in self.keys if key != ALL_LABS and not self.of(key).is_complete}
        kinds = frozenset(TYPES[key] for key in cut | {key for key, ends in self._loose_ends().items() if ends})
        return kinds if ALL_LABS not in self.keys or self._has_all_labs() else kinds | {ALL_LABS}

    def unknown(self) -> frozenset[str]:
        """Those of the types that are missing which the client does not know yet, and which nobody asked for."""
        supplies = {TYPES[key]: self.of(key) for key in ADDED if key in self.keys}
        return frozenset(
            kind for kind, supply in supplies.items() if supply.state is State.ABSENT and not supply.reason
        )

    def _has_all_labs(self) -> bool:
        """Whether the tests that no rule reads were asked for.

        A client that does not know the key may hold them under `labs`, unless its search was by code (self link).
        """
        supply = self.of(ALL_LABS)
        if supply.state is State.ABSENT and not supply.reason:
            return _BY_CODE.search(self.of(LABS).feed.search) is None
        return supply.is_complete

    def not_checked(self) -> tuple[NotChecked, ...]:
        """All that could not be seen."""
        keys = (item for key in self.keys for item in self.of(key).not_checked())
        return (*self.remarks, *keys, *self._medications_not_checked())

    def _medications_not_checked(self) -> Iterator[NotChecked]:
        """Medicines that are only named by a reference to what is not held."""
        for key, targets in self._loose_ends().items():
            reasons = Counter(self.of(key).unread.get(target, State.ABSENT.value) for target in targets)
            for reason, count in reasons.items():
                yield NotChecked(type="Medication", reason=reason, key=key, count=count)

    def _loose_ends(self) -> dict[str, list[str]]:
        """Worked out once, until something is put in the place of what was sent."""
        if self._ends is None:
            self._ends = loose_ends(self.held(key for key in MEDICINES if key in self.keys))
        return self._ends

    def unread_problems(self) -> list[CodeableConcept | None]:
        """The codes of Conditions that could not be read otherwise."""
        return self.of(CONDITIONS).feed.unread_codes


def _as_it_is(supply: Supply) -> Supply:
    return supply


def cut_reason(feed: Feed) -> str:
    """Why the source left out a part of what it sent; nothing if it did not say so."""
    if feed.failed or not feed.issues:
        return ""
    return INCOMPLETE if feed.issues.isdisjoint(REFUSALS) else WITHHELD


def loose_ends(supplies: Mapping[str, Supply]) -> dict[str, list[str]]:
    """The Medication references of each key that lead to nothing held under any of them."""
    targets = shelf(resource for supply in supplies.values() for resource in supply.feed.resources)
    return {key: list(dangling(supply.feed.resources, targets)) for key, supply in supplies.items() if key in MEDICATED}


def wanted_of(supplies: Supplies, keys: Iterable[str]) -> tuple[str, ...]:
    """The keys that are worth asking the FHIR server for: absent, failed, cut short, or with Medications missing.

    What is known to be empty is not asked for, nor what the source forbade, nor what was asked for already.
    """
    by_key = supplies.held(keys)
    ends = loose_ends(by_key)
    return tuple(key for key, supply in by_key.items() if _is_wanted(supply, bool(ends.get(key))))


def _is_wanted(supply: Supply, has_loose_ends: bool) -> bool:
    if supply.reason or supply.unread or supply.is_forbidden:
        return False
    return supply.is_lost or supply.feed.truncated or has_loose_ends


def supply(key: str, raw: Raw | None, allowance: Allowance | None = None) -> Supply:
    """Read one prefetch value: absent and null are different things."""
    if raw is None:
        return Supply(key, State.ABSENT, Feed())
    if bytes(memoryview(raw)[:5]) == bundle.NULL:
        return Supply(key, State.KNOWN_EMPTY, Feed())
    feed = bundle.read(raw, allowance)
    if feed.failed:
        return Supply(key, State.FAILED, feed)
    empty = not (feed.resources or feed.unreadable or feed.truncated)
    return Supply(key, State.KNOWN_EMPTY if empty else State.SUPPLIED, feed)
