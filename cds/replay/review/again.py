"""Some calls of a replay, made once more from its export: what reviewers are shown. Nothing is written."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from cds.call import Engine
from cds.replay.chart import PatientChart
from cds.replay.entries import SHARED, Entry, Reading
from cds.replay.events import Calendar, Schedule
from cds.replay.ledger import Answers
from cds.replay.manifest import Manifest
from cds.replay.names import Names
from cds.replay.parts import Part
from cds.replay.player import PlayedCall, Player
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


class SampledItem(Struct, frozen=True):
    """One item, whose it is, and the fingerprint of its card in the replay."""

    item: Item
    patient: str
    fingerprint: str = ""


class Again:
    """Reads the charts of the patients that were drawn, and makes their calls as the replay did."""

    def __init__(self, engine: Engine, settings: Settings, names: Names, manifest: Manifest) -> None:
        options = manifest.options
        as_of, every = options.get("as_of"), options.get("every")
        schedule = Schedule(date.fromisoformat(str(as_of)) if as_of else None, int(every) if every else None)
        self._names, self._calendar = names, Calendar(settings.zone, datetime.fromisoformat(manifest.began))
        self._player = Player(
            engine,
            names,
            self._calendar,
            schedule,
            answers=Answers(str(options["answers"])),
            most_bytes=settings.max_body_bytes,
        )

    def close(self) -> None:
        """No more calls."""
        self._player.close()

    def cases(
        self, parts: Sequence[Part], sample: Iterable[SampledItem], progress: Callable[[int], None]
    ) -> tuple[dict[str, Case], dict[str, str]]:
        """The cases by item, and the items that cannot be shown as they were, each with the reason."""
        by_patient: dict[str, list[SampledItem]] = {}
        for sampled in sample:
            by_patient.setdefault(sampled.patient, []).append(sampled)
        charts = self._charts(parts, by_patient, progress)
        shared = _shared(parts, charts.values(), progress)
        cases: dict[str, Case] = {}
        changed = {sampled.item.id: NO_CHART for items in by_patient.values() for sampled in items}
        for owner, entries in charts.items():
            for sampled, result in self._of_patient(owner, entries, by_patient[self._names.patient(owner)], shared):
                if isinstance(result, Case):
                    cases[sampled.item.id] = result
                    del changed[sampled.item.id]
                else:
                    changed[sampled.item.id] = result
        return cases, changed

    def _charts(
        self, parts: Sequence[Part], patients: Collection[str], progress: Callable[[int], None]
    ) -> dict[str, list[Entry]]:
        """All that the export holds of the patients that were drawn, but what it says was deleted."""
        reading, charts = Reading(), dict[str, list[Entry]]()
        for part in parts:
            for entry in reading.part(part):
                if entry.owner and self._names.patient(entry.owner) in patients:
                    charts.setdefault(entry.owner, []).append(entry)
            progress(part.size)
        return {
            owner: [entry for entry in entries if not is_deleted(entry, reading.deleted)]
            for owner, entries in charts.items()
        }

    def _of_patient(
        self, owner: str, entries: Sequence[Entry], sample: Sequence[SampledItem], shared: Mapping[str, bytes]
    ) -> Iterator[tuple[SampledItem, Case | str]]:
        gathered = self._player.gathering()
        for entry in entries:
            gathered.add(entry)
        chart = PatientChart(owner, gathered, self._calendar)
        for call in self._player.calls(chart, shared):
            for sampled in sample:
                if sampled.item.visit == call.row.visit:
                    yield sampled, _difference(sampled, call) or self._case(sampled.item, call, chart, shared)

    def _case(self, item: Item, call: PlayedCall, chart: PatientChart, shared: Mapping[str, bytes]) -> Case:
        event = call.event
        pieces = [piece.text for piece in self._player.sent(event, chart, chart.at(event))]
        drafts = self._player.drafts(event, chart)
        needed = {name: shared[name] for text in (*pieces, *drafts) if (name := shared_of(text)) in shared}
        return Case(
            item=item,
            hook=event.hook,
            at=event.moment,
            chart=tuple(pieces),
            drafts=tuple(drafts),
            cards=tuple(call.outcome.cards) if call.outcome is not None else (),
            shared=needed,
        )


def _difference(sampled: SampledItem, call: PlayedCall) -> str:
    """Why a call cannot be shown as what was drawn; empty if it comes to the same."""
    if call.row.outcome in (REFUSED, FAILED):
        return NO_ANSWER
    if not sampled.item.card:
        return A_CARD if call.row.cards or call.row.outcome == REPEATED else ""
    current = {(card.card, card.fingerprint) for card in call.cards if card.shown}
    return "" if (sampled.item.card, sampled.fingerprint) in current else NO_CARD


def _shared(
    parts: Sequence[Part], charts: Iterable[Sequence[Entry]], progress: Callable[[int], None]
) -> dict[str, bytes]:
    """The Medications and Questionnaires that these charts refer to."""
    needed = {shared_of(entry.text) for entries in charts for entry in entries if entry.kind in REFERRING} - {""}
    texts: dict[str, bytes] = {}
    for part in parts:
        for entry in Reading().part(part) if needed else ():
            if entry.kind in SHARED and entry.head is not None:
                texts.update({name: entry.text for name in entry.head.shared_as if name in needed})
        progress(part.size)
    return texts
