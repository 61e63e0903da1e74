"""The calls that would have been made: a chart opened at each visit, and orders that were signed."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any as Anything
from typing import NamedTuple

import msgspec
from msgspec import Struct

from cds.fhir.datatypes import Period
from cds.fhir.dates import instant_of, parse
from cds.fhir.references import id_of, parts
from cds.replay.entries import Entry
from cds.replay.losses import Reason

VISIT, REQUEST = "Encounter", "MedicationRequest"
CALLING = frozenset({VISIT, REQUEST})  # what stands for a call
CHART, ORDERS = "patient-view", "order-sign"
LAST = time(23, 59, 59, 999_999)
NO_VISIT = frozenset({"planned", "cancelled", "entered-in-error", "noshow", "no-show"})
NO_ORDER = frozenset({"cancelled", "entered-in-error", "draft"})
SIGNED = frozenset({None, "order", "original-order", "reflex-order", "filler-order"})
CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})
EPOCH = date(1970, 1, 1).toordinal()


class Event(Struct, omit_defaults=True, kw_only=True):
    """One call of one hook. `at` is empty where there is none to make, and `why` says why; with `at` it is a remark.

    `ref` is the visit, or the visit and the clinician of the `requests` that are signed together: their places in the
    chart. `day_only`: no more than the day is known.
    """

    owner: str
    hook: str
    ref: str
    at: str = ""
    why: str = ""
    day_only: bool = False
    clinician: str = ""
    clinic: str = ""
    requests: tuple[int, ...] = ()

    @property
    def moment(self) -> datetime:
        """When the call is made."""
        return datetime.fromisoformat(self.at)

    @property
    def key(self) -> str:
        """By which the same call is known again."""
        is_named = self.hook == CHART and self.ref  # two versions of a visit are one visit
        return "\x1f".join((self.hook, self.owner, self.ref, "" if is_named else self.at))


class EventTime(NamedTuple):
    """When a call is made, empty if it is not, and why not; with a moment `why` is a remark."""

    at: str = ""
    why: str = ""
    day_only: bool = False


class Place(Struct):
    """Something that is named by a reference."""

    reference: Anything = None
    display: Anything = None

    @property
    def name(self) -> str:
        """What it is called, else its id."""
        if isinstance(self.display, str) and self.display:
            return self.display
        return id_of(self.reference) if isinstance(self.reference, str) else ""


class Participant(Struct):
    """Who takes part; R5 says `actor`."""

    individual: Place | None = None
    actor: Place | None = None


class Visit(Struct, rename="camel"):
    """What says when, where and with whom a visit was."""

    id: str | None = None
    status: Anything = None
    period: Period | None = None
    actual_period: Period | None = None
    participant: list[Participant] | None = None
    service_provider: Place | None = None


class Order(Struct, rename="camel"):
    """What says when and by whom a medicine was ordered."""

    id: str | None = None
    status: Anything = None
    intent: Anything = None
    authored_on: str | None = None
    encounter: Place | None = None
    context: Place | None = None
    requester: Place | None = None


class Schedule(Struct, frozen=True):
    """When charts are evaluated: at visits and orders; at the end of one day; or each so many days."""

    as_of: date | None = None
    every: int | None = None

    @property
    def is_visits(self) -> bool:
        """Whether the calls are those of visits and orders."""
        return self.as_of is None and self.every is None


_VISIT, _ORDER = msgspec.json.Decoder(Visit), msgspec.json.Decoder(Order)
_UNREADABLE = (msgspec.DecodeError, RecursionError)


class Calendar(Struct, frozen=True):
    """The site's zone, and the present moment: later visits are none yet."""

    zone: tzinfo
    now: datetime

    def event(self, entry: Entry, place: int = 0) -> Event | None:
        """The call that a resource leads to, if it is a visit or an order."""
        if entry.kind == VISIT:
            return self._visit(entry)
        return self._order(entry, place) if entry.kind == REQUEST else None

    def _visit(self, entry: Entry) -> Event:
        try:
            visit = _VISIT.decode(entry.text)
        except _UNREADABLE:
            return Event(owner=entry.owner, hook=CHART, ref="", why=Reason.NO_DATE)
        period = visit.actual_period or visit.period
        if visit.status in NO_VISIT:
            when = EventTime(why=Reason.NOT_A_VISIT)
        else:
            when = self._dated(period.start if period else None, Reason.NO_DATE)
        return Event(
            owner=entry.owner,
            hook=CHART,
            ref=f"Encounter/{visit.id}" if visit.id else "",
            at=when.at,
            why=when.why,
            day_only=when.day_only,
            clinician=next(filter(None, map(_clinician, visit.participant or ())), ""),
            clinic=visit.service_provider.name if visit.service_provider else "",
        )

    def _order(self, entry: Entry, place: int) -> Event:
        try:
            order = _ORDER.decode(entry.text)
        except _UNREADABLE:
            return Event(owner=entry.owner, hook=ORDERS, ref="", why=Reason.NO_ORDER_DATE)
        visit = order.encounter or order.context
        during = visit.reference if visit is not None and isinstance(visit.reference, str) else ""
        by = order.requester.reference if order.requester is not None else None
        clinician = by if isinstance(by, str) and parts(by)[0] in CLINICIANS else ""
        if order.status in NO_ORDER or order.intent not in SIGNED:
            when = EventTime(why=Reason.NOT_SIGNED)
        else:
            when = self._dated(order.authored_on, Reason.NO_ORDER_DATE)
        return Event(
            owner=entry.owner,
            hook=ORDERS,
            ref="\x1f".join((during, clinician)),  # what one clinician signs at one moment is signed together
            at=when.at,
            why=when.why,
            day_only=when.day_only,
            clinician=clinician,
            requests=(place,),
        )

    def _dated(self, text: str | None, otherwise: Reason) -> EventTime:
        """At its moment; where no more than a day is known, at the end of that day."""
        instant = instant_of(text)
        if instant is not None:
            return (
                EventTime(why=Reason.FUTURE)
                if instant > self.now
                else EventTime(instant.astimezone(self.zone).isoformat())
            )
        when = parse(text)
        if when is None or when.uncertain:
            return EventTime(why=otherwise)
        at = self.end_of(when.first)
        is_future = at > self.now and when.first != self.now.date().toordinal()
        why = Reason.NO_ZONE if text is not None and "T" in text else ""
        end_of_day = EventTime(at.astimezone(self.zone).isoformat(), why, day_only=True)
        return EventTime(why=Reason.FUTURE) if is_future else end_of_day

    def end_of(self, day: int) -> datetime:
        """The end of a day at the site."""
        return datetime.combine(date.fromordinal(day), LAST, self.zone)

    def of_days(self, owner: str, schedule: Schedule, first: int, last: int) -> Iterator[Event]:
        """The calls of a patient where days are asked for, between the first and the last visit."""
        days: Iterable[int]
        if schedule.as_of is not None:
            days = (schedule.as_of.toordinal(),)
        else:
            step = schedule.every or 1
            days = range(EPOCH + -(-(first - EPOCH) // step) * step, last + step, step) if first else ()
        for day in days:
            at = self.end_of(day)
            if schedule.as_of is not None or at - self.now < timedelta(days=1):
                yield Event(owner=owner, hook=CHART, ref=f"day {day}", at=at.isoformat())


def day_of(event: Event) -> int:
    """The day of a call at the site, as an ordinal."""
    return date.fromisoformat(event.at[:10]).toordinal()


def together(events: Iterable[Event]) -> list[Event]:
    """Each call once, in the order in which they were made; requests that were signed together in one."""
    by_key: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event.at):
        first = by_key.setdefault(event.key, event)
        if first is not event:
            by_key[event.key] = msgspec.structs.replace(first, requests=(*first.requests, *event.requests))
    ordered = sorted(by_key.values(), key=lambda event: (event.moment, event.hook != CHART, event.key))
    return [msgspec.structs.replace(event, requests=tuple(sorted(event.requests))) for event in ordered]


def _clinician(participant: Participant) -> str:
    who = participant.individual or participant.actor
    reference = who.reference if who is not None else None
    return reference if isinstance(reference, str) and parts(reference)[0] in CLINICIANS else ""
