"""What a reviewer is shown of one item: the chart as it was known, and the cards that the call brought."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from markupsafe import Markup
from msgspec import Struct

from cards.wire import Card
from cds.demo.fhir.charts import Resource
from cds.demo.playground import patient_list, record
from cds.demo.playground.reading import completed, day, moment, one, status, text, words
from cds.demo.playground.results import Results
from cds.fhir.references import id_of
from cds.knowledge.load import Knowledge
from cds.review.record import Item
from cds.web.markdown import rendered

MOST_LISTED = 1000  # resources in full, the newest of each type first
_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
DATES = ("recordedDate", "authoredOn", "effectiveDateTime", "performedDateTime", "date", "authored", "onsetDateTime")


class Case(Struct, frozen=True, kw_only=True):
    """One item with its call. `shared`: the Medications that the chart refers to, by id. `cards`: that were shown."""

    item: Item
    hook: str
    at: datetime
    chart: tuple[bytes, ...]
    drafts: tuple[bytes, ...]
    cards: tuple[Card, ...]
    shared: Mapping[str, bytes]


class ResourceRow(Struct, frozen=True, kw_only=True):
    """One resource in full."""

    kind: str
    title: str
    when: str
    status: str
    text: str


class CardView(Struct, frozen=True, kw_only=True):
    """A card as an EHR shows it, without the ways to act on it."""

    topic: str
    title: str
    summary: str
    indicator: str
    detail: Markup
    source: str
    suggestions: tuple[str, ...]


class Showing:
    """Makes of a case what its page is filled with."""

    def __init__(self, knowledge: Knowledge, titles: Mapping[str, str]) -> None:
        self._results = Results(knowledge)
        self.titles = titles

    def values(self, case: Case) -> dict[str, object]:
        """The chart, the card that is asked about, and those beside it."""
        chart = [_named(resource, case.shared) for resource in map(_DECODER.decode, case.chart)]
        nobody: Resource = {}
        patient = next((resource for resource in chart if resource.get("resourceType") == "Patient"), nobody)
        cards = [self._card(card) for card in case.cards]
        rows = list(_listed(chart, case.chart))
        return {
            "about": patient_list.about(patient, case.at.date()) or "age and sex unknown",
            "died": day(patient.get("deceasedDateTime")) or ("yes" if patient.get("deceasedBoolean") is True else ""),
            "record": record.read(chart, self._results.is_result),
            "series": self._results.of(chart, completed(text(patient.get("birthDate")), case.at.date())),
            "signed": [record.medicine(_named(_DECODER.decode(draft), case.shared)) for draft in case.drafts],
            "listed": rows[:MOST_LISTED],
            "more": len(rows[MOST_LISTED:]),
            "card": next((card for card in cards if card.topic == case.item.card), None),
            "beside": [card for card in cards if card.topic != case.item.card],
        }

    def _card(self, card: Card) -> CardView:
        topic = card.source.topic.code if card.source.topic is not None else ""
        return CardView(
            topic=topic,
            title=self.titles.get(topic, topic),
            summary=card.summary,
            indicator=card.indicator.value,
            detail=rendered(card.detail or ""),
            source=card.source.label,
            suggestions=tuple(suggestion.label for suggestion in card.suggestions),
        )


def _named(resource: Resource, shared: Mapping[str, bytes]) -> Resource:
    """The same; where it names its medicine by a reference only, with what that Medication is called."""
    reference = one(resource.get("medicationReference"))
    medication = shared.get(id_of(text(reference.get("reference"))))
    if medication is None or reference.get("display"):
        return resource
    return {**resource, "medicationReference": {**reference, "display": words(_DECODER.decode(medication).get("code"))}}


def _listed(chart: Iterable[Resource], texts: Iterable[bytes]) -> Iterator[ResourceRow]:
    """All resources but the Patient, by type, the newest first."""
    rows = [
        ResourceRow(
            kind=text(resource.get("resourceType")),
            title=words(resource.get("code")) or _medicine(resource) or words(resource.get("vaccineCode")),
            when=moment(resource) or next(filter(None, (day(resource.get(name)) for name in DATES)), _began(resource)),
            status=status(resource.get("status")) or status(resource.get("clinicalStatus")),
            text=content.decode("utf-8", "replace"),
        )
        for resource, content in zip(chart, texts, strict=True)
        if resource.get("resourceType") != "Patient"
    ]
    rows.sort(key=lambda row: row.when, reverse=True)
    return iter(sorted(rows, key=lambda row: row.kind))


def _medicine(resource: Resource) -> str:
    is_medicine = "medicationCodeableConcept" in resource or "medicationReference" in resource
    return record.medicine(resource) if is_medicine else ""


def _began(resource: Resource) -> str:
    return day(one(resource.get("period")).get("start"))
