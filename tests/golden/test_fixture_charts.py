"""The demo charts: made again they are the same bytes, valid R4, unique in their ids, and judged as the index says."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from charts.golden import Card, card
from charts.notation import request_for
from charts.seam import evaluate
from fhir.resources.R4B.bundle import Bundle

from fhir_fixtures import make

FOLDER = Path(make.__file__).parent
INDEX: dict[str, Any] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
STORIES = tomllib.loads((FOLDER / "stories.toml").read_text(encoding="utf-8"))
CHARTS = {one["id"]: one for one in INDEX["charts"]}
REFERENCE = date.fromisoformat(INDEX["referenceDate"])
DAYS = (REFERENCE, date(2027, 6, 1), date(2031, 2, 28))


def entries(name: str) -> list[dict[str, Any]]:
    """The resources of one chart file."""
    bundle = json.loads((FOLDER / "charts" / f"{name}.json").read_text(encoding="utf-8"))
    return [entry["resource"] for entry in bundle["entry"]]


def judged(request: bytes, today: date) -> list[Card]:
    """The cards a request gets, without their flags."""
    status, answer = evaluate(request, today)
    assert status == 200
    return [_card(one) for one in answer["cards"]]


@pytest.mark.parametrize("name", CHARTS)
def test_chart_gets_exactly_the_cards_of_the_index(name: str) -> None:
    """Sent as a prefetch request on the reference date, each chart gets what the index promises."""
    expected = [Card(one["topic"], one["indicator"], tuple(one["tags"])) for one in CHARTS[name]["expect"]]

    assert judged(json.dumps(request_for(entries(name))).encode(), REFERENCE) == expected


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("story", STORIES["request"], ids=[one["file"] for one in STORIES["request"]])
def test_readme_requests_do_not_depend_on_the_day(story: dict[str, Any], day: date) -> None:
    """The README's requests get the same cards now and in later years."""
    request = (FOLDER / "requests" / f"{story['file']}.json").read_bytes()
    expected = [card(text) for text in story["expect"]]

    assert judged(request, day) == [Card(one.topic, one.indicator, one.tags) for one in expected]


def test_made_again_the_files_are_the_same() -> None:
    """The generator gives the bytes that are on file, and no file is left over."""
    made = make.files()
    kept = {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.json")}

    assert made == kept


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_valid_r4(name: str) -> None:
    """fhir.resources accepts the whole Bundle as FHIR R4B."""
    Bundle.model_validate_json((FOLDER / "charts" / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", CHARTS)
def test_chart_is_one_persons_and_of_ordinary_size(name: str) -> None:
    """The Patient comes first under the chart's id, everything refers to it, one entry per line."""
    person, *rest = entries(name)

    assert (person["resourceType"], person["id"]) == ("Patient", name)
    assert person["name"][0]["given"]
    assert 50 <= len(rest) + 1 <= 300
    assert all(_owner(one) == f"Patient/{name}" for one in rest)
    lines = (FOLDER / "charts" / f"{name}.json").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(rest) + 3


def test_resource_ids_are_unique_across_charts() -> None:
    """One FHIR server can hold all charts at once."""
    ids = [(one["resourceType"], one["id"]) for name in CHARTS for one in entries(name)]

    assert len(ids) == len(set(ids))
    assert len({ident for _, ident in ids}) == len(ids)


def test_at_least_as_many_charts_stay_silent_as_fire() -> None:
    """Half of the demo shows silence; every kind of card is shown once."""
    silent = sum(not one["expect"] for one in CHARTS.values())
    topics = {expected["topic"] for one in CHARTS.values() for expected in one["expect"]}

    assert silent >= len(CHARTS) - silent
    assert len(topics) == 11


def _owner(resource: dict[str, Any]) -> str:
    owner: dict[str, str] = resource.get("subject") or resource["patient"]
    return owner["reference"]


def _card(found: dict[str, Any]) -> Card:
    tags = found["extension"]["org.twitch-cds.basis"].get("tags", ())
    return Card(found["source"]["topic"]["code"], found["indicator"], tuple(tags))
