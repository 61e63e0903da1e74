"""Every kind of input is recognised by its content, and every patient in it gets an answer."""

import json
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from charts.golden import cases
from charts.notation import PATIENT
from charts.notation import bundle as golden_bundle
from charts.people import addressed, bundle, person, problem, twitch, wasting
from charts.resources import Json
from charts.runs import Evaluate, Write

URGENT = ["neurology-urgent"]
WHOLE = [case for case in cases() if case.status == 200 and not case.chart.keys() & {"context", "missing", "hook"}]


def request(**context: Any) -> Json:
    """A patient-view request with a twitch and wasting."""
    return {
        "hook": "patient-view",
        "hookInstance": "0d9a4a52-5d7f-4f4e-9a3c-6f1e6f0c1a11",
        "context": {"userId": "Practitioner/1", "patientId": "p1", **context},
        "prefetch": {"patient": person(), "conditions": bundle(twitch(), wasting())},
    }


def test_golden_charts_in_any_order_get_the_golden_cards(evaluate: Evaluate, write: Write) -> None:
    """The order of the entries of a Bundle does not matter, not even where the Patient stands."""
    charts = [golden_bundle(case.chart) for case in WHOLE]
    for number, chart in enumerate(charts):
        random.Random(number).shuffle(chart["entry"])
    path = write("charts.ndjson", charts)

    run = evaluate(path, "--json")

    found = {(one["input"], one["patient"]): topics for one, topics in zip(run.answers, run.topics, strict=True)}
    expected = {
        (f"{path}:{line}", case.chart["patient"].get("id", PATIENT)): [card.topic for card in case.expect]
        for line, case in enumerate(WHOLE, 1)
    }
    assert expected == {key: found[key] for key in expected}
    assert (0, "") == (run.status, run.err)


@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction", "batch", "history", "document", None])
def test_bundles_of_every_type(kind: str | None, evaluate: Evaluate, write: Write) -> None:
    """What a Bundle is for does not matter."""
    chart = bundle(wasting(), twitch(), person())
    chart["type"] = kind

    assert [URGENT] == evaluate(write("chart.json", chart), "--json").topics


def test_a_whole_request_goes_the_way_of_a_call(evaluate: Evaluate, write: Write) -> None:
    """The prefetch keys that are missing are named, as the service would."""
    run = evaluate(write("request.json", request()), "--json")

    assert [URGENT] == run.topics
    assert ["p1"] == run.patients
    assert "notChecked" in run.out


def test_a_request_that_cannot_be_answered_is_one_line(evaluate: Evaluate, write: Write) -> None:
    """The line is the one the service would answer."""
    run = evaluate(write("request.json", {**request(), "hookInstance": None}), "--json")

    assert (2, "", 1) == (run.status, run.out, len(run.err.splitlines()))
    assert "request.json: The request's `hookInstance` is missing." in run.err


def test_a_request_of_another_hook_names_the_hooks_there_are(evaluate: Evaluate, write: Write) -> None:
    """Hooks that this version does not answer are refused."""
    run = evaluate(write("request.json", {**request(), "hook": "appointment-book"}))

    assert 2 == run.status
    assert "the hook of this request is not offered; use encounter-discharge, encounter-start," in run.err


def test_a_request_is_answered_by_its_own_hook(evaluate: Evaluate, write: Write) -> None:
    """Whatever the option says; a draft of another drug gets no card, and `why` says so."""
    ordered = request() | {"hook": "order-sign", "context": {**request()["context"], "draftOrders": {"entry": []}}}
    run = evaluate(write("request.json", ordered), "--json", "--why")

    assert [[]] == run.topics
    assert "no draft of a class that is checked" in run.answers[0]["why"]["summary"]


def test_urn_references_count_as_the_patient(evaluate: Evaluate, write: Write) -> None:
    """Synthea refers to the fullUrl of the Patient's entry, which may differ from its id."""
    chart = addressed(
        ("urn:uuid:c1", {**twitch("urn:uuid:person"), "id": "x"}),
        ("urn:uuid:c2", wasting("urn:uuid:person")),
        ("urn:uuid:person", person()),
    )
    run = evaluate(write("chart.json", chart), "--json")

    assert ([URGENT], ["p1"]) == (run.topics, run.patients)


def test_resources_without_ids_take_those_of_their_entries(evaluate: Evaluate, write: Write) -> None:
    """In a transaction nothing has an id yet; a medicine is found by the address of its Medication."""
    nameless = [{key: value for key, value in one.items() if key != "id"} for one in (person(), twitch("urn:uuid:p"))]
    drug = {"coding": [{"system": "http://www.whocc.no/atc", "code": "H02AB06"}]}
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "urn:uuid:p"},
        "medicationReference": {"reference": "urn:uuid:m"},
        "dosageInstruction": [{"route": {"text": "oral"}}],
        "authoredOn": "2026-01-01",
    }
    chart = addressed(
        ("urn:uuid:p", nameless[0]),
        ("urn:uuid:t", nameless[1]),
        ("urn:uuid:o", order),
        ("urn:uuid:m", {"resourceType": "Medication", "id": "other", "code": drug}),
    )
    run = evaluate(write("chart.json", chart), "--json")

    assert ["p"] == run.patients
    assert "medication-review" in run.topics[0]
    assert "Condition/t" in run.out


