"""`twitch-cds recall`: how much of an export is read, and what is not understood."""

import gzip
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from charts.dates import TODAY
from charts.people import SNOMED, bundle, person, twitch
from charts.seam import engine
from recall_kit import LAB, LOINC, RXNORM, Said, coded, condition, lines, medicine, ndjson, potassium, result

from cds import cli
from cds.errors import MapError
from cds.knowledge.load import load
from cds.knowledge.maps.site import with_maps
from cds.recall import command
from cds.recall.model import Key, Kind, Survey, Type
from cds.recall.rows import rows
from cds.recall.suggest import Suggestions
from cds.recall.table import table

Recall = Callable[..., Said]
KNOWLEDGE = load()
ATC = "http://www.whocc.no/atc"
GUT = "2269305"  # budesonide that acts in the bowel only


@pytest.fixture
def recall(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Recall:
    """Run the command on a day that stands still."""
    monkeypatch.setattr(os, "environ", {name: text for name, text in os.environ.items() if "TWITCH_CDS" not in name})
    monkeypatch.setattr(command, "build_engine", lambda *_: engine(TODAY))

    def run(*arguments: object) -> Said:
        status = cli.main(["recall", *map(str, arguments)])
        return Said(status, *capsys.readouterr())

    return run


KAL = {"system": LAB, "code": "KAL", "display": "Kalium"}
PREDNISONE = coded({"system": RXNORM, "code": "8640"})


def test_results_are_counted_by_what_they_are_known_by(recall: Recall, tmp_path: Path) -> None:
    """Read with a code, a date and a value or a flag that can be read; else not, with the reason."""
    file = ndjson(
        tmp_path / "a.ndjson",
        [
            potassium(ident="1"),
            potassium(ident="2", valueQuantity={"value": 4, "unit": "mmoll"}),
            potassium(ident="3", effectiveDateTime=None),
            potassium(ident="4", status="unknown"),
            potassium(ident="5", valueQuantity={"value": 99, "unit": "mmol/L"}),
            potassium(ident="6", status="cancelled"),
            potassium(ident="7", valueQuantity={"unit": "mmol/L"}, dataAbsentReason=coded({"code": "unknown"})),
            potassium(ident="8", valueQuantity=None, interpretation=[coded({"code": "L"})]),
            potassium(ident="12", valueQuantity=None, interpretation=[{"text": "see comment"}]),
            result(coded(KAL), ident="9"),
            result({"text": "Potassium"}, ident="10"),
            result(coded({"system": LOINC, "code": "718-7", "display": "Hemoglobin"}), ident="11"),
        ],
    )

    said = recall(file)

    assert 0 == said.status
    assert (2, 10, "") == said.shares["result", "all"]
    read, total, why = said.shares["result", "LOINC"]
    assert (2, 8) == (read, total)
    assert {"date 1", "implausible 1", "no-value 2", "status 1", "unit 1"} == set(why.split(", "))
    assert (0, 1, "code 1") == said.shares["result", "another system"]
    assert (0, 1, "code 1") == said.shares["result", "words only"]


def test_medicines_and_problems_are_counted(recall: Recall, tmp_path: Path) -> None:
    """Those of a class that fires, by code, by word or by reference; other known ones are of no use to any rule."""
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "Prednisolon 5 mg"}}
    local = coded({"system": LAB, "code": "X", "display": "Brandname"})
    medicines = [
        medicine(id="1", medicationCodeableConcept=PREDNISONE),
        medicine(id="2", medicationReference={"reference": "Medication/m"}),
        medicine(id="3", medicationCodeableConcept=PREDNISONE, status="unknown"),
        medicine(id="4", medicationCodeableConcept=PREDNISONE, status="entered-in-error"),
        medicine(id="5", medicationCodeableConcept=local),
        medicine(id="6", medicationReference={"reference": "Medication/none", "display": "Lost 5 mg"}),
        medicine(id="7", medicationCodeableConcept=coded({"system": RXNORM, "code": "161"})),
        medicine(id="8", medicationCodeableConcept=PREDNISONE, status=None),
        medicine(id="10", medicationCodeableConcept=coded({"system": ATC, "code": "N02BE01"})),
        medicine(id="9", medicationCodeableConcept=coded({"system": RXNORM, "code": GUT})),
    ]
    wrong = coded({"code": "entered-in-error"})
    problems = [
        twitch(),
        condition(coded({"system": SNOMED, "code": "12345"}), id="7"),
        condition(coded({"system": SNOMED, "code": "38341003"}), id="2"),
        condition({"text": "Muskelzuckung"}, id="3"),
        condition({"text": "Twitching"}, id="4"),
        condition({"text": "Bad entry"}, id="5", verificationStatus=wrong),
        condition(coded({"code": "I10"}), id="6"),
    ]

    said = recall("--all", ndjson(tmp_path / "a.ndjson", [*medicines, drug, *problems]))

    assert (1, 3, "status 2") == said.shares["medicine", "RxNorm"]
    assert (1, 2, "code 1") == said.shares["medicine", "words only"]
    assert (0, 1, "code 1") == said.shares["medicine", "another system"]
    assert (1, 1, "") == said.shares["problem", "ICD-10-CM"]
    assert (1, 2, "code 1") == said.shares["problem", "words only"]
    assert (0, 1, "code 1") == said.shares["problem", "another system"]
    assert all(part in said.out for part in ("Brandname", "Lost 5 mg", "Muskelzuckung", "“unknown”", "“(none)”"))
    assert f"{RXNORM}|161" in said.out
    assert [] == [part for part in ("Bad entry", "N02BE01", GUT) if part in said.out]


