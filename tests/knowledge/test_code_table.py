"""The code table: which code means what, by exact code, by prefix, by exception, by OID."""

import ast
import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds.knowledge import codes as codes_module
from cds.knowledge.codes import CodeTable, Concept
from cds.knowledge.load import DATA, load
from cds.knowledge.model import MedicineClass
from cds.knowledge.systems import Systems, spelled

KNOWLEDGE = load()
CODES = KNOWLEDGE.codes
SCT, LOINC, CM = KNOWLEDGE.systems["sct"], KNOWLEDGE.systems["loinc"], KNOWLEDGE.systems["cm"]
WHO, ATC, RX = KNOWLEDGE.systems["who"], KNOWLEDGE.systems["atc"], KNOWLEDGE.systems["rx"]
PACKAGE = Path(codes_module.__file__).parent.parent


def sets_of(system: str, code: str) -> frozenset[str]:
    """The value sets of a code; none if no rule reads it."""
    concept = CODES.find(system, code)
    return concept.sets if concept else frozenset()


def rows() -> list[dict[str, str]]:
    """All rows of the terminology files."""
    found = []
    for path in sorted((DATA / "codes").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            found += list(csv.DictReader(lines))
    return found


def small(**prefixes: Concept) -> CodeTable:
    """A table that knows one system by prefixes only."""
    return CodeTable({"urn:s": {}}, {"urn:s": prefixes}, Systems(["urn:s"], {"urn:oid:1": "urn:s"}))


def test_there_are_no_cpt_rows() -> None:
    """CPT may not be redistributed; its codings are known by system only, so that they win over text (4f)."""
    cpt = KNOWLEDGE.systems["cpt"]

    assert [] == [row for row in rows() if "cpt" in row["system"] or row["system"] == cpt]
    assert CODES.knows(cpt)
    assert CODES.find(cpt, "95886") is None


@pytest.mark.parametrize("name", sorted(KNOWLEDGE.sets))
def test_every_value_set_has_a_code(name: str) -> None:
    """A value set that no code can be in would be a rule that never fires; a derived one has none by its nature."""
    value_set = KNOWLEDGE.sets[name]
    prefixes = [token for token in value_set.codes if token.endswith("-") or token.startswith("atc:")]

    assert bool(CODES.members(name) or prefixes) != value_set.derived


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("epilepsy", "G40.909"),
        ("acute-kidney-injury", "N17.9"),
        ("gestation-code", "Z3A.20"),
    ],
)
def test_a_set_of_prefixes_takes_every_longer_code(name: str, code: str) -> None:
    """ICD-10-CM codes are found by the category they stand under."""
    assert name in sets_of(CM, code)


@pytest.mark.parametrize("name", sorted(KNOWLEDGE.analytes))
def test_every_analyte_has_a_code(name: str) -> None:
    """A result that no code feeds could never arrive."""
    assert CODES.of_analyte(name)
    assert all(name == concept.analyte for concept in CODES.of_analyte(name))


@pytest.mark.parametrize("name", sorted(KNOWLEDGE.medicines))
def test_every_medicine_class_has_a_code(name: str) -> None:
    """A class without codes would never fire."""
    medicine: MedicineClass = KNOWLEDGE.medicines[name]
    coded = [one for system in CODES.systems for one in CODES.in_groups(system, medicine.groups)]

    assert coded or medicine.codes


def test_every_row_of_the_terminology_files_is_found() -> None:
    """Each code that a file holds is found under its system, with its group."""
    for row in rows():
        concept = CODES.find(row["system"], row["code"].removesuffix("-"))
        if row["code"].endswith("-"):
            concept = CODES.find(row["system"], row["code"].removesuffix("-") + "9")
        assert concept is not None, row
        assert row["group"] in concept.groups, row


@pytest.mark.parametrize(
    ("system", "code", "name"),
    [
        (SCT, "82470000", "twitch"),
        (CM, "R25.3", "twitch"),
        (WHO, "G51.4", "twitch"),
        (SCT, "699377006", "twitch-eyelid"),
        (CM, "J96.01", "respiratory-emergency"),
        (CM, "J96.10", "respiratory-other"),
        (CM, "G61.0", "acute-paralysis"),
        (CM, "G81.94", "acute-paralysis"),
    ],
)
def test_a_code_is_in_its_value_sets(system: str, code: str, name: str) -> None:
    """Exact codes and codes below a prefix are members."""
    assert name in sets_of(system, code)


@pytest.mark.parametrize(
    ("system", "code", "name"),
    [
        (CM, "J96.00", "respiratory-other"),
        (CM, "R06.01", "respiratory-other"),
        (SCT, "62744007", "respiratory-other"),
        (CM, "J97.0", "respiratory-emergency"),
        (CM, "J96", "respiratory-emergency"),
        (SCT, "824700001", "twitch"),
        (SCT, "8247000", "twitch"),
        (LOINC, "82470000", "twitch"),
    ],
)
def test_an_excepted_or_foreign_code_is_not(system: str, code: str, name: str) -> None:
    """Exceptions, shorter codes and codes of another system stay out; SNOMED CT has no prefixes."""
    assert name not in sets_of(system, code)


