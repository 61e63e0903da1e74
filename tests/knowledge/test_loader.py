"""The loader of clinical facts: a file broken in any one place stops the start with file, key and reason."""

import shutil
import tomllib
from pathlib import Path

import pytest

from cards.errors import WordingError
from cards.words import ENGLISH, LABELS
from cds import call
from cds.call import build_engine
from cds.errors import KnowledgeError
from cds.knowledge.load import DATA, load
from cds.settings import load as load_settings

FIRST_LIMIT = '[[limit]]\nanalyte = "vitamin-d"\nside = "low"\nop = "<"\nvalue = { "nmol/L" = 50, "ng/mL" = 20 }\n'
EVERY_FILE = sorted(path.name for path in DATA.glob("*.toml"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the data folder, to be broken."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def change(data: Path, file: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text that must be there."""
    path = data / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def broken(data: Path) -> tuple[str, str, str]:
    """File, key and reason of the error that loading raises."""
    with pytest.raises(KnowledgeError) as caught:
        load(data)
    error = caught.value
    assert f"{error.file}: {error.key}: {error.reason}" == error.text
    return error.file, error.key, error.reason


def test_the_data_load_as_they_are() -> None:
    """The files of the package are in order, and loading them twice gives the same version."""
    assert load().version == load().version


@pytest.mark.parametrize("file", EVERY_FILE)
def test_a_missing_file_is_named(data: Path, file: str) -> None:
    """A file that is not there is named."""
    (data / file).unlink()

    named, key, reason = broken(data)

    assert (file, "-") == (named, key)
    assert reason.startswith("cannot be read")


@pytest.mark.parametrize("file", EVERY_FILE)
def test_a_syntax_error_is_named_with_its_file(data: Path, file: str) -> None:
    """TOML that cannot be parsed says in which file, and TOML's own reason says the line."""
    with (data / file).open("a", encoding="utf-8") as lines:
        lines.write("\n[unfinished\n")

    named, key, reason = broken(data)

    assert (file, "-") == (named, key)
    assert reason.startswith("is not valid TOML")
    assert "line" in reason


@pytest.mark.parametrize("file", EVERY_FILE)
def test_a_file_in_another_encoding_is_named(data: Path, file: str) -> None:
    """Data files are UTF-8."""
    with (data / file).open("ab") as lines:
        lines.write(b"# \xff\n")

    assert file == broken(data)[0]


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "reason"),
    [
        ("valuesets.toml", "[twitch]\n", '[twitch]\ncolour = "red"\n', "twitch", "unknown field `colour`"),
        ("valuesets.toml", 'groups = ["presenting"]', 'groups = ["presentation"]', "twitch", "group `presentation`"),
        ("valuesets.toml", '["sct:699377006"]', '["snomed:699377006"]', "twitch-eyelid", "`snomed:699377006`"),
        ("valuesets.toml", '["sct:699377006"]', '["699377006"]', "twitch-eyelid", "`699377006` is not system:code"),
        ("valuesets.toml", '["sct:699377006"]', '["sct:"]', "twitch-eyelid", "`sct:` is not system:code"),
        ("valuesets.toml", '["sct:699377006"]', '["sct:6993-"]', "twitch-eyelid", "prefixes work for cm, who, atc"),
        ("valuesets.toml", 'except = ["sct:62744007"', 'except = ["x:1"', "respiratory-other", "`x:1`"),
        ("analytes.toml", 'groups = ["vitamin_d_25oh"]', 'groups = ["vit_d"]', "vitamin-d", "group `vit_d`"),
        ("analytes.toml", 'except = ["loinc:49054-0"]', 'except = ["49054-0"]', "vitamin-d", "`49054-0`"),
        ("analytes.toml", 'unit = "nmol/L"', 'unit = "nanomoles"', "vitamin-d", "`nanomoles` is not a UCUM unit"),
        ("analytes.toml", 'sides = ["low"]', 'sides = ["below"]', "vitamin-d.sides[0]", "Invalid enum value"),
        ("analytes.toml", 'groups = ["albumin"]', 'groups = ["potassium"]', "albumin", "also feeds potassium"),
        ("limits.toml", 'op = "<"', 'op = "=<"', "limit[0].op", "Invalid enum value"),
        ("limits.toml", 'analyte = "vitamin-d"', 'analyte = "vitamin-x"', "vitamin-x", "no such analyte"),
        ("limits.toml", 'citation = "endocrine-2011"', 'citation = ""', "vitamin-d", "needs a citation"),
        ("limits.toml", 'citation = "endocrine-2011"\n', "", "limit[0]", "missing required field `citation`"),
        ("limits.toml", 'value = { "nmol/L" = 50, "ng/mL" = 20 }\n', "", "vitamin-d", "needs a value with its unit"),
        ("limits.toml", '{ "nmol/L" = 50,', '{ "lots" = 50,', "vitamin-d", "`lots` cannot be converted to nmol/L"),
        ("limits.toml", '{ "nmol/L" = 50,', '{ "h" = 50,', "vitamin-d", "`h` cannot be converted to nmol/L"),
        ("limits.toml", '{ "nmol/L" = 50,', '{ "nmol/L" = "50",', "limit[0].value[...]", "Expected `float`"),
        ("limits.toml", "albumin_hours =", "albumin_days =", "calcium-adjustment[...]", "Expected `object`"),
        ("limits.toml", "[combined", "[combination", "combined", "is missing"),
        ("medicines.toml", 'timing = "before"', 'timing = "after"', "corticosteroid.timing", "Invalid enum value"),
        ("medicines.toml", '["corticosteroid_systemic"]', '["steroids"]', "corticosteroid", "group `steroids`"),
        ("medicines.toml", '["corticosteroid_nonsystemic"]', '["creams"]', "corticosteroid", "group `creams`"),
        ("medicines.toml", '"atc:G03CA03"', '"atc-G03CA03"', "estrogen", "`atc-G03CA03`"),
        ("medicines.toml", 'src = "X"', "src = 1", "proton-pump-inhibitor.src", "Expected `str`"),
        ("routes.toml", '["sct:45890007"]', '["sct:78421000"]', "transdermal", "78421000 is also intramuscular"),
        ("routes.toml", 'words = ["oral"', 'words = [1, "oral"', "oral.words[0]", "Expected `str`"),
        ("routes.toml", '"by mouth", "tablets?"', '"by mouth(", "tablets?"', "oral", "is not a regular expression"),
        ("ingredients.csv", "lithium,lithium,", "metals,lithium,", "lithium", "`metals` is not a group of a class"),
        ("ingredients.csv", "lithium,lithium,lithium|", "lithium,lithium,|", "lithium", "an ingredient and its words"),
        ("ingredients.csv", "lithium,lithium,", "lithium,lithium,metal,", "-", "cannot be read"),
        ("rules.toml", "emergency_lab = 30", 'emergency_lab = "30"', "windows[...]", "Expected `int`"),
        ("rules.toml", "from_years = 3\n", "", "sleep[0]", "missing required field `from_years`"),
        ("rules.toml", "[thresholds]", "[limits]", "-", "unknown field `limits`"),
        ("phrases.toml", "diet = [", "food = [", "-", "field"),
        ("systems.toml", 'rx = "http', 'rx = 7 # "http', "rx", "Expected `str`"),
        ("analytes.toml", 'words = ["lithium"]', 'words = ["tsh"]', "words", "`tsh` names two analytes"),
        (
            "system_aliases.toml",
            '.6.96" = "http://snomed.info/sct"',
            '.6.96" = "http://snomed.info"',
            "urn:oid:2.16.840.1.113883.6.96",
            "not a system",
        ),
        ("units.toml", "[alias]", "[aliases]", "alias", "is missing"),
        ("units.toml", '"hours" = "h"', '"hours" = "hourz"', "hours", "`hourz` is not a UCUM unit"),
        ("codes/labs.csv", "http://loinc.org", "http://loinc.com", "1989-3", "`http://loinc.com` is not a system"),
        ("codes/labs.csv", "vitamin_d_25oh,", ",", "1989-3", "a row needs a group and a code"),
        ("codes/labs.csv", ",1989-3,", ",,", "vitamin_d_25oh", "a row needs a group and a code"),
    ],
)
def test_a_defect_is_named_with_file_key_and_reason(
    data: Path, file: str, old: str, new: str, key: str, reason: str
) -> None:
    """Whoever edits the data learns where the mistake is and what it is."""
    change(data, file, old, new)

    named, at, why = broken(data)

    assert (file, key) == (named, at)
    assert reason in why


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('twitch = "muscle twitching"\n', "", "twitch", "has no label in this language"),
        ('twitch = "muscle twitching"', 'twitch = ""', "twitch", "has no label in this language"),
        ('twitch = "muscle twitching"', 'jerk = "jerk"\ntwitch = "x"', "jerk", "is a label of nothing"),
        ('twitch = "muscle twitching"', "twitch = 7", "labels", "Expected `str`"),
        ('ionised = "ionised calcium"', "ionised = 1", "labels", "Expected `str`"),
        ("[analytes]", "[tests]", "labels", "unknown field `tests`"),
        ('low = "low {test}"', 'less = "low {test}"', "names", "field"),
        ("low {test}", "low {what}", "names.low", "matching regex"),
        ("abnormal {test}", "abnormal", "names.abnormal", "matching regex"),
        ('"flagged by the laboratory"', '""', "names.flagged", "length >= 1"),
    ],
)
def test_a_defect_of_the_labels_is_named_with_file_key_and_reason(
    tmp_path: Path, old: str, new: str, key: str, reason: str
) -> None:
    """Whoever edits a language learns the same."""
    folder = Path(shutil.copytree(ENGLISH, tmp_path / "en"))
    change(folder, LABELS, old, new)

    with pytest.raises(KnowledgeError) as caught:
        load(DATA, wording=folder)

    assert (LABELS, key) == (caught.value.file, caught.value.key)
    assert reason in caught.value.reason


