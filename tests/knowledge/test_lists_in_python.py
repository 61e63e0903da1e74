"""Clinical lists are data: no module that reads, decides or words may make one of its own (issue of the rulebook)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "cds"
CLINICAL = ("chart", "words", "form", "knowledge", "rules", "explain", "web/evidence")
ROWS = frozenset({"Reads", "Rule", "CardRow", "sign"})  # the rulebook itself is plain Python (docs/architecture.md)
# Statuses, types and categories are FHIR's: a list of them says how an entry is read, and no clinician could change it.
OF_FHIR = frozenset(
    {
        *("Patient", "Condition", "Observation", "MedicationRequest", "MedicationStatement", "Procedure", "Flag"),
        *("MedicationAdministration", "ServiceRequest", "DiagnosticReport", "Encounter", "QuestionnaireResponse"),
        *("ClinicalImpression", "Appointment", "FamilyMemberHistory", "RelatedPerson", "Person", "Practitioner"),
        *("PractitionerRole", "active", "recorded", "draft", "ended", "cancelled", "entered-in-error", "intended"),
        *("not-taken", "preparation", "in-progress", "declined", "completed", "stopped", "on-hold", "unknown"),
        *("booked", "pending", "arrived", "nullified", "final", "amended", "corrected", "appended", "registered"),
        *("preliminary", "partial", "refuted", "unconfirmed", "provisional", "differential", "confirmed", ""),
        *("recurrence", "relapse", "resolved", "inactive", "remission", "order", "original-order", "reflex-order"),
        *("filler-order", "instance-order", "survey", "social-history", "normal", "type", "unmatched", "disjoint"),
        *("equivalent", "equal"),
    }
)
PARTS = "parts of the program, by their names: a function, a table or a kind for each"
SPELLING = "how texts are taken apart: letters, marks and short forms"
CUES = "kinds of cues, whose words are data, by what the reading does with them"
WIRING = "which sentence of the wording, or which key of it, goes with what the program tells apart"
SHIPPED = "files, columns and systems that the program can read"
ALLOWED = {
    "chart/certainty.py": {"VERIFIED": PARTS},
    "chart/examinations.py": {"KINDS": PARTS},
    "chart/forms.py": {"_CODES": SHIPPED},
    "chart/observations.py": {"DONE": "how names of value sets begin"},
    "chart/own_answers.py": {"WORDS": WIRING, "EXCLUSIVE": PARTS},
    "chart/samples.py": {"DECIDED": WIRING},
    "chart/spoken.py": {"PLACES": PARTS},
    "chart/worded.py": {"PLAIN_UNITS": "a quick look, before anything is looked up: units of a number that is a grade"},
    "words/diseases.py": {"OF_OTHERS": CUES},
    "words/asked.py": {"NOES": CUES, "ANSWERS": CUES},
    "words/cues.py": dict.fromkeys(("DENYING", "MENTIONED", "TIES"), CUES),
    "words/masks.py": dict.fromkeys(("UNSURE", "NOT_UNSURE", "AFTERWARDS", "UNSURELY", "SAYING"), CUES),
    "words/patterns.py": {"_UMLAUTS": SPELLING, "AROUND": CUES},
    "words/tokens.py": dict.fromkeys(("FULL_POWER", "_SPECIAL", "_ELISIONS", "_SHORT", "_MARKS"), SPELLING),
    "form/about.py": {"HIDDEN": "an extension of FHIR"},
    "knowledge/answers.py": {"_UMLAUTS": SPELLING},
    "knowledge/basis.py": {"ADJUSTING": PARTS},
    "knowledge/compile.py": {"ICD": SHIPPED, "PREFIX_SYSTEMS": SHIPPED},
    "knowledge/load.py": {"DASHED": SHIPPED, "RENAMED": SHIPPED},
    "knowledge/maps/folder.py": {"READ": SHIPPED, "PASSED_OVER": SHIPPED},
    "knowledge/maps/sheet.py": dict.fromkeys(("CODES", "UNITS", "OTHER_NAMES", "FORMULA"), SHIPPED),
    "knowledge/model.py": {"CALCIUM_KINDS": PARTS},
    "knowledge/spoken.py": {"LANGUAGES": SHIPPED},
    "knowledge/unit_names.py": {"_MICRO": SPELLING},
    "rules/abnormal_labs.py": {"_REMARKS": PARTS},
    "rules/added_classes.py": {"OF_CLASS": PARTS},
    "rules/advise_labs.py": {"CALCIUM": WIRING, "NAME_TWO": WIRING, "RAISED": PARTS, "LOWERED": PARTS},
    "rules/calcium.py": {"TRUST": PARTS},
    "rules/cardbook.py": {"OF_LIFESTYLE": WIRING, "OF_ISOLATED": WIRING, "TABLES": PARTS},
    "rules/causes.py": {"NUMBERED": PARTS},
    "rules/checks.py": {"GAPS": WIRING, "LIMIT_SOURCES": WIRING},
    "rules/context.py": {"DOUBTFUL": WIRING},
    "rules/decide.py": {"URGENCY": "the order of indicators"},
    "rules/electrolytes.py": {"_WITH_SIGN": PARTS},
    "rules/emergency_words.py": {"FIRST": WIRING},
    "rules/flag_rows.py": {"EMERGENCY_TAGS": "the order of tags: rows of the rulebook"},
    "rules/lab_limits.py": {
        **dict.fromkeys(("LOW_FLAGS", "HIGH_FLAGS", "ANY_FLAGS", "FLAGGED", "CRITICAL"), "flags of HL7"),
        **dict.fromkeys(("SEVERITY", "BELOW_EMERGENCY"), "the order of effects"),
    },
    "rules/lab_status.py": {"BLOCKING": WIRING},
    "rules/levels.py": {"OF_CLASS": PARTS},
    "rules/lines.py": {"CHANGES": WIRING},
    "rules/medication.py": {"DOUBTFUL": PARTS},
    "rules/other_results.py": {"FLAGS": "flags of HL7"},
    "rules/own_words.py": {"_KINDS": WIRING},
    "rules/reads.py": {"DERIVED": "rows: what each attribute of a person is read from"},
    "rules/repeats.py": {"WINDOWS": WIRING},
    "rules/reported.py": {"SPOKEN": PARTS},
    "rules/rulebook.py": {"CAUTIONS": PARTS},
    "rules/timing.py": {"WORDED_AS_OLD": WIRING},
    "web/evidence/attributes.py": {"UNREAD": "what a law asks about"},
    "web/evidence/author.py": {"CHECKED": WIRING},
    "web/evidence/decisions.py": {"SEPARATELY": WIRING},
}


def lists(source: str) -> Iterator[str]:
    """The names of a module to which it binds a list, set or table of constants; names bound together are no list."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and any(_literals(node.value)):
                yield target.id


