"""Completion from a healthy FHIR server: what is asked for, what is joined, and what is left alone."""

import asyncio
import json
import time

import pytest
from fetching import TEMPLATES, Client, granted, ids, reasons, run, source_of
from fhir_double import Double, Handler, Json, forever, in_turn, outcome, resource, saying, searchset
from msgspec import Raw

from cds.account import NOBODY, Caller
from cds.deadline import Deadline
from cds.errors import SettingsError
from cds.hooks.services import templates as advertised
from cds.knowledge.load import load
from cds.prefetch.completion import Completion
from cds.prefetch.supply import State, Supplies, Supply, supply, wanted_of
from cds.settings import Settings

PERSON = resource("Patient", "p1", birthDate="1970-01-01")


def prefetched(key: str, value: object) -> Supply:
    """A key as a client sent it."""
    return supply(key, Raw(json.dumps(value).encode()))


def drug(name: str, target: str, **more: object) -> Json:
    """A prescription that refers to its medicine."""
    return resource(
        "MedicationRequest", name, **{"status": "active", "medicationReference": {"reference": target}, **more}
    )


def medication(name: str) -> Json:
    """A medicine that others refer to."""
    return resource("Medication", name, code={"text": name})


def test_each_key_is_asked_for_once_and_arrives() -> None:
    """Reads and searches go to the base, with the token, the wanted type, and nothing that says who else we are."""

    async def call() -> None:
        handlers = {"Patient/p1": saying(PERSON), "Condition?": saying(searchset(resource("Condition", "c1")))}
        async with Double(handlers | {"Encounter?": saying(searchset())}) as double, Client(double) as client:
            found = await client.fetch("patient", "conditions", "encounters")

            assert {"patient": ["p1"], "conditions": ["c1"], "encounters": []} == {k: ids(v) for k, v in found.items()}
            assert State.KNOWN_EMPTY is found["encounters"].state
            assert all(one.is_complete and not one.reason for one in found.values())
            assert {
                "Patient/p1",
                "Condition?patient=p1&_count=500",
                "Encounter?patient=p1&status=planned,arrived",
            } == set(double.targets)
            for seen in double.seen:
                assert ("GET", "") == (seen.method, seen.body)
                assert "Bearer canary-token-7f3a" == seen.headers["authorization"]
                assert ("application/fhir+json", "identity") == (
                    seen.headers["accept"],
                    seen.headers["accept-encoding"],
                )
                assert {"host", "accept", "accept-encoding", "cache-control", "connection", "user-agent"} == (
                    seen.headers.keys() - {"authorization"}
                )
            assert {"read": 3} == dict(client.completion.tally.requests)

    run(call())


def test_every_advertised_template_is_a_request() -> None:
    """The templates of discovery are sent as they are meant, encoded, and short enough for one line."""

    async def call() -> None:
        made = advertised(load())
        async with Double({"Patient/": saying(PERSON), "": saying(searchset())}) as double, Client(double) as client:
            found = await client.fetch(*made, templates=made)

            assert {} == reasons(found)
            assert len(made) == len(double.seen)
            assert {"GET"} == {seen.method for seen in double.seen}
            assert all(len(seen.target) < 7000 and "|" not in seen.target for seen in double.seen)
            assert any("http://loinc.org%7C2823-3" in seen.target for seen in double.seen)

    run(call())


def test_a_very_long_search_is_posted() -> None:
    """What does not fit into one line goes as a form, with the token."""

    async def call() -> None:
        long = {
            "labs": "Observation?patient={{context.patientId}}&code=" + ",".join(f"http://x|{n}" for n in range(900))
        }
        async with (
            Double({"Observation/_search": saying(searchset(resource("Observation", "o1")))}) as double,
            Client(double) as client,
        ):
            found = await client.fetch("labs", templates=long)

            assert ["o1"] == ids(found["labs"])
            assert [("POST", "/fhir/Observation/_search")] == [(seen.method, seen.target) for seen in double.seen]
            assert double.seen[0].body.startswith("patient=p1&code=http://x%7C0,http://x%7C1,")
            assert "application/x-www-form-urlencoded" == double.seen[0].headers["content-type"]

    run(call())


def test_without_a_token_the_server_is_asked_without() -> None:
    """An open server needs none; an empty authorization header is not sent."""

    async def call() -> None:
        async with Double({"Patient/p1": saying(PERSON)}) as double, Client(double) as client:
            found = await client.fetch("patient", source=source_of(double.base))

            assert ["p1"] == ids(found["patient"])
            assert "authorization" not in double.seen[0].headers

    run(call())


