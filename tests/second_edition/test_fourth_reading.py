"""A fourth reading: partial dates, empty lists, sites in words, alerts, and what is contained; one chart a row."""

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.seam import evaluate
from numbered import BASIS, got, name_of, one, text


def of_file() -> list[Case]:
    """The cases of this reading."""
    return [case for case in cases() if case.file == "fourth_reading"]


@pytest.mark.parametrize("case", of_file(), ids=name_of)
def test_the_cards_of_the_fourth_reading(case: Case) -> None:
    """Each chart gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "partial-date/low-potassium-of-this-year",
            "Potassium of 2026 is on file but could not be read (only the month or the year of it is known).",
        ),
        ("partial-date/flagged-critical", "the laboratory called it critical: repeat today."),
        ("partial-date/parathormone-of-this-year", "Parathyrin 300 pg/mL HH (2026)"),
        ("date-ahead/wasting-with-onset-ahead", "Muscle atrophy: its date 2027-01-21 lies ahead of today"),
        ("date-ahead/wasting-only-ahead", "1 entry on file is dated ahead of today and was not used."),
        ("date-ahead/wasting-only-ahead", "Twitching with an entry dated ahead of today"),
        ("nothing-known/medicines-not-known", "The chart says that nothing is known of the patient's medicines."),
        ("nothing-known/problems-not-known", "The chart says that nothing is known of the patient's problems."),
        ("nothing-known/problems-not-known", "Twitching with a list recorded as not known"),
        ("site-in-words/tongue", "Twitching plus tongue twitching, not specific"),
        ("site-in-words/tongue-german", "Twitching plus tongue twitching, not specific"),
        ("site-in-words/cheek", "Twitching plus facial twitching, not specific"),
        ("site-in-words/weakness-of-a-hand", "Twitching plus weakness, not specific"),
        ("alert-in-words/undated", "Progressive hand weakness"),
        ("examination-without-a-name/code-only", "Twitching plus abnormal neurological examination"),
        ("examination-without-a-name/named", "Neuro status"),
        ("not-received-is-not-missing/all-received", "medicines taken"),
        ("not-received-is-not-missing/all-received", "neurological examination since onset"),
        ("not-received-is-not-missing/all-received", "caffeine"),
    ],
)
def test_what_was_read_is_said_in_these_words(case: str, said: str) -> None:
    """The card names it, with its day where it has one."""
    assert said in text(one(case)).replace("\\", "")


@pytest.mark.parametrize(
    ("case", "unsaid"),
    [
        ("partial-date/potassium-of-last-year", "could not be read"),
        ("date-ahead/refuted-ahead", "lies ahead"),
        ("date-ahead/other-diagnosis-ahead", "dated ahead"),
        ("nothing-known/medicines-not-known", "could not be checked"),
        ("nothing-known/problems-not-known", "was not understood"),
        ("site-in-words/tongue-denied", "tongue twitching"),
        ("examination-without-a-name/code-only", "10202-0"),
        ("examination-without-a-name/unknown-result", "10202-0"),
        ("not-received-is-not-missing/statements-failed", "medicines taken"),
        ("not-received-is-not-missing/administrations-failed", "medicines taken"),
        ("not-received-is-not-missing/observations-failed", "caffeine"),
        ("not-received-is-not-missing/observations-failed", "neurological examination since onset"),
        ("not-received-is-not-missing/reports-failed", "neurological examination since onset"),
    ],
)
def test_what_is_not_so_is_not_said(case: str, unsaid: str) -> None:
    """No card says it."""
    assert unsaid not in text(one(case)).replace("\\", "")


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (
            {"statement": "787481004 No known medications", "asserted": "3 d"},
            "No known medicines, as recorded 2026-11-19.",
        ),
        ({"statement": "text:Keine"}, "No known medicines, as recorded without a date."),
    ],
)
def test_a_list_that_is_recorded_as_empty_is_not_called_missing(added: dict[str, str], said: str) -> None:
    """The card says so, with its day where it has one, and does not list medicines among what was not found."""
    chart = {"patient": {"age": "45 y", "sex": "F"}, "resources": [{"twitch": "2 w"}, added]}
    _, answer = evaluate(request_bytes(chart), TODAY)

    (card,) = answer["cards"]
    assert said in card["detail"].replace("\\", "")
    assert "medicines taken" not in card["detail"]


@pytest.mark.parametrize(
    ("case", "counted"),
    [
        ("partial-date/low-potassium-of-this-year", [("Observation", "partial-date", 1)]),
        ("partial-date/score-of-this-year", [("Observation", "partial-date", 1)]),
        ("date-ahead/wasting-only-ahead", [("Condition", "ahead", 1)]),
        ("date-ahead/potassium-ahead", [("Observation", "ahead", 1)]),
        ("nothing-known/medicines-not-known", [("Medication", "not-known", None)]),
        ("nothing-known/problems-not-known", [("Condition", "not-known", None)]),
    ],
)
def test_what_was_not_read_is_counted(case: str, counted: list[tuple[str, str, int | None]]) -> None:
    """For machines in the basis of every card."""
    _, answer = evaluate(request_bytes(one(case).chart), TODAY)

    for card in answer["cards"]:
        told = card["extension"][BASIS]["notChecked"]
        assert counted == [(found["type"], found["reason"], found.get("count")) for found in told]