def test_an_age_at_onset_waits_for_the_birth_date(evaluate: Evaluate, write: Write) -> None:
    """The Patient may stand after the Conditions that count from the birth."""
    young = {"value": 66, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
    last = bundle(twitch(onsetAge=young), person())
    first = bundle(person(), twitch(onsetAge=young))

    dates = [
        evaluate(write("chart.json", one), "--json").answers[0]["cards"][0]["extension"]["org.twitch-cds.basis"]
        for one in (last, first)
    ]

    assert dates[0] == dates[1]
    assert "2026" == dates[0]["facts"][0]["date"]


def test_a_future_age_at_onset_is_left_out_once_the_birth_date_is_known(evaluate: Evaluate, write: Write) -> None:
    """Read again with the birth date, it lies in the future: the day on which the twitch was recorded counts."""
    old = {"value": 99, "code": "a"}

    assert [["data-gap"]] == evaluate(write("chart.json", bundle(twitch(onsetAge=old), person())), "--json").topics


def test_several_patients_of_one_bundle_are_kept_apart(evaluate: Evaluate, write: Write) -> None:
    """Each gets the cards of the own chart; also somebody of whom there is no Patient."""
    chart = bundle(person("p1"), person("p2"), twitch(), wasting("Patient/p2"), twitch("Patient/p3", "t3"))
    run = evaluate(write("chart.json", chart), "--json")

    assert ["p1", "p2", "p3"] == run.patients
    assert [True, False, True] == [bool(topics) for topics in run.topics]


def test_bundles_in_a_bundle_are_opened(evaluate: Evaluate, write: Write) -> None:
    """The answer to a batch holds one Bundle per request."""
    chart = bundle(person(), bundle(twitch(), kind="searchset"), bundle(wasting()), kind="batch-response")

    assert [URGENT] == evaluate(write("chart.json", chart), "--json").topics


def test_what_a_history_deleted_does_not_count(evaluate: Evaluate, write: Write) -> None:
    """Newest first: older versions of a deleted resource are passed over."""
    chart = bundle(person(), twitch(), kind="history")
    chart["entry"].insert(0, {"request": {"method": "DELETE", "url": "Condition/t1"}})

    assert [[]] == evaluate(write("chart.json", chart), "--json").topics


def test_a_single_resource_names_its_patient(evaluate: Evaluate, write: Write) -> None:
    """One reference to a patient is enough; a resource that no rule reads is a chart without a twitch."""
    allergy = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": "http://ehr.example.org/Patient/a/_history/2"},
    }
    run = evaluate(write("twitch.json", twitch()), write("allergy.json", allergy), "--json")

    assert ["p1", "a"] == run.patients
    assert [True, False] == [bool(topics) for topics in run.topics]


def test_ndjson_is_grouped_by_patient_whatever_its_order(evaluate: Evaluate, write: Write) -> None:
    """Plain resources of a patient may stand anywhere in the file."""
    path = write("all.ndjson", [wasting(), twitch("Patient/p2", "t2"), person("p2"), twitch(), person("p1")])
    run = evaluate(path, "--json")

    assert {"p1", "p2"} == set(run.patients)
    assert URGENT == run.topics[run.patients.index("p1")]


def test_ndjson_of_bundles_and_requests_is_answered_line_by_line(evaluate: Evaluate, write: Write) -> None:
    """Each line names its place; lines that are empty are passed over."""
    path = write(
        "all.ndjson",
        b"\n".join(json.dumps(one).encode() for one in [bundle(person()), "", request()]).replace(b'""', b""),
    )
    run = evaluate(path, "--json")

    assert [f"{path}:1", f"{path}:3"] == [answer["input"] for answer in run.answers]
    assert [[], URGENT] == run.topics


def test_a_folder_is_read_to_its_depths_in_order(evaluate: Evaluate, write: Write, tmp_path: Path) -> None:
    """Other files are left alone."""
    write("in/b.json", bundle(person("b")))
    write("in/a.JSON", bundle(person("a")))
    write("in/deep/c.ndjson", [bundle(person("c")), bundle(person("d"))])
    write("in/readme.txt", b"not ours")

    run = evaluate(tmp_path / "in", "--json")

    assert ["a", "b", "c", "d"] == run.patients
    assert 0 == run.status


def test_a_bulk_export_is_put_together(evaluate: Evaluate, write: Write, tmp_path: Path) -> None:
    """One file per type: the plain resources of one folder are one chart per patient, named by the folder."""
    write("Condition.ndjson", [twitch(), wasting(), problem("I10", "c")])
    write("Patient.ndjson", [person("p1"), person("p2")])

    run = evaluate(tmp_path, "--json")

    assert [(str(tmp_path), "p1"), (str(tmp_path), "p2")] == [(one["input"], one["patient"]) for one in run.answers]
    assert [URGENT, []] == run.topics