@pytest.mark.parametrize("relative", [False, True])
def test_pages_are_joined(relative: bool) -> None:
    """Next links are followed, absolute or relative, and what a page repeats counts once."""

    async def call() -> None:
        async with Double() as double, Client(double) as client:
            start = "" if relative else f"{double.base}/"
            double.handlers |= {
                "Condition?page=2": saying(
                    searchset(
                        resource("Condition", "c1"), resource("Condition", "c2"), following=f"{start}Condition?page=3"
                    )
                ),
                "Condition?page=3": saying(searchset(resource("Condition", "c3"), {"resourceType": "Condition"})),
                "Condition?patient": saying(
                    searchset(
                        resource("Condition", "c1"), {"resourceType": "Condition"}, following=f"{start}Condition?page=2"
                    )
                ),
            }
            found = await client.fetch("conditions")

            assert ["c1", None, "c2", "c3", None] == ids(found["conditions"])
            assert found["conditions"].is_complete

    run(call())


@pytest.mark.parametrize("most", [1, 3])
def test_pages_are_bounded(most: int) -> None:
    """What was read counts; that there is more is said."""

    async def call() -> None:
        pages: list[Handler] = [
            saying(searchset(resource("Condition", f"c{n}"), following=f"Condition?page={n}")) for n in range(9)
        ]
        async with Double({"Condition": in_turn(*pages)}) as double, Client(double, fhir_max_pages=most) as client:
            found = await client.fetch("conditions")

            assert [f"c{n}" for n in range(most)] == ids(found["conditions"])
            assert {"conditions": "page-limit"} == reasons(found)
            assert most == len(double.seen)

    run(call())


def test_a_prefetched_page_is_continued() -> None:
    """A first page that was sent is not asked for again; the rest is joined to it."""

    async def call() -> None:
        async with Double() as double, Client(double) as client:
            double.handlers["Condition?page=2"] = saying(searchset(resource("Condition", "c2")))
            first = searchset(
                resource("Condition", "c1"), {"resourceType": "Condition", "code": 1}, following="Condition?page=2"
            )
            held = {"conditions": prefetched("conditions", first)}
            found = await client.fetch("conditions", held=held)

            assert ["c1", "c2"] == ids(found["conditions"])
            assert [("Condition", "unreadable", 1)] == [
                (one.type, one.reason, one.count) for one in found["conditions"].not_checked()
            ]
            assert ["Condition?page=2"] == double.targets
            assert ["c1"] == ids(held["conditions"])

    run(call())


@pytest.mark.parametrize("link", ["https://ehr.example.org/fhir?page=2", "http://127.0.0.1:1/fhir/Condition?page=2"])
def test_a_prefetched_page_that_goes_on_elsewhere_is_searched_anew(link: str) -> None:
    """A next link off the base is never followed; the template's search has it all."""

    async def call() -> None:
        whole = searchset(resource("Condition", "c1"), resource("Condition", "c2"))
        async with Double({"Condition?patient=p1": saying(whole)}) as double, Client(double) as client:
            first = searchset(resource("Condition", "c1"), following=link)
            found = await client.fetch("conditions", held={"conditions": prefetched("conditions", first)})

            assert ["c1", "c2"] == ids(found["conditions"])
            assert found["conditions"].is_complete

    run(call())


def test_a_prefetched_page_whose_rest_fails_still_counts() -> None:
    """What was sent stays, with the reason why it is not all."""

    async def call() -> None:
        async with Double({"Condition": saying(b"", 500)}) as double, Client(double) as client:
            first = searchset(resource("Condition", "c1"), following="Condition?page=2")
            found = await client.fetch("conditions", held={"conditions": prefetched("conditions", first)})

            assert ["c1"] == ids(found["conditions"])
            assert {"conditions": "server-error"} == reasons(found)

    run(call())


def test_a_failed_key_is_replaced() -> None:
    """What the server gives takes the place of what the client failed to send."""

    async def call() -> None:
        async with (
            Double({"Condition": saying(searchset(resource("Condition", "c1")))}) as double,
            Client(double) as client,
        ):
            found = await client.fetch("conditions", held={"conditions": prefetched("conditions", outcome("timeout"))})

            assert ["c1"] == ids(found["conditions"])
            assert found["conditions"].is_complete

    run(call())


@pytest.mark.parametrize(
    "body",
    [
        resource("Patient", "p2"),
        resource("Condition", "p1"),
        searchset(),
        searchset(PERSON, resource("Patient", "p2")),
        outcome("informational", "information"),
    ],
)
def test_a_read_brings_what_was_asked_for_or_nothing(body: Json) -> None:
    """Somebody else's Patient is no answer."""

    async def call() -> None:
        async with Double({"Patient/p1": saying(body)}) as double, Client(double) as client:
            found = await client.fetch("patient")

            assert [] == ids(found["patient"])
            assert {"patient": "unreadable"} == reasons(found)

    run(call())