def _literals(node: ast.AST) -> Iterator[ast.AST]:
    """Lists of two things or more, and tables, that hold a constant not of FHIR; what a row declares is its own."""
    if isinstance(node, ast.Subscript) or _is_row(node):
        return
    many = isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1
    table = isinstance(node, ast.Dict) and bool(node.keys)
    if (many or table) and not _constants(node) <= OF_FHIR:
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _literals(child)


def _constants(node: ast.AST) -> set[str]:
    """The texts and numbers of a literal, but for its rows."""
    if isinstance(node, ast.Constant):
        return {str(node.value)} if isinstance(node.value, str | float) or type(node.value) is int else set()
    return set[str]().union(*map(_constants, () if _is_row(node) else ast.iter_child_nodes(node)))


def _is_row(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in ROWS


def test_no_module_makes_a_clinical_list_of_its_own() -> None:
    """A list of value sets, analytes, classes, codes, units, numbers or words belongs in the data or the wording."""
    paths = [path for package in CLINICAL for path in (ROOT / package).rglob("*.py")]
    found = {str(path.relative_to(ROOT)): set(lists(path.read_text("utf-8"))) for path in paths}

    assert {} == {file: new for file, names in found.items() if (new := names - ALLOWED.get(file, {}).keys())}


def test_what_is_allowed_is_there() -> None:
    """An exception whose list has gone is taken out."""
    gone = {
        file: left
        for file, names in ALLOWED.items()
        if (left := names.keys() - set(lists((ROOT / file).read_text("utf-8"))))
    }

    assert {} == gone


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('SETS = ("thrombosis", "leg-swelling")', ["SETS"]),
        ('UNITS: dict[str, str] = {"ask-sleep": "h"}', ["UNITS"]),
        ('RULES = frozenset({"U1", "U2"})', ["RULES"]),
        ('LIMITS = {"fever": 38.0}', ["LIMITS"]),
        ('SIGNS = (*OTHERS, "clonus")', ["SIGNS"]),
        ('WEAK, NUMB = "weakness", "sensory"', []),
        ('FINAL = frozenset({"final", "amended"})', []),
        ('ROW = sign("U9", URGENT, "behaviour", "confusion")', []),
        ('Side = Literal["low", "high"]', []),
        ('ONE = frozenset({"dark-urine"})', []),
    ],
)
def test_lists_are_seen(source: str, names: list[str]) -> None:
    """Tuples, sets and tables of constants, whatever they are wrapped in; single names, rows and FHIR's are none."""
    assert names == list(lists(source))
