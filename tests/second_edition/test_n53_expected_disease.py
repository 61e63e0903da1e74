"""N53: diseases in which twitching is expected: known weakness is silent, the rest is told."""

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.seam import engine
from numbered import got, name_of, of, one, text

from cards.advice import Advice
from cards.summary import summarise
from cards.topics import Indicator, Topic


@pytest.mark.parametrize("case", of(53), ids=name_of)
def test_n53_cards(case: Case) -> None:
    """Each chart of the tables N53 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "N53/dysarthria",
            ("Dysarthria does not fit multifocal motor neuropathy alone (2026-11-02): neurology within 2 weeks."),
        ),
        ("N53/weakness-90-days", "in known multifocal motor neuropathy: tell the team that treats it."),
        ("N53/optic-neuritis-in-CMT", "within 2 weeks"),
        (
            "N53-myasthenia/polymyositis",
            "does not explain twitching: anterior horn cell or Kennedy disease?",
        ),
    ],
)
def test_n53_sentences(case: str, said: str) -> None:
    """What does not fit is said, and what is new is named with the disease."""
    assert said in text(one(case))


@pytest.mark.parametrize("case", [case for case in of(53) if case.expect], ids=name_of)
def test_n53_motor_neuron_disease_is_never_named(case: Case) -> None:
    """Not in a summary beside one of these diseases."""
    summaries = [line for line in text(case).splitlines() if "neurology within 2 weeks" in line]

    assert case.id.startswith("N53-myasthenia") or not any("MND" in line for line in summaries)


def test_n53_the_same_disease_is_no_line_of_its_own() -> None:
    """Hereditary neuropathy is said once, as the disease, and not as a polyneuropathy on file."""
    assert "examine reflexes and feet" not in text(one("N53/optic-neuritis-in-CMT"))


def test_n53_the_longest_sentence_fits() -> None:
    """With a sign of 36 and a disease of 40 characters it is under 140."""
    values = {"sign": "s" * 36, "date": "2026-11-19", "disease": "d" * 40}
    advice = Advice(topic=Topic.NEURO_URG, indicator=Indicator.WARNING, variant="unexplained", values=values)

    assert 136 == len(summarise(advice, engine(TODAY).words))
