"""The real engine over real charts behind the pages, with a memory that a test can look into."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from web_fakes import Client, Strangers, demo

from cds.account import Account, Caller, FeedbackItem
from cds.call import build_engine
from cds.deadline import Deadline
from cds.demo.ehr import FIXTURES, Demo
from cds.demo.playground.routes import Playground
from cds.hook_handler import HookHandler
from cds.secrecy import Secret
from cds.web.app import create_app
from cds.web.parts import Parts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_NUMBERS = count(1)
ENGINE = build_engine(demo(), now=lambda: NOW, new_id=lambda: str(UUID(int=next(_NUMBERS))))


class Notebook:
    """Keeps feedback and showings in memory; by it a card that was answered is known again."""

    is_up = True

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, FeedbackItem]] = []
        self.prints: dict[str, str] = {}

    async def answered(self, patient: str, fingerprints: Collection[str], deadline: Deadline) -> Mapping[str, datetime]:
        cards = {item.card for _, _, item in self.kept}
        return {print_: NOW for print_ in fingerprints if cards & {c for c, p in self.prints.items() if p == print_}}

    async def shown(
        self, patient: str, user: str, fingerprints: Collection[str], deadline: Deadline
    ) -> Mapping[str, datetime]:
        return {}  # nobody was shown anything before

    def remember(self, caller: Caller, service_id: str, account: Account, knowledge_version: str) -> None:
        self.prints |= {card.uuid: card.fingerprint for card in account.cards}

    async def keep(self, caller: Caller, service_id: str, items: Sequence[FeedbackItem]) -> None:
        self.kept += [(caller.client, service_id, item) for item in items]


def site(
    notebook: Notebook | None = None,
    fixtures: Path = FIXTURES,
    today: Callable[[], date] = NOW.date,
    **settings: str,
) -> Client:
    """The demo with its playground."""
    notebook = notebook or Notebook()
    hook_handler = HookHandler(ENGINE, memory=notebook)
    chosen = demo(**settings)
    its = Demo(chosen, Secret("k" * 32), fixtures, today)
    playground = Playground(ENGINE, hook_handler, notebook, chosen, fixtures, its)
    parts = Parts(
        engine=ENGINE, hook_handler=hook_handler, verifier=Strangers(), keeper=notebook, pages=[playground], demo=its
    )
    return Client(create_app(parts, chosen, fixtures=fixtures, today=today))


def bundle(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A collection of resources."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources], **more}


PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1980-01-01"}
TWITCH = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R25.3"}]},
    "subject": {"reference": "Patient/p1"},
    "onsetDateTime": "2026-11-10",
}


def rules_asked(page: str) -> tuple[int, int, int]:
    """What a page says of its rules: how many were asked, how many its groups sum up to, and how many it shows."""
    (asked,) = re.findall(r">(\d+) rules evaluated<", page)
    groups = re.findall(r">(\d+) (?:fired|held back|silent|not checked)<", page)
    return int(asked), sum(map(int, groups)), page.count('<div class="rule">')
