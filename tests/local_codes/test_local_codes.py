"""A site's own codes and units: read as what they mean, and as nothing else."""

import json
from pathlib import Path

import pytest
from charts.people import SNOMED, bundle, person, problem
from charts.resources import Json
from local_kit import EXAMPLE, HEAD, LAB, POTASSIUM, cards, medicine, result, service, topics, written

from cds import cli
from cds.knowledge.load import load
from cds.knowledge.maps.site import with_maps

KNOWLEDGE = load()
PLAIN, SITE = service(None), service(EXAMPLE)
PROBLEMS, MEDICINES = "https://hospital.example.org/problems", "https://hospital.example.org/medicines"


@pytest.mark.parametrize(
    "system", [LAB, "http://lab.example.org/codes/", f" {LAB}|2026 ", "HTTPS://LAB.example.org/codes"]
)
@pytest.mark.parametrize("code", ["KAL", " KAL "])
def test_a_result_in_a_code_of_the_site_is_read(system: str, code: str) -> None:
    """However its system is written: a potassium of 2.3 is an emergency."""
    assert "emergency:potassium" in topics(cards(SITE, result(system, code, 2.3)))


@pytest.mark.parametrize(
    "wrong",
    [result(LAB, "KALX", 2.3), result(f"{LAB}/other", "KAL", 2.3), result("", "KAL", 2.3), result(LAB, "NAT", 140)],
)
def test_another_code_or_system_of_the_site_is_not_read(wrong: Json) -> None:
    """A map says nothing of codes that it does not name, and a normal result makes no emergency."""
    assert not [one for one in topics(cards(SITE, wrong)) if one.startswith("emergency")]


def test_without_the_map_the_result_is_silent_but_said_where_a_name_says_what_it_is() -> None:
    """The same result by its display only: on file, and its code not known."""
    named = result(LAB, "KAL", 2.3) | {"code": {"coding": [{"system": LAB, "code": "KAL", "display": "Potassium"}]}}

    assert "emergency:potassium" not in topics(cards(PLAIN, named))
    assert "its code is not known" in "".join(card["detail"] for card in cards(PLAIN, named))
    assert "emergency:potassium" in topics(cards(SITE, named))


@pytest.mark.parametrize(
    "unit",
    [
        {"unit": "millimol pro LITER {serum}"},
        {"unit": "mval/LITER"},
        {"code": "mval/Liter", "system": "https://lab.example.org/units"},
        {"code": "mval/Liter", "system": "http://unitsofmeasure.org"},
    ],
)
def test_a_unit_of_the_site_is_read(unit: Json) -> None:
    """As a text, and as a code of UCUM or of another system."""
    assert "emergency:potassium" in topics(cards(SITE, result(LAB, "KAL", 2.3, unit)))
    assert "emergency:potassium" not in topics(cards(PLAIN, result("http://loinc.org", "2823-3", 2.3, unit)))


def test_ionised_and_total_calcium_are_told_apart() -> None:
    """1.2 mmol/L is a normal ionised calcium and a dangerous total one."""
    assert [] == [one for one in topics(cards(SITE, result(LAB, "CAI", 1.2))) if "calcium" in one]
    assert any("calcium" in one for one in topics(cards(SITE, result(LAB, "CAT", 1.2))))


def test_a_medicine_in_a_code_of_the_site_is_read() -> None:
    """Its class is reviewed; other codes of the same system stay not recognised and are counted."""
    mapped = medicine({"system": MEDICINES, "code": "PRED5"}, dosageInstruction=[{"route": {"text": "oral"}}])
    other = medicine({"system": MEDICINES, "code": "PRED7"})

    assert "medication-review:corticosteroid" in topics(cards(SITE, mapped))
    assert [] == [one for one in topics(cards(PLAIN, mapped)) if one.startswith("medication-review")]
    checked = [one for card in cards(SITE, other) for one in card["extension"]["org.twitch-cds.basis"]["notChecked"]]
    assert {("Medication", "code", 1)} == {
        (one["type"], one["reason"], one["count"]) for one in checked if one["type"] == "Medication"
    }


@pytest.mark.parametrize("hook_engine", ["glance", "read"])
def test_a_twitch_in_a_code_of_the_site_opens_the_gate(hook_engine: str) -> None:
    """Neither the quick look nor the reader passes it over; without the map nothing is said."""
    coded = {"coding": [{"system": PROBLEMS, "code": "MUSK-ZUCK"}]}
    chart = {"conditions": bundle(problem("-", "t1", code=coded), kind="searchset")}
    if hook_engine == "read":
        chart["patient"] = person()

    assert [] != cards(SITE, prefetch=chart)
    assert [] == cards(PLAIN, prefetch=chart)


def test_an_unmatched_code_is_not_read() -> None:
    """The map says itself that nothing means the same."""
    coded = {"coding": [{"system": PROBLEMS, "code": "MUSK-SONST"}]}

    assert [] == cards(SITE, prefetch={"conditions": bundle(problem("-", "t1", code=coded), kind="searchset")})


