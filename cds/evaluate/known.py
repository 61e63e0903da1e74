"""What was known on a day: the dates of a resource that say when it came to be, whatever its type."""

from datetime import datetime

import msgspec
from msgspec import Raw, Struct

from cds.fhir.datatypes import Period
from cds.fhir.dates import When, parse


class Dated(Struct, rename="camel"):
    """When a resource was recorded, issued, ordered, observed or begun, as far as it says (FHIR STU3 to R5)."""

    recorded_date: str | None = None
    asserted_date: str | None = None
    issued: str | None = None
    authored_on: str | None = None
    authored: str | None = None
    date_asserted: str | None = None
    date_recorded: str | None = None
    date: str | None = None
    created: str | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    onset_date_time: str | None = None
    period: Period | None = None

    def moments(self) -> list[When]:
        """All of them."""
        texts = (
            *(self.recorded_date, self.asserted_date, self.issued, self.authored_on, self.authored),
            *(self.date_asserted, self.date_recorded, self.date, self.created),
            *(self.effective_date_time, self.performed_date_time, self.onset_date_time),
            *(period.start for period in (self.effective_period, self.performed_period, self.period) if period),
        )
        return [when for text in texts if (when := parse(text)) is not None]


_DATED = msgspec.json.Decoder(Dated)


def is_later(text: Raw | bytes, end: datetime) -> bool:
    """Whether a resource says of itself that it is of a later moment; what cannot be read says nothing."""
    try:
        moments = _DATED.decode(text).moments()
    except (msgspec.DecodeError, RecursionError):
        return False
    return any(
        when.instant > end if when.instant is not None else when.first > end.date().toordinal() for when in moments
    )