def test_an_unreadable_patient_is_counted_as_such() -> None:
    """One odd resource costs only itself."""

    async def call() -> None:
        async with Double({"Patient/p1": saying(PERSON | {"birthDate": 7})}) as double, Client(double) as client:
            found = await client.fetch("patient")

            assert {"patient": "unreadable"} == reasons(found)
            assert {"Patient": 1} == dict(found["patient"].feed.unreadable)

    run(call())


def test_a_missing_patient_is_not_found() -> None:
    """A read of what is not there is no matter of support."""

    async def call() -> None:
        async with Double() as double, Client(double) as client:
            assert {"patient": "not-found", "familyHistory": "unsupported"} == reasons(
                await client.fetch("patient", "familyHistory")
            )

    run(call())


def test_a_template_without_its_value_does_not_apply() -> None:
    """A token that nothing is known for makes the key not applicable; a key without a template stays as it was."""

    async def call() -> None:
        asked = {"encounters": "Encounter/{{context.encounterId}}"}
        async with Double() as double, Client(double) as client:
            found = await client.fetch("encounters", "labs", templates=asked)

            assert State.NOT_APPLICABLE is found["encounters"].state
            assert {"labs": "absent"} == reasons(found)
            assert [] == double.seen

    run(call())


def test_medications_are_read() -> None:
    """What is neither contained nor bundled is read by its id, each once, and joins the key that needs it."""

    async def call() -> None:
        orders = searchset(
            drug("r1", "Medication/m1"),
            drug("r2", "Medication/m1"),
            drug("r3", "Medication/m2"),
            drug("r4", "#in", contained=[medication("in")]),
            drug("r5", "Medication/gone", status="entered-in-error"),
            medication("m2"),
        )
        async with Double({"MedicationRequest": saying(orders)}) as double, Client(double) as client:
            held = {
                "medicationStatements": prefetched(
                    "medicationStatements", searchset(drug("s1", f"{double.base}/Medication/m3/_history/2"))
                )
            }
            double.handlers |= {f"Medication/{name}": saying(medication(name)) for name in ("m1", "m3")}
            found = await client.fetch("medicationRequests", "medicationStatements", held=held)

            assert ["r1", "r2", "r3", "r4", "r5", "m2", "m1"] == ids(found["medicationRequests"])
            assert ["s1", "m3"] == ids(found["medicationStatements"])
            assert {"Medication/m1", "Medication/m3"} == {
                one for one in double.targets if one.startswith("Medication/")
            }
            supplies = Supplies({}, ["medicationRequests", "medicationStatements"])
            supplies.put(found)
            assert () == supplies.not_checked()
            assert frozenset() == supplies.missing()

    run(call())


@pytest.mark.parametrize(
    ("target", "handler", "reason"),
    [
        ("Medication/m1", saying(b"", 404), "not-found"),
        ("Medication/m1", saying(b"", 403), "forbidden"),
        ("Medication/m1", saying(outcome("security")), "forbidden"),
        ("Medication/m1", saying(medication("m2")), "unreadable"),
        ("Medication/m1", saying(b"<html>"), "unreadable"),
        ("Medication/m1", forever, "timed-out"),
        ("https://ehr.example.org/fhir/Medication/m1", saying(medication("m1")), "absent"),
        ("urn:uuid:6f1c2b1e-0000-4000-8000-000000000000", saying(medication("m1")), "absent"),
        ("Medication/..", saying(medication("m1")), "absent"),
        ("Substance/m1", saying(medication("m1")), "absent"),
    ],
)
def test_a_medication_that_cannot_be_read_is_named(target: str, handler: Handler, reason: str) -> None:
    """The reason stands with the Medication; the prescription itself counts."""

    async def call() -> None:
        handlers = {
            "MedicationRequest": saying(searchset(drug("r1", target), drug("r2", target))),
            "Medication/": handler,
        }
        async with Double(handlers) as double, Client(double, deadline_ms=300) as client:
            found = await client.fetch("medicationRequests")
            supplies = Supplies({}, ["medicationRequests"])
            supplies.put(found)

            assert ["r1", "r2"] == ids(found["medicationRequests"])
            assert [("Medication", reason, "medicationRequests", 2)] == [
                (one.type, one.reason, one.key, one.count) for one in supplies.not_checked()
            ]
            assert {"MedicationRequest"} == supplies.missing()
            assert () == wanted_of(supplies, ["medicationRequests"])

    run(call())