def test_what_was_not_understood_is_listed_by_volume(recall: Recall, tmp_path: Path) -> None:
    """Codes, systems, units, statuses and values; each with what it may be, or that there is no suggestion."""
    coding = {"system": LAB, "code": "K01", "display": "Kalium i. Serum"}
    file = ndjson(
        tmp_path / "a.ndjson",
        [
            *(result(coded(coding), f"p{number}") for number in range(6)),
            *(potassium(patient=f"p{number}", valueQuantity={"value": 4, "unit": "mmoll"}) for number in range(5)),
            result(coded({"system": LAB, "code": "QQ"})),
            potassium(status="unknown"),
            potassium(valueQuantity={"value": 99, "unit": "mmol/L"}),
        ],
    )

    said = recall(file)

    told = [line.split() for line in said.out.split("Not understood")[1].splitlines()[2:]]
    assert ["7", "6", "5", "1", "1", "1"] == [line[0] for line in told]
    assert {"system", "code", "unit", "status", "value"} == {line[3] for line in told}
    assert "“Kalium i. Serum”" in said.out
    assert "2823-3 Potassium" in said.out
    assert "“mmoll” of potassium" in said.out
    assert "alike: mmol/L" in said.out
    assert "|QQ" in said.out
    assert "no suggestion" in said.out
    assert "“implausible” of potassium" in said.out


@pytest.mark.parametrize(("patients", "is_printed"), [(4, False), (5, True)])
def test_a_text_needs_five_patients(patients: int, is_printed: bool, recall: Recall, tmp_path: Path) -> None:
    """In the table, the CSV and the draft; of fewer it is counted; the code beside it is printed."""
    name = "Kalium Frau Beispiel"
    some = [condition({"text": name}, f"p{number}") for number in range(patients)]
    some += [
        condition(coded({"system": LAB, "code": "B7", "display": name}), f"p{number}") for number in range(patients)
    ]
    some += [condition(coded({"system": LAB, "code": "a b c"}), f"p{number}") for number in range(patients)]
    some += [
        potassium(patient=f"p{number}", valueQuantity={"value": 4, "unit": "Beispiel"}) for number in range(patients)
    ]
    some += [condition({"text": name}) for _ in range(3)]
    table, draft = tmp_path / "t.csv", tmp_path / "d.csv"

    said = recall("--csv", table, "--draft-map", draft, ndjson(tmp_path / "a.ndjson", some))

    everything = said.out + table.read_text("utf-8") + draft.read_text("utf-8")
    assert is_printed is ("Beispiel" in everything)
    assert is_printed is ("a b c" in everything)
    assert is_printed is (tmp_path / "d.units.csv").exists()
    assert f"{LAB}|B7" in said.out
    assert is_printed is ("texts that fewer than 5 patients have" not in said.out)