def test_the_data_files_hold_no_names() -> None:
    """A language is a folder of files: what a card or an explanation calls things stands in the wording only."""
    for file in ("valuesets.toml", "analytes.toml"):
        entries = tomllib.loads((DATA / file).read_text("utf-8"))
        assert [] == [name for name, entry in entries.items() if {"label", "kinds"} & entry.keys()], file


def test_a_code_may_not_stand_in_rival_groups(data: Path) -> None:
    """A medicine that a class must never take cannot also belong to it."""
    row = next(
        line
        for line in (data / "codes/medications_corticosteroids.csv").read_text("utf-8").splitlines()
        if line.startswith("corticosteroid_nonsystemic,")
    )
    rival = row.replace("corticosteroid_nonsystemic", "corticosteroid_systemic", 1)
    with (data / "codes/medications_corticosteroids.csv").open("a", encoding="utf-8") as lines:
        lines.write(rival + "\n")

    file, key, reason = broken(data)

    assert ("medicines.toml", "corticosteroid") == (file, key)
    assert reason == f"{row.split(',')[2]} is also in corticosteroid_nonsystemic"


def test_a_missing_codes_folder_is_named(data: Path) -> None:
    """Without terminology nothing can be recognised."""
    shutil.rmtree(data / "codes")

    assert ("codes/*.csv", "-", "no terminology file was found") == broken(data)


