"""Searches that a server refuses are asked once more, more simply; medicines of drafts are read by reference."""

from fetching import Client, ids, reasons, run
from fhir_double import Double, Handler, resource, saying, searchset
from test_completion import drug, medication

from cds.fhir.bundle import Feed
from cds.fhir.datatypes import NamedReference
from cds.fhir.resources import MedicationRequest
from cds.prefetch.supply import DRAFTS, State, Supply

LONG = {"labs": "Observation?patient={{context.patientId}}&code=" + ",".join(f"http://x|{n}" for n in range(200))}


def refusing(status: int = 400) -> Handler:
    """A handler that refuses."""
    return saying(
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}, status=status
    )


def test_a_search_refused_for_its_include_is_asked_without() -> None:
    """The medicines that are then only referred to are read one by one."""

    async def call() -> None:
        handlers: dict[str, Handler] = {
            "MedicationRequest?patient=p1&_include": refusing(),
            "MedicationRequest?patient=p1": saying(searchset(drug("r1", "Medication/m1"))),
            "Medication/m1": saying(medication("m1")),
        }
        async with Double(handlers) as double, Client(double) as client:
            found = await client.fetch("medicationRequests")

            assert ["r1", "m1"] == ids(found["medicationRequests"])
            assert {} == reasons(found)
            assert [
                "MedicationRequest?patient=p1&_include=MedicationRequest:medication",
                "MedicationRequest?patient=p1",
                "Medication/m1",
            ] == double.targets

    run(call())


def test_a_search_that_is_refused_twice_has_failed() -> None:
    """There is no third way to ask."""

    async def call() -> None:
        async with Double({"MedicationRequest?": refusing()}) as double, Client(double) as client:
            found = await client.fetch("medicationRequests")

            assert {"medicationRequests": "failed"} == reasons(found)
            assert 2 == len(double.seen)

    run(call())


def test_a_short_plain_search_that_is_refused_is_not_repeated() -> None:
    """The same again would be refused again."""

    async def call() -> None:
        async with Double({"Condition?": refusing()}) as double, Client(double) as client:
            found = await client.fetch("conditions")

            assert {"conditions": "failed"} == reasons(found)
            assert 1 == len(double.seen)

    run(call())


def test_a_long_search_that_is_refused_is_posted() -> None:
    """Its length may have been the reason, though it was under what most servers take."""

    async def call() -> None:
        handlers: dict[str, Handler] = {
            "Observation/_search": saying(searchset(resource("Observation", "o1"))),
            "Observation?": refusing(414),
        }
        async with Double(handlers) as double, Client(double) as client:
            found = await client.fetch("labs", templates=LONG)

            assert ["o1"] == ids(found["labs"])
            assert ["GET", "POST"] == [seen.method for seen in double.seen]

    run(call())


def draft(target: str) -> MedicationRequest:
    """A draft that refers to its medicine."""
    return MedicationRequest(id="d1", medication_reference=NamedReference(reference=target))


def test_the_medicine_of_a_draft_is_read() -> None:
    """It joins the drafts, and nothing else is asked for."""

    async def call() -> None:
        held = {DRAFTS: Supply(DRAFTS, State.SUPPLIED, Feed(resources=[draft("Medication/m1")]))}
        found: dict[str, Handler] = {"Medication/m1": saying(medication("m1"))}
        async with Double(found) as double, Client(double) as client:
            read = await client.fetch(DRAFTS, held=held)

            assert ["d1", "m1"] == ids(read[DRAFTS])
            assert ["Medication/m1"] == double.targets

    run(call())


def test_a_medicine_of_a_draft_that_is_not_there_says_why() -> None:
    """The draft stays as it was."""

    async def call() -> None:
        held = {DRAFTS: Supply(DRAFTS, State.SUPPLIED, Feed(resources=[draft("Medication/m9")]))}
        async with Double({}) as double, Client(double) as client:
            read = await client.fetch(DRAFTS, held=held)

            assert ["d1"] == ids(read[DRAFTS])
            assert {"Medication/m9": "not-found"} == read[DRAFTS].unread

    run(call())
