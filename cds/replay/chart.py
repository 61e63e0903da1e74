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
from cds.replay.events import CHART, Asked, Calendar, Event, day_of, together
from cds.replay.known import Held, held
from cds.replay.requests import Piece
from cds.replay.searches import Searches

BEGINNING = datetime.min.replace(tzinfo=UTC)


class Then(Struct):
    """A chart as it was known: its resources, and what cannot be said of it."""

    places: list[int]
    later: int
    undated: int
    unknown_then: int


class Gathering:
    """The resources of one patient as they come in, in any order.

    A call that holds more bytes than are allowed is refused unread, so of a large chart the texts are let go that
    only such calls would hold: what is kept of them is enough to make those calls and to count them.
    """

    def __init__(self, calendar: Calendar, most_bytes: int) -> None:
        self.held: list[Held] = []
        self.events: dict[int, Event] = {}  # by the place in `held`
        self._calendar, self._most_bytes = calendar, most_bytes
        self._met: set[bytes] = set()
        self._texts = 0  # bytes that are kept
        self._beyond: datetime | None = None  # what became known then, or later, is in no call that is read

    def add(self, entry: Entry) -> None:
        """One more; the same resource twice, in two files, is one."""
        digest = blake2b(entry.text, digest_size=16).digest()
        if digest in self._met:
            return
        self._met.add(digest)
        event = self._calendar.event(entry)
        if event is not None:
            self.events[len(self.held)] = event
        one = held(entry.kind, entry.text, self._calendar.zone)
        self.held.append(one)
        if self._beyond is not None and _since(one) >= self._beyond:
            one.text = b""
            return
        self._texts += one.size
        if self._texts > 2 * self._most_bytes:
            self._let_go()

    def _let_go(self) -> None:
        """Keep the texts of what was known first, as far as a call may hold them."""
        self._texts = known = 0
        for one in sorted(self.held, key=_since):
            known += one.size
            if known <= self._most_bytes:
                self._texts += one.size
                continue
            if self._beyond is None or _since(one) < self._beyond:
                self._beyond = _since(one)
            one.text = b""


class PatientChart:
    """All that an export holds of one patient, in the order in which it came to be known."""

    def __init__(self, owner: str, gathered: Gathering, calendar: Calendar) -> None:
        self.owner = owner
        self._calendar = calendar
        made = gathered.held
        order = sorted(range(len(made)), key=lambda place: _since(made[place]))
        self.held = [made[place] for place in order]
        self._events = [
            replace(event, requests=(place,)) if event.requests else event
            for place, before in enumerate(order)
            if (event := gathered.events.get(before)) is not None
        ]
        self._since = [_since(one) for one in self.held]
        self._sizes = array("q", accumulate((one.size for one in self.held), initial=0))
        self._undated = sum(one.since is None and one.kind != PATIENT for one in self.held)

    def events(self, asked: Asked) -> list[Event]:
        """The calls of this patient."""
        made = together(event for event in self._events if event.at)
        if asked.is_visits:
            return made
        days = [day_of(event) for event in made if event.hook == CHART]
        return list(self._calendar.of_days(self.owner, asked, min(days, default=0), max(days, default=0)))

    def size_at(self, moment: datetime) -> int:
        """How much of the chart was known, in bytes."""
        return self._sizes[bisect_right(self._since, moment)]

    def at(self, event: Event) -> Then:
        """What was known when a call was made; what is about to be signed is not on the chart yet."""
        moment = event.moment
        known = bisect_right(self._since, moment)
        signed = set(event.requests)
        places = [place for place in range(known) if place not in signed]
        unsure = sum(self.held[place].is_unsure(moment) for place in places)
        return Then(places, len(self.held) - known, self._undated, unsure)

    def pieces(self, then: Then, moment: datetime, searches: Searches, *, alive: bool) -> Iterator[Piece]:
        """The resources as they were then. `alive`: a visit is proof of that, where no date of death is told."""
        for place in then.places:
            one = self.held[place]
            is_dead = alive and one.kind == PATIENT and one.is_last and one.until is None
            text = one.before() if is_dead else one.at(moment)
            yield Piece(one.kind, text, searches.of(one.kind, text))


def _since(one: Held) -> datetime:
    return one.since or BEGINNING
