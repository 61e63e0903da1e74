"""What a server says beside its results: notices, parts left out, failed entries of a batch, Bundles in Bundles."""

import json
from typing import Any

import pytest

from cds.errors import TooManyEntries
from cds.fhir import bundle
from cds.fhir.allowance import Allowance
from cds.fhir.bundle import Feed
from cds.fhir.outcomes import CUTS

GOOD: dict[str, Any] = {"resourceType": "Condition", "id": "good"}
OTHER: dict[str, Any] = {"resourceType": "Observation", "id": "other"}
ODD: dict[str, Any] = {"resourceType": "Condition", "id": "odd", "onsetDateTime": 2026}


def outcome(severity: str, code: str) -> dict[str, Any]:
    """An OperationOutcome with one issue."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def read(*entries: Any, kind: str = "searchset", **more: Any) -> Feed:
    """What is read from a Bundle with these entries."""
    return bundle.read(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries, **more}).encode())


def ids(feed: Feed) -> list[str]:
    """The ids of what could be read."""
    return [str(one.id) for one in feed.resources]


@pytest.mark.parametrize("severity", ["information", "warning"])
@pytest.mark.parametrize("code", ["processing", "informational", "not-found", "not-supported", "business-rule"])
def test_a_notice_makes_nothing_incomplete(severity: str, code: str) -> None:
    """An empty search with a notice is empty, and results with a notice are all there."""
    notice = {"resource": outcome(severity, code), "search": {"mode": "outcome"}}

    assert Feed() == read(notice)
    assert Feed(resources=read({"resource": GOOD}).resources) == read({"resource": GOOD}, notice)


@pytest.mark.parametrize("severity", ["information", "warning"])
@pytest.mark.parametrize("code", sorted(CUTS))
def test_a_part_left_out_makes_a_search_partial(severity: str, code: str) -> None:
    """Whatever its severity, an issue that says that something is missing is believed."""
    entry = {"resource": outcome(severity, code)}
    alone, beside = read(entry), read(entry, {"resource": GOOD})

    assert (True, False, frozenset({code})) == (alone.truncated, alone.failed, alone.issues)
    assert (True, False, frozenset({code})) == (beside.truncated, beside.failed, beside.issues)
    assert ["good"] == ids(beside)


def test_an_error_beside_a_part_left_out_is_a_failure() -> None:
    """The worse of two outcomes counts, and both are told."""
    feed = read({"resource": outcome("error", "exception")}, {"resource": outcome("warning", "suppressed")})

    assert (True, frozenset({"exception", "suppressed"})) == (feed.failed, feed.issues)


@pytest.mark.parametrize(
    ("response", "issues"),
    [
        ({"status": "403", "outcome": outcome("error", "suppressed")}, {"suppressed"}),
        ({"status": "403 Forbidden"}, {"forbidden"}),
        ({"status": 403}, {"forbidden"}),
        ({"status": "401"}, {"login"}),
        ({"status": "404 Not Found"}, {"not-found"}),
        ({"status": "429"}, {"throttled"}),
        ({"status": "500"}, {"processing"}),
        ({"status": "304"}, {"processing"}),
        ({"status": ""}, {"processing"}),
    ],
)
def test_a_failed_entry_of_a_batch_is_missing(response: dict[str, Any], issues: set[str]) -> None:
    """The other entries are read, and the whole is known to be incomplete."""
    feed = read({"response": response}, {"response": {"status": "200"}, "resource": GOOD}, kind="batch-response")

    assert (["good"], True, frozenset(issues)) == (ids(feed), feed.truncated, feed.issues)


@pytest.mark.parametrize("response", [{"status": "200 OK"}, {"status": "201"}, {}, {"status": None}, None])
def test_an_entry_of_a_batch_that_was_answered_is_read(response: dict[str, Any] | None) -> None:
    """A status of success, or none, hides nothing."""
    feed = read({"response": response, "resource": GOOD}, kind="batch-response")

    assert (["good"], False, False) == (ids(feed), feed.truncated, feed.failed)


def test_bundles_in_a_bundle_are_opened() -> None:
    """The answer to a batch of searches is one chart, odd entries counted wherever they are."""
    inner = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": OTHER}, {"resource": ODD}]}

    feed = read({"resource": GOOD}, {"response": {"status": "200"}, "resource": inner}, kind="batch-response")

    assert ["good", "other"] == ids(feed)
    assert {"Condition": 1} == dict(feed.unreadable)
    assert (False, None) == (feed.truncated, feed.next)


def test_a_further_page_of_an_inner_bundle_is_missing_and_not_followed() -> None:
    """An inner search has pages of its own; they are not the pages of the whole."""
    inner = {
        "resourceType": "Bundle",
        "entry": [{"resource": OTHER}],
        "link": [{"relation": "next", "url": "https://x/2"}],
    }

    feed = read({"resource": inner}, link=[{"relation": "self", "url": "https://x"}])

    assert (["other"], True, None) == (ids(feed), feed.truncated, feed.next)


@pytest.mark.parametrize(("levels", "seen"), [(1, True), (4, True), (5, False), (50, False)])
def test_bundles_are_opened_only_so_deep(levels: int, seen: bool) -> None:
    """What lies deeper is counted as something that could not be read."""
    resource = GOOD
    for _ in range(levels):
        resource = {"resourceType": "Bundle", "entry": [{"resource": resource}]}

    feed = read({"resource": resource})

    assert (ids(feed) == ["good"]) is seen
    assert (dict(feed.unreadable) == {"unknown": 1}) is not seen


def test_the_entries_of_inner_bundles_are_counted() -> None:
    """A Bundle in a Bundle takes from the same allowance."""
    inner = {"resourceType": "Bundle", "entry": [{"resource": GOOD}, {"resource": OTHER}]}
    allowance = Allowance(10)

    bundle.read(json.dumps({"resourceType": "Bundle", "entry": [{"resource": inner}, {}]}).encode(), allowance)
    allowance.take(6)

    with pytest.raises(TooManyEntries):
        allowance.take(1)


def test_an_entry_may_be_the_resource_itself() -> None:
    """Some clients leave out `resource` between the entry and what it holds."""
    feed = read(GOOD, {"resource": OTHER}, ODD, {"resourceType": "Binary"})

    assert (["good", "other"], {"Condition": 1}) == (ids(feed), dict(feed.unreadable))
