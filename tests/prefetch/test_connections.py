"""Connections: names are resolved once and judged, HTTP/2 is spoken where offered, and abandoned ones are replaced."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpcore
import pytest
import trustme
from fetching import Client, ids, reasons, run, source_of
from fhir_double import Double, forever, resource, saying, searchset
from h2_double import H2Double

from cds.prefetch import transport as transport_module
from cds.prefetch.addresses import is_address, usable
from cds.prefetch.backend import CheckedBackend, resolve
from cds.prefetch.completion import Completion
from cds.settings import Settings

PERSON = saying(resource("Patient", "p1"))
Resolver = Callable[[str, int], Awaitable[list[str]]]


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fd20:ce::254"),
        *("100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "ff02::1", "0.0.0.0", "0.1.2.3", "::"),
        *(
            "255.255.255.255",
            "240.0.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
        ),
        *("::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1"),
        "2001:0:4136:e378:8000:63bf:5601:5601",
    ],
)
def test_addresses_that_are_never_contacted(address: str) -> None:
    """Link-local, metadata, multicast, unspecified, reserved and loopback, also inside an IPv6 address."""
    assert [] == usable([address], "ehr.example.org")


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "192.168.1.1", "172.16.0.1", "fd12::1", "93.184.216.34", "2606:2800::1", "::ffff:10.0.0.1"]
)
def test_addresses_that_may_be_contacted(address: str) -> None:
    """Public ones, and private ones: the service stands beside the FHIR server."""
    assert [address] == usable([address], "ehr.example.org")
    assert [address] == usable(["127.0.0.1", address, "169.254.169.254"], "ehr.example.org")


@pytest.mark.parametrize("host", ["localhost", "fhir.localhost"])
def test_loopback_is_for_names_that_say_so(host: str) -> None:
    """A name that stands for this machine by itself may lead to it, and to nothing else that is refused."""
    assert ["127.0.0.1", "::1"] == usable(["127.0.0.1", "::1", "169.254.1.1"], host)


@pytest.mark.parametrize(("host", "expected"), [("::1", True), ("127.0.0.1", True), ("127.1", False), ("ehr", False)])
def test_an_address_is_told_from_a_name(host: str, expected: bool) -> None:
    """Only whole addresses are; everything else is resolved and judged."""
    assert expected == is_address(host)


def answering(*addresses: str) -> tuple[Resolver, list[str]]:
    """A resolver that says one thing, and the names it was asked for."""
    asked: list[str] = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return list(addresses)

    return resolver, asked


def test_a_name_is_resolved_once_and_its_address_used() -> None:
    """The judged address is connected to, not the name again: a second answer could be another one."""

    async def call() -> None:
        async with Double({"Patient/p1": PERSON}) as double:
            named = double.base.replace("127.0.0.1", "fhir.localhost")
            resolver, asked = answering("127.0.0.1")
            completion = Completion(Settings(fhir_servers=(named,), deadline_ms=5000), resolver=resolver)
            async with Client(double, lambda _: completion) as client:
                for _ in range(2):
                    assert ["p1"] == ids((await client.fetch("patient", source=source_of(named)))["patient"])

            assert ["fhir.localhost"] == asked
            assert {urlhost(named)} == {seen.headers["host"] for seen in double.seen}

    run(call())


def urlhost(base: str) -> str:
    """Host and port of an address."""
    return base.split("/")[2]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
def test_a_name_that_leads_to_a_forbidden_address_is_unreachable(address: str) -> None:
    """A rebound name is not followed into this machine."""

    async def call() -> None:
        async with Double({"Patient/p1": PERSON}) as double:
            named = double.base.replace("127.0.0.1", "ehr.example.org")
            resolver, asked = answering(address)
            completion = Completion(Settings(fhir_servers=(named,), deadline_ms=5000), resolver=resolver)
            async with Client(double, lambda _: completion) as client:
                found = await client.fetch("patient", source=source_of(named))

            assert {"patient": "unreachable"} == reasons(found)
            assert (["ehr.example.org"], 0) == (asked, double.connections)

    run(call())


@pytest.mark.parametrize("problem", [OSError("no such name"), UnicodeError("label too long")])
def test_a_name_that_cannot_be_resolved_is_unreachable(problem: Exception) -> None:
    """Whatever the resolver says, it is a connection that failed."""

    async def failing(host: str, port: int) -> list[str]:
        raise problem

    async def call() -> None:
        with pytest.raises(httpcore.ConnectError):
            await CheckedBackend(["ehr.example.org"], failing).connect_tcp("ehr.example.org", 443)

    run(call())


def test_a_host_that_is_not_listed_is_never_connected_to() -> None:
    """The last line of defence stands at the socket."""

    async def call() -> None:
        async with Double() as double:
            with pytest.raises(httpcore.ConnectError):
                await CheckedBackend(["ehr.example.org"]).connect_tcp(
                    "127.0.0.1", int(urlhost(double.base).split(":")[1])
                )

            assert 0 == double.connections

    run(call())


def test_the_next_address_is_tried() -> None:
    """A name with several addresses is reached at the first that answers."""

    async def call() -> None:
        async with Double({"Patient/p1": PERSON}) as double:
            port = int(urlhost(double.base).split(":")[1])
            resolver, _ = answering("127.0.0.9", "127.0.0.1")
            stream = await CheckedBackend(["localhost"], resolver).connect_tcp("localhost", port)
            await stream.aclose()
            with pytest.raises(httpcore.ConnectError):
                await CheckedBackend(["localhost"], answering("127.0.0.9")[0]).connect_tcp("localhost", port)

    run(call())


def test_this_machine_resolves_its_own_name() -> None:
    """The default resolver gives each address once."""
    found = run(resolve("localhost", 80))

    assert "127.0.0.1" in found
    assert len(found) == len(set(found))


def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS with a certificate for loopback, whose authority this machine trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    return tls


def test_http2_is_spoken_where_it_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests share one connection; what fails is one request."""

    async def call() -> None:
        async with H2Double(tls) as double, Client(double) as client:
            double.bodies = {
                "Patient/p1": resource("Patient", "p1"),
                "Condition": searchset(resource("Condition", "c1")),
            }
            found = await client.fetch("patient", "conditions", "encounters")

            assert (["p1"], ["c1"]) == (ids(found["patient"]), ids(found["conditions"]))
            assert {"encounters": "unsupported"} == reasons(found)
            assert (1, 3) == (double.connections, double.requests)

    tls = certified(tmp_path, monkeypatch)
    run(call())


