"""What is written: a row for each shown card, suppressed repeat and item of feedback, without any text of a chart."""

import hashlib
from datetime import datetime

from msgspec import Struct, json

from cds.account import Account, Caller, FeedbackItem

Row = dict[str, object]


class Entry(Struct, frozen=True):
    """One call that is to be remembered, as the call left it; the rows are made by the background writer."""

    caller: Caller
    service: str
    account: Account
    knowledge_version: str
    software_version: str
    at: datetime

    def _common(self) -> Row:
        return {
            "hook_instance": self.account.hook_instance,
            "service": self.service,
            "hook": self.account.hook,
            "client": self.caller.client,
            "tenant": self.caller.tenant,
            "patient": self.account.patient,
            "user": self.account.user,
            "knowledge_version": self.knowledge_version,
            "software_version": self.software_version,
        }

    def showings(self) -> list[Row]:
        """The cards that were shown."""
        common = self._common()
        return [
            common
            | {
                "card": card.uuid,
                "topic": card.topic,
                "indicator": card.indicator,
                "tags": ",".join(card.tags),
                "flags": ",".join(card.flags),
                "fingerprint": card.fingerprint,
                "suggestions": ",".join(card.suggestions),
                "shown_at": self.at,
            }
            for card in self.account.cards
        ]

    def suppressions(self) -> list[Row]:
        """The cards that were not shown again."""
        common = self._common()
        return [
            common
            | {
                "topic": card.topic,
                "tags": ",".join(card.tags),
                "flags": ",".join(card.flags),
                "fingerprint": card.fingerprint,
                "suppressed_at": self.at,
            }
            for card in self.account.suppressed
        ]


def feedback_row(
    caller: Caller, service: str, item: FeedbackItem, received_at: datetime, *, keep_comments: bool
) -> Row:
    """One item of feedback, under a key by which a repeat of it is known."""
    return {
        "service": service,
        "client": caller.client,
        "tenant": caller.tenant,
        "card": item.card,
        "outcome": item.outcome,
        "outcome_at": item.at,
        "suggestions": ",".join(item.suggestions),
        "reason_code": item.reason_code,
        "reason_system": item.reason_system,
        "comment": item.comment if keep_comments else None,
        "received_at": received_at,
        "key": _key(caller, service, item),
    }


def _key(caller: Caller, service: str, item: FeedbackItem) -> str:
    parts = (
        service,
        caller.client,
        caller.tenant,
        item.card,
        item.outcome,
        item.timestamp,
        item.suggestions,
        item.reason_code,
        item.reason_system,
    )
    return hashlib.sha256(json.encode(parts)).hexdigest()
