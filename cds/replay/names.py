"""Keyed hashes in the place of ids: the words for patients, visits and clinicians in all that a replay writes."""

from functools import lru_cache

from cards.wire import Card
from cds.keyed import Pseudonyms
from cds.replay.events import Event
from cds.secrecy import Secret

REALM = "replay"


class Names:
    """The words under one key: the same id, the same word, in every replay of the hospital."""

    def __init__(self, key: str) -> None:
        self.pseudonyms = Pseudonyms(Secret(key))
        self.patient = lru_cache(65_536)(self._patient)
        self.clinician = lru_cache(65_536)(self._clinician)

    def visit(self, event: Event) -> str:
        """The word for one call."""
        return self.pseudonyms.of("visit", REALM, event.key)

    def words(self, card: Card) -> str:
        """The word for all that a card says."""
        labels = (suggestion.label for suggestion in card.suggestions or ())
        texts = (card.summary, card.detail, card.source.label, *labels)
        return self.pseudonyms.of("words", REALM, "\x1f".join(text or "" for text in texts))

    def _patient(self, ident: str) -> str:
        return self.pseudonyms.of("patient", REALM, ident)

    def _clinician(self, reference: str) -> str:
        return self.pseudonyms.of("user", REALM, reference) if reference else ""
