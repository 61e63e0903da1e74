"""N63: every emergency and red-flag set in three classifications, every medicine class in RxNorm and ATC."""

import pytest
from charts.golden import Case
from numbered import got, name_of, of

from cds.knowledge.load import load

KNOWLEDGE = load()
SHORT = {url: name for name, url in KNOWLEDGE.systems.items()}
NAMES = list(KNOWLEDGE.sets)
SIGNS = [
    name
    for name in NAMES[NAMES.index("respiratory-emergency") : NAMES.index("family-history")]
    if not KNOWLEDGE.sets[name].derived and not name.startswith(("region-", "explains-"))  # sites and explanations
]
# What a classification cannot say, or nobody could verify; listed in docs/terminology-licences.md.
NO_CODE = {
    "both-sides": {"sct"},  # said by the text or the site of the sign
    "long-qt": {"who"},  # I45.8 holds other conduction disorders too
    "clonus": {"cm", "who"},
    "hyperreflexia": {"cm", "who"},
    "rhabdomyolysis": {"who"},  # M62.8 holds other disorders of muscle too
    "cholinergic-poisoning": {"sct"},
    "serotonin-syndrome": {"who", "sct"},
    "leg-swelling": {"who"},  # R22.4 does not tell the side
    "leg-pain": {"who", "sct"},  # M79.6 does not tell the limb
    "miosis": {"who"},  # H57.0 holds other anomalies of the pupil too
    "diarrhoea": {"who"},  # WHO has it under infections and functional disorders only
    "pesticide-exposure": {"sct"},
    "antibody": {"cm", "who", "sct"},  # LOINC
    "hypertonia": {"cm", "who"},
    "neuroleptic-malignant": {"sct"},
    "withdrawal-alcohol": {"sct"},  # the codes of SNOMED CT are among those of all substances
    "thyroid-storm": {"sct"},
    "weakness": {"who"},
    "weakness-proximal": {"cm", "who"},
    "weakness-girdle": {"who"},
    "weakness-unspecific": {"who"},  # R53 is malaise and fatigue
    "tongue-fasciculation": {"cm", "who"},
    "upper-motor-neuron": {"cm", "who"},
    "areflexia": {"cm", "who"},
    "motor-regression": {"cm", "who"},
    "stiffness": {"cm", "who"},
    "myokymia": {"cm", "who"},
    "abnormal-reflex": {"sct"},
}
NO_MEDICINE = {"nitrous-oxide": {"rx"}}  # a gas; its ingredient in RxNorm was not verified


def systems_of(name: str) -> set[str]:
    """The systems that a value set has codes of."""
    return {SHORT[one.system] for one in KNOWLEDGE.codes.marked(name)}


@pytest.mark.parametrize("name", SIGNS)
def test_n63_a_sign_has_codes_of_all_three_systems(name: str) -> None:
    """Or the gap is one that is listed; a gap that is closed leaves the list."""
    assert {"cm", "who", "sct"} - NO_CODE.get(name, set()) == systems_of(name) & {"cm", "who", "sct"}


@pytest.mark.parametrize("name", KNOWLEDGE.medicines)
def test_n63_a_class_has_codes_of_both_systems(name: str) -> None:
    """A hospital that codes by ATC and one that codes by RxNorm are read alike."""
    medicine = KNOWLEDGE.medicines[name]
    codes = [
        one for system in ("rx", "atc") for one in KNOWLEDGE.codes.in_groups(KNOWLEDGE.systems[system], medicine.groups)
    ]
    found = {SHORT[one.system] for one in codes} | {token.partition(":")[0] for token in medicine.codes}

    assert {"rx", "atc"} - NO_MEDICINE.get(name, set()) == found & {"rx", "atc"}


@pytest.mark.parametrize("case", of(63), ids=name_of)
def test_n63_cards(case: Case) -> None:
    """One fact in three codings gets one card; WHO's E83.5 alone gets none."""
    assert list(case.expect) == got(case), case.rule
