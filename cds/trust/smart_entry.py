"""A client's registration of our SMART app, `[client.smart]` in the file of clients, checked as it is read."""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from cds.errors import UsageError, reason_of
from cds.secrecy import Secret
from cds.trust.mint import Signer, read_key, signer_of
from cds.trust.names import ALLOWED
from cds.urls import origin_of, problem_of, problem_of_keys

CLIENT_ID = re.compile(r"[!-~]{1,255}", re.ASCII)
PATIENT_GAP = "{patient}"


class SmartEntry(Struct, forbid_unknown_fields=True, kw_only=True):
    """One `[client.smart]` as it is written in the file."""

    issuer: str
    client_id: str
    secret_file: str | None = None
    key_file: str | None = None
    key_id: str | None = None
    algorithm: str | None = None
    servers: list[str] = []
    frame_ancestors: list[str] = []
    return_url: str | None = None


class SmartClient(Struct, frozen=True, kw_only=True):
    """Where the app may be launched from, and how it proves who it is.

    `issuer` is the FHIR base that a launch names; `servers` are origins beside its own where the authorization server
    may be. `secret` and `signer` are those of a confidential client; a public one has neither.
    """

    issuer: str
    client_id: str
    servers: frozenset[str] = frozenset()
    frame_ancestors: tuple[str, ...] = ()
    return_url: str | None = None
    secret_file: Path | None = None
    signer: Signer | None = None

    def secret(self) -> Secret | None:
        """The secret as the file has it now: a new one counts without a restart."""
        return Secret(self.secret_file.read_text("utf-8").strip()) if self.secret_file else None

    def way_back(self, patient: str) -> str | None:
        """The address in the EHR that a clinician goes back to; never one that a request named."""
        return self.return_url.replace(PATIENT_GAP, patient) if self.return_url else None


def problems(entry: SmartEntry, folder: Path) -> Iterator[tuple[str, str]]:
    """What is wrong with one registration, each with its key."""
    if reason := problem_of_keys(entry.issuer):
        yield "issuer", reason
    if not CLIENT_ID.fullmatch(entry.client_id):
        yield "client_id", "must be 1 to 255 printable characters without spaces"
    for field, origins in (("servers", entry.servers), ("frame_ancestors", entry.frame_ancestors)):
        for origin in origins:
            if problem_of_keys(origin) or origin_of(origin) != origin:
                yield field, "must hold origins such as https://ehr.example.org, without a path"
    if entry.return_url is not None and (reason := problem_of(entry.return_url.replace(PATIENT_GAP, "p"))):
        yield "return_url", reason
    yield from _problems_of_proof(entry, folder)


def _problems_of_proof(entry: SmartEntry, folder: Path) -> Iterator[tuple[str, str]]:
    if entry.secret_file is not None and entry.key_file is not None:
        yield "secret_file", "and key_file: one of the two, or none for a public client"
        return
    if entry.secret_file is not None:
        try:
            if not (folder / entry.secret_file).read_text("utf-8").strip():
                yield "secret_file", "names an empty file"
        except (OSError, UnicodeDecodeError) as problem:
            yield "secret_file", f"cannot be read: {reason_of(problem)}"
    if entry.key_file is None and (entry.key_id or entry.algorithm):
        yield "key_file", "is missing, though key_id or algorithm is there"
    if entry.algorithm is not None and entry.algorithm not in ALLOWED:
        yield "algorithm", f"must be one of {', '.join(ALLOWED)}"
    elif entry.key_file is not None:
        try:
            _signer(entry, folder / entry.key_file)
        except UsageError:
            yield "key_file", "holds no private EC or RSA key that can be used with this algorithm"


def registered(entry: SmartEntry, folder: Path) -> SmartClient:
    """The registration as the app wants it."""
    return SmartClient(
        issuer=entry.issuer.rstrip("/"),
        client_id=entry.client_id,
        servers=frozenset(entry.servers),
        frame_ancestors=tuple(entry.frame_ancestors),
        return_url=entry.return_url,
        secret_file=folder / entry.secret_file if entry.secret_file else None,
        signer=_signer(entry, folder / entry.key_file) if entry.key_file else None,
    )


def _signer(entry: SmartEntry, path: Path) -> Signer:
    return signer_of(read_key(path), entry.algorithm, entry.key_id)
