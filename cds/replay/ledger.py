"""What is remembered between the calls of one patient, as the store of the service would (4d Repeats, N57)."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum

from cds.account import Account, Caller
from cds.deadline import Deadline


class Answers(StrEnum):
    """What clinicians are taken to have done with their cards: an export does not say."""

    NONE = "none"
    ALL = "all"


class Ledger:
    """The memory behind the attendant. With `Answers.ALL` every card counts as answered when it was shown."""

    def __init__(self, answers: Answers, now: Callable[[], datetime]) -> None:
        self._answers, self._now = answers, now
        self._by_user: dict[tuple[str, str, str], datetime] = {}
        self._by_patient: dict[tuple[str, str], datetime] = {}
        self.fresh: frozenset[str] = frozenset()  # of what was shown last, what nobody was shown before
        self.is_trying = False  # as if the call that was kept last had not been made; nothing is kept

    def forget(self) -> None:
        """Begin with another patient."""
        self._by_user.clear()
        self._by_patient.clear()

    async def answered(self, patient: str, fingerprints: Collection[str], deadline: Deadline) -> dict[str, datetime]:
        """When each card was last answered."""
        del deadline
        if self._answers is Answers.NONE:
            return {}
        return self._told({card: self._by_patient.get((patient, card)) for card in fingerprints})

    async def shown(
        self, patient: str, user: str, fingerprints: Collection[str], deadline: Deadline
    ) -> dict[str, datetime]:
        """When each card was last shown to a user."""
        del deadline
        return self._told({card: self._by_user.get((patient, user, card)) for card in fingerprints})

    def remember(self, caller: Caller, service_id: str, account: Account, knowledge_version: str) -> None:
        """Keep what was shown."""
        del caller, service_id, knowledge_version
        if self.is_trying:
            return
        prints = {card.fingerprint for card in account.cards}
        self.fresh = frozenset(
            fingerprint for fingerprint in prints if (account.patient, fingerprint) not in self._by_patient
        )
        for card in account.cards:
            self._by_patient[account.patient, card.fingerprint] = self._now()
            self._by_user[account.patient, account.user, card.fingerprint] = self._now()

    def _told(self, moments: Mapping[str, datetime | None]) -> dict[str, datetime]:
        """Those that there are; on a trial only what came before."""
        now = self._now()
        return {
            fingerprint: when for fingerprint, when in moments.items() if when and not (self.is_trying and when >= now)
        }
