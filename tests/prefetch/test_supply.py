"""The five states of a prefetch key, and what follows for the cards (CDS Hooks 2.0, prefetch; D17)."""

import json
from collections.abc import Set as AbstractSet
from copy import deepcopy
from typing import Any

import pytest
from charts.dates import TODAY
from charts.golden import Case, cases
from charts.notation import outcome, request, request_for, searchset
from charts.seam import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from cds.fhir.bundle import Feed
from cds.prefetch.supply import REFUSALS, TYPES, State, Supplies, Supply, supply, wanted_of

Json = dict[str, Any]
CALM = settings(max_examples=60)
BASIS = "org.twitch-cds.basis"
SCT = "http://snomed.info/sct"
TWITCH = {"coding": [{"system": SCT, "code": "82470000"}]}
FRACTURE = {"coding": [{"system": SCT, "code": "125605004"}]}
ME = {"reference": "Patient/p1"}
PATIENT: Json = {"resourceType": "Patient", "id": "p1", "birthDate": "1970-01-01"}
TWITCHING: Json = {"resourceType": "Condition", "id": "c1", "subject": ME, "code": TWITCH, "recordedDate": "2026-11-10"}
ODD = {"resourceType": "Condition", "id": "c2", "subject": ME, "onsetDateTime": 2026}
NEXT = [{"relation": "next", "url": "https://ehr.example.org/fhir?page=2"}]
KEYS = tuple(TYPES)
FIRING = [case for case in cases() if case.expect and not case.chart.get("missing")]


def answer(whole: Json) -> tuple[int, Json]:
    """Status and answer of a request."""
    return evaluate(json.dumps(whole).encode(), TODAY)


def of(chart: list[Json], **keys: Any) -> Json:
    """The request for a chart, with some keys replaced; a key that is `...` is left out."""
    whole = request_for(chart)
    whole["prefetch"] = {key: value for key, value in {**whole["prefetch"], **keys}.items() if value is not ...}
    return whole


def bodies(answered: Json) -> list[Json]:
    """The cards without their uuids."""
    return [
        {name: value for name, value in card.items() if name not in ("uuid", "suggestions")}
        for card in answered["cards"]
    ]


def not_checked(answered: Json) -> list[list[Json]]:
    """What each card names as not checked."""
    return [card["extension"][BASIS].get("notChecked", []) for card in answered["cards"]]


@pytest.mark.parametrize(
    ("text", "state", "complete"),
    [
        (None, State.ABSENT, False),
        (b"null", State.KNOWN_EMPTY, True),
        (json.dumps(searchset([])).encode(), State.KNOWN_EMPTY, True),
        (b'{"resourceType":"Bundle","entry":[]}', State.KNOWN_EMPTY, True),
        (b'{"resourceType":"Bundle","entry":[null]}', State.KNOWN_EMPTY, True),
        (json.dumps(searchset([TWITCHING])).encode(), State.SUPPLIED, True),
        (json.dumps(searchset([ODD])).encode(), State.SUPPLIED, False),
        (json.dumps({**searchset([]), "link": NEXT}).encode(), State.SUPPLIED, False),
        (json.dumps({**searchset([TWITCHING]), "link": NEXT}).encode(), State.SUPPLIED, False),
        (json.dumps(outcome()).encode(), State.FAILED, False),
        (json.dumps(searchset([outcome()])).encode(), State.FAILED, False),
        (json.dumps(searchset([TWITCHING, outcome()])).encode(), State.FAILED, False),
        (b'"<html>"', State.FAILED, False),
        (b"{}", State.FAILED, False),
        (b"[]", State.FAILED, False),
        (b"nul", State.FAILED, False),
    ],
)
def test_a_key_has_a_state(text: bytes | None, state: State, complete: bool) -> None:
    """Supplied, known empty, failed and absent are told apart; only the first two can be complete."""
    found = supply("conditions", None if text is None else Raw(text))

    assert (state, complete) == (found.state, found.is_complete)