def test_nonsense_in_http2_is_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that may not be there, in the middle of a body, is a connection that failed, not a fault of ours."""

    async def call() -> None:
        async with H2Double(tls) as double, Client(double) as client:
            double.nonsense = True

            assert {"conditions": "unreachable"} == reasons(await client.fetch("conditions"))

    tls = certified(tmp_path, monkeypatch)
    run(call())


def test_given_up_http2_requests_do_not_wear_a_connection_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a number of them a new connection is used, and the old one is closed when nobody needs it any more."""

    async def call() -> None:
        async with H2Double(tls) as double, Client(double, deadline_ms=250, fhir_max_page_bytes=1024) as client:
            double.bodies = {"Condition": searchset(resource("Condition", "x" * 2000))}
            for _ in range(3):
                assert {"conditions": "too-large"} == reasons(await client.fetch("conditions"))
            await asyncio.wait_for(double.closed.wait(), 600)
            double.bodies = {"Condition": searchset(resource("Condition", "c1"))}

            assert ["c1"] == ids((await client.fetch("conditions"))["conditions"])
            assert 2 == double.connections

    monkeypatch.setattr(transport_module, "MOST_ABANDONED", 3)
    tls = certified(tmp_path, monkeypatch)
    run(call())


def test_a_retired_connection_serves_those_who_still_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow request that began before its pool was replaced is answered nevertheless."""
    held = asyncio.Event()

    async def slow(wire: object) -> None:
        await held.wait()
        await saying(searchset(resource("Condition", "c1")))(wire)  # type: ignore[arg-type]

    async def call() -> None:
        async with (
            Double({"Condition": slow, "Encounter": saying(b"x" * 5000)}) as double,
            Client(double, fhir_max_page_bytes=1024) as client,
        ):
            pending = asyncio.create_task(client.fetch("conditions"))
            while not double.seen:
                await asyncio.sleep(0)
            assert {"encounters": "too-large"} == reasons(await client.fetch("encounters"))
            held.set()

            assert ["c1"] == ids((await pending)["conditions"])
            await double.deserted()

    monkeypatch.setattr(transport_module, "MOST_ABANDONED", 1)
    run(call())


def test_everything_is_closed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing the completion closes connections that are in use as well, also of replaced pools."""

    async def call() -> None:
        async with Double({"Condition": forever, "Encounter": saying(b"x" * 5000)}) as double:
            async with Client(double, fhir_max_page_bytes=1024) as client:
                pending = asyncio.create_task(client.fetch("conditions"))
                while not double.seen:
                    await asyncio.sleep(0)
                await client.fetch("encounters")
            assert {"conditions": "unreachable"} == reasons(await pending)
            await double.deserted()

    monkeypatch.setattr(transport_module, "MOST_ABANDONED", 1)
    run(call())


def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No authority, no connection; and the token stays here."""

    async def call() -> None:
        async with Double({"Patient/p1": PERSON}, tls) as double, Client(double) as client:
            assert {"patient": "unreachable"} == reasons(await client.fetch("patient"))
            assert [] == double.seen

    tls = certified(tmp_path, monkeypatch)
    monkeypatch.delenv("SSL_CERT_FILE")
    run(call())


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the machine is not used: the list says who is contacted."""

    async def call() -> None:
        async with Double() as proxy, Double({"Patient/p1": PERSON}) as double:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
                monkeypatch.setenv(name, proxy.base)
            async with Client(double) as client:
                assert ["p1"] == ids((await client.fetch("patient"))["patient"])
            assert 0 == proxy.connections

    run(call())
