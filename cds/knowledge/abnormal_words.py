"""Words in the text of an examination that say that it was not normal (4b Exam, N24)."""

import re
from itertools import groupby

from msgspec import Struct

_TOKEN = re.compile(r"[^\W_]+|[.;!?\n]")


class Abnormal(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that call a finding abnormal, those that deny what follows them, and those that end a denial."""

    words: list[str] = []
    denials: list[str] = []
    turns: list[str] = []


class AbnormalWords:
    """Reads whether a text calls anything abnormal; in doubt it does, and no reassuring card is shown."""

    def __init__(self, words: Abnormal) -> None:
        self._words = frozenset(words.words)
        self._denials = frozenset(words.denials)
        self._turns = frozenset(words.turns)

    def says_abnormal(self, text: str) -> bool:
        """Whether a sentence holds such a word with no denial before it."""
        sentences = groupby(_TOKEN.findall(text.casefold()), key=str.isalnum)
        return any(self._affirms(list(words)) for are_words, words in sentences if are_words)

    def _affirms(self, words: list[str]) -> bool:
        denied = False
        for word in words:
            if word in self._words and not denied:
                return True
            denied = word in self._denials or (denied and word not in self._turns)
        return False
