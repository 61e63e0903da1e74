"""A site may switch emergency cards off (section 6): what is found is told by the others, and nothing calms instead."""

import json
from functools import cache
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases, service_of
from charts.notation import request, request_bytes
from charts.resources import Line
from charts.seam import engine
from msgspec.structs import replace

from cards.topics import Indicator
from cds.call import Engine, build_engine
from cds.explain.explain import explain
from cds.need import Recall, RecallShown
from cds.outcome import Outcome
from cds.rules.evaluation import Due
from cds.settings import load

BASIS = "org.twitch-cds.basis"
CALM = {"reassurance", "lifestyle", "lab-order", "work-up-status", "estrogen-order"}
TWITCH = {"twitch": "2 w"}
ALS = {"condition": "86044005 Amyotrophic lateral sclerosis", "recorded": "3 y"}
BREATHLESS = {"condition": "62744007 Orthopnea", "recorded": "2 d"}
POTASSIUM = {"lab": "K", "value": "2.1 mmol/L"}
PARALYSIS = {"condition": "G61.0 Guillain-Barre syndrome", "recorded": "2 d"}
ENCEPHALITIS = [
    {"condition": "R41.0 Disorientation, unspecified", "recorded": "9 d"},
    {"condition": "R61 Generalized hyperhidrosis", "recorded": "9 d"},
    {"finding": "8310-5 Body temperature", "value": "38.4 Cel", "at": "3 d"},
]
REFERRED = {"request": "308474002 Referral to neurologist", "at": "0 d"}
SHAKING = (
    {"drug": "atc:N05AN01 lithium"},
    {"lab": "lithium", "value": "0.7 mmol/L", "at": "1 d"},
    {"condition": "R25.1 Tremor, unspecified"},
)
DEFICIENT = {"lab": "vitD", "value": "28 nmol/L"}
HYDROCORTISONE = {"draft": "rx:197782 hydrocortisone 10 MG Oral Tablet"}
ANSWERED = [case for case in cases() if case.status == 200]
ALARMED = [case for case in ANSWERED if any(card.topic == "emergency" for card in case.expect)]
OTHERS = [case for case in ANSWERED if case.expect and case not in ALARMED]


@cache
def switched_off() -> Engine:
    """An engine as a site has it that shows no emergency cards."""
    return replace(engine(TODAY), emergency_cards=False)


def cards(case: Case) -> list[dict[str, Any]]:
    """The cards of a golden case at such a site."""
    status, body = switched_off().answer(service_of(case), request_bytes(case.chart))
    assert 200 == status
    found: list[dict[str, Any]] = json.loads(body)["cards"]
    return found


def shown_after_all_was_answered(case: Case) -> tuple[Due, ...]:
    """The cards of a chart when every card that can be silenced was answered just now."""
    steps = switched_off().steps(switched_off().read(service_of(case), request_bytes(case.chart)))
    try:
        need = next(steps)
        while True:
            assert isinstance(need, Recall | RecallShown)
            need = steps.send(dict.fromkeys(need.fingerprints, switched_off().now()))
    except StopIteration as ended:
        outcome: Outcome = ended.value
        return outcome.shown


def topics(found: list[dict[str, Any]]) -> list[str]:
    """The ids of cards, in their order."""
    return [card["source"]["topic"]["code"] for card in found]


def outcome(*lines: Line, **chart: Any) -> Outcome:
    """The outcome for a 45-year-old with these lines at such a site."""
    made = {"patient": {"age": "45 y", "sex": "F"}, "resources": list(lines), **chart}
    service = f"muscle-twitch-{chart.get('hook', 'patient-view')}"
    return switched_off().call(service, json.dumps(request(made)).encode())


def wire(found: Outcome) -> list[dict[str, Any]]:
    """The cards of an outcome as they are sent."""
    sent: list[dict[str, Any]] = json.loads(found.encoded())["cards"]
    return sent


def told(found: Outcome) -> list[str]:
    """Topic, indicator, tags and flags of each card."""
    return [
        " ".join((card["source"]["topic"]["code"], card["indicator"], *basis.get("tags", ()), *basis.get("flags", ())))
        for card in wire(found)
        for basis in (card["extension"][BASIS],)
    ]


@pytest.mark.parametrize("case", ALARMED, ids=lambda case: f"{case.file}/{case.id}")
def test_a_chart_with_an_emergency_is_never_silent_and_never_calmed(case: Case) -> None:
    """Whatever the emergency, one card points at what was found, none reassures, and each says what is off."""
    found = cards(case)

    assert "switched" in " ".join(card["summary"] for card in found)
    assert not {"emergency", *CALM} & set(topics(found))
    assert all("**Switched off at this site:** Possible emergency" in card["detail"] for card in found)
    assert all(["emergency"] == card["extension"][BASIS]["switchedOff"] for card in found)
    assert not any("8–12 weeks" in card["detail"] for card in found)


