"""N48: what is on file and was not read is said, and never called "not found"."""

import json
from datetime import UTC, datetime, time

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.seam import evaluate
from numbered import BASIS, got, name_of, of, one, text

from cds.call import build_engine
from cds.settings import load as settings


@pytest.mark.parametrize("case", of(48), ids=name_of)
def test_n48_cards(case: Case) -> None:
    """Each chart of the tables N48 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N48/local-code", "Potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
        ("N48/text-only", "Potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
        ("N48/text-flagged", "the laboratory called it critical: repeat today"),
        ("N48/unlisted-code", "Potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
        ("N48/part-by-name", "Potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
        ("N48/name-only-beside-a-low-one", "Potassium of 2026-11-21 is on file but could not be read"),
        ("N48-due/on-file", "Potassium of 2026-11-19 is on file but could not be read (its code is not known)"),
    ],
)
def test_n48_a_result_known_by_its_name_only_is_said(case: str, said: str) -> None:
    """The card names the test, its date and why it was not read."""
    assert said in text(one(case)).replace("**", "")


@pytest.mark.parametrize("case", ["N48-language/sign", "N48-language/problem", "N48-language/denied"])
def test_n48_a_text_in_a_language_that_is_off_is_told(case: str) -> None:
    """The card says that a text was not read for its language, quotes nothing of it and says no calming word."""
    said = text(one(case))
    assert (
        "1 text that may be about a twitch or a sign was not read: it is in a language that is switched off here."
        in said
    )
    assert "red flag" not in said.lower()
    assert not {"Fallfuß", "Debilidad", "Muskelschwäche"} & set(said.split())


def test_n48_a_text_in_a_language_that_is_switched_on_is_read() -> None:
    """With the site's languages switched on the same text is a sign and no longer unread (N14)."""
    case = one("N48-language/sign")
    german = build_engine(
        settings({"TWITCH_CDS_DEMO": "true", "TWITCH_CDS_LANGUAGES": "en,de"}),
        now=lambda: datetime.combine(TODAY, time(12), UTC),
    )
    _, body = german.answer("muscle-twitch-patient-view", request_bytes(case.chart))
    (card,) = json.loads(body)["cards"]
    assert "neurology-evaluation" == card["source"]["topic"]["code"]
    assert "switched off" not in card["detail"]


@pytest.mark.parametrize(
    "case",
    ["N48/urine", "N48/name-only-old", "N48/name-only-cancelled", "N48/name-only-before-a-read-one", "N48/contained"],
)
def test_n48_another_specimen_and_what_cannot_matter_is_not_called_unread(case: str) -> None:
    """Nothing is said of another test, of an old, cancelled or replaced result, or of one that was read."""
    assert "could not be read" not in text(one(case))


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("N48-medicines/brand", "1 medicine on file, 1 could not be checked: Microgynon 30."),
        ("N48-medicines/of-no-class", "2 medicines on file; none of a class that this service checks."),
        ("N48-medicines/one-of-no-class", "1 medicine on file; none of a class that this service checks."),
        ("N48-medicines/unlisted-rxnorm-brand", "2 medicines on file, 1 could not be checked: Zestril."),
        ("N48-medicines/unlisted-snomed-brand", "1 medicine on file, 1 could not be checked: Zestril 10 mg tablet."),
        ("N48-medicines/some", "4 medicines on file, 3 could not be checked: Microgynon 30, Wonder drops."),
        ("N48-medicines/without-a-name", "1 medicine on file, 1 could not be checked: no name."),
        ("N48-medicines/long-name", "A remedy with a name that is a good deal longer than any ..."),
    ],
)
def test_n48_medicines_on_file_are_counted(case: str, said: str) -> None:
    """The sentence is that of N48, and no medicine on file is called not found."""
    shown = text(one(case)).replace("\\", "")

    assert said in shown
    assert "medicines taken" not in shown


@pytest.mark.parametrize("case", ["N48-medicines/none", "N48-medicines/stopped"])
def test_n48_only_where_none_is_on_file_medicines_are_missing(case: str) -> None:
    """Then, and only then, they are listed as not found."""
    assert "medicines taken" in text(one(case))
    assert "on file" not in text(one(case))


