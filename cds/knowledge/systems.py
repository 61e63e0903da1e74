"""One name for each code system, however a sender writes it, and one spelling for each code."""

from collections.abc import Iterable, Mapping

LEARNED_MAX = 4096
LONGEST = 256
_CATEGORY = 3  # characters of an ICD-10 code before its point


class Systems:
    """Finds the canonical address of a code system: by OID, scheme, trailing slash, version, edition, letter case.

    `aliases` are other names of a system, OIDs among them; the address of `editions` may go on after a slash.
    """

    def __init__(self, canonical: Iterable[str], aliases: Mapping[str, str], editions: Iterable[str] = ()) -> None:
        self._names = {_plain(name): name for name in canonical}
        self._names |= {_plain(alias): name for alias, name in aliases.items()}
        self._editions = tuple(_plain(name) + "/" for name in editions)
        self._learned: dict[str, str | None] = {}

    def extended(self, names: Iterable[str]) -> "Systems":
        """With more systems; one that has a name here keeps it, one written in several ways is called as at first."""
        more = Systems((), {})
        more._editions = self._editions
        more._names = {_plain(name): name for name in reversed(list(names))} | self._names
        return more

    def find(self, text: str) -> str | None:
        """The canonical address; None if the system is unknown."""
        try:
            return self._learned[text]
        except KeyError:
            url = self._found(text)
            if len(self._learned) < LEARNED_MAX and len(text) <= LONGEST:
                self._learned[text] = url
            return url

    def _found(self, text: str) -> str | None:
        plain = _plain(text[: LONGEST * 2])
        for edition in self._editions:
            if plain.startswith(edition):
                plain = edition
        return self._names.get(plain.rstrip("/"))


def _plain(text: str) -> str:
    """Without blanks around, version, scheme or `urn:oid:`, trailing slash and letter case."""
    plain = text.strip().partition("|")[0].lower().rstrip("/")
    for start in ("https://", "http://", "urn:oid:"):
        plain = plain.removeprefix(start)
    return plain.removeprefix("www.")


def spelled(code: str, *, is_icd: bool) -> str:
    """A code of ICD-10 or ATC as the classification writes it: capitals, no blanks around, ICD-10 with its point."""
    plain = code.strip().upper()
    if is_icd and len(plain) > _CATEGORY and "." not in plain:
        return f"{plain[:_CATEGORY]}.{plain[_CATEGORY:]}"
    return plain
