"""A fifth reading: results lost before they were final, days that are not known, and what a card says of them."""

import pytest
from charts.golden import Case, cases
from numbered import got, name_of, one, text


def of_file() -> list[Case]:
    """The cases of this reading."""
    return [case for case in cases() if case.file == "fifth_reading"]


@pytest.mark.parametrize("case", of_file(), ids=name_of)
def test_the_cards_of_the_fifth_reading(case: Case) -> None:
    """Each chart gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("lost-before-final/emg-value-lost", "Twitching with an EMG, result not coded"),
        ("lost-before-final/exam-value-lost", "Twitching with an examination, result not coded"),
        ("lost-before-final/report-abnormal", "EMG 2026-11-02 on file, result not coded."),
        ("lost-before-final/uncategorised-lost", "Twitching with Troponin X not readable"),
        ("antibody/positive", "Twitching with CASPR2 antibody positive (2026-09-23)"),
        ("antibody/positive", "CASPR2 antibody (2026-09-23) is positive: seen with nerve hyperexcitability"),
        ("antibody/status-unknown", "CASPR2 antibody (2026-09-23) is on file with a status that says nothing"),
        ("antibody/preliminary", "CASPR2 antibody (2026-09-23) is a preliminary entry"),
        ("antibody/value-lost", "Twitching with CASPR2 antibody, answer unclear"),
        (
            "examination-of-an-unknown-day/of-this-year",
            "Neurological examination of 2026 on file: its day is not known, and it may be older than the twitching.",
        ),
        ("examination-of-an-unknown-day/of-this-month", "Neurological examination of 2026-11 on file: its day is not"),
        ("examination-of-an-unknown-day/emg-of-this-year", "EMG or nerve conduction study of 2026 on file: its day"),
        ("examination-of-an-unknown-day/undated", "Neurological examination on file without a date"),
        (
            "examination-of-an-unknown-day/onset-unknown",
            "Neurological examination of 2026-11-17 on file: when the twitching began is not known.",
        ),
        ("examination-of-an-unknown-day/before-the-twitch", "neurological examination since onset"),
        ("examination-of-an-unknown-day/none", "neurological examination since onset"),
        ("date-of-a-medicine/ordered", "(ordered 2026-08-22)"),
        ("date-of-a-medicine/since", "(since 2026-08-22)"),
        ("date-of-a-medicine/from", "(since 2026-07-22)"),
        ("date-of-a-medicine/ended", "(ended 2026-11-18)"),
        ("poisoning-by-name/organophosphate", "possible cholinergic poisoning"),
        ("poisoning-by-name/organophosphate", "Toxic effect of organophosphate"),
        ("poisoning-by-name/neuroleptic", "neuroleptic malignant syndrome is recorded"),
        ("poisoning-by-name/lithium", "possible lithium toxicity"),
        ("poisoning-by-name/high-calcium", "Very high calcium"),
        ("poisoning-by-name/glucose", "Very low glucose"),
        ("medicine-or-request-ahead/ordered-ahead", "1 entry on file is dated ahead of today and was not used."),
        ("medicine-or-request-ahead/referral-ahead", "Twitching with an entry dated ahead of today"),
        ("coded-as-a-reason/breathing", "Reported breathing difficulty (2026-11-20): ask and examine today"),
        ("coded-as-a-reason/breathing", "Breathing difficulty is coded as a reason (2026-11-20)"),
        ("coded-as-a-reason/weakness", "“Muscle weakness” is coded as a reason only"),
        ("coded-as-a-reason/breathing-in-words", "not coded: ask and examine today"),
        ("albumin-not-readable/unread", "is low, albumin not readable: measure albumin or ionised calcium."),
        ("albumin-not-readable/lower-unread", "albumin not readable: adjust or measure ionised calcium today."),
        ("albumin-not-readable/none", "is low, albumin not on file"),
        ("same-words-twice/two-texts", "right hand weakness since May"),
    ],
)
def test_what_was_read_is_said_in_these_words(case: str, said: str) -> None:
    """The card names it, with its day where it has one."""
    assert said in text(one(case)).replace("\\", "")


@pytest.mark.parametrize(
    ("case", "unsaid"),
    [
        ("lost-before-final/emg-normal", "result not coded"),
        ("antibody/negative", "CASPR2"),
        ("examination-of-an-unknown-day/of-this-year", "neurological examination since onset"),
        ("examination-of-an-unknown-day/undated", "neurological examination since onset"),
        ("examination-of-an-unknown-day/before-the-twitch", "is not known"),
        ("poisoning-by-name/organophosphate", "lithium"),
        ("coded-as-a-reason/breathing", "not coded"),
        ("coded-as-a-reason/weakness", "recorded as text only"),
        ("albumin-not-readable/unread", "not on file:"),
        ("poisoning-by-name/neuroleptic", "serotonin"),
        ("poisoning-by-name/high-calcium", "hypocalcaemia"),
        ("poisoning-by-name/glucose", "muscle breakdown"),
    ],
)
def test_nothing_else_is_said(case: str, unsaid: str) -> None:
    """Neither what is not so nor the name of another danger."""
    assert unsaid not in text(one(case)).replace("\\", "")


def test_the_same_words_are_printed_once() -> None:
    """A sign that stands in two fields in the same words is one fact to a reader."""
    said = text(one("same-words-twice/reason-and-complaint"))

    assert said.lower().count("**weakness of right hand**") == 1