@pytest.mark.parametrize(
    ("case", "counted"),
    [
        ("N48/text-only", [("Observation", "code", 1)]),
        ("N48/urine", []),
        ("N48/name-only-before-a-read-one", []),
        ("N64/no-unit", [("Observation", "unit", 1)]),
        ("N48-medicines/some", [("Medication", "code", 3)]),
        ("N48-medicines/of-no-class", []),
        ("N48-medicines/unlisted-rxnorm-brand", [("Medication", "code", 1)]),
        ("N48-medicines/brand-with-its-ingredient", []),
        ("N48-language/sign", [("Encounter", "language", 1)]),
        ("N48-language/problem", [("Condition", "language", 1)]),
        ("N48-language/read-too", []),
        ("N48-language/nothing-of-the-kind", []),
        ("N48-language/long-ago", []),
        ("N48-problems/local", [("Condition", "code", 2)]),
        ("N48-problems/normal-work-up", [("Condition", "code", 1)]),
        ("N48-problems/local-and-known", []),
        ("N48-problems/local-and-listed", []),
        ("N48-problems/local-by-words", []),
        ("N48-problems/known-system", []),
        ("N48-problems/words-only", []),
        ("N48-problems/resolved", []),
        ("N48-problems/refuted", []),
        ("N48-problems/entered-in-error", []),
        ("N48-problems/of-another", []),
    ],
)
def test_n48_what_was_not_read_is_counted_by_type_and_reason(case: str, counted: list[tuple[str, str, int]]) -> None:
    """For machines in the basis of every card; the detail says it in sentences and not twice."""
    _, answer = evaluate(request_bytes(one(case).chart), TODAY)

    for card in answer["cards"]:
        told = card["extension"][BASIS].get("notChecked", ())
        assert counted == [(found["type"], found["reason"], found["count"]) for found in told]
        assert "Not checked:" not in card["detail"]


def test_n48_every_reason_has_its_words() -> None:
    """Why a result was not read is told on the card and in the list of what was not checked."""
    engine = build_engine(settings({"TWITCH_CDS_DEMO": "true"}))

    assert set() == engine.knowledge.names.unread.keys() - engine.words.book.reasons.keys()


@pytest.mark.parametrize("case", ["N48/text-flagged", "N64/clotted-flagged", "N64/zero-flagged"])
def test_n64_what_the_laboratory_called_critical_is_the_first_bullet(case: str) -> None:
    """It comes before all other notes of the card."""
    notes = text(one(case)).partition("**Notes**")[2].strip()

    assert "repeat today" in notes.splitlines()[0]


def test_n48_an_examination_or_emg_without_a_coded_result_is_on_file() -> None:
    """It is said with its date, and not listed as not found."""
    emg, exam = text(one("N48/emg-not-coded")), text(one("N48/exam-not-coded"))

    assert "EMG 2026-11-17 on file, result not coded." in emg
    assert "neurological examination since onset" in emg
    assert "An examination is on file (2026-11-17)" in exam
    assert "neurological examination since onset" not in exam


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"medicationReference": {"reference": "Medication/9", "display": "Foxglove tea"}}, "checked: Foxglove tea."),
        ({"medicationReference": {"reference": "Medication/9"}}, "checked: no name."),
        ({"medicationCodeableConcept": {"coding": [{"display": "Foxglove"}]}}, "checked: Foxglove."),
    ],
)
def test_n48_a_medicine_is_called_what_the_chart_calls_it(entry: dict[str, object], said: str) -> None:
    """By its text, else the name of its code, else that of the reference to it."""
    taken = {"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order", **entry}
    chart = {"patient": {"age": "45 y"}, "resources": [{"twitch": "2 w"}, {"resource": taken}]}
    _, answer = evaluate(request_bytes(chart), TODAY)

    assert said in answer["cards"][0]["detail"]


def test_n48_problems_that_were_not_understood_are_said() -> None:
    """How many problems are known by codes of nobody only stands on every card."""
    assert "2 problems on file were not understood: their codes are not known." in text(one("N48-problems/local"))
    assert "1 problem on file was not understood: its code is not known." in text(one("N48-problems/one"))
