"""The names of laboratory tests in words: a result that is known by its name only is said, and never read (N48)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

LONGEST = 80
LEARNED_MAX = 4096
_PROPERTY = re.compile(
    r"\[[^\]]*\]"
)  # LOINC writes the property in brackets: Potassium [Moles/volume] in Arterial blood
_TOKEN = re.compile(r"[^\W_]+\+?")


class AnalyteWords:
    """Finds the analyte that a whole name is about; words of the specimen beside it count for nothing."""

    def __init__(self, words: Mapping[str, Iterable[str]], specimens: Iterable[str]) -> None:
        """Take the names of each analyte, and the words that tell no more than from which blood it was taken.

        Raises ValueError if two analytes share a name.
        """
        self._specimens = frozenset(specimens)
        self._analytes: dict[frozenset[str], str] = {}
        self._learned: dict[str, str | None] = {}
        for analyte, names in words.items():
            for name in names:
                if self._analytes.setdefault(self._core(name), analyte) != analyte:
                    raise ValueError(name)

    def analyte(self, text: str | None) -> str | None:
        """The analyte; None if the name says anything else besides."""
        if not text or len(text) > LONGEST:
            return None
        if text in self._learned:
            return self._learned[text]
        analyte = self._analytes.get(self._core(text))
        if len(self._learned) < LEARNED_MAX:
            self._learned[text] = analyte
        return analyte

    def _core(self, text: str) -> frozenset[str]:
        plain = _PROPERTY.sub(" ", unicodedata.normalize("NFKC", text).lower())
        return frozenset(_TOKEN.findall(plain)) - self._specimens