def test_a_key_that_does_not_apply_misses_nothing() -> None:
    """A key that another hook needs is neither missing nor named."""
    found = Supply("labs", State.NOT_APPLICABLE, Feed())

    assert found.is_complete
    assert [] == list(found.not_checked())


@pytest.mark.parametrize("code", sorted(REFUSALS))
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_refusal_is_named_and_not_asked_again(code: str, wrapped: bool) -> None:
    """An OperationOutcome that says no is an answer (CDS Hooks 2.0, prefetch)."""
    refused = outcome() | {"issue": [{"severity": "error", "code": code}]}
    found = Supplies({"conditions": Raw(json.dumps(searchset([refused]) if wrapped else refused).encode())})

    assert found.of("conditions").is_forbidden
    assert ["forbidden"] == [one.reason for one in found.of("conditions").not_checked()]
    assert () == wanted_of(found, ["conditions"])


def test_what_is_worth_asking_for() -> None:
    """Absent, failed and cut-off keys are; what is there, empty, odd in part or asked for already is not."""
    sent = {
        "patient": PATIENT,
        "conditions": searchset([TWITCHING, ODD]),
        "observations": None,
        "encounters": searchset([]),
        "labs": {**searchset([]), "link": NEXT},
        "medicationRequests": "<html>",
        "procedures": outcome(),
    }
    found = Supplies({key: Raw(json.dumps(value).encode()) for key, value in sent.items()})

    assert ("labs", "medicationRequests", "procedures", "familyHistory") == wanted_of(found, [*sent, "familyHistory"])
    found.put({"labs": Supply("labs", State.ABSENT, Feed(), "timed-out")})
    assert ("familyHistory",) == wanted_of(found, ["labs", "familyHistory"])


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        ({"medicationReference": {"reference": "Medication/m1"}}, True),
        ({"medicationReference": {"reference": "https://ehr.example.org/fhir/Medication/m1/_history/2"}}, True),
        ({"medication": {"reference": {"reference": "Medication/m1"}}}, True),
        ({"medicationReference": {"reference": "Medication/held"}}, False),
        ({"medicationReference": {"reference": "urn:uuid:held"}}, False),
        ({"medicationReference": {"reference": "#inside"}}, False),
        ({"medicationReference": {"display": "aspirin"}}, False),
        ({"medicationReference": {"reference": "Medication/m1"}, "medicationCodeableConcept": {"text": "x"}}, False),
        ({"medication": {"concept": {"text": "x"}, "reference": {"reference": "Medication/m1"}}}, False),
        ({"medication": {}}, False),
        ({"medicationReference": {"reference": "Medication/m1"}, "status": "entered-in-error"}, False),
        ({}, False),
    ],
)
def test_a_medication_that_is_not_held_is_wanted(named: Json, wanted: bool) -> None:
    """A reference to what is neither contained nor bundled is worth a read, and is named until then."""
    order = {"resourceType": "MedicationRequest", "id": "r1", "status": "active", "subject": ME, **named}
    sent = {
        "medicationRequests": searchset([order]),
        "medicationStatements": searchset([{"resourceType": "Medication", "id": "held"}]),
    }
    found = Supplies({key: Raw(json.dumps(value).encode()) for key, value in sent.items()}, sent)
    expected = [("Medication", "absent", "medicationRequests", 1)] if wanted else []

    assert (("medicationRequests",) if wanted else ()) == wanted_of(found, sent)
    assert expected == [(one.type, one.reason, one.key, one.count) for one in found.not_checked()]
    assert (frozenset({"MedicationRequest"}) if wanted else frozenset()) == found.missing()


@pytest.mark.parametrize(
    ("links", "following"),
    [
        ([{"relation": "self", "url": "a"}, {"relation": "next", "url": "b"}], "b"),
        ([None, {"relation": "next"}, {"relation": "next", "url": "b"}], "b"),
        ([{"relation": "next", "url": 7}], None),
        ([{"relation": "next", "url": {"x": [1]}}, {"relation": "previous", "url": "a"}], None),
        ([{"relation": "self", "url": "a"}], None),
    ],
)
@pytest.mark.parametrize("entries", [[TWITCHING], [TWITCHING, ODD]], ids=["strict", "tolerant"])
def test_a_page_says_where_the_next_is(entries: list[Json], links: list[Json | None], following: str | None) -> None:
    """An address of another kind costs the next page only, not this one."""
    found = supply("conditions", Raw(json.dumps({**searchset(entries), "link": links}).encode()))

    assert following == found.feed.next
    assert any(link and link["relation"] == "next" for link in links) == found.feed.truncated
    assert ["c1"] == [one.id for one in found.feed.resources]


