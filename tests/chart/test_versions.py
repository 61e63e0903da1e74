"""Two versions of one resource: the newest stands, whatever the order; where nothing tells which, both are read."""

import json
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import msgspec
import pytest
from charts.dates import TODAY
from charts.seam import engine

from cds.chart.facts import Chart
from cds.chart.reader import Reader
from cds.chart.scope import Scope
from cds.fhir import resources as fhir

Json = dict[str, Any]
ME = {"reference": "Patient/golden"}
OLD, NEW = "2026-11-01T08:00:00Z", "2026-11-20T08:00:00+01:00"
DECODER = msgspec.json.Decoder(fhir.Any)


def read(*resources: Json, batches: bool = False, streamed: bool = False) -> Chart:
    """The chart of these resources, looked at after each if they come in batches."""
    house = engine(TODAY)
    reader = Reader(house.namer, house.routes, Scope("golden", house.now(), TODAY.toordinal(), 24))
    for resource in resources:
        made = DECODER.decode(json.dumps(resource))
        if streamed:
            reader.stream(made)
        else:
            reader.add([made])
        assert not batches or reader.chart.problems is not None
    return reader.finish()


def version(kind: str, changed: str | None, code: str, system: str, **elements: Any) -> Json:
    """One version of the resource `v`."""
    made: Json = {"resourceType": kind, "id": "v", "subject": ME, **elements}
    name = {"MedicationRequest": "medicationCodeableConcept", "Encounter": "reasonCode"}.get(kind, "code")
    concept = {"coding": [{"system": system, "code": code}]}
    made[name] = [concept] if kind == "Encounter" else concept
    return made | ({"meta": {"versionId": "1", "lastUpdated": changed}} if changed else {})


ICD, SCT, LOINC, RX = (
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://snomed.info/sct",
    "http://loinc.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
)


def weakness(changed: str | None, status: str = "active", **elements: Any) -> Json:
    """A version of one weakness."""
    return version("Condition", changed, "M62.81", ICD, clinicalStatus={"coding": [{"code": status}]}, **elements)


def potassium(changed: str | None, value: float) -> Json:
    """A version of one potassium result."""
    return version(
        "Observation",
        changed,
        "2823-3",
        LOINC,
        status="final",
        effectiveDateTime="2026-11-20",
        valueQuantity={"value": value, "code": "mmol/L", "system": "http://unitsofmeasure.org"},
    )


def family(changed: str, code: str) -> Json:
    """A version of one father's history."""
    made = version("FamilyMemberHistory", changed, "x", "y")
    del made["code"], made["subject"]
    father = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "FTH"}]}
    told = {"code": {"coding": [{"system": SCT, "code": code}]}}
    return {**made, "patient": ME, "status": "completed", "relationship": father, "condition": [told]}


def orders(*versions: Json) -> Iterator[Chart]:
    """The charts of these versions in every order, at once, in batches and streamed."""
    for some in permutations(versions):
        yield read(*some)
        yield read(*some, batches=True)
        yield read(*some, streamed=True)


def statuses(chart: Chart) -> list[str | None]:
    """The clinical statuses of a chart's problems."""
    return [problem.clinical for problem in chart.problems]


def test_the_newest_version_stands() -> None:
    """A resolved problem is no longer active, whichever version comes first, nor if there were more between."""
    versions = [weakness(OLD), weakness(NEW, "resolved"), weakness("2026-11-10T00:00:00Z", "recurrence")]

    assert all(["resolved"] == statuses(chart) for chart in orders(*versions))


def test_instants_are_compared_not_their_texts() -> None:
    """Servers state their own offset."""
    late, early = "2026-11-20T01:00:00-10:00", "2026-11-20T09:00:00+10:00"

    assert all(["resolved"] == statuses(chart) for chart in orders(weakness(early), weakness(late, "resolved")))


@pytest.mark.parametrize(
    ("one", "other"),
    [(None, None), (OLD, None), (OLD, OLD), ("yesterday", NEW), ("2026-11-20", NEW)],
    ids=["absent", "one-absent", "equal", "no-date", "no-instant"],
)
def test_where_nothing_tells_which_is_newer_both_are_read(one: str | None, other: str | None) -> None:
    """Of two answers the rules then take the active one, or the more abnormal."""
    found = list(orders(weakness(one), weakness(other, "resolved")))

    assert all({"active", "resolved"} == set(statuses(chart)) for chart in found)
    assert len({tuple(statuses(chart)) for chart in found}) == 1


