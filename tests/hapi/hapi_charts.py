"""Golden cases and demo charts, told apart on one FHIR server: every id is unique, every reference follows its id."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charts.golden import Card, Case, cases
from charts.notation import request
from charts.resources import Json

from cds.web.demo_fhir.shift import shifted
from fhir_fixtures import make

FOLDER = Path(make.__file__).parent
IDS = ("patientId", "encounterId")
BASIS = "org.twitch-cds.basis"
Found = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True)
class OnServer:
    """A chart as it is loaded, and the cards it must get: topic, indicator, tags."""

    name: str
    resources: tuple[Json, ...]
    expect: tuple[Found, ...]
    context: dict[str, str]

    @property
    def patient(self) -> str:
        """The id of the patient."""
        return self.context["patientId"]


def golden() -> list[OnServer]:
    """Every golden case whose prefetch arrived whole and whose answer is cards or silence."""
    whole = [case for case in cases() if case.status == 200 and not case.chart.get("missing")]
    return [_golden(f"g{number:04}", case) for number, case in enumerate(whole)]


def _golden(prefix: str, case: Case) -> OnServer:
    asked = request(case.chart)
    own = renamed(list(_held(asked["prefetch"])), prefix)
    context = {name: f"{prefix}-{value}" for name, value in asked["context"].items() if name in IDS}
    return OnServer(f"{case.file}/{case.id}", tuple(own), found(case.expect), context)


def fixtures(prefix: str = "", days: int = 0) -> list[OnServer]:
    """The demo charts, under their own ids or with a prefix, moved by whole days."""
    index = json.loads((FOLDER / "index.json").read_text("utf-8"))
    return [_fixture(one, prefix, days) for one in index["charts"]]


def _fixture(entry: Json, prefix: str, days: int) -> OnServer:
    bundle = json.loads((FOLDER / "charts" / f"{entry['id']}.json").read_text("utf-8"))
    own = [shifted(one["resource"], days) for one in bundle["entry"]]
    expect = tuple((one["topic"], one["indicator"], tuple(one["tags"])) for one in entry["expect"])
    chart = tuple(renamed(own, prefix) if prefix else own)
    return OnServer(f"fixtures/{entry['id']}", chart, expect, {"patientId": chart[0]["id"]})


def found(expect: Iterable[Card]) -> tuple[Found, ...]:
    """Expected cards without their flags."""
    return tuple((card.topic, card.indicator, card.tags) for card in expect)


def seen(answer: Json) -> tuple[Found, ...]:
    """The cards of an answer: topic, indicator, tags."""
    return tuple(
        (card["source"]["topic"]["code"], card["indicator"], tuple(card["extension"][BASIS].get("tags", ())))
        for card in answer["cards"]
    )


def not_checked(answer: Json) -> list[Json]:
    """All that the cards of an answer say they could not see."""
    return [item for card in answer["cards"] for item in card["extension"][BASIS].get("notChecked", ())]


def _held(prefetch: Json) -> Iterator[Json]:
    for value in prefetch.values():
        if value["resourceType"] == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", ()))
        else:
            yield value


def renamed(chart: list[Json], prefix: str) -> list[Json]:
    """The same chart with a prefix on every id, and references that follow; what has no id gets a number."""
    new = [f"{prefix}-{one.get('id') or number}" for number, one in enumerate(chart)]
    names = {
        f"{one['resourceType']}/{one['id']}": f"{one['resourceType']}/{ident}"
        for one, ident in zip(chart, new, strict=True)
        if one.get("id")
    }
    return [_followed(one, names) | {"id": ident} for one, ident in zip(chart, new, strict=True)]


def _followed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: names.get(value, value) if key == "reference" and isinstance(value, str) else _followed(value, names)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_followed(one, names) for one in node]
    return node
