"""What it costs to find out who is calling: a whole verification against the bare check of its signature."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from pairs import FULL, Effort, Result, Run, compare

from cds.trust.algorithms import is_signed_by
from cds.trust.claims import Rules
from cds.trust.compact import read
from cds.trust.fetch import fetch
from cds.trust.keyring import Keyring
from cds.trust.mint import Signer, TokenRequest, new_key, publish, signer_of
from cds.trust.once import Once, UsedHere
from cds.trust.registry_file import RegistryFile
from cds.trust.verifier import Verifier

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AUDIENCE = "https://cds.example.org/cds-services/muscle-twitch-patient-view"
ISSUER = "https://ehr.example.org/fhir"
ALGORITHMS = ("ES384", "RS384")
CLIENTS = f'[[client]]\nname = "ehr"\nissuer = "{ISSUER}"\njwks_file = "keys.json"\n'


def verification(algorithm: str, folder: Path) -> tuple[Run, Run]:
    """A call's whole verification, and its signature alone, on the same token."""
    signer = signer_of(new_key(algorithm), algorithm)
    header = f"Bearer {signer.token(TokenRequest(audience=AUDIENCE, issuer=ISSUER), NOW, 'jti')}"
    verifier = _verifier(signer, folder)

    async def some(times: int) -> None:
        for _ in range(times):
            await verifier.verify(header, AUDIENCE)

    def whole(times: int) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(some(times))

    return whole, _signature(signer, header)


def _signature(signer: Signer, header: str) -> Run:
    token = read(header.removeprefix("Bearer "))

    def run(times: int) -> None:
        for _ in range(times):
            is_signed_by(signer.key, signer.algorithm, token.signed, token.signature)

    return run


def _verifier(signer: Signer, folder: Path) -> Verifier:
    """A verifier whose list of used tokens has room for one, which it forgets: the same token is new each time."""
    publish(signer, folder / "keys.json")
    (folder / "clients.toml").write_text(CLIENTS, "utf-8")
    once = Once(UsedHere(lambda: NOW, most=1), None, 1)
    return Verifier(RegistryFile(folder / "clients.toml"), Keyring(fetch), once, Rules(60, 900), now=lambda: NOW)


def results(effort: Effort = FULL) -> Iterator[tuple[str, Result]]:
    """The cost for each algorithm that is allowed by default."""
    for algorithm in ALGORITHMS:
        with tempfile.TemporaryDirectory() as folder:
            yield algorithm, compare(*verification(algorithm, Path(folder)), effort)


def shown(algorithm: str, result: Result) -> str:
    """One line of the table."""
    whole, bare = result.subject * 1e6, result.reference * 1e6
    return f"{algorithm:<8}whole {whole:>6,.0f} µs   its signature alone {bare:>6,.0f} µs   ratio {result.ratio:.2f}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{shown(algorithm, result)}\n" for algorithm, result in results())
