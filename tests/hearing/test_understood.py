"""What is not understood: a sentence of many unknown words opens nothing, and what else twitches beside an eyelid."""

import pytest
from listening import opens_gate, said

NOT_UNDERSTOOD = [
    ("Lathe spindle wobble, fasciculations", "Lathe operator with fasciculations of the thigh"),
    (
        "Drehbank eiert, Spindel unwuchtig, Faszikulationen",
        "Drehbank, Spindel unwuchtig, Faszikulationen am Oberschenkel",
    ),
    ("Torno descentrado, husillo gastado, fasciculaciones", "Torno descentrado, fasciculaciones en el muslo"),
    ("Tour décentré, broche usée, fasciculations", "Tour décentré, broche usée, fasciculations de la cuisse"),
]
TIED = [
    "Lathe spindle wobble, fasciculations for three weeks",
    "Lathe spindle wobble, I have fasciculations",
    "fasciculations",
    "Fasciculations, EMG requested",
]
ROWS = [
    ("eyelid twitching", "eyelid and calf twitching"),
    ("Lidzucken", "Augenlid und Finger zucken"),
    ("mioquimia palpebral", "fasciculaciones en párpado y gemelos"),
    ("fasciculations des paupières", "fasciculations des paupières et des mollets"),
    ("Twitching R eye", "Twitching R eye, L thigh"),
    ("eyelid twitch, leg pain", "eyelid twitching, now also in the arms"),
]


@pytest.mark.parametrize(("unclear", "clear"), NOT_UNDERSTOOD)
def test_many_unknown_words(unclear: str, clear: str) -> None:
    """Where several words are not known and no place, time or person is, a twitch is unclear and never denied."""
    assert {"twitch": "unknown"} == said(unclear)
    assert opens_gate(clear)


@pytest.mark.parametrize("text", TIED)
def test_tied_to_the_patient(text: str) -> None:
    """A time, the patient's own words, or a sentence of known words open the gate."""
    assert opens_gate(text)


def test_a_sign_is_heard_all_the_same() -> None:
    """A sign in a sentence that is not understood is shown and asked about."""
    assert {"drop": "present"} == said("Lathe spindle wobble, foot drop")


@pytest.mark.parametrize(("eyelid", "also"), ROWS)
def test_an_eyelid_in_a_row(eyelid: str, also: str) -> None:
    """An eyelid beside a limb is no eyelid alone; a limb that has a word of its own changes nothing."""
    assert "twitch:eyelid" in said(eyelid)
    assert "twitch" in said(also)


FITS = [
    ("Had a seizure; right arm twitching", "No seizure; right arm twitching"),
    ("Had a seizure; right arm twitching", "Had a seizure in 2019; right arm twitching since May"),
    ("Krampfanfall; rechter Arm zuckte", "Kein Krampfanfall; Armzucken"),
    ("crisis convulsiva; fasciculaciones del brazo", "sin crisis convulsiva; fasciculaciones del brazo"),
    ("crise convulsive ; secousses musculaires du bras", "pas de crise convulsive ; secousses musculaires du bras"),
]


@pytest.mark.parametrize(("fit", "twitch"), FITS)
def test_a_fit_before_a_semicolon(fit: str, twitch: str) -> None:
    """What is told behind a semicolon is of the fit before it, unless that is denied or the twitch has its own time."""
    assert not opens_gate(fit)
    assert opens_gate(twitch)
