"""The code table: from a coding to all that rules want to know of it, compiled once at start."""

import re
from collections.abc import Iterable, Mapping
from copy import copy

from msgspec import Struct
from msgspec.structs import replace

from cds.knowledge.systems import LEARNED_MAX, Systems, spelled

LONGEST_CODE = 16
_CODE = re.compile(r"[A-Z0-9.]{1,10}", re.ASCII)  # ICD-10, ICD-10-CM and ATC
NOTHING: frozenset[str] = frozenset()
RESULT = "result-"  # so the value sets begin of results that stand for a test
TESTS_IN = "http://loinc.org"  # a code of another system in a terminology file is a finding, a medicine or a procedure


class Row(Struct, frozen=True):
    """One code of a terminology file; `code` may end in "-" for a prefix."""

    group: str
    system: str
    code: str
    display: str
    note: str = ""
    ingredient: str = ""
    route: str = ""


class Concept(Struct, frozen=True, gc=False):
    """What one code means here: value sets, terminology groups, analyte; for medicines ingredient and product route."""

    system: str
    code: str
    display: str
    sets: frozenset[str] = NOTHING
    groups: frozenset[str] = NOTHING
    analyte: str | None = None
    ingredient: str = ""
    route: str = ""

    @property
    def by_words(self) -> bool:
        """Whether words stand for it and no code does (N46); `display` is then what the chart says."""
        return not self.system


Codes = Mapping[str, Mapping[str, Concept]]
Key = tuple[str, str]  # system and code


class National(Struct, frozen=True):
    """A national edition of a classification, and the codes (or prefixes) that mean the same as in `parent`."""

    parent: str
    codes: tuple[str, ...]

    def shared(self, code: str) -> str | None:
        """The code of the parent that a code means; a longer one below a prefix means what the prefix means."""
        for national in self.codes:
            if code == national or (national.endswith("-") and code.startswith(national[:-1])):
                return national.removesuffix("-")
        return None


