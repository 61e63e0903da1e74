"""`twitch-cds clients check`: whether the file of clients can be used, and what it says."""

import asyncio
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from cds.errors import RegistryError, UsageError, reason_of
from cds.progress import working
from cds.settings import environment, load
from cds.trust.fetch import fetch
from cds.trust.fetching import Fetch, FetchFailed
from cds.trust.jwks import BadKeySet, KeySet, read_keys
from cds.trust.modes_entry import told
from cds.trust.refusal import quoted
from cds.trust.registry import Client, Registry, load_registry

NO_FILE = "no file of clients: name one, or set TWITCH_CDS_CLIENTS"


class Options(NamedTuple):
    """The file (that of the settings if none is named), whether keys are fetched, and the services it may name."""

    file: str | None = None
    fetch: bool = False
    services: Collection[str] = ()


def run(options: Options) -> int:
    """Print a line for each client: 0 all is well, 1 some keys cannot be used, 2 the file cannot."""
    settings = load(environment())
    path = options.file or settings.clients
    if not path:
        raise UsageError(NO_FILE)
    return report(
        _registry(Path(path), settings.demo, options.services), demo=settings.demo, get=fetch if options.fetch else None
    )


def report(registry: Registry, *, demo: bool, get: Fetch | None) -> int:
    """Write what the file says; keys at an address are looked at when there is something to fetch them with."""
    status = 0
    for client in registry.clients:
        sys.stdout.write(f"{client.name}: {'; '.join(_facts(client))}\n")
        if get or client.jwks_file:
            status = max(status, _looked_at(client, demo, get or fetch))
    sys.stdout.write(f"{len(registry.clients)} client(s)\n")
    return status


def keys_of(client: Client, *, demo: bool, get: Fetch) -> KeySet:
    """The keys of a client as they are now."""
    document = client.jwks_file.read_bytes() if client.jwks_file else asyncio.run(_got(get, client.keys_at))
    return read_keys(document, demo=demo)


async def _got(get: Fetch, url: str) -> bytes:
    return await get(url)


def faults(keys: KeySet, client: Client) -> Iterator[str]:
    """What is wrong with a key set, for a client that is to use it."""
    if keys.is_leaking:
        yield "the key set holds PRIVATE keys: the client must replace them at once"
    if not any(key.algorithms & set(client.algorithms) for key in keys.keys.values()):
        yield f"no key is made for {' or '.join(client.algorithms)}"


def _registry(path: Path, demo: bool, services: Collection[str]) -> Registry:
    try:
        return load_registry(path, demo=demo, services=services)
    except RegistryError as problem:
        raise UsageError(problem.text) from problem


def _facts(client: Client) -> Iterator[str]:
    """What the file says of a client, defaults included."""
    yield f"issuer {client.issuer}"
    yield f"keys at {client.keys_at}"
    yield f"algorithms {', '.join(client.algorithms)}"
    yield f"audience {' or '.join(client.audiences) or 'the exact address called'}"
    yield f"tenants {', '.join(sorted(client.tenants)) or 'any or none'}"
    yield f"jku {', '.join(sorted(client.jku)) or 'not allowed in a token'}"
    yield f"FHIR servers {_servers(client)}"
    yield f"mode {told(client.modes)}"


def _servers(client: Client) -> str:
    if client.fhir_servers is None:
        return "as TWITCH_CDS_FHIR_SERVERS says"
    return ", ".join(client.fhir_servers) or "none"


def _looked_at(client: Client, demo: bool, get: Fetch) -> int:
    try:
        with working(f"Fetching the keys of {client.name}"):
            keys = keys_of(client, demo=demo, get=get)
        return _listed(keys, client)
    except OSError as problem:
        reason = reason_of(problem)
        sys.stdout.write(f"  FAIL keys: the jwks_file of {client.name}, {client.jwks_file}, cannot be read: {reason}\n")
        return 1
    except (FetchFailed, BadKeySet) as problem:
        sys.stdout.write(f"  FAIL keys: {problem}\n")
        return 1


def _listed(keys: KeySet, client: Client) -> int:
    """A line for each key, and 1 when the client cannot work with them."""
    for kid, key in keys.keys.items():
        sys.stdout.write(f"  key {quoted(kid)}: {', '.join(sorted(key.algorithms))}\n")
    _write_unusable(keys.unusable)
    key_faults = list(faults(keys, client))
    sys.stdout.writelines(f"  FAIL keys: {fault}\n" for fault in key_faults)
    return 1 if key_faults else 0


def _write_unusable(unusable: Mapping[str, str]) -> None:
    sys.stdout.writelines(f"  key {quoted(kid)} is not used: {reason}\n" for kid, reason in unusable.items())