@pytest.mark.parametrize("meta", [None, 7, [], {"lastUpdated": 7}])
def test_a_meta_of_another_shape_tells_nothing(meta: object) -> None:
    """It makes the resource neither unreadable nor newer."""
    odd = weakness(None, "resolved") | {"meta": meta}

    assert all({"active", "resolved"} == set(statuses(chart)) for chart in orders(weakness(NEW), odd))


def test_the_same_version_twice_counts_once() -> None:
    """Under two prefetch keys, with another time of change, or with none beside."""
    twice = [weakness(OLD), weakness(OLD), weakness(NEW), weakness(None)]

    assert all(["active"] == statuses(chart) for chart in orders(*twice))


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (potassium(OLD, 2.1), potassium(NEW, 4.1), "labs"),
        (
            version("MedicationRequest", OLD, "198145", RX, status="active", intent="order"),
            version("MedicationRequest", NEW, "312961", RX, status="active", intent="order"),
            "drugs",
        ),
        (
            version("ServiceRequest", OLD, "183521007", SCT, status="active", intent="order", authoredOn="2026-11-01"),
            version("ServiceRequest", NEW, "183521007", SCT, status="revoked", intent="order", authoredOn="2026-11-01"),
            "asked",
        ),
        (
            version("Procedure", OLD, "84728005", SCT, status="completed", performedDateTime="2026-11-01"),
            version("Procedure", NEW, "84728005", SCT, status="completed", performedDateTime="2026-11-02"),
            "reports",
        ),
        (
            version("Observation", OLD, "70274-6", LOINC, status="final", valueInteger=16),
            version("Observation", NEW, "70274-6", LOINC, status="final", valueInteger=4),
            "seen",
        ),
        (
            version("Encounter", OLD, "R25.3", ICD, status="in-progress"),
            version("Encounter", NEW, "R25.3", ICD, status="finished"),
            "visits",
        ),
        (family(OLD, "86044005"), family(NEW, "86044005") | {"date": "2026-11-01"}, "kin"),
    ],
)
def test_every_kind_of_resource_keeps_its_newest_version(old: Json, new: Json, where: str) -> None:
    """What the older one said is taken back."""
    [expected] = getattr(read(new), where)

    assert all([expected] == getattr(chart, where) for chart in orders(old, new))


def test_a_newer_version_may_be_of_another_patient() -> None:
    """A record that was filed wrongly is moved: it is counted as another's, once."""
    moved = weakness(NEW) | {"subject": {"reference": "Patient/somebody-else"}}

    assert all((0, 1) == (len(chart.problems), chart.foreign) for chart in orders(weakness(OLD), moved))
    assert all(
        (1, 0) == (len(chart.problems), chart.foreign) for chart in orders(weakness("2026-11-21T00:00:00Z"), moved)
    )


def test_an_age_of_an_older_version_is_taken_back_too() -> None:
    """The birth date may come after both."""
    person = {"resourceType": "Patient", "id": "golden", "birthDate": "1986-11-22"}
    old, new = (weakness(when, onsetAge={"value": age, "code": "a"}) for when, age in ((OLD, 20), (NEW, 39)))

    found = [[one.onset.text if one.onset else "" for one in chart.problems] for chart in orders(old, new, person)]

    assert all(["2025"] == texts for texts in found)


def test_resources_of_one_id_and_another_type_are_no_versions() -> None:
    """Ids are unique within a type."""
    chart = read(weakness(OLD), potassium(NEW, 4.1))

    assert (1, 1) == (len(chart.problems), len(chart.labs))


def test_an_id_that_no_server_gives_tells_nothing() -> None:
    """What cannot be named cannot be taken back: both are read."""
    odd = [weakness(OLD) | {"id": "a b"}, weakness(NEW, "resolved") | {"id": "a b"}]

    assert all({"active", "resolved"} == set(statuses(chart)) for chart in orders(*odd))


def test_resources_without_an_id_are_told_in_one_order() -> None:
    """They are sorted by what they say."""
    anonymous = [{**weakness(None, status), "id": None} for status in ("active", "resolved")]

    assert len({tuple(statuses(chart)) for chart in orders(*anonymous)}) == 1
