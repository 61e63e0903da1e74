"""What is named and missing, or there and named by nothing, stops the start; an analyte is added by data alone."""

import ast
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from charts.files import Files
from charts.notation import request_bytes

from cards.words import ENGLISH
from cds.errors import KnowledgeError

ROOT = Path(__file__).parents[2]
RULES = ROOT / "cds" / "rules"
DATA = ROOT / "cds" / "knowledge" / "data"
CODE = re.compile(
    r"\d{6,18}|\d{1,5}-\d|[A-Z]\d\d\.\w+|[A-Z]\d\d[A-Z]{1,2}(\d\d)?"
)  # SNOMED CT or RxNorm, LOINC, ICD-10, ATC
LACTATE = """
[lactate]
groups = ["lactate"]
unit = "mmol/L"
fresh_days = 7
sides = ["high"]
"""
LIMIT = """
[[limit]]
analyte = "lactate"
side = "high"
op = ">"
value = { "mmol/L" = 2 }
effect = "info"
citation = "project"
"""
WORDS = """
[tag.abnormal-lab.lactate]
name = "lactate"
consider = ["repeat after rest"]
article = "Lactate: not in the article."
citations = ["project"]
"""


def _add_lactate(files: Files) -> None:
    """The analyte and its name."""
    files.add("analytes.toml", LACTATE)
    files.change("en/labels.toml", "[analytes]\n", '[analytes]\nlactate = "lactate"\n')


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The files of the package, copied."""
    return Files(tmp_path)


def test_an_analyte_is_added_by_data_and_words_alone(files: Files) -> None:
    """A new one with code, limit and words makes a card with its tag, is asked for, and nothing else changes."""
    _add_lactate(files)
    files.change("limits.toml", "# Limits that decide only together", f"{LIMIT}\n# Limits that decide only together")
    files.add("en/tags.toml", WORDS)
    lines: list[dict[str, Any]] = [{"twitch": "2 w"}, {"lab": "2524-7", "value": "3.1 mmol/L", "at": "1 d"}]
    made = files.engine()
    answer = made.answer("muscle-twitch-patient-view", request_bytes({"patient": {"age": "40 y"}, "resources": lines}))
    [card] = json.loads(answer.body)["cards"]

    assert ("abnormal-lab", ["lactate"]) == (
        card["source"]["topic"]["code"],
        card["extension"]["org.twitch-cds.basis"]["tags"],
    )
    assert "http://loinc.org|2524-7" in made.services["muscle-twitch-patient-view"].prefetch["labs"]
    assert "lactate" in [row.what for row in made.basis("abnormal-lab")]


@pytest.mark.parametrize(
    ("spoil", "file", "key"),
    [
        (_add_lactate, "analytes.toml", "lactate"),
        (
            lambda files: files.change("rules.toml", "[thresholds]\n", "never = 3\n[thresholds]\n"),
            "rules.toml",
            "never",
        ),
        (
            lambda files: (
                files.add("valuesets.toml", '\n[hiccup]\ncodes = ["cm:R06.6"]\nsource = "x"\n'),
                files.change("en/labels.toml", "[sets]\n", '[sets]\nhiccup = "hiccup"\n'),
            ),
            "valuesets.toml",
            "hiccup",
        ),
        (
            lambda files: (
                files.change("valuesets.toml", "[dehydration]", "[thirst]"),
                files.change("en/labels.toml", "\ndehydration = ", "\nthirst = "),
            ),
            "valuesets.toml",
            "dehydration",
        ),
        (
            lambda files: files.change("rules.toml", "leg_swelling = 14", "leg_swollen = 14"),
            "rules.toml",
            "windows.leg_swelling",
        ),
        (lambda files: files.change("rules.toml", "gad7 = 10 ", "gad8 = 10 "), "rules.toml", "thresholds.gad7"),
        (lambda files: files.change("rules.toml", "muscle = [", "muscles = ["), "rules.toml", "groups.muscle"),
        (lambda files: files.change("rules.toml", "poisoning = [", "poison = ["), "rules.toml", "groups.poisoning"),
        (
            lambda files: files.change("rules.toml", "reuptake-inhibitors = [", "inhibitors = ["),
            "rules.toml",
            "lists.reuptake-inhibitors",
        ),
        (
            lambda files: files.change("rules.toml", "expected-diseases = [", "expected = ["),
            "rules.toml",
            "groups.expected-diseases",
        ),
        (
            lambda files: files.change("en/heard.toml", 'still = "not past', 'stil = "not past'),
            "heard.toml",
            "cues",
        ),
        (
            lambda files: files.change("en/heard.toml", "[looks]", '[looks]\nnear = "looks like a twitch"'),
            "heard.toml",
            "looks",
        ),
        (
            lambda files: files.change("rules.toml", 'of-limbs = ["U1",', 'of-limbs = ["U0",'),
            "rules.toml",
            "flags.of-limbs",
        ),
        (
            lambda files: files.change("rules.toml", "[flags]", '[flags]\nnever = ["U1"]'),
            "rules.toml",
            "never",
        ),
        (
            lambda files: files.change("rules.toml", 'site-arm = "region-arm"', 'site-arm = "region-head"'),
            "rules.toml",
            "regions",
        ),
        (
            lambda files: files.change("rules.toml", 'ask-systolic = "systolic"', 'ask-systolic = "sistolic"'),
            "rules.toml",
            "pressure",
        ),
        (
            lambda files: files.change("rules.toml", "[order_tags]", '[order_tags]\nferritin = "calcium"'),
            "rules.toml",
            "ferritin",
        ),
        (
            lambda files: files.change("answers.toml", '"ask-worry"]', "]"),
            "valuesets.toml",
            "ask-worry",
        ),
        (
            lambda files: files.change("answers.toml", 'dates = ["ask-due-date"]', 'dates = ["ask-due"]'),
            "answers.toml",
            "questions",
        ),
        (
            lambda files: files.change("answers.toml", 'ask-weight = "kg"', 'ask-weight = "kilo"'),
            "answers.toml",
            "questions.ask-weight",
        ),
        (
            lambda files: files.change("rules.toml", 'diuretic = "rx:1162715"', 'diuretic = "rx:1"'),
            "rules.toml",
            "example_drafts",
        ),
        (
            lambda files: files.change("phrases.toml", 'same-day = ["breathing"', 'same-day = ["breath"'),
            "phrases.toml",
            "same-day",
        ),
        (
            lambda files: files.change("rules.toml", 'gad7 = "spitzer-2006"', 'gad7 = "spitzer"'),
            "rules.toml",
            "sources.gad7",
        ),
        (
            lambda files: files.change("rules.toml", 'stress = "counsel:stress"', 'stress = "counsel:calm"'),
            "rules.toml",
            "counsel",
        ),
        (
            lambda files: files.change("medicines.toml", 'named = ["lithium"]', 'named = ["lithia"]'),
            "medicines.toml",
            "lithium",
        ),
        (
            lambda files: files.change("limits.toml", "potassium-with-sign", "potassium-and-sign"),
            "limits.toml",
            "potassium-with-sign",
        ),
        (
            lambda files: files.change("en/phrases.toml", 'onset = "onset', 'frequency = "often"\nonset = "onset'),
            "phrases.toml",
            "frequency",
        ),
        (lambda files: files.change("en/phrases.toml", 'onset = "onset', 'began = "onset'), "phrases.toml", "gaps"),
    ],
)
def test_a_name_that_leads_nowhere_stops_the_start(
    files: Files, spoil: Callable[[Files], object], file: str, key: str
) -> None:
    """Missing or unused: the error names the file and the key."""
    spoil(files)

    with pytest.raises(KnowledgeError) as caught:
        files.engine()

    assert (file, key) == (caught.value.file, caught.value.key)


def test_every_note_is_said_by_some_rule() -> None:
    """What no rule, card or reading names is no sentence that a clinician could meet."""
    notes = tomllib.loads((ENGLISH / "notes.toml").read_text("utf-8"))
    trees = [ast.parse(path.read_text("utf-8")) for path in RULES.glob("*.py")]
    named = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    data = [tomllib.loads((DATA / file).read_text("utf-8")) for file in ("causes.toml", "rules.toml")]
    named |= {cause.get("line") for cause in data[0].values()} | set(data[1]["form_lines"].values())
    sentences = "".join(notes["notes"].values())

    assert set() == set(notes["notes"]) - named
    assert [] == [one for one in notes["placeholders"] if f"{{{one}}}" not in sentences]


def test_no_code_stands_in_the_code() -> None:
    """Codes of SNOMED CT, LOINC, RxNorm, ICD-10 and ATC are data: no text in Python is one."""
    files = [path for package in ("cards", "cds") for path in (ROOT / package).rglob("*.py")]
    texts = ((path, node) for path in files for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    constants = [
        (path.name, node.value)
        for path, node in texts
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    ]

    assert [] == constants