@pytest.mark.parametrize("case", ALARMED, ids=lambda case: f"{case.file}/{case.id}")
def test_no_answer_silences_the_card_in_the_place_of_an_emergency(case: Case) -> None:
    """As none silences an emergency (4d): after each card was answered, there is still one that points at it.

    No answer holds back what is critical or to be examined today either (4d, N17).
    """
    left = [one.advice for one in shown_after_all_was_answered(case) if one.advice.indicator is not Indicator.CRITICAL]

    assert ["switched-off"] == [advice.variant for advice in left if advice.variant != "today"]


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: f"{case.file}/{case.id}")
def test_a_chart_without_an_emergency_gets_the_cards_that_it_gets_elsewhere(case: Case) -> None:
    """Topic, urgency and tags; each says what is off, for its absence says nothing."""
    found = cards(case)

    assert [(one.topic, one.indicator, one.tags) for one in case.expect] == [
        (card["source"]["topic"]["code"], card["indicator"], tuple(card["extension"][BASIS].get("tags", ())))
        for card in found
    ]
    assert all("**Switched off at this site:** Possible emergency" in card["detail"] for card in found)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([POTASSIUM], ["abnormal-lab warning potassium", "data-gap info"]),
        ([PARALYSIS], ["neurology-urgent warning U1", "data-gap info"]),
        ([PARALYSIS, REFERRED], ["neurology-urgent warning U1", "data-gap info"]),
        ([BREATHLESS], ["data-gap info"]),
        ([BREATHLESS, *SHAKING], ["medication-review warning lithium", "data-gap info"]),
        ([BREATHLESS, DEFICIENT], ["abnormal-lab warning vitamin-d", "data-gap info"]),
        ([BREATHLESS, ALS], ["data-gap info"]),
        ([POTASSIUM, ALS], ["abnormal-lab warning potassium", "data-gap info"]),
        (ENCEPHALITIS, ["neurology-urgent warning U9", "data-gap info"]),
    ],
)
def test_what_an_emergency_card_would_tell_goes_to_the_others(lines: list[Line], expected: list[str]) -> None:
    """A dangerous result is an abnormal one, paralysis an urgent sign, also where a request is under way."""
    assert expected == told(outcome(TWITCH, *lines))


def test_the_card_in_its_place_names_what_was_found_and_nothing_of_urgency() -> None:
    """The fact with its record; no flag, for which the card would tell how soon."""
    (card,) = wire(outcome(TWITCH, BREATHLESS))

    assert "switched emergency cards off" in card["summary"]
    assert ["muscle twitching", "orthopnea"] == [fact["label"] for fact in card["extension"][BASIS]["facts"]]
    assert not any(
        word in card["detail"].lower() for word in ("today", "at once", "immediately", "emergency department")
    )


def test_a_result_that_is_not_final_is_said_to_be_so() -> None:
    """As the emergency card says it."""
    (_, card) = wire(outcome(TWITCH, POTASSIUM | {"status": "preliminary"}))

    assert "Potassium is a preliminary result" in card["detail"]


def test_it_makes_way_for_no_other_card() -> None:
    """Three cards at most, and this one is among them."""
    many = outcome(TWITCH, POTASSIUM, {"condition": "88092000 Muscle atrophy"}, {"drug": "rx:8640 prednisone"})

    assert ["neurology-urgent", "abnormal-lab", "data-gap"] == [one.split()[0] for one in told(many)]


@pytest.mark.parametrize("chart", [(), (ALS,), ({"condition": "E27.1 Primary adrenocortical insufficiency"},)])
@pytest.mark.parametrize("value", ["2.1", "7.1"])
def test_a_dangerous_result_at_an_order_is_shown_before_the_order(chart: tuple[Line, ...], value: str) -> None:
    """Whichever way it deviates, in known disease and in replacement therapy too; nothing is said of the dose."""
    lab = {"lab": "K", "value": f"{value} mmol/L"}
    found = outcome(TWITCH, lab, *chart, hook="order-sign", drafts=[HYDROCORTISONE])
    (card,) = wire(found)

    assert ["steroid-order info"] == told(found)
    assert value in card["detail"]
    assert "lowest dose" not in card["detail"]
    assert "this site has switched emergency cards off" == explain(found, switched_off()).cards_left_out["emergency"]


@pytest.mark.parametrize(
    ("draft", "tag"),
    [
        ("rx:6448 lithium", "lithium"),
        ("atc:A02BC01 omeprazole", "proton-pump-inhibitor"),
        ("atc:R03DA04 theophylline", "xanthine"),
        ("rx:10689 tramadol", "serotonergic"),
        ("rx:704 amitriptyline", "serotonergic"),
    ],
)
def test_a_dangerous_result_at_another_draft_is_shown_before_it(draft: str, tag: str) -> None:
    """Where no steroid is drafted the card of the draft stands in the place of the emergency (N51)."""
    found = outcome(TWITCH, {"lab": "K", "value": "2.1 mmol/L"}, hook="order-sign", drafts=[{"draft": draft}])
    (card,) = wire(found)

    assert ["risk-order info"] == [" ".join(told(found)[0].split()[:2])]
    assert [tag] == card["extension"]["org.twitch-cds.basis"]["tags"]
    assert "potassium" in card["detail"].lower()


def test_the_setting_switches_them_off() -> None:
    """They are on unless a site says otherwise."""
    usual, off = (build_engine(load(given)) for given in ({}, {"TWITCH_CDS_EMERGENCY_CARDS": "false"}))

    assert ((), ("emergency",)) == (usual.switched_off, off.switched_off)


def test_why_says_that_the_site_has_switched_it_off() -> None:
    """And why nothing that calms is shown beside it; the rule itself is told as it fired."""
    found = outcome(TWITCH, BREATHLESS, {"lab": "smoking", "is": "449868002 Smokes tobacco daily"})
    why = explain(found, switched_off())
    left_out = why.cards_left_out

    assert "this site has switched emergency cards off" == left_out["emergency"]
    hushed = "a sign of an emergency was found: no reassuring card is shown with it"
    assert [hushed] * 3 == [left_out[one] for one in ("reassurance", "lifestyle", "lab-order")]
    assert ["fired"] == [one.state for one in why.rules if one.rule == "E1"]