def test_a_key_is_read_once() -> None:
    """The same feed serves the gate and the rest."""
    supplies = Supplies({"conditions": Raw(json.dumps(searchset([TWITCHING])).encode())})

    assert supplies.of("conditions") is supplies.of("conditions")
    assert ["c1"] == [one.id for one in supplies.resources(["conditions", "labs"])]


def test_types_that_did_not_arrive_are_missing() -> None:
    """A type is missing as soon as one of its keys is."""
    whole = Supplies({key: Raw(b"null") for key in KEYS})
    part = Supplies({key: Raw(b"null") for key in KEYS if key != "labs"})

    assert frozenset() == whole.missing()
    assert frozenset({"Observation"}) == part.missing()
    assert () == whole.not_checked()
    assert [("Observation", "absent", "labs")] == [(one.type, one.reason, one.key) for one in part.not_checked()]


def test_what_was_fetched_is_accounted_for() -> None:
    """A Medication that is missing at first, and is put there later, is missing no more."""
    named = {"resourceType": "MedicationRequest", "id": "r1", "medicationReference": {"reference": "Medication/m1"}}
    sent = {key: Raw(b"null") for key in KEYS} | {"medicationRequests": Raw(json.dumps(searchset([named])).encode())}
    supplies = Supplies(sent)
    before = supplies.missing(), [one.type for one in supplies.not_checked()]
    both = searchset([named, {"resourceType": "Medication", "id": "m1"}])
    supplies.put({"medicationRequests": supply("medicationRequests", Raw(json.dumps(both).encode()))})

    assert (frozenset({"MedicationRequest"}), ["Medication"]) == before
    assert (frozenset(), ()) == (supplies.missing(), supplies.not_checked())


@pytest.mark.parametrize("case", FIRING, ids=[case.id for case in FIRING])
def test_null_and_an_empty_search_are_the_same(case: Case) -> None:
    """Both say that there are no data: each empty key as null, as Bundle, and as Bundle with no entries."""
    whole = request(case.chart)
    empty = [key for key, value in whole["prefetch"].items() if value and value.get("total") == 0]
    answers = []
    for value in (None, searchset([]), {"resourceType": "Bundle", "entry": []}):
        made = deepcopy(whole)
        made["prefetch"] |= dict.fromkeys(empty, value)
        answers.append(bodies(answer(made)[1]))

    assert answers[0] == answers[1] == answers[2] != []


@pytest.mark.parametrize("key", [key for key in KEYS if key != "patient"])
@pytest.mark.parametrize("damage", [..., outcome(), "<html>", {}, searchset([outcome()])], ids=str)
def test_what_did_not_arrive_is_named_on_every_card(key: str, damage: Any) -> None:
    """Absent and failed keys are named with type, reason and key on each card; the twitch is found elsewhere."""
    chart = [PATIENT, TWITCHING, {**TWITCHING, "id": "v", "resourceType": "Encounter", "status": "in-progress"}]
    chart[2]["reasonCode"] = [TWITCH]
    weak = {**TWITCHING, "id": "c9", "code": {"coding": [{"system": SCT, "code": "298283006"}]}}
    status, answered = answer(of([*chart, weak], **{key: damage}))
    reason = "absent" if damage is ... else "failed"

    assert 200 == status
    assert answered["cards"]
    for named in not_checked(answered):
        assert [{"type": TYPES[key], "reason": reason, "key": key}] == named


