"""The hospital of the app: an EHR before the FHIR server, the service as it is registered there, and its charts."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from charts.people import person, twitch
from charts.resources import Json
from frozen_command import LATER, NOON
from hapi_client import Fhir
from hapi_ehr import PATIENCE, Beyond, HospitalEhr, listening
from hapi_service import FROZEN, serving

ASK = "Ask the patient: one minute"
FAULTS = ("fatal", "error")


@dataclass
class Moment:
    """The time of the hospital and of its service: noon, until a test moves it."""

    folder: Path
    passed: timedelta = timedelta()

    def later(self, minutes: float) -> None:
        """Let time pass, for both."""
        self.passed += timedelta(minutes=minutes)
        written = self.folder / "moved"
        written.write_text(str(self.passed.total_seconds()), "utf-8")
        written.replace(self.folder / LATER)

    def __call__(self) -> datetime:
        return NOON + self.passed


@contextmanager
def hospital(fhir: Fhir, folder: Path) -> Iterator[HospitalEhr]:
    """An EHR with the FHIR server behind it, and the service as registered there, each under an address of its own.

    The form is on the FHIR server, as the service serves it.
    """
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(timeout=PATIENCE))
        ehr = HospitalEhr(Beyond(http, fhir.base.removesuffix("/fhir")), Moment(folder))
        ours = Beyond(http)
        service = stack.enter_context(listening(ours))
        ehr.begin(stack.enter_context(listening(ehr)), service)
        (folder / "keys.json").write_text(json.dumps({"keys": [ehr.signer.public()]}), "utf-8")
        (folder / "clients.toml").write_text(ehr.registration(), "utf-8")
        settings = {
            "PUBLIC_URL": service,
            "CLIENTS": str(folder / "clients.toml"),
            "TIME_ZONE": "UTC",
            "DEADLINE_MS": "60000",
        }
        served = stack.enter_context(serving(f"{ehr.address}/fhir", folder, FROZEN, (), **settings))
        ours.base = served.base
        for kind in ("CodeSystem", "Questionnaire"):
            form = httpx.get(f"{service}/{kind}/muscle-twitching", timeout=PATIENCE).json()
            fhir.load([{**form, "id": "asked"}])
        yield ehr


def charts_of(patients: Iterable[str]) -> Iterator[Json]:
    """Charts that hold only a twitch."""
    for name in patients:
        yield person(name, "1996-05-01", name=[{"given": ["Ada"], "family": "Okafor"}])
        yield twitch(f"Patient/{name}", f"{name}-twitch")


def topics(cards: list[Json]) -> list[str]:
    """What the cards are about."""
    return [card["source"]["topic"]["code"] for card in cards]


def stored(fhir: Fhir, kind: str, patient: str) -> list[Json]:
    """What the FHIR server holds of a patient."""
    return [one["resource"] for one in fhir.whole(f"{kind}?subject=Patient/{patient}").get("entry", ())]


def faults(fhir: Fhir, resource: Json) -> list[Json]:
    """What the FHIR server finds wrong with a resource."""
    answer = fhir.post(f"{resource['resourceType']}/$validate", resource)
    assert answer.status_code == 200, answer.text[:2000]
    return [one for one in answer.json()["issue"] if one["severity"] in FAULTS]
