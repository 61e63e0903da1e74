"""One patient's resources, and what of them was known at a moment."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from cds.replay.entries import PATIENT, Entry
from cds.replay.events import CHART, Calendar, Event, Schedule, day_of, together
from cds.replay.known import DatedResource, dated_resource
from cds.replay.requests import SentResource
from cds.replay.searches import Searches

BEGINNING = datetime.min.replace(tzinfo=UTC)


class Snapshot(Struct):
    """A chart as it was known: its resources, and what cannot be said of it."""

    places: list[int]
    later: int
    undated: int
    unknown_then: int


class ChartBuilder:
    """The resources of one patient as they come in, in any order.

    A call that holds more bytes than are allowed is refused unread, so of a large chart the texts are let go that
    only such calls would hold: what is kept of them is enough to make those calls and to count them.
    """

    def __init__(self, calendar: Calendar, most_bytes: int) -> None:
        self.resources: list[DatedResource] = []
        self.events: dict[int, Event] = {}  # by the place in `resources`
        self._calendar, self._most_bytes = calendar, most_bytes
        self._digests: set[bytes] = set()
        self._texts = 0  # bytes that are kept
        self._beyond: datetime | None = None  # what became known then, or later, is in no call that is read

    def add(self, entry: Entry) -> None:
        """One more; the same resource twice, in two files, is one."""
        digest = blake2b(entry.text, digest_size=16).digest()
        if digest in self._digests:
            return
        self._digests.add(digest)
        event = self._calendar.event(entry)
        if event is not None:
            self.events[len(self.resources)] = event
        resource = dated_resource(entry.kind, entry.text, self._calendar.zone)
        self.resources.append(resource)
        if self._beyond is not None and _since(resource) >= self._beyond:
            resource.text = b""
            return
        self._texts += resource.size
        if self._texts > 2 * self._most_bytes:
            self._let_go()

    def _let_go(self) -> None:
        """Keep the texts of what was known first, as far as a call may hold them."""
        self._texts = total = 0
        for resource in sorted(self.resources, key=_since):
            total += resource.size
            if total <= self._most_bytes:
                self._texts += resource.size
                continue
            if self._beyond is None or _since(resource) < self._beyond:
                self._beyond = _since(resource)
            resource.text = b""


class PatientChart:
    """All that an export holds of one patient, in the order in which it came to be known."""

    def __init__(self, owner: str, gathered: ChartBuilder, calendar: Calendar) -> None:
        self.owner = owner
        self._calendar = calendar
        resources = gathered.resources
        order = sorted(range(len(resources)), key=lambda place: _since(resources[place]))
        self.resources = [resources[place] for place in order]
        self._events = [
            replace(event, requests=(place,)) if event.requests else event
            for place, before in enumerate(order)
            if (event := gathered.events.get(before)) is not None
        ]
        self._since = [_since(resource) for resource in self.resources]
        self._sizes = array("q", accumulate((resource.size for resource in self.resources), initial=0))
        self._undated = sum(resource.since is None and resource.kind != PATIENT for resource in self.resources)

    def events(self, schedule: Schedule) -> list[Event]:
        """The calls of this patient."""
        events = together(event for event in self._events if event.at)
        if schedule.is_visits:
            return events
        days = [day_of(event) for event in events if event.hook == CHART]
        return list(self._calendar.of_days(self.owner, schedule, min(days, default=0), max(days, default=0)))

    def size_at(self, moment: datetime) -> int:
        """How much of the chart was known, in bytes."""
        return self._sizes[bisect_right(self._since, moment)]

    def at(self, event: Event) -> Snapshot:
        """What was known when a call was made; what is about to be signed is not on the chart yet."""
        moment = event.moment
        count = bisect_right(self._since, moment)
        signed = set(event.requests)
        places = [place for place in range(count) if place not in signed]
        unsure = sum(self.resources[place].is_unsure(moment) for place in places)
        return Snapshot(places, len(self.resources) - count, self._undated, unsure)

    def sent(self, then: Snapshot, moment: datetime, searches: Searches, *, alive: bool) -> Iterator[SentResource]:
        """The resources as they were then. `alive`: a visit is proof of that, where no date of death is told."""
        for place in then.places:
            resource = self.resources[place]
            is_dead = alive and resource.kind == PATIENT and resource.is_last and resource.until is None
            text = resource.before() if is_dead else resource.at(moment)
            yield SentResource(resource.kind, text, searches.of(resource.kind, text))


def _since(resource: DatedResource) -> datetime:
    return resource.since or BEGINNING