def test_an_exception_outlives_a_prefix() -> None:
    """A code that is excepted from a set stays out of it although it stands below a prefix of the set."""
    for name, value_set in KNOWLEDGE.sets.items():
        for token in value_set.except_:
            short, code = token.split(":")
            assert name not in sets_of(KNOWLEDGE.systems[short], code.removesuffix("-")), token


def test_an_unread_laboratory_code_feeds_nothing() -> None:
    """The vitamin D code that 2d leaves out is no analyte."""
    concept = CODES.find(LOINC, "49054-0")

    assert concept is None or concept.analyte is None


def test_the_longest_atc_prefix_wins() -> None:
    """A code below several ATC groups takes its meaning from the nearest."""
    table = small(
        H=Concept("urn:s", "H", "hormones"),
        H02AB=Concept("urn:s", "H02AB", "glucocorticoids"),
        H02=Concept("urn:s", "H02", "corticosteroids"),
    )

    assert ["glucocorticoids", "corticosteroids", "hormones", None] == [
        found.display if (found := table.find("urn:s", code)) else None for code in ("H02AB99", "H02B", "H03", "X")
    ]


def test_a_code_found_by_prefix_keeps_its_own_code() -> None:
    """The fact on a card names the code of the chart, not the group's."""
    concept = CODES.find(ATC, "H02AB99")

    assert concept is not None
    assert ("H02AB99", ATC) == (concept.code, concept.system)


@pytest.mark.parametrize(("system", "code"), [(None, "R25.3"), (CM, None), (None, None), ("urn:x", "R25.3")])
def test_a_coding_without_a_known_system_or_a_code_means_nothing(system: str | None, code: str | None) -> None:
    """A bare code is never guessed to be of a system."""
    assert CODES.find(system, code) is None


@pytest.mark.parametrize(
    ("oid", "code", "system"),
    [
        ("urn:oid:2.16.840.1.113883.6.96", "82470000", SCT),
        ("urn:oid:2.16.840.1.113883.6.90", "R25.3", CM),
        ("urn:oid:2.16.840.1.113883.6.3", "G51.4", WHO),
        ("urn:oid:2.16.840.1.113883.6.1", "2823-3", LOINC),
        ("urn:oid:2.16.840.1.113883.6.88", "8640", RX),
    ],
)
def test_a_system_is_known_by_its_oid_too(oid: str, code: str, system: str) -> None:
    """Older servers name code systems by OID: the same code means the same."""
    assert CODES.knows(oid)
    assert CODES.find(system, code) == CODES.find(oid, code) != None  # noqa: E711


def test_an_unknown_system_is_not_known() -> None:
    """A local system or none at all leaves the word to the text (4f)."""
    assert not CODES.knows("https://example.org/local")
    assert not CODES.knows(None)


def test_what_was_learned_is_bounded_and_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes found by prefix are remembered up to a limit; beyond it they are looked up each time."""
    monkeypatch.setattr(codes_module, "LEARNED_MAX", 3)
    table = small(R25=Concept("urn:s", "R25", "movements"))
    wanted = [f"R25.{number}" for number in range(10)] + ["S01", "S02"]

    first = [table.find("urn:s", code) for code in wanted]

    assert first == [table.find("urn:s", code) for code in wanted]
    assert 3 == len(table._learned)
    assert table.find("urn:oid:1", "R25.1") == first[1]


@given(st.sampled_from([*sorted(CODES.systems), "urn:x"]), st.text(max_size=9))
def test_no_code_breaks_the_table(system: str, code: str) -> None:
    """Any text is a code that is found as itself in its usual spelling, or not found."""
    found = CODES.find(system, code)

    assert found is None or found.code in (code.strip(), spelled(code, is_icd=system in (CM, WHO)))
    assert found == CODES.find(system, code)


@given(st.sampled_from([one for name in KNOWLEDGE.sets for one in CODES.members(name)]))
def test_members_of_a_set_know_it(concept: Concept) -> None:
    """A member is found by its code, and every set it names holds it."""
    assert concept == CODES.find(concept.system, concept.code)
    assert all(concept in CODES.members(name) for name in concept.sets)


DOMAIN = ("knowledge", "chart", "rules", "hooks", "explain")


def literals(method: str) -> set[str]:
    """All literal arguments of a method of the knowledge, as the code of the package writes them."""
    found = set()
    for path in (file for part in DOMAIN for file in (PACKAGE / part).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                found |= {
                    one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found


def test_every_window_and_threshold_that_rules_name_is_in_the_data() -> None:
    """A window taken out of the data would otherwise fail a call, not the start."""
    assert literals("days") <= set(KNOWLEDGE.rules.windows)
    assert literals("at") <= set(KNOWLEDGE.rules.thresholds)
    assert literals("label") <= set(KNOWLEDGE.sets)
    assert all(KNOWLEDGE.days(name) > 0 for name in KNOWLEDGE.rules.windows)
    assert all(KNOWLEDGE.at(name) > 0 for name in KNOWLEDGE.rules.thresholds)
    assert "muscle twitching" == KNOWLEDGE.label("twitch")


def test_routes_that_medicines_name_are_routes() -> None:
    """A class looks for routes that exist."""
    classes = KNOWLEDGE.medicines.values()
    named = {route for one in classes for route in (*one.check_routes, *one.local_routes, *one.systemic_words)}

    assert named <= KNOWLEDGE.route_words.names
