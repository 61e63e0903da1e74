"""What a prefetch value holds: one odd entry costs only itself, and a failure is never taken for emptiness."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds.fhir import bundle, resources
from cds.fhir.bundle import Feed
from cds.fhir.datatypes import CodeableConcept, Coding

SCT = "http://snomed.info/sct"
CODE = {"coding": [{"system": SCT, "code": "82470000"}]}
GOOD: dict[str, Any] = {"resourceType": "Condition", "id": "good", "code": CODE}
ODD: dict[str, Any] = {"resourceType": "Condition", "id": "odd", "code": CODE, "onsetDateTime": 2026}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["resourceType", "entry", "resource", "link", "relation", "issue", "severity", "code", "id"]
            ),
            inner | st.sampled_from(["Bundle", "Condition", "OperationOutcome", "error", "next"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


def searchset(*entries: Any, **more: Any) -> dict[str, Any]:
    """A Bundle with resources as its entries."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in entries], **more}


def outcome(*severities: str | None) -> dict[str, Any]:
    """An OperationOutcome with one issue of each severity."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": one, "code": "x"} for one in severities]}


def read(value: Any) -> Feed:
    """What is read from a value."""
    return bundle.read(json.dumps(value).encode())


def ids(feed: Feed) -> list[str | None]:
    """The ids of what could be read."""
    return [one.id for one in feed.resources]


def test_a_bundle_gives_its_resources_in_order() -> None:
    """All readable entries arrive as they stand."""
    feed = read(searchset(GOOD, {"resourceType": "Patient", "id": "p"}, GOOD))

    assert ids(feed) == ["good", "p", "good"]
    assert (feed.failed, feed.truncated, dict(feed.unreadable)) == (False, False, {})


def test_a_resource_alone_is_a_chart_of_one() -> None:
    """A read, not a search, brings the resource itself."""
    assert ids(read(GOOD)) == ["good"]


@pytest.mark.parametrize("value", [searchset(), {"resourceType": "Bundle"}, {"resourceType": "Bundle", "entry": None}])
def test_a_bundle_without_entries_is_empty_and_complete(value: dict[str, Any]) -> None:
    """Nothing was found, and that is known."""
    assert Feed() == read(value)


def test_an_odd_entry_costs_only_itself() -> None:
    """The unreadable Condition is counted by type and its code is still told."""
    feed = read(searchset(GOOD, ODD, {"resourceType": "Patient", "id": "p"}))

    assert ids(feed) == ["good", "p"]
    assert dict(feed.unreadable) == {"Condition": 1}
    assert [CodeableConcept(coding=[Coding(SCT, "82470000")])] == feed.unread_codes
    assert not feed.failed


@pytest.mark.parametrize(
    "entry",
    [
        *("text", 7, [], {"resource": []}, {"resource": "Condition"}, {"resource": {}}),
        *({"resource": {"id": "x"}}, {"resource": {"resourceType": 7}}),
    ],
)
def test_an_entry_that_is_no_resource_is_counted_as_unknown(entry: object) -> None:
    """What cannot even be told by type might have been anything."""
    feed = read({"resourceType": "Bundle", "entry": [{"resource": GOOD}, entry]})

    assert ids(feed) == ["good"]
    assert dict(feed.unreadable) == {"unknown": 1}
    assert feed.unread_codes == [None]


@pytest.mark.parametrize("entry", [None, {}, {"resource": None}, {"fullUrl": "urn:uuid:1"}])
def test_an_entry_with_nothing_in_it_is_passed_over(entry: object) -> None:
    """Null entries and entries without a resource say nothing and hide nothing."""
    odd = {"resourceType": "Bundle", "entry": [entry, {"resource": ODD}, {"resource": GOOD}]}
    even = {"resourceType": "Bundle", "entry": [entry, {"resource": GOOD}]}

    assert dict(read(odd).unreadable) == {"Condition": 1}
    assert ["good"] == ids(read(odd)) == ids(read(even))
    assert dict(read(even).unreadable) == {}


@pytest.mark.parametrize("kind", ["Binary", "AllergyIntolerance", "Bundle", "Invented"])
def test_types_that_no_rule_reads_are_passed_over(kind: str) -> None:
    """An unknown type is neither read nor missed, in a Bundle or alone."""
    feed = read(searchset({"resourceType": kind, "code": 7}, GOOD))

    assert ids(feed) == ["good"]
    assert dict(feed.unreadable) == {}
    assert kind == "Bundle" or Feed() == read({"resourceType": kind})


@pytest.mark.parametrize(
    "value", ["<html>", [], 7, True, {}, {"resourceType": None}, {"resourceType": "Bundle", "entry": {}}, [GOOD]]
)
def test_what_is_no_fhir_at_all_has_failed(value: object) -> None:
    """A page of HTML or a broken Bundle is no answer: it must not read as an empty one."""
    assert read(value).failed


def test_a_cut_text_has_failed() -> None:
    """A value that is no JSON is no answer."""
    assert bundle.read(b'{"resourceType":"Bundle"').failed


@pytest.mark.parametrize(("odd", "codes"), [(ODD, [CodeableConcept(coding=[Coding(SCT, "82470000")])])])
def test_an_odd_resource_alone_is_counted_with_its_code(odd: dict[str, Any], codes: list[CodeableConcept]) -> None:
    """It is as unreadable as it would be in a Bundle."""
    feed = read(odd)

    assert dict(feed.unreadable) == {"Condition": 1}
    assert codes == feed.unread_codes
    assert not feed.failed


@pytest.mark.parametrize(
    ("severities", "bare", "alone", "beside"),
    [
        (["fatal"], True, True, True),
        (["error"], True, True, True),
        (["information", "error"], True, True, True),
        (["warning"], True, False, False),
        (["warning", "information"], True, False, False),
        ([None], True, True, False),
        ([], True, True, False),
        (["information"], False, False, False),
        (["success"], False, False, False),
    ],
)
def test_an_operation_outcome_fails_a_search_by_its_severity(
    severities: list[str | None], bare: bool, alone: bool, beside: bool
) -> None:
    """An error always fails it, a warning only where it stands instead of a Bundle, good news never."""
    mixed = read(searchset(outcome(*severities), GOOD))

    assert bare == read(outcome(*severities)).failed
    assert alone == read(searchset(outcome(*severities))).failed
    assert beside == mixed.failed
    assert ids(mixed) == ["good"]


def test_an_operation_outcome_without_issues_is_no_answer() -> None:
    """It says nothing, so nothing is known."""
    assert read({"resourceType": "OperationOutcome"}).failed


def test_an_outcome_beside_unreadable_entries_does_not_stand_alone() -> None:
    """A warning on a page whose entries are odd leaves the page partly read."""
    feed = read(searchset(outcome("warning"), ODD))

    assert (feed.failed, dict(feed.unreadable)) == (False, {"Condition": 1})


@pytest.mark.parametrize("value", [outcome(), searchset()])
def test_an_unreadable_outcome_is_counted(value: dict[str, Any]) -> None:
    """An OperationOutcome of another shape is not taken for silence."""
    broken = {"resourceType": "OperationOutcome", "issue": {"severity": "error"}}
    for given_value in (broken, searchset(broken)):
        assert dict(read(given_value).unreadable) == {"OperationOutcome": 1}


@pytest.mark.parametrize(
    ("links", "truncated"),
    [
        ([{"relation": "next", "url": "https://ehr.example.org/2"}], True),
        ([{"relation": "self"}, None, {"relation": "next"}], True),
        ([{"relation": "self"}, {"relation": "previous"}], False),
        ([{}], False),
        ([], False),
        (None, False),
    ],
)
@pytest.mark.parametrize("entries", [(GOOD,), (GOOD, ODD)], ids=["strict", "tolerant"])
def test_a_next_link_means_that_pages_are_missing(
    entries: tuple[dict[str, Any], ...], links: object, truncated: bool
) -> None:
    """A link to a next page makes the search partial, however the entries read."""
    assert truncated == read(searchset(*entries, link=links)).truncated


@pytest.mark.parametrize("depth", [200, 900, 1100, 100_000])
def test_deep_nesting_breaks_nothing(depth: int) -> None:
    """An entry nested without end is unreadable or passed over, never fatal."""
    deep = "[" * depth + "]" * depth
    text = f'{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType":"Condition","x":{deep}}}}}]}}'

    feed = bundle.read(text.encode())

    assert feed.failed or feed.unreadable or len(feed.resources) == 1


@given(JSON)
def test_no_json_breaks_the_reader(value: object) -> None:
    """Any JSON is read, in part, or not at all."""
    feed = read(value)

    assert len(feed.unread_codes) == sum(feed.unreadable.values())


@given(st.binary(max_size=40))
def test_no_bytes_break_the_reader(value: bytes) -> None:
    """Whatever the bytes, there is a feed."""
    assert bundle.read(value).resources == [] or value


@given(st.lists(st.sampled_from([GOOD, ODD, None, {"resourceType": "Binary"}, outcome("information")]), max_size=8))
def test_each_entry_is_read_counted_or_passed_over(entries: list[dict[str, Any] | None]) -> None:
    """One entry's fate does not depend on the others."""
    feed = read(searchset(*entries))

    assert entries.count(GOOD) == len(feed.resources)
    assert entries.count(ODD) == sum(feed.unreadable.values())


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        ({"valueInteger": 10**400}, "Observation"),
        ({"valueInteger": 2**31}, "Observation"),
        ({"valueQuantity": {"value": 1e19}}, "Observation"),
        ({"valueQuantity": {"value": True}}, "Observation"),
        ({"valueQuantity": {"value": 4, "comparator": 7}}, "Observation"),
        ({"subject": "Patient/1"}, "Observation"),
        ({"code": [CODE]}, "Condition"),
        ({"status": ["final"]}, "Observation"),
    ],
)
def test_an_element_that_fhir_does_not_allow_makes_a_resource_unreadable(element: dict[str, Any], kind: str) -> None:
    """Numbers beyond all measurement, unknown comparators and wrong shapes are reported, not computed with."""
    assert {kind: 1} == dict(read({"resourceType": kind, **element}).unreadable)


def test_every_type_that_is_read_is_known_by_its_name() -> None:
    """A type that rules read is counted when it is odd, so its absence cannot be silent."""
    for kind in resources.Any.__args__:
        odd = {"resourceType": kind.__name__, "id": 7}
        assert {kind.__name__: 1} == dict(read(odd).unreadable)