def test_answers_and_routes_of_the_site_are_read(tmp_path: Path) -> None:
    """A local Yes makes a finding, a local No a documented negative, a local code of a route makes a cream local."""
    forms = "https://forms.example.org/answers"
    routes = "https://hospital.example.org/routes"
    maps = HEAD + f"{forms},J,{SNOMED},373066001\n{forms},N,{SNOMED},373067005\n{routes},HAUT,{SNOMED},6064005\n"
    engine = service(written(tmp_path / "maps", {"a.csv": maps}))
    weak = result(SNOMED, "26544005", 1) | {"valueCodeableConcept": {"coding": [{"system": forms, "code": "J"}]}}
    del weak["valueQuantity"]
    cream = medicine(
        {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "8638"},
        dosageInstruction=[{"route": {"coding": [{"system": routes, "code": "HAUT"}]}}],
    )
    observed = {"observations": bundle(weak, kind="searchset")}

    assert KNOWLEDGE.answers.of_code(forms, "N") is None
    assert "absent" == engine.knowledge.answers.of_code(forms, "N")
    assert "topical" == engine.knowledge.route_codes[routes, "HAUT"]
    assert ["data-gap:"] == topics(cards(PLAIN, prefetch=observed))
    assert "neurology-urgent" in "".join(topics(cards(engine, prefetch=observed)))
    assert [] == [one for one in topics(cards(engine, cream)) if one.startswith("medication-review")]


def test_discovery_asks_for_the_codes_of_the_site(tmp_path: Path) -> None:
    """Beside those that they mean; what parts tokens in a search is escaped, what an address cannot hold encoded."""
    odd = HEAD + POTASSIUM + f'{LAB},"K, S$|é\\",http://loinc.org,2823-3\n'
    prefetch = service(written(tmp_path / "maps", {"a.csv": odd})).services["muscle-twitch-patient-view"].prefetch

    tokens = prefetch["labs"].split("code=")[1].split("&")[0]
    assert {"http://loinc.org|2823-3", f"{LAB}|KAL", f"{LAB}|K%5C%2C%20S%5C%24%5C%7C%C3%A9%5C%5C"} <= set(
        tokens.split(",")
    )
    assert set(PLAIN.services["muscle-twitch-patient-view"].prefetch["labs"]) <= set(prefetch["labs"])
    assert f"{LAB}|KAL" not in prefetch["observations"]


def test_no_map_changes_nothing() -> None:
    """The very same knowledge is used."""
    assert KNOWLEDGE is with_maps(KNOWLEDGE, "")


def test_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    """The same lines in another order, file and form have the same version; another target has another."""
    other = f"{LAB},NAT,http://loinc.org,2951-2\n"
    element = {"code": "KAL", "target": [{"code": "2823-3", "equivalence": "equal"}]}
    group = {"source": LAB, "target": "http://loinc.org", "element": [element]}
    as_fhir = json.dumps({"resourceType": "ConceptMap", "status": "active", "group": [group]})
    made = [
        written(tmp_path / "1", {"a.csv": HEAD + POTASSIUM + other}),
        written(tmp_path / "2", {"x.csv": f"# of 2026\n\n{other}", "y.json": as_fhir, "README.md": "for people"}),
        written(tmp_path / "3", {"a.csv": HEAD + POTASSIUM.replace("2823-3", "6298-4") + other}),
        written(tmp_path / "4", {"a.csv": HEAD + POTASSIUM + other, "u.csv": "unit,ucum\nval,meq\n"}),
    ]

    one, two, three, four = (with_maps(KNOWLEDGE, str(folder)).version for folder in made)
    assert one == two
    assert 4 == len({KNOWLEDGE.version, one, three, four})


def test_a_line_twice_is_one_line(tmp_path: Path) -> None:
    """What two files say alike is no contradiction."""
    folder = written(tmp_path / "maps", {"a.csv": HEAD + POTASSIUM, "b.csv": POTASSIUM})

    assert 1 == len(with_maps(KNOWLEDGE, str(folder)).site.codes)


def test_the_check_of_the_knowledge_counts_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`twitch-cds knowledge check` says what is in force."""
    monkeypatch.setenv("TWITCH_CDS_CONCEPT_MAPS", str(EXAMPLE))

    assert 0 == cli.main(["knowledge", "check"])
    assert "pass  the site's own codes: 7 codes and 2 units in 3 files" in capsys.readouterr().out


CASES = Path(__file__).parents[1] / "cases/reading"
EPIC = "urn:oid:1.2.840.114350.1.13.0.1.7.5.737384.13"


@pytest.mark.parametrize(("code", "is_read"), [("LAB82", True), ("LAB83", False)])
def test_evaluate_uses_the_map(
    code: str, is_read: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The case of a result in a local code: read through a map that names it, said where the map does not."""
    maps = written(tmp_path / "maps", {"a.csv": HEAD + f"{EPIC},{code},http://loinc.org,2823-3\n"})
    monkeypatch.setenv("TWITCH_CDS_CONCEPT_MAPS", str(maps))

    assert 0 == cli.main(["evaluate", "--json", "--as-of", "2026-11-29", str(CASES / "k-local-code.json")])
    told = capsys.readouterr().out
    assert is_read is ("emergency" in {card["source"]["topic"]["code"] for card in json.loads(told)["cards"]})
    assert is_read is ("its code is not known" not in told)


def test_a_map_of_a_national_edition_leaves_its_other_codes_as_they_were(tmp_path: Path) -> None:
    """A code of ICD-10-GM is read through the map, those that mean the same as WHO's as before, others not."""
    gm, who = "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "http://hl7.org/fhir/sid/icd-10"
    lines = HEAD + f"{gm},G61.0,{who},G61.0\n"
    codes = with_maps(KNOWLEDGE, str(written(tmp_path / "maps", {"a.csv": lines}))).codes

    for system in (gm, gm.replace("http", "https"), f"{gm}|2026"):
        found = [codes.find(system, code) for code in ("G61.0", " G61.0 ", "R25.3", "r253", "G12.2")]
        assert ["G61.0", "G61.0", "R25.3", "R25.3", None] == [one.code if one else None for one in found]
    assert KNOWLEDGE.codes.find(gm, "G61.0") is None
    assert not codes.knows(gm)
