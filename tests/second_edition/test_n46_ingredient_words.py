"""N46: medicines by the word of their ingredient."""

import pytest
from charts.golden import Case
from hypothesis import given
from hypothesis import strategies as st
from numbered import got, name_of, of, one, text

from cds.chart.naming import Namer
from cds.fhir.datatypes import CodeableConcept, Coding
from cds.knowledge.ingredients import HEARD_MAX, IngredientNames
from cds.knowledge.load import load

KNOWLEDGE = load()
NAMES, NAMER = KNOWLEDGE.ingredients, Namer(KNOWLEDGE)
FORMS = [(form, row.ingredient) for row in NAMES.rows for form in row.forms]
APART = st.text(alphabet=" 0123456789.,;/()-+%", min_size=1, max_size=6)
ACCENTS = {"e": "é", "a": "á", "o": "ö", "i": "í", "u": "û"}


def ingredients(said: str) -> list[str]:
    """The ingredients that a text names."""
    return [concept.ingredient for concept in NAMES.find(said)]


@pytest.mark.parametrize("case", of(46), ids=name_of)
def test_n46_cards(case: Case) -> None:
    """Each chart of the tables N46 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "words"), [("N46/text", "predniSONE"), ("N46/french", "ÉTHINYLESTRADIOL"), ("N46/litio", "litio")]
)
def test_n46_the_card_names_the_words(case: str, words: str) -> None:
    """A line of the detail says by which words of the chart a medicine was matched."""
    assert f"Matched on the words “{words}”: no known code was recorded." in text(one(case))


def test_n46_an_order_names_the_words_once() -> None:
    """The card of a draft says the words, and not twice where the medicine is taken too."""
    assert 1 == text(one("draft-steroid/text-only")).count("Matched on the words")


@pytest.mark.parametrize("case", ["N46-urgent/lithium-coded", "N46-urgent/lithium-words-and-code", "N46/amoxicillin"])
def test_n46_a_code_needs_no_words(case: str) -> None:
    """Where a code says what it is, or no word does, nothing was matched on words."""
    assert "Matched on the words" not in text(one(case))


@pytest.mark.parametrize("case", ["N46/brand-pill", "N46/brand-steroid", "N46/inside-a-word", "N46/amoxicillin"])
def test_n46_what_no_word_names_could_not_be_checked(case: str) -> None:
    """A brand name alone is counted, never guessed."""
    assert "could not be checked" in text(one(case))


@pytest.mark.parametrize("tag", KNOWLEDGE.medicines)
def test_n46_every_class_has_words(tag: str) -> None:
    """Every class of medicines is known by the words of at least one ingredient."""
    medicine = KNOWLEDGE.medicines[tag]

    assert {row.group for row in NAMES.rows} & {tag, *medicine.groups, *medicine.check_route}


def test_n46_one_word_is_one_ingredient() -> None:
    """No word stands for two ingredients, and the ingredients are those of the code files."""
    coded = {
        concept.ingredient for codes in KNOWLEDGE.systems.values() for concept in KNOWLEDGE.codes.in_groups(codes, ALL)
    }

    assert len(FORMS) == len({form for form, _ in FORMS})
    assert {"denosumab"} == {row.ingredient for row in NAMES.rows} - coded


ALL = {name for one in KNOWLEDGE.medicines.values() for name in (*one.groups, *one.check_route, *one.never)}


@pytest.mark.parametrize(("name", "ingredient"), FORMS)
def test_n46_each_name_is_found(name: str, ingredient: str) -> None:
    """One with a hyphen too: "L-Thyroxin" was read by nobody."""
    assert [ingredient] == ingredients(name)


@given(st.sampled_from(FORMS), APART, APART, st.data())
def test_n46_case_accents_and_surroundings_change_nothing(
    form: tuple[str, str], before: str, after: str, data: st.DataObject
) -> None:
    """A name is found in any case, with accents, and whatever figures or signs stand before and after it."""
    name, ingredient = form
    accented = "".join(ACCENTS.get(letter, letter) if data.draw(st.booleans()) else letter for letter in name)
    written = "".join(letter.upper() if data.draw(st.booleans()) else letter for letter in accented)

    assert [ingredient] == ingredients(before + written + after)
    assert [ingredient] == ingredients(f"Tabletten {before}{written}{after} mg")


@given(st.sampled_from(FORMS), st.text(alphabet="bcdfgkxyz", min_size=1, max_size=4), st.booleans())
def test_n46_a_word_inside_another_never_counts(form: tuple[str, str], more: str, before: bool) -> None:
    """Letters that touch a name make another word of it."""
    name, ingredient = form

    assert ingredient not in ingredients(more + name if before else name + more)


@given(
    st.permutations(["local", "http://hl7.org/fhir/sid/ndc", "http://fhir.de/CodeSystem/ifa/pzn"]), st.integers(0, 2)
)
def test_n46_the_order_of_codings_changes_nothing(systems: list[str], named: int) -> None:
    """Whichever coding carries the name, the medicine is found once."""
    codings = [
        Coding(system=system, code="1", display="Prednison 5 mg" if at == named else "X")
        for at, system in enumerate(systems)
    ]
    concept = CodeableConcept(coding=codings)

    assert NAMER.names_ingredient(concept)
    assert ["prednisone"] == [hit.ingredient for hit in NAMER.ingredients(one.display or "" for one in codings)]


def test_n46_two_ingredients_are_two() -> None:
    """A combination names each of its ingredients, the longest name first, each once."""
    assert ["hydrochlorothiazide", "omeprazole"] == ingredients("hydrochlorothiazide/omeprazol + Omeprazole")
    assert ["ethinyl estradiol", "estradiol"] == ingredients("ethinyl estradiol, then estradiol")
    assert [] == ingredients("ethinyl")


def test_n46_what_is_remembered_is_bounded() -> None:
    """A text is read the same when memory was full, and a long one is read without being remembered."""
    names = IngredientNames(NAMES.rows)
    for number in range(HEARD_MAX + 2):
        assert () == names.find(f"product {number}")

    assert ["prednisone"] == [hit.ingredient for hit in names.find("prednisone")]
    assert ["prednisone"] == [hit.ingredient for hit in names.find("x " * 200 + "prednisone")]
    assert len(names.remembered) <= HEARD_MAX
