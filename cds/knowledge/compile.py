"""From value sets and terminology rows to the code table; a wrong reference names its file and key."""

from collections.abc import Iterable, Iterator, Mapping
from sys import intern

import msgspec

from cds.errors import KnowledgeError
from cds.knowledge.codes import CodeTable, Concept, National, Row
from cds.knowledge.model import Aliases, Analyte, ValueSet
from cds.knowledge.systems import Systems

ICD = ("cm", "who")
PREFIX_SYSTEMS = (*ICD, "atc")
Key = tuple[str, str]


class Terminology:
    """All rows by group, and the systems by their short names."""

    def __init__(self, rows: list[Row], systems: Mapping[str, str], aliases: Aliases) -> None:
        self.systems = systems
        self.aliases = aliases
        self.groups: dict[str, list[Row]] = {}
        for row in rows:
            self.groups.setdefault(row.group, []).append(row)

    def tokens(self, file: str, key: str, tokens: Iterable[str]) -> list[Key]:
        """(system, code) of tokens such as `sct:82470000` or `cm:J96.0-`."""
        return [self._token(file, key, token) for token in tokens]

    def of_groups(self, file: str, key: str, groups: Iterable[str], note_has: str | None = None) -> list[Key]:
        """The codes of the groups."""
        return [
            (row.system, row.code)
            for group in groups
            for row in self._group(file, key, group)
            if note_has is None or note_has in row.note
        ]

    def _group(self, file: str, key: str, group: str) -> list[Row]:
        if group not in self.groups:
            raise KnowledgeError(file, key, f"there is no terminology group `{group}`")
        return self.groups[group]

    def _token(self, file: str, key: str, token: str) -> Key:
        short, _, code = token.partition(":")
        if short not in self.systems or not code:
            raise KnowledgeError(file, key, f"`{token}` is not system:code with a system of systems.toml")
        if code.endswith("-") and short not in PREFIX_SYSTEMS:
            raise KnowledgeError(file, key, f"`{token}`: prefixes work for {', '.join(PREFIX_SYSTEMS)} only")
        return self.systems[short], code


def code_table(
    terminology: Terminology, sets: Mapping[str, ValueSet], analytes: Mapping[str, Analyte], extra: Iterable[Key]
) -> CodeTable:
    """The table of all codes that any rule reads."""
    draft = _Draft(terminology)
    for key in extra:
        draft.row(key)
    for name, value_set in sets.items():
        draft.add_set(name, value_set)
    for name, analyte in analytes.items():
        draft.add_analyte(name, analyte)
    return draft.table()


class _Draft:
    """The table while it is being filled."""

    def __init__(self, terminology: Terminology) -> None:
        self.terminology = terminology
        self.concepts: dict[Key, Concept] = {}
        self.excepted: list[tuple[str, Key]] = []
        self._sets: dict[frozenset[str], frozenset[str]] = {}  # thousands of codes share a few: each is kept once
        for rows in terminology.groups.values():
            for row in rows:
                self._add_row(row)

    def _add_row(self, row: Row) -> None:
        key = (row.system, row.code)
        old = self.concepts.get(key)
        groups = {row.group} | (old.groups if old else frozenset())
        self.concepts[key] = Concept(
            row.system,
            row.code,
            old.display if old else row.display,
            groups=frozenset(groups),
            ingredient=row.ingredient or (old.ingredient if old else ""),
            route=row.route or (old.route if old else ""),
        )

    def row(self, key: Key) -> Concept:
        """The concept of a code, made without a name if the terminology files lack it."""
        return self.concepts.setdefault(key, Concept(key[0], key[1].removesuffix("-"), ""))

    def add_set(self, name: str, value_set: ValueSet) -> None:
        """Mark all codes of a value set."""
        place = "valuesets.toml", name
        keys = self.terminology.of_groups(*place, value_set.groups, value_set.note_has)
        keys += self.terminology.tokens(*place, value_set.codes)
        excepted = self.terminology.tokens(*place, value_set.except_)
        for key in excepted:
            self.row(key)  # so that no prefix above it answers for it
        for key in keys:
            if key not in excepted:
                concept = self.row(key)
                self.concepts[key] = msgspec.structs.replace(concept, sets=concept.sets | {name})
        self.excepted += [(name, key) for key in excepted]

    def add_analyte(self, name: str, analyte: Analyte) -> None:
        """Mark the codes that feed an analyte; one code feeds one analyte only."""
        place = "analytes.toml", name
        keys = self.terminology.of_groups(*place, analyte.groups) + self.terminology.tokens(*place, analyte.codes)
        excepted = self.terminology.tokens(*place, analyte.except_)
        for key in keys:
            concept = self.row(key)
            if concept.analyte not in (None, name):
                raise KnowledgeError(*place, f"{key[1]} also feeds {concept.analyte}")
            if key not in excepted:
                self.concepts[key] = msgspec.structs.replace(concept, analyte=name)

    def table(self) -> CodeTable:
        """The finished table: prefixes give their sets to every longer code below them."""
        prefixes = {key: concept for key, concept in self.concepts.items() if self._is_prefix(key)}
        exact: dict[str, dict[str, Concept]] = {url: {} for url in self.terminology.systems.values()}
        short: dict[str, dict[str, Concept]] = {url: {} for url in self.terminology.systems.values()}
        for (system, code), concept in self.concepts.items():
            full = self._inherit(system, code, concept, prefixes)
            if not code.endswith("-"):
                exact[system][code] = full
            if (system, code) in prefixes:
                short[system][code.removesuffix("-")] = full
        aliases = self.terminology.aliases
        icd = [self.terminology.systems[name] for name in ICD]
        national = {name: National(icd[-1], codes) for name, codes in aliases.national.items()}
        names = Systems([*exact, *national], aliases.names, aliases.editions)
        return CodeTable(exact, short, names, icd, national)

    def _is_prefix(self, key: Key) -> bool:
        return key[1].endswith("-") or key[0] == self.terminology.systems["atc"]

    def _inherit(self, system: str, code: str, concept: Concept, prefixes: Mapping[Key, Concept]) -> Concept:
        bare = code.removesuffix("-")
        above = (prefixes.get((system, bare[:n] + "-")) for n in range(1, len(bare) + 1))
        inherited = {name for prefix in above if prefix for name in prefix.sets}
        kept_sets = {name for name in inherited if not self._is_excepted(name, system, bare)}
        sets, groups = concept.sets | kept_sets, concept.groups
        shared = self._sets.setdefault
        return msgspec.structs.replace(concept, sets=shared(sets, sets), groups=shared(groups, groups))

    def _is_excepted(self, name: str, system: str, code: str) -> bool:
        return any(
            name == set_name and key[0] == system and (key[1] == code or _covers(key[1], code))
            for set_name, key in self.excepted
        )


def _covers(prefix: str, code: str) -> bool:
    return prefix.endswith("-") and code.startswith(prefix[:-1])


def rows_of(records: Iterator[dict[str, str]]) -> list[Row]:
    """Terminology rows from CSV records; a text that many of them have is kept once."""
    return [Row(**{name: intern(record.get(name) or "") for name in Row.__struct_fields__}) for record in records]
