"""Same chart, same cards: a file of any form is answered as the hook call that carries the same resources."""

import gzip
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import PATIENT, request_bytes, resources
from charts.runs import Evaluate
from charts.seam import evaluate as called

Json = dict[str, Any]
BASIS = "org.twitch-cds.basis"
MEMBERS = ("missing", "hook", "problems", "context", "drafts", "expect_status")
WHOLE = [case for case in cases() if not any(name in case.chart for name in MEMBERS) and case.status == 200]
SAMPLE = [case for case in WHOLE if case.expect][::41] + [case for case in WHOLE if not case.expect][::7]


def lines(some: list[Json]) -> bytes:
    """NDJSON."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in some)


def whole(some: list[Json]) -> Json:
    """A Bundle."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in some]}


def put(path: Path, content: bytes) -> Path:
    """A file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def by_type(place: Path, some: list[Json]) -> Path:
    """A folder with a sub-folder for each type, as exports have them."""
    held: dict[str, list[Json]] = defaultdict(list)
    for one in some:
        held[one["resourceType"]].append(one)
    for kind, members in held.items():
        put(place / "export" / kind / "0.ndjson", lines(members))
    return place / "export"


def zipped(place: Path, some: list[Json]) -> Path:
    """An archive of NDJSON."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("chart.ndjson", lines(some))
    return put(place / "chart.zip", packed.getvalue())


def everything(place: Path, some: list[Json]) -> Path:
    """Parameters, as `$everything` may answer."""
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "return", "resource": whole(some)}]}
    return put(place / "everything.json", json.dumps(parameters).encode())


FORMS: dict[str, Callable[[Path, list[Json]], Path]] = {
    "Bundle": lambda place, some: put(place / "bundle.json", json.dumps(whole(some)).encode()),
    "NDJSON": lambda place, some: put(place / "chart.ndjson", lines(some)),
    "folder": by_type,
    "zip": zipped,
    "gz": lambda place, some: put(place / "chart.ndjson.gz", gzip.compress(lines(some))),
    "Parameters": everything,
    "list": lambda place, some: put(place / "list.json", json.dumps(some).encode()),
}


def seen(cards: list[Json]) -> list[tuple[Any, ...]]:
    """What a card says to whom reads it, without ids."""
    bases = [card["extension"][BASIS] for card in cards]
    return [
        (card["source"]["topic"]["code"], card["indicator"], card["summary"], basis.get("tags"), basis.get("flags"))
        for card, basis in zip(cards, bases, strict=True)
    ]


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.id)
def test_a_file_of_any_form_gets_the_cards_of_the_hook_call(case: Case, evaluate: Evaluate, tmp_path: Path) -> None:
    """Bundle, NDJSON, folder, archive, packed, Parameters, list, and the request itself."""
    _, answer = called(request_bytes(case.chart), TODAY)
    some, patient = resources(case.chart), case.chart["patient"].get("id", PATIENT)
    paths = {name: form(tmp_path / name, some) for name, form in FORMS.items()}
    paths["request"] = put(tmp_path / "request.json", request_bytes(case.chart))

    for name, path in paths.items():
        run = evaluate("--json", path)
        mine = [one["cards"] for one in run.answers if one["patient"] == patient]
        assert [seen(answer["cards"])] == [seen(cards) for cards in mine], (name, run.err)


def test_the_sample_holds_charts_that_fire_and_charts_that_stay_silent() -> None:
    """And each form is one of the list of ways in which a chart can arrive."""
    assert 20 <= sum(bool(case.expect) for case in SAMPLE)
    assert 20 <= sum(not case.expect for case in SAMPLE)
    assert {"Bundle", "NDJSON", "folder", "zip", "gz", "Parameters"} <= FORMS.keys()
