"""Some calls of a replay, made once more from its export: what reviewers are shown. Nothing is written."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from cds.call import Engine
from cds.replay.chart import PatientChart
from cds.replay.entries import SHARED, Entry, Reading
from cds.replay.events import Asked, Calendar
from cds.replay.ledger import Answers
from cds.replay.manifest import Manifest
from cds.replay.names import Names
from cds.replay.parts import Part
from cds.replay.player import Made, Player
from cds.replay.review.cases import Case
from cds.replay.rows import FAILED, REFUSED, REPEATED
from cds.replay.searches import shared_of
from cds.replay.spread import REFERRING, is_deleted
from cds.review.record import Item
from cds.settings import Settings

NO_CHART = "the export no longer holds this patient or this visit"
NO_CARD = "the chart no longer gives this card"
A_CARD = "the chart gives a card now"
NO_ANSWER = "the call is not answered now"


class Drawn(Struct, frozen=True):
    """One item, whose it is, and the fingerprint of its card in the replay."""

    item: Item
    patient: str
    fingerprint: str = ""


class Again:
    """Reads the charts of the patients that were drawn, and makes their calls as the replay did."""

    def __init__(self, engine: Engine, settings: Settings, names: Names, manifest: Manifest) -> None:
        options = manifest.options
        as_of, every = options.get("as_of"), options.get("every")
        asked = Asked(date.fromisoformat(str(as_of)) if as_of else None, int(every) if every else None)
        self._names, self._calendar = names, Calendar(settings.zone, datetime.fromisoformat(manifest.began))
        self._player = Player(
            engine,
            names,
            self._calendar,
            asked,
            answers=Answers(str(options["answers"])),
            most_bytes=settings.max_body_bytes,
        )

    def close(self) -> None:
        """No more calls."""
        self._player.close()

    def cases(
        self, parts: Sequence[Part], drawn: Iterable[Drawn], progress: Callable[[int], None]
    ) -> tuple[dict[str, Case], dict[str, str]]:
        """The cases by item, and the items that cannot be shown as they were, each with the reason."""
        wanted: dict[str, list[Drawn]] = {}
        for one in drawn:
            wanted.setdefault(one.patient, []).append(one)
        charts = self._charts(parts, wanted, progress)
        shared = _shared(parts, charts.values(), progress)
        cases: dict[str, Case] = {}
        changed = {one.item.id: NO_CHART for some in wanted.values() for one in some}
        for owner, entries in charts.items():
            for one, found in self._of_patient(owner, entries, wanted[self._names.patient(owner)], shared):
                if isinstance(found, Case):
                    cases[one.item.id] = found
                    del changed[one.item.id]
                else:
                    changed[one.item.id] = found
        return cases, changed

    def _charts(
        self, parts: Sequence[Part], wanted: Collection[str], progress: Callable[[int], None]
    ) -> dict[str, list[Entry]]:
        """All that the export holds of the patients that were drawn, but what it says was deleted."""
        reading, found = Reading(), dict[str, list[Entry]]()
        for part in parts:
            for entry in reading.part(part):
                if entry.owner and self._names.patient(entry.owner) in wanted:
                    found.setdefault(entry.owner, []).append(entry)
            progress(part.size)
        return {
            owner: [one for one in entries if not is_deleted(one, reading.deleted)] for owner, entries in found.items()
        }

    def _of_patient(
        self, owner: str, entries: Sequence[Entry], drawn: Sequence[Drawn], shared: Mapping[str, bytes]
    ) -> Iterator[tuple[Drawn, Case | str]]:
        gathered = self._player.gathering()
        for entry in entries:
            gathered.add(entry)
        chart = PatientChart(owner, gathered, self._calendar)
        for made in self._player.calls(chart, shared):
            for one in drawn:
                if one.item.visit == made.row.visit:
                    yield one, _difference(one, made) or self._case(one.item, made, chart, shared)

    def _case(self, item: Item, made: Made, chart: PatientChart, shared: Mapping[str, bytes]) -> Case:
        event = made.event
        pieces = [piece.text for piece in self._player.pieces(event, chart, chart.at(event))]
        drafts = self._player.drafts(event, chart)
        needed = {name: shared[name] for text in (*pieces, *drafts) if (name := shared_of(text)) in shared}
        return Case(
            item=item,
            hook=event.hook,
            at=event.moment,
            chart=tuple(pieces),
            drafts=tuple(drafts),
            cards=tuple(made.outcome.cards) if made.outcome is not None else (),
            shared=needed,
        )


def _difference(one: Drawn, made: Made) -> str:
    """Why a call cannot be shown as what was drawn; empty if it comes to the same."""
    if made.row.outcome in (REFUSED, FAILED):
        return NO_ANSWER
    if not one.item.card:
        return A_CARD if made.row.cards or made.row.outcome == REPEATED else ""
    shown = {(card.card, card.fingerprint) for card in made.cards if card.shown}
    return "" if (one.item.card, one.fingerprint) in shown else NO_CARD


def _shared(
    parts: Sequence[Part], charts: Iterable[Sequence[Entry]], progress: Callable[[int], None]
) -> dict[str, bytes]:
    """The Medications and Questionnaires that these charts refer to."""
    needed = {shared_of(one.text) for entries in charts for one in entries if one.kind in REFERRING} - {""}
    found: dict[str, bytes] = {}
    for part in parts:
        for entry in Reading().part(part) if needed else ():
            if entry.kind in SHARED and entry.line is not None:
                found.update({name: entry.text for name in entry.line.shared_as if name in needed})
        progress(part.size)
    return found
