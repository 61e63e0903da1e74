"""A site may switch emergency cards off (section 6): what is found is told by the others, and nothing calms instead."""

import json
from functools import cache
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases, service_of
from charts.notation import request, request_bytes
from charts.seam import engine
from msgspec.structs import replace

from cds.call import Engine, Outcome
from cds.explain.explain import explain

BASIS = "org.twitch-cds.basis"
CALM = {"reassurance", "lifestyle", "lab-order"}
TWITCH = {"twitch": "2 w"}
ALS = {"condition": "86044005 Amyotrophic lateral sclerosis", "recorded": "3 y"}
BREATHLESS = {"condition": "62744007 Orthopnea", "recorded": "2 d"}
PREDNISONE = {"draft": "rx:198145 prednisone 10 MG Oral Tablet"}
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


def topics(found: list[dict[str, Any]]) -> list[str]:
    """The ids of cards, in their order."""
    return [card["source"]["topic"]["code"] for card in found]


def outcome(*lines: dict[str, Any], **chart: Any) -> Outcome:
    """The outcome for a 45-year-old with these lines at such a site."""
    made = {"patient": {"age": "45 y", "sex": "F"}, "resources": list(lines), **chart}
    service = f"muscle-twitch-{chart.get('hook', 'patient-view')}"
    return switched_off().call(service, json.dumps(request(made)).encode())


def wire(found: Outcome) -> list[dict[str, Any]]:
    """The cards of an outcome as they are sent."""
    sent: list[dict[str, Any]] = json.loads(found.encoded)["cards"]
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
    """Whatever the emergency, some card speaks, none of them reassures, and each says what is off."""
    found = cards(case)

    assert found or case.chart.get("hook", "").startswith("order-")
    assert not {"emergency", *CALM} & set(topics(found))
    assert all("**Switched off at this site:** Possible emergency" in card["detail"] for card in found)
    assert all(["emergency"] == card["extension"][BASIS]["switchedOff"] for card in found)


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
    ("line", "expected"),
    [
        ({"lab": "K", "value": "2.1 mmol/L"}, ["abnormal-lab warning potassium"]),
        ({"condition": "G61.0 Guillain-Barre syndrome", "recorded": "2 d"}, ["neurology-urgent warning U1"]),
        (BREATHLESS, ["data-gap info"]),
    ],
)
def test_what_an_emergency_card_would_tell_goes_to_the_other_cards(line: dict[str, Any], expected: list[str]) -> None:
    """A dangerous result is an abnormal one, paralysis an urgent sign; the rest is named as not shown."""
    assert expected == told(outcome(TWITCH, line))


def test_an_emergency_that_no_other_card_can_tell_is_said_to_be_left_out() -> None:
    """In known disease too, where all was seen: the card says to look in the record, and names no cause."""
    for chart in ((TWITCH, BREATHLESS), (TWITCH, ALS, BREATHLESS)):
        (card,) = wire(outcome(*chart))

        assert card["summary"].startswith("Twitching recorded. This site has switched emergency cards off")
        assert "breath" not in card["detail"].partition("**Consider**")[0]


def test_a_worse_emergency_is_another_card_than_the_answered_one() -> None:
    """The card in the place of an emergency is silenced by no answer to another one."""
    potassium = [({"lab": "Mg", "value": f"{value} mmol/L"}, ALS, TWITCH) for value in ("0.30", "0.20", "0.20")]
    one, worse, same = (outcome(*chart).shown[0].fingerprint for chart in potassium)

    assert one != worse == same


def test_a_dangerous_result_at_an_order_is_told_as_an_abnormal_one() -> None:
    """The card on the draft says it; in known disease a high one, which none names, breaks the silence too."""
    low = outcome(TWITCH, {"lab": "K", "value": "2.1 mmol/L"}, hook="order-sign", drafts=[PREDNISONE])
    high = outcome(TWITCH, ALS, {"lab": "K", "value": "7.1 mmol/L"}, hook="order-sign", drafts=[PREDNISONE])

    assert [["steroid-order warning"], ["steroid-order info"]] == [told(low), told(high)]


def test_why_says_that_the_site_has_switched_it_off() -> None:
    """And why nothing that calms is shown beside it."""
    found = outcome(TWITCH, BREATHLESS, {"lab": "smoking", "is": "449868002 Smokes tobacco daily"})
    why = explain(found, switched_off())

    assert "this site has switched emergency cards off" == why.cards_left_out["emergency"]
    assert "a sign of an emergency was found: nothing calms beside it" == why.cards_left_out["reassurance"]
    assert ("suppressed", "this site has switched emergency cards off") in [
        (one.state, one.because) for one in why.rules if one.rule == "E1"
    ]
