"""What the cards of the order hooks say beside their summary: facts, remarks, drafts; a failing rule speaks."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request
from charts.seam import engine, evaluate
from visits import Json, basis, orders, seen

from cards.topics import Topic

TWITCH: Json = {"twitch": "5 w"}
LABS: Json = {"normal_labs": "3 d"}
PREDNISONE: Json = {"draft": "rx:198145 prednisone 10 MG Oral Tablet", "dose": "10 mg"}
ESTRADIOL: Json = {"draft": "rx:197658 estradiol 1 MG Oral Tablet"}
HALF: Json = {"drug": "rx:312617 prednisone 5 MG Oral Tablet", "dose": "5 mg"}
LOW: Json = {"lab": "K", "value": "3.3 mmol/L", "at": "5 d", "id": "low"}
LABS_TO_ADD = [
    "Potassium measurement (procedure)",
    "Calcium measurement (procedure)",
    "Magnesium measurement (procedure)",
]


def cards(*lines: Json, drafts: list[Json], hook: str = "order-sign", **case: Any) -> list[Json]:
    """The cards of a 55-year-old with these lines on the chart and these drafts."""
    chart = {"patient": {"age": "55 y", "sex": "F"}, "resources": list(lines), "drafts": drafts, "hook": hook, **case}
    status, body = evaluate(json.dumps(request(chart)).encode(), TODAY)
    assert status == 200, body
    found: list[Json] = body["cards"]
    return found


def only(*lines: Json, drafts: list[Json], **case: Any) -> Json:
    """The one card."""
    (card,) = cards(*lines, drafts=drafts, **case)
    return card


def reason(card: Json) -> str:
    """Why the first draft of a card is asked for."""
    text: str = card["suggestions"][0]["actions"][0]["resource"]["reasonCode"][0]["text"]
    return text


def test_the_steroid_is_named_and_the_labs_are_offered() -> None:
    """4a ORD-STEROID: the sentence with the ingredient, and drafts for potassium, calcium and magnesium."""
    card = only(TWITCH, drafts=[PREDNISONE])

    assert (
        "Twitching is active on this chart: check K, Ca, Mg before or soon after starting prednisone."
        == card["summary"]
    )
    assert LABS_TO_ADD == orders(card)
    assert "any" == card["selectionBehavior"]


def test_only_what_is_missing_or_stale_is_offered() -> None:
    """A fresh result is not ordered again; a stale one is, and is quoted with its date."""
    stale: Json = {"lab": "Mg", "value": "0.9 mmol/L", "at": "31 d"}
    card = only(TWITCH, {"lab": "K", "value": "4.1 mmol/L"}, stale, drafts=[PREDNISONE])

    assert LABS_TO_ADD[1:] == orders(card)
    assert "Magnesium 0.9 mmol/L (2026-10-22) is out of date" in card["detail"]
    assert [] == orders(only(TWITCH, LABS, drafts=[PREDNISONE]))


def test_a_low_value_is_named_and_is_a_fact() -> None:
    """A warning says what is low, with value, date and limit."""
    card = only(TWITCH, LOW, drafts=[PREDNISONE])
    (fact,) = [one for one in basis(card)["facts"] if one["resource"] == "Observation/low"]

    assert card["summary"].endswith("starting prednisone. On file: low potassium 3.3 mmol/L.")
    assert (3.3, "mmol/L", "2026-11-17") == (fact["value"], fact["unit"], fact["date"])
    assert fact["limit"]
    assert LABS_TO_ADD[1:] == orders(card)
    assert "Muscle twitching with low potassium 3.3 mmol/L" == reason(card)


def test_all_low_values_fit_the_summary() -> None:
    """However many are low and however long the name is, the summary stays under 140 characters."""
    low: list[Json] = [LOW, {"lab": "adjCa", "value": "2.1 mmol/L"}, {"lab": "Mg", "value": "0.6 mmol/L"}]
    card = only(TWITCH, *low, drafts=[PREDNISONE])
    both = only(TWITCH, *low, drafts=[{"draft": "rx:259966 methylprednisolone 4 MG Oral Tablet"}, PREDNISONE])

    assert card["summary"].endswith("starting prednisone. On file: low potassium 3.3 mmol/L +2 more.")
    assert len(both["summary"]) < 140
    assert "starting methylprednisolone" in both["summary"]
    assert {"potassium", "adjusted calcium", "magnesium"} <= {one["label"] for one in basis(card)["facts"]}


def test_a_raised_dose_is_said() -> None:
    """V46: raising, from which dose to which."""
    card = only(TWITCH, LABS, HALF, drafts=[PREDNISONE])
    low = only(TWITCH, LOW, HALF, drafts=[PREDNISONE])

    assert card["summary"].endswith("before or soon after raising prednisone.")
    assert "Prednisone: the drafted daily dose is higher than before (5 to 10 mg)." in card["detail"]
    assert low["summary"].endswith("raising prednisone. On file: low potassium 3.3 mmol/L.")


def test_a_raised_number_of_pieces_is_said() -> None:
    """Without a known strength pieces of the same product are compared."""
    taken: Json = {"drug": "rx:8640 prednisone", "dose": "1 {tbl}"}
    card = only(TWITCH, taken, drafts=[{"draft": "rx:8640 prednisone", "dose": "2 {tbl}"}])

    assert "(1 to 2 pieces)" in card["detail"]


def test_doses_that_cannot_be_compared_count_as_equal() -> None:
    """Taken in pieces and in mg beside each other: no dose so far, so nothing is higher."""
    taken: list[Json] = [{"drug": "rx:8640 prednisone", "dose": dose} for dose in ("1 {tbl}", "5 mg")]

    assert [] == cards(TWITCH, *taken, drafts=[PREDNISONE])


def test_the_draft_is_a_fact_without_date_and_dose() -> None:
    """So that the same card is known again when the draft is written anew (4d Repeats)."""
    (fact,) = [one for one in basis(only(TWITCH, drafts=[PREDNISONE]))["facts"] if one["label"] == "prednisone"]

    assert ("MedicationRequest/d1", "198145") == (fact["resource"], fact["code"]["code"])
    assert "Drafted, not yet signed." == fact["note"]
    assert not {"date", "value"} & set(fact)


def test_an_estrogen_beside_a_steroid_is_named() -> None:
    """4d: named in the ORD-STEROID detail if both are drafted."""
    card = only(TWITCH, drafts=[PREDNISONE, ESTRADIOL])

    assert "Estradiol is drafted too" in card["detail"]
    assert ["steroid-order info"] == seen([card])


def test_an_estrogen_alone_is_one_line_without_a_button() -> None:
    """4a ORD-ESTROGEN: the sentence with the ingredient, no lab."""
    card = only(TWITCH, drafts=[ESTRADIOL])
    raised = only(TWITCH, HALF | {"drug": "rx:197658 estradiol", "dose": "1 mg"}, drafts=[ESTRADIOL | {"dose": "2 mg"}])

    assert (
        "Twitching is active on this chart before starting estradiol: note it as baseline; "
        "evidence for a link is limited."
    ) == card["summary"]
    assert "suggestions" not in card
    assert "before raising estradiol" in raised["summary"]


def test_an_emergency_names_value_and_draft() -> None:
    """EMERG at the order: its tags and flags, the value, the drafted drug, what is to be done at once."""
    card = only(TWITCH, {"lab": "K", "value": "2.3 mmol/L", "status": "preliminary"}, drafts=[PREDNISONE, ESTRADIOL])
    labels = [one["label"] for one in card["suggestions"]]

    assert (
        "Possible emergency with twitching: low potassium 2.3 mmol/L (2026-11-19). Consider same-day assessment."
        == card["summary"]
    )
    assert ["potassium"] == basis(card)["tags"]
    assert "prednisone" in [one["label"] for one in basis(card)["facts"]]
    assert "Potassium is a preliminary result." in card["detail"]
    assert ["Task: contact the on-call team today", "Task: ECG now", "Order: potassium, at once"] == labels


@pytest.mark.parametrize("key", ["labs", "observations"])
def test_labs_that_did_not_arrive_are_said_and_not_ordered(key: str) -> None:
    """4d: info, "labs not received"; a result may exist, so none is offered."""
    card = only(TWITCH, drafts=[PREDNISONE], missing={key: "operation-outcome"})

    assert "info" == card["indicator"]
    assert "Laboratory results were not received: K, Ca and Mg could not be checked." in card["detail"]
    assert [] == orders(card)


def test_labs_that_did_arrive_are_not_called_missing() -> None:
    """Other Observations failed, but potassium, calcium and magnesium are here and fresh."""
    card = only(TWITCH, LABS, drafts=[PREDNISONE], missing={"observations": "operation-outcome"})

    assert "could not be checked" not in card["detail"]


def test_medicines_that_did_not_arrive_are_said() -> None:
    """4d: the draft then counts as new."""
    said = "Medicines were not received: a drafted drug counts as new."
    card = only(TWITCH, drafts=[PREDNISONE], missing={"medicationRequests": "operation-outcome"})

    assert said in card["detail"]
    assert said not in only(TWITCH, drafts=[PREDNISONE])["detail"]


def test_remarks_on_low_values_are_kept() -> None:
    """A severe value that is too old for an emergency is said to be one; so is a flag without a number."""
    old: Json = {"lab": "adjCa", "value": "1.85 mmol/L", "at": "40 d"}
    card = only(TWITCH, old, {"lab": "K", "interp": "L"}, drafts=[PREDNISONE])

    assert "was severe, but is too old to call an emergency: repeat now" in card["detail"]
    assert "Potassium of 2026-11-19 is on file but could not be read (it has no value)." in card["detail"]
    assert card["summary"].endswith("On file: low potassium +1 more.")


@pytest.mark.parametrize("topic", [Topic.ORD_STEROID, Topic.ORD_ESTROGEN])
def test_the_evidence_page_shows_the_window_of_a_renewal(topic: Topic) -> None:
    """The number that decides what is new can be read."""
    assert ["30 days"] == [row.limit for row in engine(TODAY).basis(topic)]


@pytest.mark.parametrize("rule", ["ORD-RENEWAL corticosteroid", "ORD-EMERG", "ORD-STEROID"])
def test_a_failing_rule_is_said_on_the_card(rule: str, fail_rule: Callable[[str], None]) -> None:
    """A rule that fails is named as not checked; a draft whose renewal cannot be judged counts as new."""

    fail_rule(rule)
    taken = [HALF | {"dose": "20 mg"}] if rule.startswith("ORD-RENEWAL") else []
    card = only(TWITCH, LOW, *taken, drafts=[PREDNISONE])

    assert "steroid-order" == card["source"]["topic"]["code"]
    assert "rule-failed" in {one["reason"] for one in basis(card)["notChecked"]}


def test_what_could_not_be_seen_is_said_in_known_disease() -> None:
    """4d: info, "labs not received"; no test is offered, and nothing is said about the dose."""
    als: Json = {"condition": "86044005 Amyotrophic lateral sclerosis"}
    card = only(TWITCH, als, drafts=[PREDNISONE, ESTRADIOL], missing={"labs": "operation-outcome"})

    assert card["summary"].endswith("not all could be checked before prednisone: see K, Ca, Mg in the record.")
    assert "Laboratory results were not received: K, Ca and Mg could not be checked." in card["detail"]
    assert "Estradiol is drafted too" in card["detail"]
    assert "lowest dose" not in card["detail"]
    assert [] == orders(card)


def test_replacement_therapy_is_never_questioned() -> None:
    """Where labs did not arrive the card speaks of the labs, not of the dose: adrenal replacement must go on."""
    addison: Json = {"condition": "E27.1 Primary adrenocortical insufficiency"}
    hydrocortisone: Json = {"draft": "rx:197782 hydrocortisone 10 MG Oral Tablet"}
    card = only(TWITCH, addison, drafts=[hydrocortisone], missing={"labs": "operation-outcome"})

    assert "before hydrocortisone: see K, Ca, Mg in the record." in card["summary"]
    assert "the order itself stays as it is" in card["detail"]
    assert [] == [word for word in ("lowest dose", "shortest", "need and dose") if word in card["detail"]]