class CodeTable:
    """Exact codes in one dictionary per system; ICD and ATC codes are also found by their prefixes.

    `names` knows the systems by whatever a sender calls them; `icd` are those whose codes have a point.
    A site's own codes (`with_site`) are found as those that they mean, and are in none of the lists.
    """

    def __init__(
        self,
        exact: Codes,
        prefixes: Codes,
        names: Systems,
        icd: Iterable[str] = (),
        national: Mapping[str, National] | None = None,
    ) -> None:
        self.systems = frozenset(exact)
        self.names = names
        self._icd = frozenset(icd)
        self._national = dict(national or {})
        self._exact_codes = {system: dict(codes) for system, codes in exact.items()}
        self._exact = self._exact_codes
        self._site: dict[Key, list[Key]] = {}
        self._prefixes = {system: (codes, _lengths(codes)) for system, codes in prefixes.items() if codes}
        self._index()
        self.flat_systems = self.systems - self._prefixes.keys()
        self._learned: dict[Key, Concept | None] = {}

    def _index(self) -> None:
        pairs = [(code, concept) for codes in self._exact.values() for code, concept in codes.items()]
        self.all_codes = frozenset(code for code, _ in pairs)
        self.lab_codes = frozenset(code for code, concept in pairs if concept.analyte)

    def with_site(self, names: Systems, codes: Mapping[Key, Concept]) -> "CodeTable":
        """The table with codes of a site; `names` knows their systems, of which no other code becomes known."""
        table = copy(self)
        table.names, table._learned, table._site = names, {}, {}
        table._exact = {system: dict(codes) for system, codes in self._exact_codes.items()}
        for key, concept in codes.items():
            table._exact.setdefault(key[0], {})[key[1]] = concept
            table._site.setdefault((concept.system, concept.code), []).append(key)
        table._index()
        return table

    def keys(self, concept: Concept) -> list[Key]:
        """The code of a concept, and the site's codes that are read as it."""
        key = (concept.system, concept.code)
        return [key, *self._site.get(key, ())]

    def spellings(self, name: str) -> frozenset[str]:
        """All codes that are in a value set, those of a site among them."""
        every = (pair for codes in self._exact.values() for pair in codes.items())
        return frozenset(code for code, concept in every if name in concept.sets)

    def find(self, system: str | None, code: str | None) -> Concept | None:
        """The concept of a code, or None if no rule reads it."""
        if system is None or code is None:
            return None
        codes = self._exact.get(system)
        if codes is None:
            return self._elsewhere(system, code)
        concept = codes.get(code)
        if concept is None:
            if system in self._prefixes:
                return self._by_prefix(system, code)
            if not code.isalnum():
                concept = codes.get(code.strip())
            if concept is None and system in self._national:
                return self._of_edition(system, code)
        return concept

    def _elsewhere(self, system: str, code: str) -> Concept | None:
        """The concept of a code whose system is written in another way, or is a national edition."""
        url = self.names.find(system)
        if url is None:
            return None
        if url in self._exact:
            return self.find(url, code)
        return self._of_edition(url, code) if url in self._national else None

    def _of_edition(self, system: str, code: str) -> Concept | None:
        edition = self._national[system]
        return self.find(edition.parent, edition.shared(spelled(code[:LONGEST_CODE], is_icd=True)))

    def parent_of(self, system: str | None) -> str | None:
        """The classification that a national edition is made from; None for what is none."""
        edition = self._national.get(self.names.find(system or "") or "")
        return edition.parent if edition is not None else None

    def knows(self, system: str | None) -> bool:
        """Whether codes of this system are known to the service at all (4f); those of national editions are not."""
        if system is None or system in self.systems:
            return system is not None
        return self.names.find(system) in self.systems

    def members(self, name: str) -> list[Concept]:
        """All exact codes of a value set, in a stable order."""
        concepts = (c for codes in self._exact_codes.values() for c in codes.values() if name in c.sets)
        return sorted(concepts, key=lambda concept: (concept.system, concept.code))

    def marked(self, name: str) -> list[Concept]:
        """All codes and prefixes of a value set."""
        tables = (*self._exact_codes.values(), *(codes for codes, _ in self._prefixes.values()))
        return [concept for codes in tables for concept in codes.values() if name in concept.sets]

    def of_system(self, system: str) -> list[Concept]:
        """All exact codes of a system."""
        return list(self._exact_codes[system].values())

    def below(self, system: str) -> list[Concept]:
        """The codes of a system that stand for all codes below them too."""
        codes, _ = self._prefixes.get(system, ({}, ()))
        return list(codes.values())

    def of_analyte(self, analyte: str) -> list[Concept]:
        """All codes that feed an analyte."""
        concepts = (c for codes in self._exact_codes.values() for c in codes.values() if c.analyte == analyte)
        return sorted(concepts, key=lambda concept: (concept.system, concept.code))

    def tests(self) -> list[Concept]:
        """All codes that feed an analyte, and those of laboratory tests that are only quoted (N35)."""
        every = (c for codes in self._exact_codes.values() for c in codes.values())
        concepts = (c for c in every if c.analyte or (c.system == TESTS_IN and _is_only_quoted(c)))
        return sorted(concepts, key=lambda concept: (concept.system, concept.code))

    def in_groups(self, system: str, groups: Iterable[str]) -> list[Concept]:
        """All codes of a system that stand in one of the terminology groups."""
        wanted_groups = set(groups)
        return [concept for concept in self._exact_codes[system].values() if concept.groups & wanted_groups]

    def _by_prefix(self, system: str, code: str) -> Concept | None:
        """Only what looks like a code of these systems is matched, and remembered."""
        key = (system, code)
        if key in self._learned:
            return self._learned[key]
        usual = spelled(code[:LONGEST_CODE], is_icd=system in self._icd)
        if _CODE.fullmatch(usual) is None:
            return None
        concept = self._exact[system].get(usual) or self._longest(system, usual)
        if len(self._learned) < LEARNED_MAX:
            self._learned[key] = concept
        return concept

    def _longest(self, system: str, code: str) -> Concept | None:
        codes, lengths = self._prefixes[system]
        concept = next((codes[code[:n]] for n in lengths if n <= len(code) and code[:n] in codes), None)
        return replace(concept, code=code) if concept is not None else None


def _lengths(codes: Iterable[str]) -> tuple[int, ...]:
    return tuple(sorted({len(code) for code in codes}, reverse=True))


class CodeList:
    """A list of codes that is not a value set; a trailing "-" is a prefix."""

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        self._exact = frozenset(keys)
        self._prefixes = tuple((system, code[:-1]) for system, code in self._exact if code.endswith("-"))

    def __bool__(self) -> bool:
        return bool(self._exact)

    def __contains__(self, concept: Concept) -> bool:
        key = (concept.system, concept.code)
        return key in self._exact or any(
            concept.system == system and concept.code.startswith(prefix) for system, prefix in self._prefixes
        )


def _is_only_quoted(concept: Concept) -> bool:
    """Whether a code is in a group of tests, and either in no value set or in that of a result that represents one."""
    return bool(concept.groups) and (not concept.sets or any(name.startswith(RESULT) for name in concept.sets))
