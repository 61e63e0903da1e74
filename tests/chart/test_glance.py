"""The glance that ends most calls: it may only say "clear" of what surely names no twitch."""

import json
from typing import Any

import pytest
from charts.dates import TODAY
from charts.seam import engine
from msgspec import Raw

from cds.chart.glance import is_clear
from cds.errors import TooManyEntries
from cds.fhir.allowance import Allowance

NAMER = engine(TODAY).namer
TWITCH = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.3"}]}
CRAMP = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.2"}], "text": "muscle twitching"}


def page(*resources: dict[str, Any], **members: Any) -> Raw:
    """A search answer."""
    return Raw(json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in resources], **members}))


def clear(raw: Raw | None, *, whole: bool = True) -> bool:
    """Whether a glance is enough, for a call that may hold plenty."""
    return is_clear(raw, NAMER, Allowance(20_000), is_whole=whole)


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Condition", "code": TWITCH},
        {"resourceType": "Condition", "code": {"text": "Muscle twitching."}},
        {"resourceType": "Observation", "code": {"text": "finding"}, "valueCodeableConcept": TWITCH},
        {"resourceType": "Observation", "component": [{"valueCodeableConcept": TWITCH}]},
        {"resourceType": "Encounter", "reasonCode": [TWITCH]},
        {"resourceType": "ServiceRequest", "contained": [{"resourceType": "Condition", "code": TWITCH}]},
        {
            "resourceType": "Encounter",
            "contained": [{"resourceType": "Condition", "code": {"text": "Muscle twitching"}}],
        },
        {"resourceType": "Condition", "code": {"text": "Fluttering"}, "bodySite": [{"text": "left calf"}]},
        {"resourceType": "Observation", "contained": [7]},
        {"resourceType": "Encounter", "reason": [{"value": [{"concept": CRAMP}]}]},
        {"resourceType": "OperationOutcome"},
        {"resourceType": "Bundle", "entry": []},
        {"resourceType": "Condition", "code": 7},
    ],
)
def test_what_may_be_a_twitch_is_read_properly(resource: dict[str, Any]) -> None:
    """A code, a phrase, a value, a component, a reason; a failure; a Bundle; and what cannot be decoded."""
    assert not clear(page(resource))


@pytest.mark.parametrize(
    "raw",
    [
        page({"resourceType": "Condition", "code": CRAMP}),
        page({"resourceType": "Encounter"}),
        page({"resourceType": "Condition", "code": {"text": "Fluttering"}, "bodySite": [{"text": "chest"}]}),
        page({"resourceType": "Condition", "code": CRAMP, "bodySite": [{"text": "left calf"}]}),
        page({"resourceType": "ServiceRequest", "contained": [{"resourceType": "Condition", "code": CRAMP}]}),
        page({"resourceType": "Observation", "component": [{"code": CRAMP}]}),
        page(),
        Raw(b"null"),
    ],
)
def test_what_is_surely_no_twitch_is_clear(raw: Raw) -> None:
    """A known code wins over its text; an empty answer and null are complete."""
    assert clear(raw)


def test_a_part_is_not_the_whole() -> None:
    """An absent key, a further page, or something that is no Bundle is not clear where all is asked for."""
    more = page(link=[{"relation": "next"}])

    assert (clear(None), clear(None, whole=False)) == (False, True)
    assert (clear(more), clear(more, whole=False)) == (False, True)
    assert not clear(Raw(b'{"resourceType": "Condition"}'), whole=False)


def test_entries_are_counted_over_all_that_is_glanced_at() -> None:
    """Two pages of two are more than three."""
    allowance, two = Allowance(3), page({"resourceType": "Encounter"}, {"resourceType": "Encounter"})

    assert is_clear(two, NAMER, allowance, is_whole=True)
    with pytest.raises(TooManyEntries):
        is_clear(two, NAMER, allowance, is_whole=True)


@pytest.mark.parametrize(
    ("entry", "is_enough"),
    [
        ({"fullUrl": "urn:uuid:1"}, True),
        ({"resourceType": "Condition", "code": TWITCH}, False),
        ({"response": {"status": "403"}}, False),
    ],
)
def test_an_entry_that_is_more_than_its_resource_is_read_properly(entry: dict[str, Any], is_enough: bool) -> None:
    """A bare resource and a refused request are no empty entries."""
    assert is_enough == clear(Raw(json.dumps({"resourceType": "Bundle", "entry": [entry]})))