def test_a_terminology_file_in_another_encoding_is_named(data: Path) -> None:
    """Terminology files are UTF-8."""
    with (data / "codes/labs.csv").open("ab") as lines:
        lines.write(b"x,http://loinc.org,1-8,\xff,,\n")

    file, key, reason = broken(data)

    assert ("codes/labs.csv", "-") == (file, key)
    assert reason.startswith("cannot be read")


def test_the_value_of_albumin_hours_is_checked(data: Path) -> None:
    """Hours are a number."""
    change(data, "limits.toml", "albumin_hours = 72", 'albumin_hours = "three days"')

    file, key, reason = broken(data)

    assert ("limits.toml", "albumin_hours") == (file, key)
    assert "Expected `int`" in reason


def test_albumin_hours_may_not_be_missing(data: Path) -> None:
    """The window in which albumin counts for a calcium is stated."""
    change(data, "limits.toml", "albumin_hours = 72", "")

    assert ("limits.toml", "albumin_hours", "is missing") == broken(data)


def test_every_limit_has_a_citation_that_the_wording_knows(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit whose source no card could show stops the start."""
    change(data, "limits.toml", 'citation = "endocrine-2011"', 'citation = "hearsay"')
    monkeypatch.setattr(call, "load", lambda *_: load(data))

    with pytest.raises(KnowledgeError) as caught:
        build_engine(load_settings({"TWITCH_CDS_DEMO": "true"}))

    assert "limits.toml: vitamin-d: there is no `hearsay`" == caught.value.text


def test_a_broken_wording_stops_the_start_as_knowledge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words and facts are one body of knowledge: the same error names file and key of both."""

    def fail(*_: object) -> None:
        raise WordingError("cards.toml", "emergency", "has no summary")

    monkeypatch.setattr(call, "load_words", fail)

    with pytest.raises(KnowledgeError) as caught:
        build_engine(load_settings({"TWITCH_CDS_DEMO": "true"}))

    assert "cards.toml: emergency: has no summary" == caught.value.text


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "reason"),
    [
        ("answers.toml", "[text.en]", "[text.nl]", "text.en", "is live and has no lists"),
        ("answers.toml", '"loinc:LA33-6"', '"loink:LA33-6"', "loink", "is not a system of this file"),
        ("answers.toml", '"loinc:LA33-6"', '"loinc:LA32-8"', "LA32-8", "is both present and absent"),
        ("answers.toml", '["sct:8011004"', '["sct:6077001"', "dysarthria", "6077001 is also foot-drop"),
        ("signs.toml", '"behaviour"', '"behavior"', "behavior", "is not a value set of valuesets.toml"),
        ("explanations.toml", '"bulbar"]', '"bulbous"]', "stroke", "bulbous is not a value set of valuesets.toml"),
        (
            "explanations.toml",
            'taking = "cholinesterase-inhibitor"',
            'taking = "pyridostigmin"',
            "myasthenia",
            "pyridostigmin is not a class of medicines.toml",
        ),
    ],
)
def test_what_answers_and_signs_refer_to_must_be_there(
    data: Path, file: str, old: str, new: str, key: str, reason: str
) -> None:
    """A language, system, code or value set that is not there, or is there twice, stops the start."""
    change(data, file, old, new)

    assert (file, key, reason) == broken(data)


def test_every_analyte_has_a_window() -> None:
    """No number is read of which nobody has said what it can be (N64): the least below the most, for any kind."""
    for name, analyte in load(DATA).analytes.items():
        least, most = analyte.plausible["any"]
        assert least < most, name
