"""The list of patients: one line each, what the chart shows and what is to be expected."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct

from cards.topics import Indicator
from cards.words import Words
from cds.demo.fhir.charts import ChartStore, Resource
from cds.demo.playground.reading import age, one, text

SILENT = "silent"
QUIET_START = "Silent: "
GROUPS = (
    (Indicator.CRITICAL.value, "Act today", "Emergencies, and signs in children that cannot wait."),
    (Indicator.WARNING.value, "Do not miss", "Signs, results and medicines that change what to do next."),
    (
        Indicator.INFO.value,
        "Worth knowing",
        "Causes that can be eased, tests that are missing, reasons for reassurance.",
    ),
    (SILENT, "Silent on purpose", "These charts look similar, but no card is shown. The page says why."),
)


class Expected(Struct, frozen=True):
    """One card that the chart leads to."""

    topic: str
    indicator: str


class Listed(Struct, frozen=True):
    """One chart of the index."""

    id: str
    title: str
    expect: tuple[Expected, ...] = ()


class _Index(Struct):
    charts: tuple[Listed, ...] = ()


class Line(Struct, frozen=True, kw_only=True):
    """One patient as the list shows them."""

    id: str
    name: str
    about: str
    title: str
    level: str
    cards: tuple[Expected, ...]


class Group(Struct, frozen=True):
    """Patients whose most urgent card is the same."""

    level: str
    title: str
    lead: str
    lines: tuple[Line, ...]


def read_index(fixtures: Path) -> dict[str, Listed]:
    """The index of the charts; what it does not name is shown without a line of its own."""
    index = msgspec.json.decode((fixtures / "index.json").read_bytes(), type=_Index)
    return {chart.id: chart for chart in index.charts}


def groups(store: ChartStore, index: dict[str, Listed], today: date, words: Words) -> list[Group]:
    """All patients, the most urgent first; empty groups left out."""
    lines = list(_lines(store, index, today, words))
    chart_groups = (
        Group(level, title, lead, tuple(line for line in lines if line.level == level)) for level, title, lead in GROUPS
    )
    return [group for group in chart_groups if group.lines]


def _lines(store: ChartStore, index: dict[str, Listed], today: date, words: Words) -> Iterator[Line]:
    order = [
        *(ident for ident in index if ident in store.charts),
        *(id_ for id_ in store.charts if id_ not in index),
    ]
    titles = {topic.value: entry.title for topic, entry in words.topics.items()}
    for ident in order:
        entry = index.get(ident, Listed(ident, ""))
        patient = store.of("Patient")[ident]
        yield Line(
            id=ident,
            name=name(patient),
            about=about(patient, today),
            title=_capital(entry.title.removeprefix(QUIET_START)),
            level=_level(entry.expect),
            cards=tuple(
                Expected(titles.get(expected.topic, expected.topic), expected.indicator) for expected in entry.expect
            ),
        )


def _capital(sentence: str) -> str:
    """The sentence with a capital first letter, the others as they are."""
    return sentence[:1].upper() + sentence[1:]


def _level(cards: Iterable[Expected]) -> str:
    levels = {card.indicator for card in cards}
    return next((level.value for level in Indicator if level.value in levels), SILENT)


def name(patient: Resource) -> str:
    """Given and family name."""
    called = one(patient.get("name"))
    given_name = called.get("given")
    given_names = [part for part in given_name if isinstance(part, str)] if isinstance(given_name, list) else []
    return " ".join((*given_names, text(called.get("family")))).strip() or text(called.get("text")) or "No name"


def about(patient: Resource, today: date) -> str:
    """Sex and age."""
    parts = (text(patient.get("gender")), age(text(patient.get("birthDate")), today))
    return ", ".join(filter(None, parts))
