"""`twitch-cds selfcheck URL…`: options, output, exit status."""

import ssl
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from msgspec import json

from cds.clock import utc_now
from cds.errors import UsageError
from cds.http import httpx
from cds.prefetch.client import trust
from cds.progress import Work, working
from cds.selfcheck.certificate import check_certificate
from cds.selfcheck.discovery import check_address, check_discovery, check_preflight
from cds.selfcheck.health import check_health
from cds.selfcheck.line import Line
from cds.selfcheck.nodes import check_nodes
from cds.selfcheck.subject import Credential, Subject, base_of
from cds.selfcheck.surroundings import check_clients, check_fhir_servers, check_time_zone
from cds.settings import environment, load
from cds.trust.fetch import authorities, fetch
from cds.trust.mint import read_key, signer_of
from cds.urls import problem_of

SECONDS = 10.0


class Options(NamedTuple):
    """Whom to ask, and as whom."""

    urls: Sequence[str]
    origin: str | None = None
    key: Path | None = None
    issuer: str | None = None
    tenant: str | None = None
    kid: str | None = None
    ca: Path | None = None
    json: bool = False


def run(options: Options) -> int:
    """Print a line for each check: 0 nothing failed, 1 something did."""
    context, direct = _with_own(authorities(), options.ca), _with_own(trust(), options.ca)
    with (
        working("Asking") as work,
        httpx.Client(verify=context, timeout=SECONDS, follow_redirects=False) as http,
        httpx.Client(verify=direct, timeout=SECONDS, follow_redirects=False, trust_env=False) as fhir,
    ):
        subject, nodes = _subject(options, http, fhir, context), [_base(url) for url in options.urls[1:]]
        results = _printed(chain(lines(subject), check_nodes(subject, nodes)), as_json=options.json, work=work)
    return int(any(line.result == "fail" for line in results))


def _printed(lines: Iterable[Line], *, as_json: bool, work: Work) -> list[Line]:
    """Print each line as soon as it is known, or all of them as one JSON array."""
    printed = []
    for line in lines:
        printed.append(line)
        if not as_json:
            work.end()
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    if as_json:
        sys.stdout.write(json.encode(printed).decode() + "\n")
    return printed


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


def _subject(options: Options, http: httpx.Client, fhir: httpx.Client, context: ssl.SSLContext) -> Subject:
    return Subject(
        url=_base(options.urls[0]),
        settings=load(environment()),
        http=http,
        fhir=fhir,
        context=context,
        now=utc_now,
        new_name=lambda: str(uuid4()),
        origin=options.origin,
        credential=_credential(options),
    )


def _base(url: str) -> str:
    if problem := problem_of(url):
        raise UsageError(f"{url}: {problem}")
    return base_of(url)


def _credential(options: Options) -> Credential | None:
    if options.key is None and options.issuer is None:
        return None
    if options.key is None or options.issuer is None:
        raise UsageError("--key and --issuer go together")
    return Credential(signer_of(read_key(options.key), None, options.kid), options.issuer, options.tenant)


def _with_own(context: ssl.SSLContext, ca_file: Path | None) -> ssl.SSLContext:
    """Trust the authorities of the file too."""
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as problem:
            raise UsageError(f"--ca {ca_file}: contains no readable certificates") from problem
    return context