def test_all_says_what_it_discloses(recall: Recall, tmp_path: Path) -> None:
    """On standard error, before anything is printed."""
    file = ndjson(tmp_path / "a.ndjson", [condition({"text": "Only one has this"})])

    assert "Only one has this" not in recall(file).out
    said = recall("--all", file)
    assert "Only one has this" in said.out
    assert "They may contain names and other free text of individual patients" in said.err


def test_a_confirmed_draft_is_a_map_and_an_unconfirmed_one_is_refused(recall: Recall, tmp_path: Path) -> None:
    """What recall drafts, a person confirms, and the service reads; nothing before."""
    some = [result(coded(KAL | {"display": "Kalium"}), f"p{number}") for number in range(5)]
    some += [potassium(patient=f"p{number}", valueQuantity={"value": 4, "unit": "mmoll"}) for number in range(5)]
    some += [result(coded({"system": LAB, "code": "QQ"})), result(coded({"code": "NOSYSTEM"}))]
    maps = tmp_path / "maps"
    maps.mkdir()

    said = recall("--draft-map", maps / "draft.csv", ndjson(tmp_path / "a.ndjson", some))

    assert ["draft.csv", "draft.units.csv"] == sorted(path.name for path in maps.iterdir())
    assert f"{maps / 'draft.csv'}: a draft. No line of it is read before a person has confirmed it" in said.err
    assert ["KAL", "QQ"] == [line["code"] for line in lines(maps / "draft.csv")]
    with pytest.raises(MapError, match=r"draft\.csv, line 2: is not confirmed"):
        with_maps(KNOWLEDGE, str(maps))
    for path in maps.iterdir():
        text = path.read_text("utf-8").replace(",2823-3,Kalium,,,", ",2823-3,Kalium,yes,Dr A,2026-11-29")
        text = text.replace("mmoll,mmol/L,,,", "mmoll,mmol/L,yes,Dr A,2026-11-29").replace(",QQ,,,,,,", ",QQ,,,,no,,")
        path.write_text(text, "utf-8")
    site = with_maps(KNOWLEDGE, str(maps)).site
    assert (["KAL"], ["mmoll"]) == ([one.code for one in site.codes], [one.text for one in site.units])


def test_a_draft_that_is_there_is_not_written_over(recall: Recall, tmp_path: Path) -> None:
    """It may hold what a person has confirmed; neither file is touched."""
    (tmp_path / "d.units.csv").write_text("mine")

    said = recall("--draft-map", tmp_path / "d.csv", ndjson(tmp_path / "a.ndjson", [potassium()]))

    assert 2 == said.status
    assert "exists already" in said.err
    assert not (tmp_path / "d.csv").exists()


def test_files_are_for_their_owner_only(recall: Recall, tmp_path: Path) -> None:
    """Texts of charts may be in them."""
    names = ("t.csv", "d.csv")

    recall(
        "--csv", tmp_path / names[0], "--draft-map", tmp_path / names[1], ndjson(tmp_path / "a.ndjson", [potassium()])
    )

    assert [0o600] * 2 == [(tmp_path / name).stat().st_mode & 0o777 for name in names]


def test_a_file_that_cannot_be_written_is_named(recall: Recall, tmp_path: Path) -> None:
    """With the option and the reason."""
    said = recall("--csv", tmp_path / "none" / "t.csv", ndjson(tmp_path / "a.ndjson", [potassium()]))

    assert (2, True) == (said.status, "t.csv cannot be written: No such file or directory" in said.err)


def test_a_formula_in_a_text_is_no_formula_in_the_sheet(recall: Recall, tmp_path: Path) -> None:
    """A spreadsheet must not run what a sender wrote."""
    some = [condition(coded({"system": LAB, "code": "=1+1"}), f"p{number}") for number in range(5)]
    recall("--csv", tmp_path / "t.csv", "--draft-map", tmp_path / "d.csv", ndjson(tmp_path / "a.ndjson", some))

    assert ["'=1+1"] == [line["code"] for line in lines(tmp_path / "t.csv") if line["kind"] == "code"]
    assert ["'=1+1"] == [line["code"] for line in lines(tmp_path / "d.csv")]