@pytest.mark.parametrize("damage", [..., outcome(), "<html>", {}], ids=str)
def test_a_missing_patient_is_named_too(damage: Any) -> None:
    """Without the Patient the age is unknown; the cards say so."""
    status, answered = answer(of([PATIENT, TWITCHING], patient=damage))

    assert 200 == status
    for named in not_checked(answered):
        assert [("Patient", "patient")] == [(one["type"], one["key"]) for one in named]


def test_all_that_is_missing_is_named() -> None:
    """Several missing keys are all named, on each card."""
    gone: Json = {key: ... for key in KEYS if key not in ("patient", "conditions")}
    _, answered = answer(of([PATIENT, TWITCHING], **gone))

    assert [sorted(gone)] * len(answered["cards"]) == [
        sorted(one["key"] for one in named) for named in not_checked(answered)
    ]


@pytest.mark.parametrize("damage", [..., outcome(), "<html>", {}, {**searchset([]), "link": NEXT}], ids=str)
def test_without_the_problem_list_a_twitch_is_unknown(damage: Any) -> None:
    """No twitch found and Conditions incomplete: 412, never silence (D17)."""
    status, answered = answer(of([PATIENT], conditions=damage))

    assert 412 == status
    assert "`conditions`" in answered["issue"][0]["details"]["text"]


def test_without_any_prefetch_a_twitch_is_unknown() -> None:
    """Nothing sent, nothing known."""
    whole = request_for([PATIENT])
    nothing: tuple[Json | None, ...] = ({}, None)
    for prefetch in nothing:
        assert 412 == answer({**whole, "prefetch": prefetch})[0]


@pytest.mark.parametrize("key", [key for key in KEYS if key != "conditions"])
def test_with_the_problem_list_no_twitch_is_silence(key: str) -> None:
    """Conditions complete and no twitch: other missing keys change nothing (D1)."""
    assert (200, {"cards": []}) == answer(of([PATIENT], **{key: ...}))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (TWITCH, 412),
        ({"text": "Muscle twitching"}, 412),
        ({"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.3"}]}, 412),
        ({"coding": "odd"}, 412),
        (FRACTURE, 200),
        ({"text": "Fracture of wrist"}, 200),
        ({"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.2"}]}, 200),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_an_unreadable_problem_hides_a_twitch_by_its_code(code: Json, status: int, alone: bool) -> None:
    """A twitch, or a code that cannot be read, hidden in an odd entry is no silence; a fracture is."""
    odd = {**ODD, "code": code}
    found = answer(of([PATIENT], conditions=odd if alone else searchset([odd])))

    assert status == found[0]
    assert status == 412 or {"cards": []} == found[1]


def test_an_unreadable_outcome_is_no_silence() -> None:
    """An OperationOutcome of an odd shape is not taken for an empty problem list."""
    broken = {"resourceType": "OperationOutcome", "issue": {"severity": "error"}}

    assert 412 == answer(of([PATIENT], conditions=broken))[0]
    assert 412 == answer(of([PATIENT], conditions=searchset([broken])))[0]


def test_unreadable_entries_are_counted_on_every_card() -> None:
    """How many of which type could not be read, under which key."""
    status, answered = answer(of([PATIENT], conditions=searchset([TWITCHING, ODD, ODD])))

    assert 200 == status
    for named in not_checked(answered):
        assert [{"type": "Condition", "reason": "unreadable", "key": "conditions", "count": 2}] == named


@pytest.mark.parametrize("key", [key for key in KEYS if key != "patient"])
def test_a_first_page_is_partial(key: str) -> None:
    """A page with a next link is used, and named as partial on every card."""
    whole = of([PATIENT, TWITCHING])
    whole["prefetch"][key]["link"] = NEXT
    status, answered = answer(whole)

    assert 200 == status
    assert answered["cards"]
    for named in not_checked(answered):
        assert [{"type": TYPES[key], "reason": "partial", "key": key}] == named


@pytest.mark.parametrize("patient", [{**PATIENT, "id": "p2"}, searchset([{**PATIENT, "id": "p2"}])])
def test_another_patient_is_refused(patient: Json) -> None:
    """The chart of somebody else is never judged, with or without a twitch."""
    for chart in ([PATIENT, TWITCHING], [PATIENT]):
        status, answered = answer(of(chart, patient=patient))

        assert (412, "invariant") == (status, answered["issue"][0]["code"])


