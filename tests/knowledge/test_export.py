"""What the service knows, as FHIR: every value set, analyte and class of medicines, and the site's own codes."""

import json
from pathlib import Path

import pytest
from charts.resources import Json
from fhir.resources.R4B import get_fhir_model_class

from cds import cli
from cds.knowledge.export import concept_maps, value_sets
from cds.knowledge.load import load
from cds.knowledge.maps.concept_map import parse
from cds.knowledge.maps.site import with_maps

EXAMPLE = Path(__file__).parents[2] / "docs/examples/local-codes"
KNOWLEDGE = load()
SITE = with_maps(KNOWLEDGE, str(EXAMPLE))
SETS = {one["id"]: one for one in value_sets(KNOWLEDGE)}


@pytest.mark.parametrize("resource", [*SETS.values(), *concept_maps(SITE)], ids=lambda one: one["id"])
def test_each_resource_is_valid(resource: Json) -> None:
    """Against the models of FHIR R4."""
    model = get_fhir_model_class(resource["resourceType"])(**resource)

    assert resource == json.loads(model.model_dump_json())


def test_every_set_analyte_and_class_is_there() -> None:
    """None is left out but those that findings are put into, for which no code stands."""
    sets = {f"set-{name}" for name, one in KNOWLEDGE.sets.items() if not one.derived}
    others = {f"analyte-{name}" for name in KNOWLEDGE.analytes} | {f"medicine-{name}" for name in KNOWLEDGE.medicines}

    assert sets | others == set(SETS)


def test_what_is_excepted_below_a_code_is_excluded() -> None:
    """A code that stands for all below it does so without the exceptions of the value set."""
    excluded = {
        (part["system"], one["code"])
        for value_set in SETS.values()
        for part in value_set["compose"].get("exclude", ())
        for one in part["concept"]
    }

    assert ("http://hl7.org/fhir/sid/icd-10-cm", "G24.5") in excluded
    assert ("http://hl7.org/fhir/sid/icd-10-cm", "J96") in excluded


def test_the_map_of_a_site_can_be_read_again() -> None:
    """The ConceptMap that is exported is one that this service reads, and says the same."""
    (exported,) = concept_maps(SITE)
    read = parse("site.json", json.dumps(exported).encode())

    assert () == read.faults
    assert {(one.system, one.code, one.concept.code) for one in SITE.site.codes} == {
        (one.system, one.code, one.target_code) for one in read.entries
    }


def test_without_a_map_there_is_none() -> None:
    """Nothing of a site is invented."""
    assert [] == list(concept_maps(KNOWLEDGE))


def test_the_command_prints_one_bundle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """All resources, the map among them."""
    monkeypatch.setenv("TWITCH_CDS_CONCEPT_MAPS", str(EXAMPLE))

    assert 0 == cli.main(["knowledge", "export"])
    bundle = json.loads(capsys.readouterr().out)
    assert {*SETS, "site"} == {entry["resource"]["id"] for entry in bundle["entry"]}


def test_a_code_that_a_class_names_by_itself_stands_for_no_other() -> None:
    """Denosumab is one code of ATC and one of RxNorm, and nothing below them."""
    include = SETS["medicine-denosumab"]["compose"]["include"]

    assert ["M05BX04", "993449"] == sorted((one["code"] for part in include for one in part["concept"]), reverse=True)
    assert [] == [part for part in include if "filter" in part]


def expanded(compose: Json, codes: dict[str, set[str]]) -> set[tuple[str, str]]:
    """What a terminology server makes of it, of these codes by their systems."""
    found: set[tuple[str, str]] = set()
    for part in compose["include"]:
        found |= {(part["system"], one["code"]) for one in part.get("concept", ())}
        for one in part.get("filter", ()):
            found |= {(part["system"], code) for code in codes[part["system"]] if code.startswith(one["value"])}
    return found - {(part["system"], one["code"]) for part in compose.get("exclude", ()) for one in part["concept"]}


def test_the_codes_of_a_value_set_are_those_that_the_service_finds() -> None:
    """Of all codes, those below them, and the categories above them."""
    codes = KNOWLEDGE.codes
    every = {
        system: {one.code for one in codes.of_system(system)}
        | {code for one in codes.below(system) for code in (one.code.rstrip("."), f"{one.code}Z")}
        for system in codes.systems
    }

    for name in KNOWLEDGE.sets.keys() & {name.removeprefix("set-") for name in SETS}:
        found = {(system, code) for system, some in every.items() for code in some}
        read = {key for key in found if (one := codes.find(*key)) is not None and name in one.sets}
        assert read == expanded(SETS[f"set-{name}"]["compose"], every), name
