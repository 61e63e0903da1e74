"""The clinical knowledge: whoever cites a paragraph finds it, and what the code does not follow is marked."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from book.citations import BOOK, PROTOCOL, ROOT, Citation, Passage, anchors, cited, passages

UNCITED: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("uncited.toml").read_text("utf-8"))
KNOWN = frozenset([*anchors(BOOK), *anchors(PROTOCOL)])
TEXT = BOOK.read_text("utf-8")
AMENDMENT = re.compile(r'^#### <a id="(n\d+)"></a>N\d+ .*?(?: \((not yet|partly) built\))?$', re.MULTILINE)
REPLACING = [f"n{number}" for number in range(29, 37)]  # amendments on laboratory values replace limits of 2a
DATA = ("cds/knowledge/data/rules.toml", "cds/knowledge/data/limits.toml")


@cache
def all_passages() -> tuple[Passage, ...]:
    """Everything that may cite, read once for all tests."""
    return tuple(passages())


@cache
def all_citations() -> tuple[Citation, ...]:
    """Every citation, once for all tests."""
    return tuple(citation for passage in all_passages() for citation in cited(passage, KNOWN))


def paragraph(anchor: str) -> str:
    """The text from an anchor to the next one; of a section, all that stands in it."""
    inside = [name for name in anchors(BOOK) if name == anchor or (len(anchor) < 3 and name.startswith(f"{anchor}-"))]
    return " ".join(re.split(r'<a id="[^"]+"></a>', TEXT.partition(f'<a id="{name}"></a>')[2])[0] for name in inside)


def numbers(text: str) -> set[float]:
    """The numbers of a text, ordinals too, thousands with or without their comma."""
    return {
        float(found.replace(",", ""))
        for found in re.findall(r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?!\d)", text.replace("–", " "))
    }


def test_every_citation_leads_to_a_paragraph() -> None:
    """No comment, docstring, datum, sentence, test or document cites what is not there."""
    assert [] == [citation for citation in all_citations() if citation.anchor not in KNOWN]
    assert len(all_citations()) > 1800


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("the window (2b Stale)", ["2b-stale"]),
        ("as 4d says", ["4d"]),
        ("2b Nonsense", ["2b-nonsense"]),
        ("sections 3 and 3a", ["3", "3a"]),
        ("section 6 Time-critical", ["6-time-critical"]),
        ("3a E3, E4 and R4", ["3a-e3", "3a-e4", "3a-r4"]),
        ("3a U2 to U4", ["3a-u2", "3a-u3", "3a-u4"]),
        ("4e step 9", ["4e-step-9"]),
        ("4e steps 36 to 40", ["4e-step-36", "4e-step-40"]),
        ("4e ORDERS d to f", ["4e-orders-d", "4e-orders-e", "4e-orders-f"]),
        ("N60 steps 19 and 22", ["n60", "n60-step-19", "n60-step-22"]),
        ("D3 to D5, D17", ["d3", "d4", "d5", "d17"]),
        ("N29 (S13, V08)", ["n29", "s13", "v08"]),
        ("conformance C 19, D 39", ["c-19", "c-39"]),
    ],
)
def test_what_is_a_citation(words: str, expected: list[str]) -> None:
    """A name of a paragraph, with those that follow it; a capital letter makes the next word part of the name."""
    assert expected == [citation.anchor for citation in cited(Passage("here", words), KNOWN)]


@pytest.mark.parametrize(
    "words",
    [
        "D51.0 and S72.-, N17.9",
        "the first edition (1e)",
        "a4b9-4d2f",
        "RFC 7515 section 4",
        "FHIR R4",
        "V2",
        "design, section 5",
        "/2b/",
    ],
)
def test_what_is_no_citation(words: str) -> None:
    """Codes, identifiers, releases of FHIR and the sections of other documents."""
    assert [] == list(cited(Passage("here", words), KNOWN))


def test_a_rule_of_a_golden_case_may_be_a_red_flag_by_itself() -> None:
    """In the fields `rule` and `source`, and nowhere else."""
    field = Passage("here", "R4: FHIR R5 is read alike", names_rule=True)

    assert ["3a-r4"] == [citation.anchor for citation in cited(field, KNOWN)]
    assert [] == list(cited(field._replace(names_rule=False), KNOWN))


def test_every_rule_of_a_golden_case_names_its_paragraph() -> None:
    """Or says that it is a reading, where the knowledge leaves room (docs/clinical-safety.md)."""
    rules = [passage for passage in all_passages() if passage.names_rule and passage.where.startswith("tests/golden/")]
    silent = [rule for rule in rules if not rule.words.startswith("reading: ") and not list(cited(rule, KNOWN))]

    assert [] == silent
    assert len(rules) > 600


def test_every_paragraph_is_cited_or_listed_with_the_reason() -> None:
    """By code, data, wording or tests; documents do not count. A paragraph that is cited leaves the list."""
    used = {citation.anchor for citation in all_citations() if not citation.where.startswith("docs/")}
    unfinished = {name for name, state in AMENDMENT.findall(TEXT) if state}
    marked = {name for name in KNOWN if name.partition("-")[0] in unfinished}
    listed = [anchor for group in UNCITED.values() for anchor in group]

    assert sorted(KNOWN - used - marked) == sorted(listed)
    assert all(reason.strip() for group in UNCITED.values() for reason in group.values())


def test_what_is_not_built_is_marked_and_what_is_built_is_not() -> None:
    """What is built, if in part, is cited by the rules, their data or the wording; what is not is cited by none."""
    cites = {citation.anchor for citation in all_citations() if citation.where.startswith(("cds/", "cards/"))}
    states = dict(AMENDMENT.findall(TEXT))
    apart = {"n62"}  # results of the review's charts: nothing to build

    assert {f"n{number}" for number in range(1, 65)} == set(states)
    assert set() == {name for name, state in states.items() if state == "not yet" and name in cites}, (
        "take the mark away"
    )
    assert apart == {name for name, state in states.items() if state != "not yet" and name not in cites}, "mark it"


def test_the_document_holds_together() -> None:
    """Each anchor once, each link to a paragraph there; every statement, row and example chart is present."""
    for document in (BOOK, PROTOCOL):
        names = anchors(document)
        links = re.findall(r"\]\(#([^)]+)\)", document.read_text("utf-8"))

        assert sorted(set(names)) == sorted(names)
        assert [] == [link for link in links if link not in names]
    expected = {f"s{number}" for number in range(1, 48)} | {f"d{number}" for number in range(1, 18)}
    expected |= {f"v{number:02}" for number in (*range(1, 21), *range(41, 51))}
    assert expected <= KNOWN


def test_every_paragraph_with_a_title_has_an_anchor() -> None:
    """Headings of paragraphs carry one, so that each can be linked."""
    headings = re.findall(r"^####+ .*$", TEXT, re.MULTILINE)

    assert [] == [heading for heading in headings if '<a id="' not in heading]
    assert len(headings) > 150


def test_the_document_says_that_nobody_signed_it_and_where_to_sign() -> None:
    """The line to sign is there, and the sentence stands as long as no name does."""
    line = re.search(r"^\| Signed for clinical content by .*\n\|[-|]+\|\n\| ([^|]+) \|", TEXT, re.MULTILINE)

    assert line is not None
    assert ("No clinician has signed this document yet" in TEXT) is ("nobody yet" in line[1])


def test_no_unverified_knowledge_is_left() -> None:
    """The mark [U] is explained once and borne by nothing, in the document, the data and the wording."""
    data = [path for folder in ("cds", "cards") for path in (ROOT / folder).rglob("*.toml")]
    bearing = [
        str(path.relative_to(ROOT))
        for path in data
        if "[U]" in path.read_text("utf-8").replace("[U] codes are not used", "")
    ]

    assert 1 == TEXT.count("[U]")
    assert [] == bearing


@pytest.mark.parametrize("file", DATA)
def test_numbers_of_the_data_stand_in_the_paragraphs_they_cite(file: str) -> None:
    """In one of its units, in a paragraph that its line or block cites, or in one that replaces it."""
    missing, checked, heading = [], 0, ""
    for number, line in enumerate((ROOT / file).read_text("utf-8").splitlines(), 1):
        heading = line if line.startswith(("#", "[")) and "#" in line else heading
        field = re.match(r"(?:value|times_upper|\w+_hours|[a-z0-9_]+) = ([\d.]+|.*value = \{.*\}|\{.*\})", line)
        comment = line.partition("#")[2] or (heading if file.endswith("limits.toml") else "")
        names = [citation.anchor for citation in cited(Passage(file, comment), KNOWN)]
        if field and names and not line.startswith(("from_", "under_")):
            checked += 1
            stated = numbers(field[1].partition("value")[2].partition("}")[0] or field[1])
            if not stated & numbers(" ".join(map(paragraph, [*names, *REPLACING]))):
                missing.append(f"{file}:{number} {line}")

    assert [] == missing
    assert checked > 40
