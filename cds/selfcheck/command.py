"""`twitch-cds selfcheck URL…`: options, output, exit status."""

import argparse
import ssl
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from uuid import uuid4

import httpx
from msgspec import json

from cds.clock import utc_now
from cds.errors import UsageError
from cds.prefetch.client import trust
from cds.selfcheck.certificate import check_certificate
from cds.selfcheck.discovery import check_address, check_discovery, check_preflight
from cds.selfcheck.health import check_health
from cds.selfcheck.line import Line
from cds.selfcheck.nodes import check_nodes
from cds.selfcheck.subject import Passport, Subject, base_of
from cds.selfcheck.surroundings import check_clients, check_fhir_servers, check_time_zone
from cds.settings import environment, load
from cds.trust.addresses import problem_of
from cds.trust.fetch import authorities, fetch
from cds.trust.mint import read_key, signer_of

SECONDS = 10.0


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of `twitch-cds selfcheck`."""
    command.add_argument(
        "urls",
        metavar="URL",
        nargs="+",
        help="the address of the running service, as clients call it; then other nodes, which must refuse its tokens",
    )
    command.add_argument("--origin", metavar="O", help="an origin of browser clients, such as https://ehr.example.org")
    command.add_argument("--key", metavar="FILE", type=Path, help="the private key of a registered client, to sign in")
    command.add_argument("--issuer", metavar="ISS", help="the issuer of that client")
    command.add_argument("--tenant", metavar="NAME", help="the tenant of that client")
    command.add_argument("--kid", metavar="NAME", help="the name of the key (its RFC 7638 thumbprint)")
    command.add_argument(
        "--ca", metavar="FILE", type=Path, help="certificate authorities to trust beside the machine's"
    )
    command.add_argument("--json", action="store_true", help="one JSON array instead of lines")


def run(namespace: argparse.Namespace) -> int:
    """Print a line for each check: 0 nothing failed, 1 something did."""
    context, direct = _with_own(authorities(), namespace.ca), _with_own(trust(), namespace.ca)
    with (
        httpx.Client(verify=context, timeout=SECONDS, follow_redirects=False) as http,
        httpx.Client(verify=direct, timeout=SECONDS, follow_redirects=False, trust_env=False) as fhir,
    ):
        subject, nodes = _subject(namespace, http, fhir, context), [_base(url) for url in namespace.urls[1:]]
        found = _printed(chain(lines(subject), check_nodes(subject, nodes)), as_json=namespace.json)
    return int(any(line.result == "fail" for line in found))


def _printed(found: Iterable[Line], *, as_json: bool) -> list[Line]:
    """Print each line as soon as it is known, or all of them as one JSON array."""
    kept = []
    for line in found:
        kept.append(line)
        if not as_json:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    if as_json:
        sys.stdout.write(json.encode(kept).decode() + "\n")
    return kept


def lines(subject: Subject) -> Iterator[Line]:
    """All checks, one after the other."""

    async def get(url: str) -> bytes:
        return await fetch(url, subject.context)

    yield from check_health(subject)
    yield from check_certificate(subject)
    yield from check_address(subject)
    yield check_time_zone(subject)
    yield from check_discovery(subject)
    yield from check_preflight(subject)
    yield from check_clients(subject, get)
    yield from check_fhir_servers(subject)


def _subject(namespace: argparse.Namespace, http: httpx.Client, fhir: httpx.Client, context: ssl.SSLContext) -> Subject:
    return Subject(
        url=_base(namespace.urls[0]),
        settings=load(environment()),
        http=http,
        fhir=fhir,
        context=context,
        now=utc_now,
        new_name=lambda: str(uuid4()),
        origin=namespace.origin,
        passport=_passport(namespace),
    )


def _base(url: str) -> str:
    if problem := problem_of(url):
        raise UsageError(f"{url}: {problem}")
    return base_of(url)


def _passport(namespace: argparse.Namespace) -> Passport | None:
    if (namespace.key is None) != (namespace.issuer is None):
        raise UsageError("--key and --issuer go together")
    if namespace.key is None:
        return None
    return Passport(signer_of(read_key(namespace.key), None, namespace.kid), namespace.issuer, namespace.tenant)


def _with_own(context: ssl.SSLContext, own: Path | None) -> ssl.SSLContext:
    """Trust the authorities of the file too."""
    if own is not None:
        try:
            context.load_verify_locations(own)
        except OSError as problem:
            raise UsageError(f"--ca {own}: holds no certificates that can be read") from problem
    return context
