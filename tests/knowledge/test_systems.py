"""Code systems and codes as senders write them: one meaning, however they are spelled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds.knowledge import systems as systems_module
from cds.knowledge.load import load
from cds.knowledge.systems import Systems, spelled

CALM = settings(deadline=None)
KNOWLEDGE = load()
CODES = KNOWLEDGE.codes
SCT, LOINC, CM, WHO = (KNOWLEDGE.systems[name] for name in ("sct", "loinc", "cm", "who"))
GM, CA = "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "http://hl7.org/fhir/sid/icd-10-ca"
EXAMPLES = {"sct": "82470000", "cm": "R25.3", "who": "G61.0", "loinc": "2823-3", "rx": "8640", "atc": "H02AB07"}
WRITTEN = [
    "{0}/",
    "{0}|2026-09",
    " {0} ",
    "HTTP{1}",
    "https{1}",
    "https{1}/|1.0",
]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("written", WRITTEN)
def test_a_system_is_known_however_it_is_written(name: str, written: str) -> None:
    """Scheme, slash, version, blanks and letter case say nothing."""
    usual = KNOWLEDGE.systems[name]
    system, code = written.format(usual, usual.removeprefix("http")), EXAMPLES[name]

    assert CODES.knows(system)
    assert CODES.find(system, code) == CODES.find(usual, code)
    assert CODES.find(system, code) is not None


@pytest.mark.parametrize(
    "system",
    [
        "2.16.840.1.113883.6.96",
        "urn:oid:2.16.840.1.113883.6.96",
        "URN:OID:2.16.840.1.113883.6.96",
        "http://snomed.info/sct/731000124108",
        "http://snomed.info/sct/900000000000207008/version/20240901",
    ],
)
def test_snomed_is_known_by_oid_and_edition(system: str) -> None:
    """An edition or version of SNOMED CT is SNOMED CT."""
    assert CODES.find(SCT, "82470000") == CODES.find(system, "82470000")


@pytest.mark.parametrize(
    "system", ["http://snomed.info/sctx", "http://loinc.org/vs", "http://x.org/icd-10-cm", "", "/", "sct"]
)
def test_another_address_is_another_system(system: str) -> None:
    """Nothing is guessed from a part of an address."""
    assert not CODES.knows(system)
    assert CODES.find(system, "82470000") is None


@pytest.mark.parametrize(
    ("system", "code", "usual"),
    [
        (CM, "r25.3", "R25.3"),
        (CM, "R253", "R25.3"),
        (CM, " R25.3\n", "R25.3"),
        (CM, "m6250", "M62.50"),
        (CM, "M6250", "M62.50"),
        (WHO, "g610", "G61.0"),
        (KNOWLEDGE.systems["atc"], "h02ab07", "H02AB07"),
        (LOINC, " 2823-3", "2823-3"),
        (SCT, "82470000 ", "82470000"),
    ],
)
def test_a_code_is_known_however_it_is_written(system: str, code: str, usual: str) -> None:
    """Blanks around, small letters and a missing point say nothing."""
    assert CODES.find(system, usual) is not None
    assert CODES.find(system, usual) == CODES.find(system, code)


@pytest.mark.parametrize(("system", "code"), [(SCT, "8247 0000"), (LOINC, "28233"), (CM, "R2-53"), (CM, "R25.3" * 5)])
def test_what_is_not_the_code_is_not_read(system: str, code: str) -> None:
    """A blank inside, a missing hyphen: another code, or none."""
    assert CODES.find(system, code) is None


@pytest.mark.parametrize("system", [GM, CA, "http://fhir.de/CodeSystem/bfarm/icd-10-gm|2026"])
@pytest.mark.parametrize(
    ("code", "as_who"), [("R25.3", "R25.3"), ("r253", "R25.3"), ("M62.59", "M62.5"), ("R13", "R13"), ("R13.9", "R13")]
)
def test_a_national_edition_shares_the_listed_codes(system: str, code: str, as_who: str) -> None:
    """They mean what WHO's code means (second edition N14)."""
    assert CODES.find(WHO, as_who) == CODES.find(system, code)
    assert CODES.find(system, code) is not None


@pytest.mark.parametrize("system", [GM, CA])
@pytest.mark.parametrize("code", ["G12.2", "E83.5", "U07.1", "R25", ""])
def test_other_codes_of_a_national_edition_are_not_read(system: str, code: str) -> None:
    """Where nobody compared them, nothing is assumed; the text beside them is read."""
    assert CODES.find(system, code) is None
    assert not CODES.knows(system)


@CALM
@given(st.text(max_size=300))
def test_no_text_breaks_the_names(text: str) -> None:
    """Any text is a known system or none, and asking again gives the same."""
    assert CODES.knows(text) == CODES.knows(text)
    assert CODES.find(text, "82470000") is None or CODES.knows(text)


def test_what_was_learned_of_systems_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender of ever new addresses fills no memory."""
    monkeypatch.setattr(systems_module, "LEARNED_MAX", 2)
    names = Systems(["http://a"], {"urn:oid:1.2": "http://a"})

    assert ["http://a", "http://a", None, "http://a"] == [
        names.find(one) for one in ("http://a/", "1.2", "x", "https://a")
    ]
    assert 2 == len(names._learned)


def test_a_point_is_set_in_icd_only() -> None:
    """ATC has none."""
    assert ("R25.3", "R25", "H02AB07") == (
        spelled("r253", is_icd=True),
        spelled(" r25", is_icd=True),
        spelled("h02ab07", is_icd=False),
    )


@pytest.mark.parametrize("system", ["http://fhir.de/CodeSystem/bfarm/atc", "https://fhir.de/CodeSystem/dimdi/atc|2026"])
def test_the_german_edition_of_atc_is_read_as_that_of_who(system: str) -> None:
    """Its codes are WHO's; a code that no rule reads is known to be of no class."""
    assert CODES.find(KNOWLEDGE.systems["atc"], "A02BC02") == CODES.find(system, "A02BC02") is not None
    assert CODES.find(system, "N02BE01") is None
    assert CODES.knows(system)
