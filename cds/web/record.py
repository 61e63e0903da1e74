"""The record of one call: counted for the operator, and written to the audit before the answer goes out."""

import re
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version

from msgspec import Struct

from cds.account import Account, Caller, FeedbackItem, Shown
from cds.hook_handler import Reply
from cds.modes import Mode
from cds.trust.refusal import Refusal
from cds.web.metrics import Metrics
from cds.web.ports import Recording
from cds.web.refusals import Refusals
from cds.web.request_boundary import route_of
from cds.web.request_id import current

SOFTWARE = version("twitch-cds")
CARD = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
OTHER = "other"
MOST_ANSWERS = 200


class Call(Struct, frozen=True):
    """A hook call that has its answer; seconds from its head to its answer."""

    caller: Caller
    service: str
    reply: Reply
    seconds: float


class Recorder:
    """Tells metrics and audit of each call. Ids, codes and keyed hashes only."""

    def __init__(
        self, metrics: Metrics, journal: Recording | None, knowledge_version: str, reasons: Collection[str] = ()
    ) -> None:
        """`reasons`: the codes of the override reasons that our cards offer."""
        self._metrics = metrics
        self._reasons = reasons
        self._journal = journal
        self._versions = {"knowledgeVersion": knowledge_version, "softwareVersion": SOFTWARE}
        self._refusals = Refusals(self._write)

    def record(self, call: Call) -> str:
        """Count and write one call; the name of its outcome."""
        account, client = call.reply.account, call.caller.client
        outcome = self._metrics.record(
            client,
            call.service,
            call.reply.status,
            account.cards if account else (),
            call.seconds,
            withheld=account.withheld if account else (),
            is_off=call.reply.mode is Mode.OFF,
        )
        self._metrics.unchecked(account.not_checked if account else ())
        self._metrics.unread(client, account.unread if account else {})
        self.limited(call.reply.refusal, client)
        self._write(self._line(call, outcome))
        return outcome

    def limited(self, reason: str, client: str = "") -> None:
        """Count a request that passed a limit; other refusals have no such name. `client`: if it is known already."""
        if reason:
            self._metrics.refused(reason, client)

    def started(self, switched_off: Sequence[str] = ()) -> None:
        """Write that a process began to answer, of which version it is, and which cards the site does not show."""
        self._write({"kind": "started"} | ({"switchedOff": switched_off} if switched_off else {}))

    def ended(self) -> None:
        """Write what was counted and not told yet: the process ends."""
        self._refusals.end()

    def feedback(self, caller: Caller, service: str, status: int, items: Sequence[FeedbackItem]) -> None:
        """Write that feedback came: from whom, whether it was kept, and what was done with which card."""
        line: dict[str, object] = {
            "kind": "feedback",
            "requestId": current(),
            "client": caller.client,
            "service": service,
            "status": status,
        }
        if caller.tenant:
            line["tenant"] = caller.tenant
        line["items"] = len(items)
        if items:
            line["answers"] = [self._answer(item) for item in items[:MOST_ANSWERS]]
        self._write(line)

    def _answer(self, item: FeedbackItem) -> dict[str, object]:
        """Ids and codes of ours only: what else a client may send there could be a name."""
        code = item.reason_code
        fields: dict[str, object] = {"card": item.card if CARD.fullmatch(item.card) else OTHER, "outcome": item.outcome}
        return fields if code is None else fields | {"reason": code if code in self._reasons else OTHER}

    def numbers(self) -> bytes:
        """What was counted, as Prometheus reads it."""
        return self._metrics.text()

    def refused(self, refusal: Refusal, path: str) -> None:
        """Count a caller that could not be verified; the reason is for the operator only, who finds it in the audit."""
        self._metrics.refused(refusal.kind, refusal.client or "")
        self._refusals.add(refusal, route_of(path), current())

    def _write(self, line: Mapping[str, object]) -> None:
        if self._journal is not None:
            self._journal.write({**line, **self._versions})

    def _line(self, call: Call, outcome: str) -> dict[str, object]:
        line: dict[str, object] = {
            "kind": "call",
            "requestId": current(),
            "client": call.caller.client,
            "service": call.service,
            "status": call.reply.status,
            "outcome": outcome,
            "ms": round(call.seconds * 1000, 2),
            "mode": call.reply.mode.value,
        }
        if call.reply.in_pilot is not None:
            line["inPilot"] = call.reply.in_pilot
        tenant = {"tenant": call.caller.tenant} if call.caller.tenant else {}
        return line | tenant | (_told(call.reply.account) if call.reply.account else {})


def _told(account: Account) -> dict[str, object]:
    """What an account says, empty parts left out."""
    fields: dict[str, object] = {
        "hook": account.hook,
        "hookInstance": account.hook_instance,
        "patient": account.patient,
        "user": account.user,
        "cards": [_tried(card) if account.is_silent else _card(card) for card in account.cards],
        "withheld": [_tried(card) for card in account.withheld],
        "suppressed": [{"topic": card.topic, "tags": card.tags} for card in account.suppressed],
        "notChecked": account.not_checked,
        "unread": account.unread,
    }
    return {name: value for name, value in fields.items() if value}


def _tried(card: Shown) -> dict[str, object]:
    """A card of a silent call, and whether it is an emergency."""
    return _card(card) | ({"emergency": True} if card.is_emergency else {})


def _card(card: Shown) -> dict[str, object]:
    return {"uuid": card.uuid, "topic": card.topic, "indicator": card.indicator, "tags": card.tags, "flags": card.flags}
