"""The registered clients: who may call, and how their tokens are judged (`clients.toml`)."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from cds.account import NOBODY
from cds.errors import RegistryError, reason_of
from cds.modes import Modes
from cds.trust.algorithms import unusable
from cds.trust.modes_entry import PilotEntry, modes_of
from cds.trust.modes_entry import problems as problems_of_modes
from cds.trust.names import ALLOWED, DEFAULT
from cds.trust.public_sandbox import WHY, is_of_the_sandbox
from cds.trust.smart_entry import SmartClient, SmartEntry, registered
from cds.trust.smart_entry import problems as problems_of_smart
from cds.urls import problem_of, problem_of_keys

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S{1,500}", re.ASCII)
LONGEST_WORD = 255
FASTEST = 100_000
Words = str | list[str]


class Entry(Struct, forbid_unknown_fields=True, kw_only=True):
    """One `[[client]]` as it is written in the file."""

    name: str
    issuer: str
    jwks_url: str | None = None
    jwks_file: str | None = None
    jku: Words | None = None
    algorithms: tuple[str, ...] = DEFAULT
    audiences: Words | None = None
    tenants: Words | None = None
    fhir_servers: list[str] | None = None
    rate_per_second: int | None = None
    patient_users: bool = False
    card_extension: bool = True
    many_actions: bool = False
    mode: str = "on"
    modes: dict[str, str] = {}
    pilot: PilotEntry | None = None
    silent_emergencies: str | None = None
    smart: SmartEntry | None = None


class Client(Struct, frozen=True, kw_only=True):
    """One registered client. Without `audiences`, a token must be for the exact address that is called."""

    name: str
    issuer: str
    jwks_url: str | None
    jwks_file: Path | None
    jku: frozenset[str]
    algorithms: tuple[str, ...]
    audiences: tuple[str, ...]
    tenants: frozenset[str]
    fhir_servers: tuple[str, ...] | None
    rate_per_second: int | None
    patient_users: bool
    card_extension: bool
    many_actions: bool
    modes: Modes
    smart: SmartClient | None = None

    @property
    def keys_at(self) -> str:
        """Where the keys are: an address or a path."""
        return self.jwks_url or str(self.jwks_file)


class Registry(Struct, frozen=True):
    """All registered clients, by issuer."""

    clients: tuple[Client, ...] = ()
    by_issuer: Mapping[str, tuple[Client, ...]] = {}

    def rate_of(self, name: str) -> int | None:
        """The calls per second that a client may make, where the file says so."""
        return next((client.rate_per_second for client in self.clients if client.name == name), None)

    def not_on(self, services: Collection[str]) -> dict[str, dict[str, str]]:
        """The services that are not simply on, with their modes, by client; only clients that have any."""
        modes_by_client = {client.name: client.modes.not_on(services) for client in self.clients}
        return {name: modes for name, modes in modes_by_client.items() if modes}

    def launched_from(self, issuer: str) -> Client | None:
        """The client whose EHR may launch our SMART app from this FHIR base."""
        base = issuer.rstrip("/")
        return next((client for client in self.clients if client.smart and client.smart.issuer == base), None)


def load_registry(path: Path, *, demo: bool = False, services: Collection[str] = ()) -> Registry:
    """Read the file of clients, or stop at the first thing that is wrong with it.

    `services`: the ids that a mode may be given for; without them any is taken.
    """
    entries = _entries(path)
    clients = tuple(_client(path, number, entry, demo, services) for number, entry in enumerate(entries, 1))
    _check_names(path, clients)
    by_issuer = {client.issuer: tuple(c for c in clients if c.issuer == client.issuer) for client in clients}
    _check_issuers(path, clients, by_issuer)
    _check_launches(path, clients)
    return Registry(clients, by_issuer)


def _entries(path: Path) -> Sequence[object]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise RegistryError(str(path), "the file", f"cannot be read: {reason_of(problem)}") from problem
    except UnicodeDecodeError as problem:
        raise RegistryError(str(path), "the file", "is not UTF-8") from problem
    except tomllib.TOMLDecodeError as problem:
        raise RegistryError(str(path), "the file", f"is not TOML: {problem}") from problem
    if strange := sorted(document.keys() - {"client"}):
        raise RegistryError(str(path), strange[0], "is not part of this file; it may contain only [[client]] tables")
    entries = document.get("client", [])
    if not isinstance(entries, list):
        raise RegistryError(str(path), "client", "must be written [[client]], with two brackets")
    return entries


def _client(path: Path, number: int, raw: object, demo: bool, services: Collection[str]) -> Client:
    name = raw.get("name") if isinstance(raw, dict) else None
    place = f"client[{number}]" + (f' "{name}"' if isinstance(name, str) else "")
    try:
        entry = msgspec.convert(raw, Entry)
    except msgspec.ValidationError as problem:
        raise RegistryError(str(path), place + _field(problem), _reason(problem)) from problem
    for field, reason in (*_problems(entry, demo, path.parent), *problems_of_modes(entry, services)):
        raise RegistryError(str(path), f"{place}.{field}", reason)
    return _made(entry, path.parent)


def _field(problem: msgspec.ValidationError) -> str:
    """The member that the message speaks of."""
    at = re.search(r" - at `\$(.*?)`", str(problem))
    field = re.search(r"field `([^`]+)`", str(problem))
    return (at[1] if at else "") + (f".{field[1]}" if field else "")


def _reason(problem: msgspec.ValidationError) -> str:
    text = str(problem).partition(" - at ")[0]
    if "unknown field" in text:
        keys = SmartEntry if "$.smart" in str(problem) else Entry
        return f"is not a key of a client; the keys are {', '.join(keys.__struct_fields__)}"
    return "is missing" if "missing required" in text else text[:1].lower() + text[1:]


def _problems(entry: Entry, demo: bool, folder: Path) -> Iterator[tuple[str, str]]:
    """What is wrong with one client, each with its key."""
    if not NAME.fullmatch(entry.name) or entry.name == NOBODY.client:
        yield "name", f"must be 1 to 64 letters, digits, dots, dashes or underscores, and not `{NOBODY.client}`"
    if not URI.fullmatch(entry.issuer):
        yield "issuer", "must be the URI that the client's tokens carry as `iss`"
    if is_of_the_sandbox(entry.issuer) and not demo:
        yield "issuer", WHY
    yield from _problems_of_keys(entry, demo)
    yield from _problems_of_lists(entry)
    if entry.rate_per_second is not None and not 1 <= entry.rate_per_second <= FASTEST:
        yield "rate_per_second", f"must be a whole number from 1 to {FASTEST}"
    if entry.smart is not None:
        yield from ((f"smart.{field}", reason) for field, reason in problems_of_smart(entry.smart, folder))


def _problems_of_keys(entry: Entry, demo: bool) -> Iterator[tuple[str, str]]:
    if (entry.jwks_url is None) == (entry.jwks_file is None):
        yield "jwks_url", "or jwks_file must be there: one of the two, not both"
    if entry.jwks_file == "":
        yield "jwks_file", "is empty"
    if entry.jwks_url is not None:
        if reason := problem_of_keys(entry.jwks_url):
            yield "jwks_url", reason
        if is_of_the_sandbox(entry.jwks_url) and not demo:
            yield "jwks_url", WHY
    if not entry.algorithms:
        yield "algorithms", "is empty; leave the key out for ES384 and RS384"
    for name in unusable(entry.algorithms):
        yield "algorithms", f"holds {name!r}; possible are {', '.join(ALLOWED)} (never `none`, never HS*)"


def _problems_of_lists(entry: Entry) -> Iterator[tuple[str, str]]:
    for field, words in (("jku", entry.jku), ("audiences", entry.audiences), ("tenants", entry.tenants)):
        if words is not None and not _listed(words):
            yield field, "is empty; leave the key out instead"
        if not all(_is_word(word) for word in _listed(words)):
            yield field, f"must hold texts of 1 to {LONGEST_WORD} printable characters"
        if len(set(_listed(words))) != len(_listed(words)):
            yield field, "holds the same text twice"
    for server in entry.fhir_servers or ():
        if reason := problem_of(server):
            yield "fhir_servers", reason


def _is_word(word: str) -> bool:
    return 1 <= len(word) <= LONGEST_WORD and word.isprintable() and word == word.strip()


def _listed(words: Words | None) -> list[str]:
    return [words] if isinstance(words, str) else words or []


def _made(entry: Entry, folder: Path) -> Client:
    """The client as the verifier wants it; a jwks_url is its own allowed `jku`."""
    servers = entry.fhir_servers
    return Client(
        name=entry.name,
        issuer=entry.issuer,
        jwks_url=entry.jwks_url,
        jwks_file=folder / entry.jwks_file if entry.jwks_file else None,
        jku=frozenset(_listed(entry.jku) or ([entry.jwks_url] if entry.jwks_url else [])),
        algorithms=entry.algorithms,
        audiences=tuple(_listed(entry.audiences)),
        tenants=frozenset(_listed(entry.tenants)),
        fhir_servers=None if servers is None else tuple(server.rstrip("/") for server in servers),
        rate_per_second=entry.rate_per_second,
        patient_users=entry.patient_users,
        card_extension=entry.card_extension,
        many_actions=entry.many_actions,
        modes=modes_of(entry),
        smart=registered(entry.smart, folder) if entry.smart else None,
    )


def _check_names(path: Path, clients: Sequence[Client]) -> None:
    names: set[str] = set()
    for number, client in enumerate(clients, 1):
        if client.name.lower() in names:
            raise RegistryError(
                str(path), f'client[{number}] "{client.name}".name', "is also the name of another client"
            )
        names.add(client.name.lower())


def _check_issuers(path: Path, clients: Sequence[Client], by_issuer: Mapping[str, tuple[Client, ...]]) -> None:
    """Clients of one issuer must be told apart by their tenants."""
    for number, client in enumerate(clients, 1):
        for rival in by_issuer[client.issuer]:
            if rival is not client and not (
                client.tenants and rival.tenants and client.tenants.isdisjoint(rival.tenants)
            ):
                reason = f'is the issuer of "{rival.name}" too: both need `tenants`, and none in common'
                raise RegistryError(str(path), f'client[{number}] "{client.name}".issuer', reason)


def _check_launches(path: Path, clients: Sequence[Client]) -> None:
    """A launch names its FHIR base only, so that a base belongs to one client."""
    issuers: set[str] = set()
    for number, client in enumerate(clients, 1):
        if client.smart is None:
            continue
        if client.smart.issuer in issuers:
            place = f'client[{number}] "{client.name}".smart.issuer'
            raise RegistryError(str(path), place, "is also the issuer of another client's smart registration")
        issuers.add(client.smart.issuer)