def test_names_in_any_script_are_text(evaluate: Evaluate, write: Write) -> None:
    """UTF-8 beyond ASCII."""
    chart = json.dumps(bundle(person(name=[{"family": "Jürgens 田中"}]), twitch()), ensure_ascii=False)

    assert 0 == evaluate(write("chart.json", chart.encode()), "--json").status


def test_standard_input_and_a_byte_order_mark(evaluate: Evaluate) -> None:
    """`-` reads standard input; a mark at the start is no part of the JSON."""
    run = evaluate("-", "--json", stdin=b"\xef\xbb\xbf" + json.dumps(bundle(person(), twitch()), indent=2).encode())

    assert ["-"] == [answer["input"] for answer in run.answers]
    assert run.topics[0]


def test_a_resource_that_names_nobody_is_the_only_patients(evaluate: Evaluate, write: Write) -> None:
    """Without a reference, with a reference inside, and with a conditional one."""
    patient = person()
    del patient["id"]
    chart = bundle(person(), twitch(None), wasting("#inside"), problem("I10", "c", "Patient?identifier=s|1"), patient)

    assert [URGENT] == evaluate(write("chart.json", chart), "--json").topics


def test_a_twitch_of_nobody_is_not_lost_among_several(evaluate: Evaluate, write: Write) -> None:
    """Whose it is cannot be told, so for none of them silence is right."""
    run = evaluate(write("chart.json", bundle(person("p1"), person("p2"), twitch(None))), "--json")

    assert (2, "") == (run.status, run.out)
    assert "whether the chart of p1, p2 shows muscle twitching cannot be determined" in run.err


def test_what_is_about_something_else_is_nobodys(evaluate: Evaluate, write: Write) -> None:
    """A Group or a Device is no patient, though it may share an id; nor is a practitioner in an appointment."""
    appointment = {
        "resourceType": "Appointment",
        "status": "booked",
        "created": "2026-11-20",
        "specialty": [{"coding": [{"system": "http://snomed.info/sct", "code": "394591006"}]}],
        "participant": [{"actor": {"reference": "Practitioner/9"}}, {"actor": {"reference": "Patient/p1"}}],
    }
    chart = bundle(person(), twitch("Group/p1"), twitch(ident="t2"), wasting(), appointment)
    run = evaluate(write("chart.json", chart), "--json")

    assert [["work-up-status"]] == run.topics
    assert "Condition/t1" not in run.out


def test_a_medicine_is_shared_by_all_patients(evaluate: Evaluate, write: Write) -> None:
    """A Medication belongs to nobody."""
    order = {
        "resourceType": "MedicationRequest",
        "id": "o",
        "status": "active",
        "intent": "order",
        "medicationReference": {"reference": "Medication/m"},
        "subject": {"reference": "Patient/p1"},
    }
    coded = {"coding": [{"system": "http://www.whocc.no/atc", "code": "C03CA01"}]}
    lines = [order, {"resourceType": "Medication", "id": "m", "code": coded}, person(), twitch()]

    assert "medication-review" in evaluate(write("all.ndjson", lines), "--json").topics[0]


def test_a_big_file_streams(tmp_path: Path, evaluate: Evaluate) -> None:
    """30 MB of NDJSON: memory follows what rules read, not the size of the file."""
    path = tmp_path / "big.ndjson"
    filler = {"system": "http://example.org/none", "code": "x", "display": "y" * 900}
    with path.open("w", encoding="utf-8") as lines:
        for number in range(30_000):
            noise: Json = {
                "resourceType": "Observation" if number % 2 else "Claim",
                "id": f"n{number}",
                "status": "final",
                "code": {"coding": [filler]},
                "subject": {"reference": f"Patient/p{number % 10}"},
            }
            lines.write(json.dumps(noise) + "\n")
        lines.writelines(json.dumps(one) + "\n" for one in (person(), twitch(), wasting()))
    assert 30_000_000 < path.stat().st_size

    evaluate(path, "--json")
    tracemalloc.start()
    try:
        run = evaluate(path, "--json")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert URGENT == run.topics[run.patients.index("p1")]
    assert 10 == len(run.answers)
    assert peak < 3_000_000


def test_a_patient_without_an_id_is_the_one_that_is_referred_to(evaluate: Evaluate, write: Write) -> None:
    """An address on a server is no id, but the references to it are."""
    url = "http://ehr.example.org/Patient/9"
    nameless = {key: value for key, value in person(born="2015-01-01").items() if key != "id"}
    run = evaluate(
        write("c.json", addressed((url, nameless), ("urn:uuid:t", twitch(url)), ("x", wasting(url)))), "--json"
    )

    assert (["9"], ["paediatric-neurology"]) == (run.patients, run.topics[0][:1])
