"""A hospital that may call: its keys, its tokens, the service that knows it, and what that service's processes hold."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from payloads import SERVICE
from service.process import Running, running

from cds.trust.mint import Signer, TokenRequest, new_key, signer_of

PUBLIC = "https://cds.example.org"
AUDIENCE = f"{PUBLIC}/cds-services/{SERVICE}"
ISSUER = "https://ehr.example.org/fhir"
LIFETIME = 900
UNLIMITED = 100_000
ES384_SHARE = 0.1  # of tokens: the larger EHRs sign with RS384
MEBI = 1024
REFERS_TO_ALL = "5\n"  # written to clear_refs: the peak begins anew (proc(5))


class Clinic:
    """Signs for the calls of one EHR, now with one key, now with the other."""

    def __init__(self) -> None:
        self._signers = [signer_of(new_key(name)) for name in ("ES384", "RS384")]
        self._dice = random.Random(7)

    def register(self, folder: Path) -> Path:
        """The files by which a service knows it."""
        keys = {"keys": [signer.public() for signer in self._signers]}
        (folder / "ehr.json").write_text(json.dumps(keys), "utf-8")
        lines = ("[[client]]", 'name = "ehr"', f'issuer = "{ISSUER}"', 'jwks_file = "ehr.json"')
        clients = folder / "clients.toml"
        clients.write_text("\n".join((*lines, f"rate_per_second = {UNLIMITED}", "")), "utf-8")
        return clients

    def tokens(self, count: int) -> list[bytes]:
        """So many Authorization headers; each is good for one call within a quarter of an hour."""
        order, now = TokenRequest(audience=AUDIENCE, issuer=ISSUER, lifetime=LIFETIME), datetime.now(UTC)
        return [b"Authorization: Bearer " + self._token(order, now).encode() + b"\r\n" for _ in range(count)]

    def _token(self, order: TokenRequest, now: datetime) -> str:
        signer: Signer = self._signers[self._dice.random() > ES384_SHARE]
        return signer.token(order, now, UUID(int=self._dice.getrandbits(128)).hex)


@contextmanager
def serving(folder: Path, clinic: Clinic, workers: int, **settings: str) -> Iterator[Running]:
    """The real service, closed to everybody but the clinic."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {"demo": "false", "clients": str(clinic.register(folder)), "public_url": PUBLIC, "log_level": "warning"}
    with running(folder, "--workers", str(workers), **(given | settings)) as service:
        yield service


class Memory(NamedTuple):
    """MiB in memory: the largest worker at its peak since the last reset, and now; all processes together now."""

    peak: float
    now: float
    together: float


def memory(service: Running) -> Memory:
    """What the processes of a service hold."""
    workers = _workers(service.process.pid)
    peaks, held = zip(*(_resident(pid) for pid in workers), strict=True)
    everybody = {service.process.pid, *_children(service.process.pid)}
    return Memory(max(peaks), max(held), sum(_resident(pid)[1] for pid in everybody))


def forget_peaks(service: Running) -> None:
    """Begin to look for the peak anew, where the kernel allows it."""
    for pid in _workers(service.process.pid):
        with suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text(REFERS_TO_ALL, "ascii")


def _workers(pid: int) -> list[int]:
    """The processes that answer: a single one does it itself."""
    found = [child for child in _children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return found or [pid]


def _children(pid: int) -> list[int]:
    """The direct children of a process, of all its threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(one) for task in tasks for one in (task / "children").read_text("ascii").split()]


def _resident(pid: int) -> tuple[float, float]:
    """Peak and present resident memory of a process (proc(5): VmHWM, VmRSS, in kB)."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    fields = {name: text for name, _, text in (line.partition(":") for line in lines)}
    peak, now = (int(fields[name].split()[0]) / MEBI for name in ("VmHWM", "VmRSS"))
    return peak, now