def test_a_patient_without_an_id_is_taken_for_the_one_in_context() -> None:
    """Some servers leave the id out; nothing says that it is another's."""
    bare = {name: value for name, value in PATIENT.items() if name != "id"}

    assert bodies(answer(of([PATIENT, TWITCHING]))[1]) == bodies(answer(of([PATIENT, TWITCHING], patient=bare))[1])


def test_entries_of_other_patients_are_ignored_and_counted() -> None:
    """A twitch of somebody else is no twitch; beside one's own it is mentioned."""
    others = [{**TWITCHING, "id": f"x{n}", "subject": {"reference": "Patient/p2"}} for n in range(3)]
    alone = answer(of([PATIENT, *others]))
    beside = answer(of([PATIENT, TWITCHING, *others]))[1]
    without = answer(of([PATIENT, TWITCHING]))[1]

    assert (200, {"cards": []}) == alone
    assert [card["summary"] for card in without["cards"]] == [card["summary"] for card in beside["cards"]]
    assert all(
        "3" in _added(mixed["detail"], pure["detail"])
        for mixed, pure in zip(beside["cards"], without["cards"], strict=True)
    )


def _added(longer: str, shorter: str) -> str:
    """The lines that only the longer text has."""
    return "\n".join(line for line in longer.splitlines() if line not in shorter.splitlines())


@pytest.mark.parametrize(
    "reference", ["Patient/p1", "https://ehr.example.org/fhir/Patient/p1", "Patient/p1/_history/3", None]
)
def test_a_reference_names_the_patient_in_many_ways(reference: str | None) -> None:
    """Relative, absolute, versioned, or missing: it is the patient in context."""
    mine = {**TWITCHING, "subject": {"reference": reference}} if reference else {**TWITCHING, "subject": None}

    assert answer(of([PATIENT, mine]))[1]["cards"]


@CALM
@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["absent", "failed", "null", "partial"]), max_size=11))
def test_any_damage_is_answered_honestly(damage: dict[str, str]) -> None:
    """Whatever is missing: 412, or cards that each name exactly what did not arrive; never a silent answer."""
    whole = of([PATIENT, TWITCHING])
    for key, how in damage.items():
        if how == "absent":
            del whole["prefetch"][key]
        elif how == "partial" and key != "patient":
            whole["prefetch"][key]["link"] = NEXT
        else:
            whole["prefetch"][key] = {"failed": outcome(), "null": None}.get(how, whole["prefetch"][key])
    status, answered = answer(whole)
    gone = sorted(key for key, how in damage.items() if how != "null" and (how, key) != ("partial", "patient"))
    lost = damage.get("conditions") in ("absent", "failed")

    assert (412 if lost else 200) == status
    if status == 200 and damage.get("conditions") == "null":
        assert [] == answered["cards"]
    elif status == 200:
        assert answered["cards"]
        assert all(gone == sorted(one["key"] for one in named) for named in not_checked(answered))


@pytest.mark.parametrize(
    ("held", "missing", "unknown"),
    [
        (Supply("flags", State.ABSENT, Feed()), {"Flag"}, {"Flag"}),
        (Supply("flags", State.ABSENT, Feed(), reason="timed-out"), {"Flag"}, set()),
        (Supply("flags", State.FAILED, Feed()), {"Flag"}, set()),
        (Supply("flags", State.KNOWN_EMPTY, Feed()), set(), set()),
        (Supply("familyHistory", State.ABSENT, Feed()), {"FamilyMemberHistory"}, set()),
    ],
)
def test_what_a_client_does_not_know_is_missing_and_unknown(
    held: Supply, missing: AbstractSet[str], unknown: AbstractSet[str]
) -> None:
    """A key of N61 that is absent and was not asked for is told apart from what failed, and from keys of before."""
    supplies = Supplies({}, (held.key,))
    supplies.put({held.key: held})

    assert (missing, unknown) == (supplies.missing(), supplies.unknown())
