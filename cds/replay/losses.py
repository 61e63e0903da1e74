"""What of an export is not in the figures, by reason: the denominators that were lost, and what is rightly not in."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, field

PLACES_MAX = 20  # that are named of each reason


class Reason(StrEnum):
    """Why something is not in the figures, or not as it was."""

    NO_FILE = "file-unreadable"
    NO_JSON = "line-unreadable"
    NO_FHIR = "no-fhir"
    CUT = "bundle-with-further-pages"
    SERVER = "server-reported-an-error"
    NO_PATIENT = "orphan"
    NO_DATE = "visit-without-date"
    NO_ORDER_DATE = "order-without-date"
    TWO_PATIENTS = "two-patients-of-one-id"
    NO_PERSON = "patient-resource-missing"
    NO_ZONE = "time-without-valid-zone"
    DAY_ONLY = "visit-with-day-only"
    NOT_A_VISIT = "encounter-that-was-no-visit"
    NOT_SIGNED = "request-that-was-no-order"
    FUTURE = "visit-in-the-future"
    DELETED = "deleted"
    OTHER = "about-no-patient"


# What makes the status of the command say so: something of the export is not in the figures.
LOSSES = (
    Reason.NO_FILE,
    Reason.NO_JSON,
    Reason.NO_FHIR,
    Reason.CUT,
    Reason.SERVER,
    Reason.NO_PATIENT,
    Reason.NO_DATE,
    Reason.NO_ORDER_DATE,
    Reason.TWO_PATIENTS,
    Reason.NO_PERSON,
)


class Lost(Struct):
    """How many, by reason, and where the first of them stand: file and line, never what they say."""

    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: Reason, place: str = "", count: int = 1) -> None:
        """Count one more, or some."""
        self.counts[reason.value] = self.counts.get(reason.value, 0) + count
        places = self.places.setdefault(reason.value, [])
        if place and len(places) < PLACES_MAX:
            places.append(place)

    def take(self, losses: Iterable["Lost"]) -> "Lost":
        """All together."""
        for losses_of_part in losses:
            for reason, count in losses_of_part.counts.items():
                self.counts[reason] = self.counts.get(reason, 0) + count
            for reason, places in losses_of_part.places.items():
                known_places = self.places.setdefault(reason, [])
                known_places += places[: PLACES_MAX - len(known_places)]
        return self

    @property
    def losses(self) -> int:
        """How much is missing in the figures."""
        return sum(self.counts.get(reason.value, 0) for reason in LOSSES)

    @property
    def is_loss(self) -> bool:
        """Whether anything is."""
        return self.losses > 0
