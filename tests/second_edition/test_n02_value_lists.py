"""N2: the lists of answers, by code, by name and by number."""

import tomllib

import msgspec
import pytest
from charts.golden import Case
from hypothesis import given
from hypothesis import strategies as st
from numbered import got, name_of, of, one, text

from cds.chart.polarity import of_part
from cds.fhir.datatypes import CodeableConcept, Coding
from cds.fhir.resources import Component
from cds.knowledge.answers import Languages, Stated, compiled
from cds.knowledge.codes import Concept
from cds.knowledge.load import DATA, load

KNOWLEDGE = load()
ANSWERS = KNOWLEDGE.answers
SIGNS = KNOWLEDGE.signs.every
SNOMED = "http://snomed.info/sct"


@pytest.mark.parametrize("case", of(2), ids=name_of)
def test_n02_cards(case: Case) -> None:
    """Each chart of the tables N2 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


def test_n02_a_grade_is_said_with_its_number() -> None:
    """A graded sign is R4, and its number is asked to be read and coded."""
    assert "Muscle weakness recorded with value 0 on 2026-11-19: read and code it" in text(one("N2/power-0"))


@given(st.sampled_from(sorted(ANSWERS.codes.items())), st.sampled_from(sorted(SIGNS)))
def test_n02_every_listed_code_reads_the_same_for_every_sign(listed: tuple[tuple[str, str], str], sign: str) -> None:
    """A code means what its list says, whatever sign it answers, and only what is present may fire."""
    (system, code), word = listed
    value = CodeableConcept(coding=[Coding(system=system, code=code)])
    part = Component(code=CodeableConcept(coding=[Coding(SNOMED, "1")]), value_codeable_concept=value)
    said = of_part(part, (Concept(SNOMED, "1", "sign", frozenset({sign})),), (), ANSWERS)

    assert word == said.says
    assert (word == "present") == said.is_present


@given(st.text(max_size=40), st.sampled_from(sorted(SIGNS)))
def test_n02_words_on_no_list_establish_nothing(words: str, sign: str) -> None:
    """A text that is on no list is neither yes nor no."""
    known = ANSWERS.of_text(words, frozenset({sign}))
    said = of_part(Component(value_string=words), (Concept(SNOMED, "1", "sign", frozenset({sign})),), (), ANSWERS)

    assert (known or "unknown") == said.says


@pytest.mark.parametrize("words", ["No", " none. ", "DENIES", "Normal!", "n/a"])
def test_n02_case_marks_and_blanks_do_not_matter(words: str) -> None:
    """A listed text is known whatever its case, its outer marks and its blanks."""
    assert ANSWERS.of_text(words, frozenset()) in ("absent", "unknown")


def test_n02_languages_are_read_only_where_they_are_live() -> None:
    """German is off until it is measured; switched on, its words are known, umlauts written out or not."""
    stated = msgspec.convert(tomllib.loads((DATA / "answers.toml").read_text("utf-8")), Stated)
    german = compiled(msgspec.structs.replace(stated, languages=Languages(["en", "de"])), {})

    assert None is ANSWERS.of_text("unauffällig", frozenset())
    assert ["absent"] * 3 == [
        german.of_text(one, frozenset()) for one in ("Unauffällig", "unauffaellig", "o. B.".replace(" ", ""))
    ]
