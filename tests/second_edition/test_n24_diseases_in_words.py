"""N24: every disease and sign whose code keeps from calming does so in words too, in four languages."""

from collections.abc import Iterator
from functools import cache

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate

from cds.knowledge.codes import Concept
from cds.knowledge.load import load
from cds.knowledge.spoken import LANGUAGES, Diseases
from cds.words.diseases import DiseaseNames

KNOWLEDGE = load()
DISEASES = DiseaseNames(KNOWLEDGE.spoken, KNOWLEDGE.group("family-diseases"))
SYSTEMS = [KNOWLEDGE.systems[name] for name in ("sct", "cm", "who")]
OTHER = "other"
PERSON: Line = {"age": "45 y", "sex": "F"}
CALM: list[Line] = [
    *({"twitch": "14 mo"}, {"normal_labs": "3 d"}),
    *({"lab": "exam", "interp": "N", "at": "100 d"}, {"lab": "emg", "interp": "N", "at": "90 d"}),
]
# Heard of every text as signs (N16): the value set, and the sign of the words that stands for it.
SIGNS = {
    **dict.fromkeys(("weakness", "weakness-girdle", "weakness-proximal"), "weakness"),
    "wasting": "wasting",
    "bulbar": "speech",
    "dark-urine": "urine",
    "fatigue": "fatigue",
}
OPENS_THE_GATE = {
    "twitch",
    "blepharospasm",
}  # a newer twitch asks for a newer examination; a spasm of the lids closes it
OF_RELATIVES = {"family-history"}  # the disease and the relative together (N19): tests/golden/diseases_in_words.toml
LATER = "2026-11-19"  # after the examination of CALM


def test_every_code_that_keeps_from_calming_has_words() -> None:
    """A value set without words fails here: each such code is in a set that is named, or is a sign of the words."""
    known_sets = {*KNOWLEDGE.spoken["en"].diseases.names, *SIGNS, *OPENS_THE_GATE, *OF_RELATIVES}

    assert [] == [
        concept.code for concept, sets in _coded() if sets.isdisjoint(known_sets) and not _calms_beside(concept)
    ]


def test_a_code_of_what_counts_with_others_only_does_not_keep_from_calming() -> None:
    """The group says so of an adult's codes; a set that does is none of it."""
    sets = KNOWLEDGE.group("only-with-others")
    alone = {name: [concept.code for concept, of in _coded() if name in of and _calms_beside(concept)] for name in sets}

    assert [] == [name for name, codes in alone.items() if not codes]


@pytest.mark.parametrize("name", [name for name in KNOWLEDGE.sets if name in KNOWLEDGE.spoken["en"].diseases.names])
def test_the_name_of_a_code_keeps_from_calming_too(name: str) -> None:
    """In English, the one language in which the data names its codes; what a code alone leaves calm may stay calm."""
    displays = {concept.display for concept, sets in _coded() if name in sets and not _calms_beside(concept)}

    assert [] == [display for display in sorted(displays - {""}) if _calms({"text": display})]


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_name_the_same(language: str) -> None:
    """Each language has words for the same value sets, and its signs are those of the others."""
    spoken = KNOWLEDGE.spoken[language]

    assert KNOWLEDGE.spoken["en"].diseases.names.keys() == spoken.diseases.names.keys()
    assert all(spoken.diseases.names.values())
    assert set() == set(SIGNS.values()) - spoken.signs.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_is_heard(language: str) -> None:
    """No name stands in a list that the reader of words cannot find, alone and in each of its forms."""
    diseases = KNOWLEDGE.spoken[language].diseases

    assert [] == [
        text
        for name, phrases in diseases.names.items()
        for phrase in phrases
        for text in _spelt(phrase, diseases)
        if not DISEASES.may_name_one(text)
    ], language


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_for_is_unclear(language: str) -> None:
    """A disease that is to be ruled out is not excluded (N14 Doubt)."""
    diseases = KNOWLEDGE.spoken[language].diseases
    questions = [text for phrase in diseases.to_exclude for text in _spelt(phrase, diseases)]

    assert [] == [text for text in questions if not DISEASES.may_name_one(f"{text} Guillain-Barré")]


@pytest.mark.parametrize(
    "text", ["Mother: lateral sclerosis", "Father: Kugelberg Welander", "Brother: spino bulbar", "Sister: FSHD"]
)
def test_each_family_disease_of_a_relative_counts(text: str) -> None:
    """One of each value set, by a name that only its own list holds (3a ADD, N19)."""
    assert DISEASES.may_be_of_family(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_only_holds_a_name_is_none(language: str) -> None:
    """A vaccination, a carrier and their like name no disease."""
    diseases = KNOWLEDGE.spoken[language].diseases

    assert [] == [text for phrase in diseases.none for text in _spelt(phrase, diseases) if DISEASES.may_name_one(text)]


@pytest.mark.parametrize(
    "text",
    [
        *("Hypertension", "Type 2 diabetes mellitus", "Asthma", "Migraine", "Hypothyroidism", "Depression", "Anxiety"),
        *("Bluthochdruck", "Asthma als Kind", "Schlafstörung", "Rückenschmerzen", "Angststörung", "Hypothyreose"),
        *("Hipertensión arterial", "Dolor lumbar", "Ansiedad", "Hipotiroidismo", "Diabetes mellitus tipo 2"),
        *("Hypertension artérielle", "Lombalgie", "Anxiété", "Hypothyroïdie", "Rhinite allergique"),
        *("Medication review", "Full-time employment", "Received higher education", "Well child visit"),
    ],
)
def test_what_is_no_grave_disease(text: str) -> None:
    """Most of a problem list names none."""
    assert not DISEASES.may_name_one(text)


@cache
def _coded() -> tuple[tuple[Concept, frozenset[str]], ...]:
    """Every code that a problem may have, with its value sets."""
    by_code: dict[tuple[str, str], tuple[Concept, set[str]]] = {}
    for name, value_set in KNOWLEDGE.sets.items():
        for concept in () if value_set.derived else KNOWLEDGE.codes.marked(name):
            if concept.system in SYSTEMS:
                by_code.setdefault((concept.system, concept.code), (concept, set()))[1].add(name)
    return tuple((concept, frozenset(sets)) for concept, sets in by_code.values())


@cache
def _calms_beside(concept: Concept) -> bool:
    """Whether "no red flags" may stand beside a problem of that code, be it undated or of these days."""
    code = {"coding": [{"system": concept.system, "code": concept.code}]}
    return _calms(code) and _calms(code, recordedDate=LATER)


def _calms(code: Line, **dates: str) -> bool:
    problem = {
        "resourceType": "Condition",
        "id": "problem",
        "subject": {"reference": "Patient/golden"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": code,
        **dates,
    }
    chart: Line = {"patient": PERSON, "resources": [*CALM, {"resource": problem}]}
    _, answer = evaluate(request_bytes(chart), TODAY)
    return any(card["source"]["topic"]["code"] == "reassurance" for card in answer["cards"])


def _spelt(phrase: str, diseases: Diseases) -> Iterator[str]:
    """The phrase as somebody may write it, once with each of its alternatives; short names in capitals."""
    parts = [part.split("|") for part in phrase.replace(" & ", " ").split()]
    plain = [part[0] for part in parts]
    for place, part in enumerate(parts):
        for word in part:
            words = [*plain[:place], word, *plain[place + 1 :]]
            yield " ".join(words).replace("####", "2024").replace("#", "2").replace("*", "").replace("@relatives", "")
