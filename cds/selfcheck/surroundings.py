"""What the service needs around it: the key sets of its clients, and the FHIR servers."""

from collections.abc import Iterator
from pathlib import Path

from cds.errors import RegistryError
from cds.http import httpx
from cds.selfcheck.line import Line, failed, passed, skipped
from cds.selfcheck.subject import Subject, words
from cds.trust.check_command import faults, keys_of
from cds.trust.fetching import Fetch, FetchFailed
from cds.trust.jwks import BadKeySet
from cds.trust.registry import Client, load_registry

NOT_HERE = "run this with the environment of the service"


def check_clients(subject: Subject, get: Fetch) -> Iterator[Line]:
    """The file of clients, and the keys of each."""
    settings = subject.settings
    if not settings.clients:
        yield skipped("clients", "TWITCH_CDS_CLIENTS is not set here", NOT_HERE)
        return
    try:
        registry = load_registry(Path(settings.clients), demo=settings.demo)
    except RegistryError as problem:
        yield failed("clients", problem.text, "twitch-cds clients check says the same; mend the file")
        return
    yield passed("clients", f"{len(registry.clients)} registered")
    yield from (_keys(client, settings.demo, get) for client in registry.clients)


def check_time_zone(subject: Subject) -> Line:
    """Whether somebody has said in which zone the site's days begin."""
    settings = subject.settings
    if settings.time_zone or settings.demo:
        return passed("time zone", f"days are counted in {settings.zone}")
    if not settings.clients:
        return skipped("time zone", "TWITCH_CDS_TIME_ZONE is not set here", NOT_HERE)
    advice = "set it to the site's zone, such as Europe/Berlin; where UTC is right, say UTC"
    return failed("time zone", "TWITCH_CDS_TIME_ZONE is not set: days are counted in UTC", advice)


def check_fhir_servers(subject: Subject) -> Iterator[Line]:
    """Each FHIR server that may be asked for missing data."""
    if not subject.settings.fhir_servers:
        yield skipped("FHIR server", "TWITCH_CDS_FHIR_SERVERS is not set here: nothing is fetched", NOT_HERE)
    for server in subject.settings.fhir_servers:
        yield _fhir(subject, server)


def _keys(client: Client, demo: bool, get: Fetch) -> Line:
    subject = f"keys of {client.name}"
    try:
        keys = keys_of(client, demo=demo, get=get)
    except (FetchFailed, BadKeySet, OSError) as problem:
        return failed(
            subject,
            f"{client.keys_at}: {problem}",
            "the firewall must let this machine reach it; ask the client's makers",
        )
    key_faults = list(faults(keys, client))
    if key_faults:
        return failed(
            subject, f"{client.keys_at}: {'; '.join(key_faults)}", "ask the client's makers for a usable public key"
        )
    return passed(subject, f"{client.keys_at}: {len(keys.keys)} usable")


def _fhir(subject: Subject, server: str) -> Line:
    advice = "check the address, the firewall (no proxy is used) and the certificate; missing data is not fetched"
    try:
        answer = subject.fhir.get(f"{server}/metadata", headers={"accept": "application/fhir+json"})
        document = answer.json() if answer.is_success else {}
    except (httpx.HTTPError, ValueError) as problem:
        return failed("FHIR server", f"{server}: {words(problem)}", advice)
    version = document.get("fhirVersion") if isinstance(document, dict) else None
    if not isinstance(version, str):
        return failed(
            "FHIR server", f"{server}/metadata is not a CapabilityStatement (status {answer.status_code})", advice
        )
    if not version.startswith("4."):
        return failed("FHIR server", f"{server} speaks FHIR {version}", "an R4 (4.0 or 4.3) server is needed")
    return passed("FHIR server", f"{server} speaks FHIR {version}")
