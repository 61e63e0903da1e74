"""A seventh reading: what is coded as a reason, pressure in pregnancy, unreadable numbers, and cards read aloud."""

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import request_bytes
from charts.seam import evaluate
from numbered import got, name_of, one, text


def of_file() -> list[Case]:
    """The cases of this reading."""
    return [case for case in cases() if case.file == "seventh_reading"]


def printed(case: str) -> str:
    """All that the cards of a case say, without the marks that keep Markdown from reading it otherwise."""
    return text(one(case)).replace("\\", "")


def buttons(case: str) -> list[str]:
    """What the cards of a case propose."""
    _, answer = evaluate(request_bytes(one(case).chart), TODAY)
    return [proposed["label"] for card in answer["cards"] for proposed in card.get("suggestions", ())]


@pytest.mark.parametrize("case", of_file(), ids=name_of)
def test_the_cards_of_the_seventh_reading(case: Case) -> None:
    """Each chart gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        (
            "coded-reason/seizure",
            "Reported convulsions (2026-11-19): ask and examine today; if confirmed, emergency pathway.",
        ),
        ("coded-reason/seizure", "Convulsions is coded as a reason (2026-11-19): ask and examine today."),
        ("coded-reason/seizure", "what happened, since when, and whether it is going on"),
        ("coded-reason/seizure-8-d-unexamined", "“Seizure” is coded as a reason only: code it as a finding"),
        ("coded-reason/in-known-disease", "New seizure (2026-11-19) in known amyotrophic lateral sclerosis"),
        ("seizure-that-is-no-emergency/epilepsy", "Twitching with convulsions: examine"),
        ("seizure-that-is-no-emergency/epilepsy", "Convulsions recorded 2026-11-19: the cause, and whether"),
        ("pressure-in-pregnancy/weeks-unknown", "Twitching with blood pressure 150/85 in pregnancy"),
        ("pressure-in-pregnancy/weeks-unknown", "Blood pressure 150/85 in pregnancy (2026-11-19): repeat it"),
        ("pressure-in-pregnancy/10-weeks-severe", "is severe: repeat it and assess today."),
        ("pressure-in-pregnancy/text-severe", "165 mmHg (2026-11-19, limit"),
        ("pressure-in-pregnancy/text-not-understood", "Twitching with blood pressure not readable"),
        (
            "flagged-and-not-readable/ck-in-words",
            "Creatine kinase is flagged high (2026-11-19), but its number could not",
        ),
        (
            "flagged-and-not-readable/tsh-low-without-a-value",
            "TSH is flagged low (2026-11-20), but its number could not",
        ),
        ("flagged-and-not-readable/unknown-test-in-words", "Twitching with C reactive protein A (2026-11-19)"),
        ("too-deep-in-a-form/eleven", "Twitching with form answers not read"),
        (
            "as-printed/two-results",
            "Magnesium 0.55 mmol/L (2026-11-19) is low with twitching, also low potassium: review",
        ),
        ("as-printed/low-calcium-and-potassium", "Calcium is low: ECG and symptoms (tetany, tingling, seizure) today."),
        ("as-printed/calcium-3.5", "is high with twitching: assess promptly, today if unwell; find the cause."),
        ("as-printed/calcium-3.1-and-potassium", "also low potassium: assess promptly, today if unwell."),
        ("as-printed/calcium-2.7", "is high with twitching: review and treat the cause, then reassess."),
        ("as-printed/hypocalcaemia", "no current level on file: check it today."),
        ("as-printed/hypocalcaemia-of-spring", "no current level on file: consider checking it."),
        ("as-printed/parathyroid-hormone", "Twitching with PTH 300 pg/mL H (2026-11-19): examine"),
        ("as-printed/other-test", "Twitching with Protein 90 g/L HH (2026-11-19): examine"),
        ("as-printed/three-years", "Twitching for 3 years: calcium"),
        ("as-printed/eight-months", "Twitching for 8 months: calcium"),
        ("as-printed/ten-weeks", "Twitching for 10 weeks: calcium"),
        ("as-printed/guillain-barre-and-potassium", "- Weak since 2026-11-12 with areflexia: Guillain-Barré?"),
        (
            "as-printed/reported-breathing",
            "trouble with breathing or swallowing, or sudden weakness, is assessed the same",
        ),
        ("as-printed/new-sign-same-day", "tell the team that treats it, same day."),
    ],
)
def test_what_was_read_is_said_in_these_words(case: str, sentence: str) -> None:
    """The card names it, with its day where it has one."""
    assert sentence in printed(case)


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("as-printed/hypocalcaemia", "consider checking"),
        ("as-printed/hypocalcaemia-of-spring", "today: ECG"),
        ("as-printed/dark-urine", "7 days' rest"),
        ("as-printed/reported-breathing", "routine, soon"),
        ("as-printed/reported-breathing", "Isolated twitches need no referral"),
        ("as-printed/new-sign-same-day", "within 2 weeks"),
        ("as-printed/infant", "TSH"),
        ("coded-reason/seizure", "lying flat"),
        ("flagged-and-not-readable/ck-in-words", "findings favour a benign cause"),
        ("coded-reason/coded-as-a-finding-too", "is coded as a reason"),
        ("coded-reason/coded-as-a-finding-too", "the cause, and whether the twitching belongs to it"),
    ],
)
def test_no_card_says_two_urgencies_or_what_does_not_belong_to_it(case: str, sentence: str) -> None:
    """A card has one time frame, and its questions are about its own sign."""
    assert sentence not in printed(case)


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("as-printed/guillain-barre", "Refer today; check breathing (FVC) and swallowing."),
        ("as-printed/dark-urine", "no CK since"),
        ("as-printed/infant", "**Fasciculation**"),
        ("pressure-in-pregnancy/text-severe", "eeks not recorded"),
    ],
)
def test_a_card_says_it_once(case: str, sentence: str) -> None:
    """What the summary says is no bullet, and one twitch is one line."""
    assert printed(case).count(sentence) == 1


@pytest.mark.parametrize(
    ("case", "labels"),
    [
        ("as-printed/infant", ["Order: paediatric neurology referral, urgent", "Order: calcium", "Order: glucose"]),
        ("as-printed/infant-with-calcium", ["Order: paediatric neurology referral, urgent", "Order: glucose"]),
        ("as-printed/newborn", ["Task: contact the on-call team today", "Order: calcium, at once"]),
        ("as-printed/new-sign-same-day", ["Task: tell the team that treats the disease today"]),
        ("as-printed/new-sign", ["Task: tell the team that treats the disease"]),
    ],
)
def test_a_card_has_the_button_for_what_it_asks(case: str, labels: list[str]) -> None:
    """Exactly these, the first what the summary asks for."""
    assert labels == buttons(case)


def test_a_tsh_asks_for_free_t4_unless_it_is_on_file() -> None:
    """2d TSH: the next test is a button; one that is fresh is not ordered again."""
    assert "Order: free T4" in buttons("as-printed/tsh")
    assert "Order: free T4" not in buttons("as-printed/tsh-and-free-t4")
