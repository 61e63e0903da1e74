"""The script that mutates the rulebook fits the code that it mutates, and its reasons are worked out."""

import data_mutants
import pytest
import quick_start
import reasons


@pytest.mark.parametrize("made", quick_start.ONCE, ids=lambda made: f"{made[0].__name__}.{made[1]}")
def test_what_is_made_once_is_a_function_of_the_code(made: tuple[object, str, object]) -> None:
    """A function that was renamed would be found only when somebody runs the script."""
    owner, name, _ = made

    assert callable(getattr(owner, name))


@pytest.mark.parametrize(
    "mutant",
    [
        "smoking.sees=open",
        "caffeine.sees=all",
        "KD.problem_groups-known-diseases",
        "E2.sets-weakness",
        "lab-order.sets-sensory",
        "risk-order.rank",
    ],
)
def test_a_reason_is_worked_out_from_what_a_row_declares(mutant: str) -> None:
    """A sign that nothing lowers, what another row or a group declares too, a card that stands alone."""
    assert reasons.reason(mutant).startswith("equivalent: ")


@pytest.mark.parametrize(
    "mutant",
    [
        "P1.sees=all",
        "U1.sees=unused",
        "lithium.sees=all",
        "LAB.sets-dark-urine",
        "lab-order.windows-order",
        "emergency.rank",
    ],
)
def test_what_a_clinician_would_see_has_no_reason(mutant: str) -> None:
    """A case must find it."""
    assert reasons.reason(mutant) == ""


@pytest.mark.parametrize(
    ("mutant", "file", "words"),
    [
        ('answers.toml:30 codes without "flag:NCL"', "answers.toml", "ncl"),
        ('phrases.toml:23 without "avez vous eu"', "phrases.toml", "avez vous eu"),
        ('routes.toml:37 topical said without "ointments?"', "routes.toml", ""),
        ('rules.toml:9 groups motor without "wasting"', "rules.toml", ""),
    ],
)
def test_a_word_that_is_left_out_is_asked_of_the_charts_that_hold_it(mutant: str, file: str, words: str) -> None:
    """A pattern, and what no chart need hold, is asked of all."""
    assert data_mutants.worded(mutant, file) == words
