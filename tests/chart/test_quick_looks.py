"""The quick looks that spare most of a chart never pass over what a rule would read."""

from hypothesis import given
from hypothesis import strategies as st

from cds.chart.naming import Namer
from cds.chart.spoken import TWITCH_PHRASES
from cds.fhir.datatypes import CodeableConcept, Coding
from cds.knowledge.load import load

KNOWLEDGE = load()
NAMER = Namer(KNOWLEDGE)
SYSTEMS = st.sampled_from([*KNOWLEDGE.systems.values(), "urn:oid:2.16.840.1.113883.6.90", "http://local", None])
CODES = st.sampled_from(["R25.3", "82470000", "J96.01", "2823-3", "O14.9", "H02AB07", "not-a-code", "", None])
TEXTS = st.sampled_from(["muscle twitch", "Eyelid-twitching.", "foot drop", "vegan", "headache", "", None])
CONCEPTS = st.builds(
    CodeableConcept,
    coding=st.none() | st.lists(st.builds(Coding, system=SYSTEMS, code=CODES), max_size=3),
    text=TEXTS,
)


@given(CONCEPTS)
def test_what_a_rule_reads_is_looked_at(concept: CodeableConcept) -> None:
    """Whatever has a meaning here passes the quick look."""
    named = NAMER.named("Condition/1", concept)

    assert named is None or NAMER.may_matter(concept)


@given(CONCEPTS)
def test_a_twitch_is_never_passed_over(concept: CodeableConcept) -> None:
    """Whatever names a twitch passes the glance at the gate."""
    named = NAMER.named("Condition/1", concept)
    twitch = named is not None and ("twitch" in named.sets or bool(named.phrases & TWITCH_PHRASES))

    assert not twitch or NAMER.names_twitch(concept)


def test_a_coding_without_a_code_codes_nothing() -> None:
    """Text counts where a known system is named but no code is given (4f)."""
    concept = CodeableConcept([Coding("http://snomed.info/sct", None)], "muscle twitching")

    assert (True, True) == (NAMER.names_twitch(concept), NAMER.may_matter(concept))


def test_an_ingredient_is_seen_in_the_text_or_in_a_display() -> None:
    """Whichever of them names it (N46); what names none is passed over."""
    coded = [Coding("http://local", "1", display="Prednisolon 5 mg")]

    assert NAMER.names_ingredient(CodeableConcept(None, "prednisone 20 mg"))
    assert NAMER.names_ingredient(CodeableConcept(coded, "Tabletten"))
    assert not NAMER.names_ingredient(CodeableConcept([Coding("http://local", "1")], "Tabletten"))


def test_a_measurement_without_a_name_is_no_test() -> None:
    """An Observation may lack its code, and an unknown code its words (N48)."""
    names = [None, CodeableConcept(None, "headache"), CodeableConcept(None, "Potassium")]

    assert [None, None, "potassium"] == [NAMER.worded_test(name) for name in names]
