"""The terminology of a real FHIR server says of our codes what this service says of them."""

from pathlib import Path
from typing import Any

import pytest
from charts.resources import Json
from hapi_client import Fhir

from cds.knowledge.codes import Concept
from cds.knowledge.export import concept_maps, value_sets
from cds.knowledge.load import load
from cds.knowledge.maps.site import with_maps

pytestmark = pytest.mark.hapi

EXAMPLE = Path(__file__).parents[2] / "docs/examples/local-codes"
KNOWLEDGE = with_maps(load(), str(EXAMPLE))
CODES = KNOWLEDGE.codes
SETS = {one["id"]: one for one in value_sets(KNOWLEDGE)}
MOST = 5000


def fragment(system: str) -> dict[str, bool]:
    """The codes that the server is told of: all of ours, one below each that stands for others, and a stranger.

    Each with whether others are below it.
    """
    above = {one.code.rstrip(".") for one in CODES.below(system)}
    every = {one.code for one in CODES.of_system(system)} | above | {"ZZ99"}
    below = {f"{one.code}Z" for one in CODES.below(system)}
    return {code: code in above for code in every | below}


def tree(codes: dict[str, bool]) -> list[Json]:
    """The codes below those that they begin with."""
    nodes: dict[str, Json] = {}
    roots: list[Json] = []
    for code in sorted(codes, key=lambda code: (len(code), code)):
        nodes[code] = {"code": code, "display": code}
        parent = next((code[:n] for n in range(len(code) - 1, 0, -1) if codes.get(code[:n])), None)
        (nodes[parent].setdefault("concept", []) if parent else roots).append(nodes[code])
    return roots


FRAGMENTS = {system: fragment(system) for system in sorted(CODES.systems)}


@pytest.fixture(scope="module")
def terminology(fhir: Fhir) -> Fhir:
    """The server with our codes, our value sets and the example map."""
    systems = [
        {"id": f"codes-{number}", "url": system, "status": "active", "content": "complete", "concept": tree(codes)}
        for number, (system, codes) in enumerate(FRAGMENTS.items())
    ]
    fhir.load({"resourceType": "CodeSystem"} | one for one in systems)
    fhir.load([*SETS.values(), *concept_maps(KNOWLEDGE)])
    return fhir


def holds(name: str, concept: Concept) -> bool:
    """Whether a value set of this name has a concept, as the rules ask it."""
    kind, _, what = name.partition("-")
    if kind == "set":
        return what in concept.sets
    if kind == "analyte":
        return concept.analyte == what
    return KNOWLEDGE.medicines[what].has(concept.groups, concept.code)


def ours(name: str) -> set[tuple[str, str]]:
    """The codes of the fragments that this service finds in it."""
    found = {(system, code): CODES.find(system, code) for system, codes in FRAGMENTS.items() for code in codes}
    return {key for key, concept in found.items() if concept is not None and holds(name, concept)}


@pytest.mark.parametrize("name", SETS)
def test_expand_gives_the_codes_that_the_service_reads(name: str, terminology: Fhir) -> None:
    """All of them and no other, those below a code and the exceptions among them."""
    answer = terminology.read(f"ValueSet/{name}/$expand?count={MOST}")

    assert 200 == answer.status_code, answer.text[:2000]
    contains: list[Any] = answer.json()["expansion"]["contains"]
    assert ours(name) == {(one["system"], one["code"]) for one in contains}


@pytest.mark.parametrize("code", KNOWLEDGE.site.codes, ids=lambda code: code.code)
def test_translate_gives_the_target_that_the_service_uses(code: Any, terminology: Fhir) -> None:
    """For each code of the example map."""
    answer = terminology.http.get(
        f"{terminology.base}/ConceptMap/$translate",
        params={"system": code.system, "code": code.code, "targetsystem": code.concept.system},
    )

    parts = [one for one in answer.json()["parameter"] if one["name"] == "match"]
    (match,) = ({part["name"]: part for part in one["part"]} for one in parts)
    found = CODES.find(code.system, code.code)
    assert found is not None
    assert "equivalent" == match["equivalence"]["valueCode"]
    assert (found.system, found.code) == (
        match["concept"]["valueCoding"]["system"],
        match["concept"]["valueCoding"]["code"],
    )


def test_translate_knows_no_code_that_the_map_does_not_name(terminology: Fhir) -> None:
    """Neither does the service."""
    params = {"system": "https://lab.example.org/codes", "code": "NONE"}
    answer = terminology.http.get(f"{terminology.base}/ConceptMap/$translate", params=params)

    result = next(one for one in answer.json()["parameter"] if one["name"] == "result")
    assert CODES.find(params["system"], params["code"]) is None
    assert result["valueBoolean"] is False
