"""N28: a medicine that was stopped and brings a withdrawal has its card, or its line where the day is not known."""

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.seam import engine
from numbered import got, judged, name_of, of, one, text

from cards.advice import Advice
from cards.summary import summarise
from cards.topics import Indicator, Topic

KNOWLEDGE = engine(TODAY).knowledge
STOPPED = {tag: one for tag, one in KNOWLEDGE.medicines.items() if one.stopped_within is not None}
ADULT = {"age": "45 y", "sex": "F"}


@pytest.mark.parametrize("case", of(28), ids=name_of)
def test_n28_cards(case: Case) -> None:
    """Each chart of the table N28 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "N28/clonazepam",
            (
                "Clonazepam ended 2026-11-18: withdrawal? Ask last dose, seizures, confusion; "
                "discuss a taper with the prescriber."
            ),
        ),
        ("N28/A20", "Prednisone ended 2026-11-08: fatigue, myalgia, low blood pressure: adrenal insufficiency?"),
        ("N28/seizure", "Possible emergency with twitching: withdrawal of clonazepam (2026-11-22)."),
        ("N28/undated", "Clonazepam recorded as stopped, date not recorded: withdrawal?"),
        ("N28/stopped-before-its-end", "Clonazepam recorded as stopped, date not recorded: withdrawal?"),
        ("N28/statement-undated", "Clonazepam recorded as stopped, date not recorded: withdrawal?"),
        ("N28/beside-an-emergency", "Clonazepam ended 2026-11-18: withdrawal?"),
        ("N28/diazepam-21-days", "Diazepam ended 2026-11-01: withdrawal?"),  # ATC codes its class, the display names it
    ],
)
def test_n28_sentences(case: str, said: str) -> None:
    """The card asks; beside an emergency, and without a day, it is a line."""
    assert said in text(one(case))


@pytest.mark.parametrize(
    "case", ["N28/active", "N28/diazepam-60-days", "N28/supply-used-up", "N28/statement-not-taken"]
)
def test_n28_what_is_taken_and_what_ended_long_ago_is_no_withdrawal(case: str) -> None:
    """Nothing is asked of a medicine that goes on, was never taken, or whose supply may have been renewed elsewhere."""
    assert "withdrawal?" not in text(one(case)) or case == "N28/supply-used-up"


@pytest.mark.parametrize("tag", STOPPED)
def test_n28_every_code_of_every_class_is_read(tag: str) -> None:
    """Each code of the list, stopped on the last day of its window, has the card, and one day later none."""
    medicine = STOPPED[tag]
    shapes = {"rx": "rx:", "atc": "atc:"}
    names = {KNOWLEDGE.systems[short]: shape for short, shape in shapes.items()}
    within = medicine.stopped_within or 0
    codes = [one for system in names for one in KNOWLEDGE.codes.in_groups(system, medicine.groups)]
    assert codes
    for code in codes[:20]:
        for days, shown in ((within, True), (within + 1, False)):
            drug = {"drug": f"{names[code.system]}{code.code} x", "start": "2 y", "until": f"{days} d"}
            found = judged(ADULT, [{"twitch": "5 d"}, {**drug, "status": "stopped"}])
            assert shown == any("drug-stopped" in tags for _, _, tags, _ in found), (code.code, days)


def test_n28_the_longest_sentence_fits() -> None:
    """With a name of 30 characters it is under 140."""
    values = {"drug": "d" * 30, "date": "2026-11-18"}
    advice = Advice(topic=Topic.MED_REV, indicator=Indicator.INFO, variant="stopped", values=values)

    assert 133 == len(summarise(advice, engine(TODAY).words))
