"""Golden cases and demo charts, told apart on one FHIR server: every id is unique, every reference follows its id."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charts.golden import Card, Case, cases
from charts.notation import HOOK_INSTANCE, request
from charts.resources import Json

from cds.demo.fhir.shift import shifted
from fhir_fixtures import make

FOLDER = Path(make.__file__).parent
IDS = ("patientId", "encounterId")
BASIS = "org.twitch-cds.basis"
Found = tuple[str, str, tuple[str, ...]]
# Tables about what is no valid FHIR, or under codes that no search asks for: a server refuses or changes such charts.
ODD = frozenset(
    {
        *("n01_n05_polarity", "n06_n11_time", "n46_n47_medicines", "n48_unread", "n63_every_coding", "n64_units"),
        *("statuses", "fourth_reading"),
    }
)
REFUSED = frozenset({"third_reading/answer-not-read/sleep-words"})  # a number in words, which a server does not take
EVERY = int(os.environ.get("TEST_HAPI_EVERY", "1"))  # .ci/run takes each fourth golden case, .ci/long all
VERIFY = "medication-verify"  # its order is told by its id, and ids are changed here


@dataclass(frozen=True)
class OnServer:
    """A chart as it is loaded, and the cards it must get: topic, indicator, tags."""

    name: str
    resources: tuple[Json, ...]
    expect: tuple[Found, ...]
    request: Json

    @property
    def context(self) -> Json:
        """The context of the call: the patient, perhaps a visit, drafts."""
        held: Json = self.request["context"]
        return held

    @property
    def service(self) -> str:
        """The service that the call goes to."""
        return f"muscle-twitch-{self.request['hook']}"


def golden() -> list[OnServer]:
    """Golden cases whose prefetch arrived whole, answered with cards or silence, a server can hold: each EVERYth."""
    whole = [
        case
        for case in cases()
        if case.status == 200
        and not case.chart.get("missing")
        and case.file not in ODD
        and f"{case.file}/{case.id}" not in REFUSED
        and case.chart.get("hook") != VERIFY
    ]
    charts = [_golden(f"g{number:04}", case) for number, case in enumerate(whole)]
    return [chart for chart in charts if _can_be_held(chart)][::EVERY]


def _can_be_held(chart: OnServer) -> bool:
    """A server holds one version of a resource, and none that refers to another server."""
    names = [f"{one['resourceType']}/{one['id']}" for one in chart.resources if "id" in one]
    return len(set(names)) == len(names) and '"reference": "http' not in json.dumps(chart.resources)


def _golden(prefix: str, case: Case) -> OnServer:
    asked = request(case.chart)
    own = list(_held(asked.pop("prefetch")))
    known = {name: f"{prefix}-{value}" for name, value in asked["context"].items() if name in IDS}
    context = _followed(asked["context"], _names(own, prefix)) | known
    return OnServer(
        f"{case.file}/{case.id}", tuple(renamed(own, prefix)), found(case.expect), asked | {"context": context}
    )


def fixtures(prefix: str = "", days: int = 0) -> list[OnServer]:
    """The demo charts, under their own ids or with a prefix, moved by whole days."""
    index = json.loads((FOLDER / "index.json").read_text("utf-8"))
    return [_fixture(one, prefix, days) for one in index["charts"]]


def _fixture(entry: Json, prefix: str, days: int) -> OnServer:
    bundle = json.loads((FOLDER / "charts" / f"{entry['id']}.json").read_text("utf-8"))
    own = [shifted(one["resource"], days) for one in bundle["entry"]]
    expect = tuple((one["topic"], one["indicator"], tuple(one["tags"])) for one in entry["expect"])
    chart = renamed(own, prefix) if prefix else own
    return OnServer(f"fixtures/{entry['id']}", tuple(chart), expect, patient_view(chart[0]["id"]))


def patient_view(patient: str) -> Json:
    """A patient-view request without prefetch."""
    context = {"userId": "Practitioner/example", "patientId": patient}
    return {"hook": "patient-view", "hookInstance": HOOK_INSTANCE, "context": context}


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
    """All that did not arrive, or failed, as the cards of an answer say; what arrived unread is left out."""
    items = [item for card in answer["cards"] for item in card["extension"][BASIS].get("notChecked", ())]
    return [item for item in items if "key" in item or item["reason"] in ("rule-failed", "card-failed")]


def _held(prefetch: Json) -> Iterator[Json]:
    for value in prefetch.values():
        if value["resourceType"] == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", ()))
        else:
            yield value


def renamed(chart: list[Json], prefix: str) -> list[Json]:
    """The same chart with a prefix on every id, and references that follow; what has no id gets a number."""
    names = _names(chart, prefix)
    return [_followed(one, names) | {"id": f"{prefix}-{one.get('id') or number}"} for number, one in enumerate(chart)]


def _names(chart: list[Json], prefix: str) -> dict[str, str]:
    """The references to a chart's resources, old and new."""
    return {f"{one['resourceType']}/{one['id']}": f"{one['resourceType']}/{prefix}-{one['id']}" for one in chart}


def _followed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: names.get(value, value) if key == "reference" and isinstance(value, str) else _followed(value, names)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_followed(one, names) for one in node]
    return node