def test_a_code_against_its_own_name_is_listed(recall: Recall, tmp_path: Path) -> None:
    """A potassium whose name says urine is read as serum: somebody must look."""
    coding = {"system": LOINC, "code": "2823-3", "display": "Potassium in Urine"}

    said = recall(ndjson(tmp_path / "a.ndjson", [result(coded(coding)), potassium(patient="p2")]))

    assert "name against code" in said.out
    assert "its name says `urine`, which is another" in said.out


REQUEST = {
    "hook": "patient-view",
    "context": {},
    "prefetch": {"patient": person(), "conditions": bundle(twitch()), "labs": None},
}


@pytest.mark.parametrize("form", ["bundle", "parameters", "list", "request", "folder", "gz", "resource", "batch"])
def test_every_form_that_evaluate_reads_is_read(form: str, recall: Recall, tmp_path: Path) -> None:
    """The same twitch in each of them, once."""
    whole = bundle(person(), twitch())
    path = tmp_path / "a.json"
    forms: dict[str, Any] = {
        "bundle": whole,
        "parameters": {"resourceType": "Parameters", "parameter": [{"name": "return", "resource": whole}]},
        "list": [person(), twitch()],
        "request": REQUEST,
        "resource": twitch(),
        "batch": {"resourceType": "Bundle", "type": "batch-response", "entry": [{"resource": whole}]},
    }
    if form == "folder":
        (tmp_path / "Condition").mkdir()
        ndjson(tmp_path / "Condition" / "1.ndjson", [twitch()])
        ndjson(tmp_path / "Patient.ndjson", [person()])
        path = tmp_path
    elif form == "gz":
        path = tmp_path / "a.json.gz"
        path.write_bytes(gzip.compress(json.dumps(whole).encode()))
    else:
        path.write_text(json.dumps(forms[form]), "utf-8")

    assert {("problem", "all"): (1, 1, ""), ("problem", "ICD-10-CM"): (1, 1, "")} == recall(path).shares


def test_the_same_entry_twice_counts_once(recall: Recall, tmp_path: Path) -> None:
    """Exports overlap; two versions are two entries."""
    some = [potassium(ident="k"), potassium(ident="k"), potassium(ident="k", status="amended")]

    assert (2, 2, "") == recall(ndjson(tmp_path / "a.ndjson", some)).shares["result", "all"]


def test_components_and_results_within_a_report_are_counted(recall: Recall, tmp_path: Path) -> None:
    """Each by itself; a report that is void has none."""
    part = {"code": coded({"system": LOINC, "code": "2951-2"}), "valueQuantity": {"value": 140, "unit": "mmol/L"}}
    panel = result({"text": "panel"}, ident="p", valueQuantity=None, component=[part, part])
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "contained": [potassium(), {"resourceType": "Practitioner"}],
    }

    said = recall(
        ndjson(
            tmp_path / "a.ndjson",
            [panel, report, {"resourceType": "Organization"}, report | {"id": "s", "status": "cancelled"}],
        )
    )

    assert (3, 3, "") == said.shares["result", "all"]


def test_other_observations_in_unknown_codes_are_listed(recall: Recall, tmp_path: Path) -> None:
    """What has a value and is in no system that is known may be anything; what has none, or is known, is not listed."""
    unknown = coded({"system": LAB, "code": "ZZ9"})
    some = [
        result(unknown),
        result(unknown, valueQuantity=None, valueString="text", ident="2"),
        result(unknown, valueQuantity=None, ident="3"),
        result(coded({"system": SNOMED, "code": "26544005"}), ident="4"),
        result(None, ident="5"),
    ]

    told = recall("--csv", tmp_path / "t.csv", ndjson(tmp_path / "a.ndjson", some))

    assert [("observation", "code", "2"), ("observation", "system", "2")] == [
        (line["type"], line["kind"], line["entries"]) for line in lines(tmp_path / "t.csv")
    ]
    assert {} == told.shares


