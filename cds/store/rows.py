"""What is written: a row for each shown card, suppressed repeat and item of feedback, without any text of a chart."""

import hashlib
from datetime import datetime

from msgspec import Struct, json
from sqlalchemy import Table

from cds.account import Account, Caller, FeedbackItem, Shown
from cds.store.schema import kept, shadow_counts, showings, silent_cards, suppressions

Row = tuple[object, ...]
Rows = dict[Table, list[Row]]


class Entry(Struct, frozen=True):
    """One call that is to be remembered, as the call left it; the rows are made by the background writer."""

    caller: Caller
    service: str
    account: Account
    knowledge_version: str
    software_version: str
    at: datetime

    @property
    def size(self) -> int:
        """The number of its rows."""
        account = self.account
        if account.is_silent:
            return 2 * len(account.cards) + len(account.withheld)
        return len(account.cards) + len(account.suppressed)

    def rows(self, dialect: str) -> Rows:
        """All of them, by table."""
        return {
            showings: self.showings(dialect),
            suppressions: self.suppressions(dialect),
            silent_cards: self.silent_cards(dialect),
        }

    def showings(self, dialect: str) -> list[Row]:
        """The cards that were shown, in the order of the table's columns."""
        versions = (self.knowledge_version, self.software_version, kept(self.at, dialect))
        common = self._common()
        return [
            (
                card.uuid,
                *common,
                card.topic,
                card.indicator,
                ",".join(card.tags),
                ",".join(card.flags),
                card.fingerprint,
                ",".join(card.suggestions),
                *versions,
            )
            for card in self.account.cards
        ]

    def suppressions(self, dialect: str) -> list[Row]:
        """The cards that were not shown again, in the order of the table's columns; the key comes last.

        In silent mode nobody was spared a card: then there are none.
        """
        if self.account.is_silent:
            return []
        versions = (self.knowledge_version, self.software_version, kept(self.at, dialect))
        common = self._common()
        return [
            (
                *common,
                card.topic,
                ",".join(card.tags),
                ",".join(card.flags),
                card.fingerprint,
                *versions,
                self._key(place),
            )
            for place, card in enumerate(self.account.suppressed)
        ]

    def silent_cards(self, dialect: str) -> list[Row]:
        """The cards of a call in silent mode, in the order of the table's columns; else none."""
        if not self.account.is_silent:
            return []
        withheld = [self._silent(card, dialect, is_shown=0) for card in self.account.withheld]
        return withheld + [self._silent(card, dialect, is_shown=1) for card in self.account.cards]

    def _silent(self, card: Shown, dialect: str, *, is_shown: int) -> Row:
        return (
            card.uuid,
            *self._common(),
            card.topic,
            card.indicator,
            ",".join(card.tags),
            ",".join(card.flags),
            card.fingerprint,
            int(card.is_emergency),
            is_shown,
            self.knowledge_version,
            self.software_version,
            kept(self.at, dialect),
        )

    def _key(self, place: int) -> str:
        """By which a suppressed card is known when its batch is written again, after a commit whose answer was lost.

        The moment is part of it: a client that uses one hook instance for many calls has them counted all the same.
        """
        parts = (*self._common(), self.account.suppressed[place].fingerprint, self.at.isoformat(), place)
        return hashlib.sha256(json.encode(parts)).hexdigest()

    def _common(self) -> Row:
        """Which call it was."""
        account, caller = self.account, self.caller
        return (
            account.hook_instance,
            self.service,
            account.hook,
            caller.client,
            caller.tenant,
            account.patient,
            account.user,
        )


class Tallied(Struct, frozen=True, kw_only=True):
    """How often something has happened on one day in one run of a worker: a candidate beside it said something else.

    Without a `topic` it is a call, or something that became of the candidate; `reason`: a flag or tag of the card.
    """

    run: str
    day: str
    client: str
    service: str
    topic: str
    reason: str
    change: str
    number: int
    knowledge_version: str
    candidate_software: str
    candidate_knowledge: str

    def row(self, software_version: str, at: datetime, dialect: str) -> Row:
        """In the order of the table's columns; the key comes last."""
        columns = (self.day, self.client, self.service, self.topic, self.reason, self.change)
        versions = (self.knowledge_version, software_version, self.candidate_knowledge, self.candidate_software)
        key = hashlib.sha256(json.encode((self.run, *columns, *versions))).hexdigest()
        return (*columns, self.number, *versions, kept(at, dialect), key)


class Shadowed(Struct, frozen=True):
    """What a shadow has counted so far: written again, each number takes the place of the one before."""

    counts: tuple[Tallied, ...]
    software_version: str
    at: datetime

    @property
    def size(self) -> int:
        """No card is lost with it: the next one holds all that this one held."""
        return 0

    def rows(self, dialect: str) -> Rows:
        """One for each count."""
        return {shadow_counts: [count.row(self.software_version, self.at, dialect) for count in self.counts]}


class Received(Struct, frozen=True):
    """Items of feedback that came in one request."""

    caller: Caller
    service: str
    items: tuple[FeedbackItem, ...]
    at: datetime
    keeps_comments: bool

    def rows(self, dialect: str) -> list[Row]:
        """The items, in the order of the table's columns; the key comes last."""
        return [self._row(item, dialect) for item in self.items]

    def _row(self, item: FeedbackItem, dialect: str) -> Row:
        return (
            self.service,
            self.caller.client,
            self.caller.tenant,
            item.card,
            item.outcome,
            kept(item.at, dialect),
            ",".join(item.suggestions),
            item.reason_code,
            item.reason_system,
            item.comment if self.keeps_comments else None,
            kept(self.at, dialect),
            self._key(item),
        )

    def _key(self, item: FeedbackItem) -> str:
        """By which the same item is known when it is sent again."""
        parts = (
            self.service,
            self.caller.client,
            self.caller.tenant,
            item.card,
            item.outcome,
            item.timestamp,
            item.suggestions,
            item.reason_code,
            item.reason_system,
        )
        return hashlib.sha256(json.encode(parts)).hexdigest()