def test_medications_are_bounded() -> None:
    """Fifty are read; that there are more is said."""

    async def call() -> None:
        orders = saying(searchset(*(drug(f"r{n}", f"Medication/m{n}") for n in range(53))))
        async with Double({"MedicationRequest": orders}) as double, Client(double) as client:
            double.handlers |= {f"Medication/m{n}": saying(medication(f"m{n}")) for n in reversed(range(53))}
            found = await client.fetch("medicationRequests")

            assert 51 == len(double.seen)
            assert dict.fromkeys(["Medication/m50", "Medication/m51", "Medication/m52"], "page-limit") == (
                found["medicationRequests"].unread
            )

    run(call())


def test_prefetched_medicines_lack_their_medications_only() -> None:
    """Where the entries were sent but not the Medications, only these are read."""

    async def call() -> None:
        whole = {"medicationRequests": searchset(drug("r1", "Medication/m1")), "medicationStatements": searchset()}
        supplies = Supplies({key: Raw(json.dumps(value).encode()) for key, value in whole.items()}, whole)
        wanted = wanted_of(supplies, whole)
        async with Double({"Medication/m1": saying(medication("m1"))}) as double, Client(double) as client:
            found = await client.fetch(*wanted, held=supplies.held(whole))

            assert ("medicationRequests",) == wanted
            assert ["r1", "m1"] == ids(found["medicationRequests"])
            assert ["Medication/m1"] == double.targets

    run(call())


def test_requests_at_once_are_bounded() -> None:
    """No more are under way than the setting allows; all are answered in the end."""

    async def call() -> None:
        now, most = 0, 0

        async def counting(wire: object) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1
            await saying(searchset())(wire)  # type: ignore[arg-type]

        keys = [key for key in TEMPLATES if key != "patient"]
        async with Double({"": counting}) as double, Client(double, fhir_concurrency=2) as client:
            found = await client.fetch(*keys)

            assert {} == reasons(found)
            assert 2 == most
            assert len(keys) == len(double.seen)
            assert 2 >= double.connections

    run(call())


@pytest.mark.parametrize("server", [None, "http://127.0.0.1:1/fhir", "nonsense", "{base}x", "{base}/../other"])
def test_what_is_not_listed_is_not_contacted(server: str | None) -> None:
    """Without a server on the list nothing is asked, and nothing is said but that it did not come."""

    async def call() -> None:
        async with Double() as double, Client(double) as client:
            named = server.format(base=double.base) if server else None
            found = await client.fetch("patient", "conditions", source=source_of(named, granted()))

            assert {"patient": "absent", "conditions": "absent"} == reasons(found)
            assert ([], 0) == (double.seen, double.connections)
            assert bool(server) == bool(client.completion.tally.kept_back["not-allowed"])

    run(call())


def test_a_client_may_be_narrowed() -> None:
    """The list of a client takes away from the setting, and adds nothing."""

    async def call() -> None:
        async with Double({"a/Patient/p1": saying(PERSON)}) as double, Client(double) as client:
            for servers, expected in (
                ((f"{double.base}/a",), ["p1"]),
                ((f"{double.base}/b",), []),
                ((), []),
                (("?",), []),
            ):
                caller = Caller(client="c", fhir_servers=servers)
                found = await client.fetch("patient", source=source_of(f"{double.base}/a"), caller=caller)

                assert expected == ids(found["patient"])

    run(call())


def test_nothing_wanted_is_nothing_asked() -> None:
    """An empty wish costs nothing."""

    async def call() -> None:
        async with Double() as double, Client(double) as client:
            assert {} == await client.fetch()
            assert {} == dict(client.completion.tally.kept_back)

    run(call())


def test_after_the_deadline_nothing_is_asked() -> None:
    """A call whose time is over does not begin."""

    async def call() -> None:
        async with Double() as double, Client(double) as client:
            found = await client.completion.fetch(
                ["patient"],
                source_of(double.base),
                TEMPLATES,
                {},
                NOBODY,
                Deadline(time.monotonic() - 1, time.monotonic),
            )

            assert {"patient": "timed-out"} == reasons(found)
            assert [] == double.seen

    run(call())


@pytest.mark.parametrize("address", ["http://user@ehr.example.org/fhir", "http://ehr.example.org/a/../fhir"])
def test_a_list_that_can_be_read_in_two_ways_stops_the_start(address: str) -> None:
    """The setting is named, its value is not."""
    with pytest.raises(SettingsError, match="TWITCH_CDS_FHIR_SERVERS") as raised:
        Completion(Settings(fhir_servers=(address,)))

    assert "ehr" not in str(raised.value)