def test_what_cannot_be_read_is_said(recall: Recall, tmp_path: Path) -> None:
    """A broken file, a folder without charts, another kind of JSON, a request whose prefetch is none."""
    ndjson(tmp_path / "a.ndjson", [potassium(), {"resourceType": "Observation", "code": 7}])
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "c.json").write_text('{"a": 1}')
    (tmp_path / "d.json").write_text('{"hook": "patient-view", "prefetch": []}')
    (tmp_path / "empty").mkdir()

    said = recall(tmp_path, tmp_path / "none.json", tmp_path / "empty")

    assert 2 == said.status
    assert (1, 1, "") == said.shares["result", "all"]
    assert "1 entries could not be read at all" in said.out
    named = (
        "b.json: is not valid JSON",
        "c.json: is not FHIR",
        "d.json: is a request",
        "none.json: cannot be read",
        "holds no",
    )
    assert [] == [part for part in named if part not in said.err]


def test_standard_input_is_read(recall: Recall, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `evaluate` does; it has no size that is known before."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(twitch()).encode())))

    assert (1, 1, "") == recall("-").shares["problem", "all"]


def test_too_many_different_texts_are_counted_together() -> None:
    """The memory that a survey takes has a bound."""
    survey = Survey(most=1)
    for text in ("a", "b", "a"):
        survey.miss(Key(Type.PROBLEM, Kind.TEXT, text=text), "p1")

    told = table(survey, rows(survey, Suggestions(KNOWLEDGE), every=True))

    assert "“a”" in told
    assert "1 entries more are of too many different codes and texts to be listed." in told


def test_a_long_table_is_cut_and_says_so() -> None:
    """Fifty lines on the terminal, all in the file; a long cell is cut too."""
    survey = Survey()
    for number in range(51):
        survey.miss(Key(Type.PROBLEM, Kind.CODE, system="x" * 60, code=f"{number:040}"), "p1")

    told = table(survey, rows(survey, Suggestions(KNOWLEDGE), every=False))

    assert "1 more lines: --csv FILE has all." in told
    assert "…" in told


def of(kind: Type, text: str, what: Kind = Kind.TEXT, about: str = "") -> str:
    """The code that is suggested."""
    found = Suggestions(KNOWLEDGE).of(Key(kind, what, text=text, about=about), [])
    return found.code if found else ""


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Type.RESULT, "Kalium im Serum", "2823-3"),
        (Type.RESULT, "Calcium ionized", "12180-6"),
        (Type.RESULT, "Calcium corrected", "29265-6"),
        (Type.RESULT, "Potassium (urine)", ""),
        (Type.RESULT, "Ferritin", ""),
        (Type.OBSERVATION, "Natrium", "2951-2"),
        (Type.MEDICINE, "Prednisolonum", "8638"),
        (Type.MEDICINE, "Ramipril", ""),
        (Type.PROBLEM, "Fasciculation (muscle)", "82470000"),
        (Type.PROBLEM, "Otitis media", ""),
        (Type.PROBLEM, "!", ""),
    ],
)
def test_a_suggestion_is_what_is_alike_or_none(kind: Type, text: str, code: str) -> None:
    """By the letters that names share; a name that says another test has none."""
    assert code == of(kind, text)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("mmoll", "mmol/L"), ("mmol per L", "mmol/L"), ("meq / liter", "meq/L"), ("pieces", ""), ("%", "")],
)
def test_a_unit_is_suggested_only_if_the_analyte_can_have_it(text: str, unit: str) -> None:
    """Of potassium: moles and equivalents, never pieces."""
    assert unit == of(Type.RESULT, text, Kind.UNIT, "potassium")


def test_a_status_has_no_suggestion() -> None:
    """Only codes, texts and units may be something of ours."""
    assert "" == of(Type.RESULT, "unknown", Kind.STATUS)


def test_a_code_of_a_national_edition_counts_if_a_rule_reads_the_same_code(recall: Recall, tmp_path: Path) -> None:
    """G61.0 of ICD-10-GM is a miss, for which the same code of WHO is suggested; C34.1 is of no use; R25.3 is read."""
    gm = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
    some = [condition(coded({"system": gm, "code": code})) for code in ("G61.0", "C34.1", "R25.3")]

    said = recall("--draft-map", tmp_path / "d.csv", ndjson(tmp_path / "a.ndjson", some))

    assert (1, 2, "code 1") == said.shares["problem", "national ICD-10"]
    assert [("G61.0", "http://hl7.org/fhir/sid/icd-10", "G61.0")] == [
        (line["code"], line["target_system"], line["target_code"]) for line in lines(tmp_path / "d.csv")
    ]
