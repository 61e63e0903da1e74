"""The wire types: what CDS Hooks 2.0 demands of a card cannot be broken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.topics import Indicator
from cards.wire import Action, Card, CardError, Coding, Link, OverrideReason, Source, Suggestion, encode

SOURCE = Source(label="Twitch CDS")
REASON = OverrideReason(code="wrong-data", system="urn:x", display="Wrong data")


def card(**changes: Any) -> Card:
    """A minimal card with some members changed."""
    return Card(**{"summary": "A twitch.", "indicator": Indicator.INFO, "source": SOURCE, **changes})


def suggestion(uuid: str | None = "s1", *, recommended: bool | None = None) -> Suggestion:
    """A suggestion without actions."""
    return Suggestion(label="Order", uuid=uuid, is_recommended=recommended)


def test_an_empty_answer_still_has_its_cards() -> None:
    """Nothing to say is an empty array, never an absent one."""
    assert b'{"cards":[]}' == encode([])


def test_absent_members_are_not_sent() -> None:
    """A minimal card sends its three required members only."""
    expected = {"cards": [{"summary": "A twitch.", "indicator": "info", "source": {"label": "Twitch CDS"}}]}

    assert expected == json.loads(encode([card()]))


def test_members_have_the_names_of_the_specification() -> None:
    """Every member is sent in the camel case of CDS Hooks 2.0."""
    action = Action(type="create", description="Draft", resource={"resourceType": "ServiceRequest"})
    full = card(
        uuid="c1",
        detail="text",
        source=Source(
            label="Twitch CDS",
            url="https://cds.example.org",
            icon="https://cds.example.org/i.png",
            topic=Coding(system="urn:t", code="lifestyle", display="Lifestyle"),
        ),
        suggestions=(Suggestion(label="Order", uuid="s1", is_recommended=True, actions=(action,)),),
        selection_behavior="any",
        override_reasons=(REASON,),
        links=(Link(label="App", url="https://app.example.org", type="smart", app_context="x"),),
        extension={"org.twitch-cds.basis": {"tags": ["stress"]}},
    )
    expected = {
        "summary": "A twitch.",
        "indicator": "info",
        "uuid": "c1",
        "detail": "text",
        "source": {
            "label": "Twitch CDS",
            "url": "https://cds.example.org",
            "icon": "https://cds.example.org/i.png",
            "topic": {"system": "urn:t", "code": "lifestyle", "display": "Lifestyle"},
        },
        "suggestions": [
            {
                "label": "Order",
                "uuid": "s1",
                "isRecommended": True,
                "actions": [{"type": "create", "description": "Draft", "resource": {"resourceType": "ServiceRequest"}}],
            }
        ],
        "selectionBehavior": "any",
        "overrideReasons": [{"code": "wrong-data", "system": "urn:x", "display": "Wrong data"}],
        "links": [{"label": "App", "url": "https://app.example.org", "type": "smart", "appContext": "x"}],
        "extension": {"org.twitch-cds.basis": {"tags": ["stress"]}},
    }

    assert expected == json.loads(encode([full]))["cards"][0]


def test_a_delete_names_a_relative_reference() -> None:
    """A delete action carries resourceId and no resource."""
    action = Action(type="delete", description="Remove", resource_id="ServiceRequest/a-1.b")

    assert "ServiceRequest/a-1.b" == action.resource_id


def test_an_update_carries_the_whole_resource() -> None:
    """An update action is accepted with a resource that has its id."""
    action = Action(type="update", description="Change", resource={"resourceType": "Task", "id": "1"})

    assert action.resource == {"resourceType": "Task", "id": "1"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"summary": ""}, "summary"),
        ({"summary": "   "}, "summary"),
        ({"summary": None}, "summary"),
        ({"summary": {"text": "x"}}, "summary"),
        ({"summary": "x" * 140}, "too long"),
        ({"summary": "one\ntwo"}, "more than one line"),
        ({"summary": "one\n"}, "more than one line"),
        ({"summary": "one\u2028two"}, "more than one line"),
        ({"indicator": "hard-stop"}, "indicator"),
        ({"source": None}, "source"),
        ({"source": "Twitch CDS"}, "source"),
        ({"uuid": ""}, "uuid"),
        ({"uuid": 7}, "uuid"),
        ({"detail": ""}, "detail"),
        ({"detail": 7}, "detail"),
        ({"extension": []}, "extension"),
        ({"links": [Link(label="x", url="https://a.example", type="absolute")]}, "links"),
        ({"links": ("https://a.example",)}, "links"),
        ({"override_reasons": (Coding(code="x"),)}, "overrideReasons"),
        ({"suggestions": [suggestion()], "selection_behavior": "any"}, "suggestions: a tuple"),
        ({"suggestions": ({"label": "x"},), "selection_behavior": "any"}, "Suggestion required"),
        ({"suggestions": (suggestion(),)}, "selectionBehavior"),
        ({"suggestions": (suggestion(),), "selection_behavior": "all"}, "selectionBehavior"),
        ({"selection_behavior": "any"}, "selectionBehavior"),
        ({"suggestions": (suggestion("a"), suggestion("a")), "selection_behavior": "any"}, "twice"),
        ({"uuid": "a", "suggestions": (suggestion("a"),), "selection_behavior": "any"}, "twice"),
        (
            {
                "suggestions": (suggestion("a", recommended=True), suggestion("b", recommended=True)),
                "selection_behavior": "at-most-one",
            },
            "isRecommended",
        ),
    ],
)
def test_a_card_that_breaks_the_specification_cannot_be_built(changes: dict[str, Any], reason: str) -> None:
    """Each broken member is refused by name."""
    with pytest.raises(CardError, match=reason):
        card(**changes)


def test_several_recommended_suggestions_may_be_chosen_together() -> None:
    """With `any`, more than one suggestion may be recommended."""
    both = (suggestion("a", recommended=True), suggestion("b", recommended=True))

    assert 2 == len(card(suggestions=both, selection_behavior="any").suggestions)


def test_one_suggestion_may_be_recommended_where_one_may_be_chosen() -> None:
    """With `at-most-one`, a single recommendation is allowed."""
    both = (suggestion("a", recommended=True), suggestion("b"))

    assert both == card(suggestions=both, selection_behavior="at-most-one").suggestions


def test_suggestions_without_uuid_do_not_collide() -> None:
    """Absent uuids are not the same uuid."""
    both = (suggestion(None), suggestion(None))

    assert both == card(suggestions=both, selection_behavior="at-most-one").suggestions


@pytest.mark.parametrize(
    ("kind", "members", "reason"),
    [
        (Source, {"label": ""}, "label"),
        (Source, {"label": "x", "url": "/relative"}, "url"),
        (Source, {"label": "x", "url": "ftp://a.example"}, "url"),
        (Source, {"label": "x", "url": "https://"}, "url"),
        (Source, {"label": "x", "url": "https://a.example/with space"}, "url"),
        (Source, {"label": "x", "icon": 7}, "icon"),
        (Source, {"label": "x", "topic": "lifestyle"}, "topic"),
        (Source, {"label": "x", "topic": Coding(code="lifestyle")}, "topic.system"),
        (Coding, {"code": ""}, "code"),
        (Coding, {"code": "x", "system": ""}, "system"),
        (Coding, {"code": "x", "display": ""}, "display"),
        (OverrideReason, {"code": "", "system": "s", "display": "d"}, "code"),
        (OverrideReason, {"code": "c", "system": "", "display": "d"}, "system"),
        (OverrideReason, {"code": "c", "system": "s", "display": None}, "display"),
        (Link, {"label": "", "url": "https://a.example", "type": "absolute"}, "label"),
        (Link, {"label": "x", "url": "a.example", "type": "absolute"}, "url"),
        (Link, {"label": "x", "url": "https://a.example", "type": "relative"}, "type"),
        (Link, {"label": "x", "url": "https://a.example", "type": "absolute", "app_context": "x"}, "appContext"),
        (Suggestion, {"label": ""}, "label"),
        (Suggestion, {"label": "x", "uuid": ""}, "uuid"),
        (Suggestion, {"label": "x", "is_recommended": 1}, "isRecommended"),
        (Suggestion, {"label": "x", "actions": ({},)}, "actions"),
        (Action, {"type": "create", "description": ""}, "description"),
        (Action, {"type": "create", "description": "x"}, "resource"),
        (Action, {"type": "create", "description": "x", "resource": {}}, "resourceType"),
        (Action, {"type": "update", "description": "x", "resource": {"resourceType": "Task"}}, "id"),
        (Action, {"type": "patch", "description": "x"}, "type"),
        (Action, {"type": "delete", "description": "x"}, "resourceId"),
        (Action, {"type": "delete", "description": "x", "resource_id": "https://a.example/Task/1"}, "resourceId"),
        (
            Action,
            {"type": "delete", "description": "x", "resource_id": "Task/1", "resource": {"resourceType": "Task"}},
            "resource",
        ),
        (
            Action,
            {"type": "create", "description": "x", "resource_id": "Task/1", "resource": {"resourceType": "Task"}},
            "resourceId",
        ),
    ],
)
def test_a_part_that_breaks_the_specification_cannot_be_built(kind: Any, members: dict[str, Any], reason: str) -> None:
    """Each broken part is refused by the name of its member."""
    with pytest.raises(CardError, match=reason):
        kind(**members)


@given(st.text(max_size=200))
def test_a_summary_is_accepted_exactly_when_it_is_one_short_line(text: str) -> None:
    """Any text is either a valid summary or refused; nothing in between."""
    valid = bool(text.strip()) and len(text) < 140 and text.splitlines() == [text]

    try:
        assert text == card(summary=text).summary
        built = True
    except CardError:
        built = False

    assert valid is built
