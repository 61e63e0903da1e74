"""One patient's resources, and what of them was known at a moment."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from cds.replay.entries import PATIENT, Entry
from cds.replay.events import CHART, Asked, Calendar, Event, day_of, together
from cds.replay.known import held
from cds.replay.requests import Piece
from cds.replay.searches import Searches

BEGINNING = datetime.min.replace(tzinfo=UTC)


class Then(Struct):
    """A chart as it was known: its resources, and what cannot be said of it."""

    places: list[int]
    later: int
    undated: int
    unknown_then: int


class PatientChart:
    """All that an export holds of one patient, in the order in which it came to be known."""

    def __init__(self, owner: str, entries: Sequence[Entry], calendar: Calendar) -> None:
        self.owner = owner
        self._calendar = calendar
        kept = list({one.text: one for one in entries}.values())  # the same resource twice, in two files, is one
        made = [held(one.kind, one.text, calendar.zone) for one in kept]
        order = sorted(range(len(made)), key=lambda place: made[place].since or BEGINNING)
        self.held = [made[place] for place in order]
        self._entries = [kept[place] for place in order]
        self._since = [one.since or BEGINNING for one in self.held]
        self._sizes = [0]
        for one in self.held:
            self._sizes.append(self._sizes[-1] + len(one.text))
        self._undated = sum(one.since is None and one.kind != PATIENT for one in self.held)

    def events(self, asked: Asked) -> list[Event]:
        """The calls of this patient."""
        found = (self._calendar.event(entry, place) for place, entry in enumerate(self._entries))
        made = together(event for event in found if event is not None and event.at)
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
