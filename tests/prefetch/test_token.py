"""The token of a call: used for that call and that server, as long and as far as it was granted, and never shown."""

import logging

import pytest
from fetching import MS, TOKEN, Client, granted, ids, reasons, run, source_of
from fhir_double import FHIR, PATIENT, Double, forever, in_turn, resource, saying, searchset

from cds.access import Authorization
from cds.prefetch.supply import Supplies, wanted_of
from cds.secrecy import Secret

HEALTHY = {
    "Patient/p1": saying(resource("Patient", "p1")),
    "Condition": saying(searchset(resource("Condition", "c1"))),
    "Observation": saying(searchset(resource("Observation", "o1"))),
}
KEYS = ("patient", "conditions", "labs")


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        ("openid launch fhirUser", {}),
        ("", {}),
        ("patient/*.*", {}),
        ("user/*.read", {}),
        ("system/*.rs", {}),
        ("patient/Patient.r patient/Condition.s patient/Observation.cruds", {}),
        ("patient/Patient.read patient/Condition.read", {"labs": "not-granted"}),
        ("launch patient/Patient.write", dict.fromkeys(KEYS, "not-granted")),
        ("patient/Patient.s patient/Condition.r patient/Observation.rs", dict.fromkeys(KEYS[:2], "not-granted")),
        ("patient/*.rs?category=x", dict.fromkeys(KEYS, "partly-granted")),
        ("user/Patient.rs user/Condition.rs user/Observation.rs?category=laboratory", {"labs": "partly-granted"}),
    ],
)
def test_only_what_is_granted_is_asked_for(scope: str, missing: dict[str, str]) -> None:
    """A type without a grant is not asked for; one with a filter is, and is never taken for all there is."""

    async def call() -> None:
        async with Double(HEALTHY) as double, Client(double) as client:
            found = await client.fetch(*KEYS, source=source_of(double.base, granted(scope)))
            supplies = Supplies({}, KEYS)
            supplies.put(found)

            assert missing == reasons(found)
            assert len(KEYS) - list(missing.values()).count("not-granted") == len(double.seen)
            assert all(bool(ids(one)) == (missing.get(key) != "not-granted") for key, one in found.items())
            assert all(one.is_complete == (key not in missing) for key, one in found.items())
            assert () == wanted_of(supplies, KEYS)

    run(call())


def test_a_failure_is_told_before_a_partial_grant() -> None:
    """What went wrong says more than what was not granted."""

    async def call() -> None:
        async with Double({"Condition": saying(b"", 500)}) as double, Client(double) as client:
            found = await client.fetch("conditions", source=source_of(double.base, granted("patient/*.rs?category=x")))

            assert {"conditions": "server-error"} == reasons(found)

    run(call())


def test_a_medication_that_is_not_granted_is_named() -> None:
    """The prescription was granted, the Medication it refers to was not."""

    async def call() -> None:
        order = resource("MedicationRequest", "r1", medicationReference={"reference": "Medication/m1"})
        async with Double({"MedicationRequest": saying(searchset(order))}) as double, Client(double) as client:
            found = await client.fetch(
                "medicationRequests", source=source_of(double.base, granted("patient/MedicationRequest.read"))
            )

            assert {"Medication/m1": "not-granted"} == found["medicationRequests"].unread
            assert 1 == len(double.seen)

    run(call())


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (granted(patient="p2"), "forbidden"),
        (granted(expires_in=0), "expired"),
        (granted(expires_in=-5), "expired"),
        (Authorization(token=Secret("two words"), expires_in=300, scope="", subject="app"), "unauthorized"),
        (Authorization(token=Secret("a\r\nX-Evil: 1"), expires_in=300, scope="", subject="app"), "unauthorized"),
        (Authorization(token=Secret(""), expires_in=300, scope="", subject="app"), "unauthorized"),
    ],
)
def test_a_token_that_must_not_be_used_is_not(authorization: Authorization, reason: str) -> None:
    """Another patient's token, one that has expired, or none that can stand in a header: nothing is contacted."""

    async def call() -> None:
        async with Double(HEALTHY) as double, Client(double) as client:
            found = await client.fetch(*KEYS, source=source_of(double.base, authorization))

            assert dict.fromkeys(KEYS, reason) == reasons(found)
            assert 0 == double.connections
            assert {reason: 1} == dict(client.completion.tally.kept_back)

    run(call())


@pytest.mark.parametrize("patient", [PATIENT, None])
def test_a_token_of_this_patient_or_of_no_patient_is_used(patient: str | None) -> None:
    """The patient of the token is optional."""

    async def call() -> None:
        async with Double(HEALTHY) as double, Client(double) as client:
            found = await client.fetch("patient", source=source_of(double.base, granted(patient=patient)))

            assert ["p1"] == ids(found["patient"])

    run(call())


def test_a_token_that_expires_during_the_call_ends_it() -> None:
    """It is given up when it expires, before the deadline, and the reason says so."""

    async def call() -> None:
        async with Double({"Condition": forever}) as double, Client(double, deadline_ms=3 * MS) as client:
            found = await client.fetch("conditions", source=source_of(double.base, granted(expires_in=1)))

            assert {"conditions": "expired"} == reasons(found)
            assert 1.0 <= client.took < 2.0
            assert {"expired": 1} == dict(client.completion.tally.requests)

    run(call())


@pytest.mark.parametrize("how", ["next", "redirect", "medication", "cookie"])
def test_the_token_reaches_no_other_host(how: str) -> None:
    """No next link, redirect or reference leads it elsewhere; a foreign host is not even met; cookies are not kept."""

    async def call() -> None:
        async with Double({"": saying(searchset())}) as foreign, Double() as double, Client(double) as client:
            away = f"{foreign.base}/Condition"
            order = resource(
                "MedicationRequest", "r1", medicationReference={"reference": f"{foreign.base}/Medication/m1"}
            )
            double.handlers |= {
                "Condition": {
                    "next": saying(searchset(resource("Condition", "c1"), following=away)),
                    "redirect": saying(b"", 307, {"Location": away}),
                }.get(how, saying(searchset(), headers={**FHIR, "Set-Cookie": "a=b; Domain=127.0.0.1; Path=/"})),
                "MedicationRequest": saying(searchset(order)),
            }
            await client.fetch("conditions", "medicationRequests")
            await client.fetch("conditions")

            assert ([], 0) == (foreign.seen, foreign.connections)
            assert 3 == len(double.seen)
            assert all("cookie" not in seen.headers for seen in double.seen)

    run(call())


def test_nothing_of_it_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """At the most talkative level, neither the token nor the patient's id is in any log or on any stream."""

    async def call() -> None:
        handlers = {
            **HEALTHY,
            "Condition": in_turn(saying(searchset(following="Condition?patient=p1&page=2")), forever),
        }
        async with Double(handlers) as double, Client(double, deadline_ms=300) as client:
            for server in (double.base, "http://127.0.0.1:1/fhir"):
                found = await client.fetch(*KEYS, source=source_of(server, granted()))
                assert TOKEN not in repr(found)

    caplog.set_level(logging.DEBUG)
    run(call())
    said = caplog.text + "".join(capfd.readouterr())

    assert TOKEN not in said
    assert PATIENT not in said.replace(__file__, "")
    assert "httpcore" not in said
