"""A site's own codes and units laid over the knowledge; anything that is doubtful stops the start."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from cds.errors import MapError
from cds.fhir.units import factor, known, usual
from cds.knowledge.answers import Word
from cds.knowledge.codes import Concept, Key
from cds.knowledge.load import Knowledge
from cds.knowledge.maps import concept_map, sheet
from cds.knowledge.maps.folder import Source, shown, sources
from cds.knowledge.maps.model import Alias, Entry, Fault, MapFile, Parsed, SiteCode, SiteMaps
from cds.knowledge.maps.names import Names
from cds.knowledge.unit_names import cleaned
from cds.knowledge.version import digest

MOST_ROWS = 200_000
LISTED = 5


def with_maps(knowledge: Knowledge, folder: str, most_rows: int = MOST_ROWS) -> Knowledge:
    """The knowledge with the maps of a folder ("" for none); raises MapError with every file and line, the first few.

    The version covers their content, whatever files it comes from.
    """
    if not folder:
        return knowledge
    read = [(source, _parsed(source)) for source in sources(Path(folder))]
    joined = _joined(parsed for _, parsed in read)
    if joined.rows > most_rows:
        raise MapError(f"the files have more than {most_rows} lines together")
    site = _Site(knowledge, joined)
    faults = sorted((*joined.faults, *site.faults()), key=lambda fault: (fault.file, fault.line))
    if faults:
        raise MapError(_told(faults))
    files = [MapFile(shown(source.name), len(parsed.entries), len(parsed.aliases)) for source, parsed in read]
    return site.laid_over(tuple(files))


def _parsed(source: Source) -> Parsed:
    parse = concept_map.parse if source.name.lower().endswith(".json") else sheet.parse
    return parse(shown(source.name), source.content)


def _joined(parts: Iterable[Parsed]) -> Parsed:
    parsed_files = list(parts)
    return Parsed(
        tuple(entry for parsed in parsed_files for entry in parsed.entries),
        tuple(alias for parsed in parsed_files for alias in parsed.aliases),
        tuple(fault for parsed in parsed_files for fault in parsed.faults),
    )


def _told(faults: list[Fault]) -> str:
    more = len(faults) - LISTED
    return "; ".join(fault.text for fault in faults[:LISTED]) + (f"; and {more} more" if more > 0 else "")


class _Site:
    """The lines of a site beside the knowledge that they are to be read with."""

    def __init__(self, knowledge: Knowledge, lines: Parsed) -> None:
        self._knowledge = knowledge
        self._lines = lines
        self._systems = knowledge.codes.names.extended(entry.system for entry in lines.entries)
        self._names = Names(knowledge)
        self._targets = Targets(knowledge)
        self._sources = {self._key(entry) for entry in lines.entries}

    def _key(self, entry: Entry) -> Key:
        return self._systems.find(entry.system) or entry.system, entry.code

    def _target(self, entry: Entry) -> Key:
        return self._systems.find(entry.target_system) or entry.target_system, entry.target_code

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong with lines that can be read."""
        firsts: dict[Key, Entry] = {}
        for entry in self._lines.entries:
            reason = self._reason(entry) or self._ambiguity(entry, firsts)
            if reason is not None:
                yield Fault(entry.file, entry.line, f"{entry.system}|{entry.code}: {reason}")
        aliases: dict[str, Alias] = {}
        for alias in self._lines.aliases:
            reason = self._of_unit(alias, aliases)
            if reason is not None:
                yield Fault(alias.file, alias.line, f"{alias.text}: {reason}")

    def _reason(self, entry: Entry) -> str | None:
        codes, key, target = self._knowledge.codes, self._key(entry), self._target(entry)
        if target in self._sources:
            return f"a chain: the target {entry.target_system}|{entry.target_code} is mapped itself"
        read = codes.find(*key)
        if read is not None or key in self._targets.others:
            as_what = f" as {read.display}" if read is not None and read.display else ""
            return f"is a code that the service reads already{as_what}"
        concept = self._targets.find(*target)
        if concept is None and target not in self._targets.others:
            return (
                f"unknown target {entry.target_system}|{entry.target_code}: no value set, analyte or class of "
                "medicines of this service has it"
            )
        if key[0] in codes.systems and not entry.names:
            return "is of a public code system: its name is needed (column display), for what it measures to be checked"
        return self._names.objection(concept, (*entry.names, entry.code)) if concept is not None else None

    def _ambiguity(self, entry: Entry, firsts: dict[Key, Entry]) -> str | None:
        first = firsts.setdefault(self._key(entry), entry)
        if self._target(entry) == self._target(first):
            return None
        return (
            f"ambiguous: {first.file}, line {first.line} has another target, {first.target_system}|{first.target_code}"
        )

    def _of_unit(self, alias: Alias, firsts: dict[str, Alias]) -> str | None:
        if not known(alias.unit) or not self._is_read(alias.unit):
            return f"`{alias.unit}` is not a UCUM unit that a rule reads"
        text = cleaned(alias.text)
        read = self._knowledge.unit_names.named(text) or (text if known(text) else None)
        if read is not None and read != alias.unit:
            return f"is read as {read} already"
        first = firsts.setdefault(text.casefold(), alias)
        if first.unit != alias.unit:
            return f"ambiguous: {first.file}, line {first.line} says {first.unit}"
        return None

    def _is_read(self, unit: str) -> bool:
        analytes = self._knowledge.analytes.values()
        return usual(unit) or any(
            factor(unit, analyte.unit, analyte.molar_mass, analyte.valence) is not None for analyte in analytes
        )

    def laid_over(self, files: tuple[MapFile, ...]) -> Knowledge:
        """The knowledge with all lines; they have been checked."""
        knowledge, codes = self._knowledge, {}
        answers: dict[Key, Word] = dict(knowledge.answers.codes)
        routes = dict(knowledge.route_codes)
        shown_codes: dict[Key, SiteCode] = {}
        for entry in self._lines.entries:
            key, target = self._key(entry), self._target(entry)
            concept = self._targets.find(*target)
            if concept is not None:
                codes[key] = concept
            if target in answers:
                answers[key] = answers[target]
            if target in routes:
                routes[key] = routes[target]
            shown_codes[key] = SiteCode(*key, concept or Concept(*target, ""), entry.file)
        units = {alias.text: alias.unit for alias in self._lines.aliases}
        return replace(
            knowledge,
            version=self._version(knowledge.version, shown_codes, units),
            codes=knowledge.codes.with_site(self._systems, codes),
            answers=replace(knowledge.answers, codes=answers),
            route_codes=routes,
            unit_names=knowledge.unit_names.with_site(units),
            site=SiteMaps(files, tuple(shown_codes[key] for key in sorted(shown_codes)), self._lines.aliases),
        )

    @staticmethod
    def _version(version: str, codes: Mapping[Key, SiteCode], units: Mapping[str, str]) -> str:
        targets = sorted((*key, site_code.concept.system, site_code.concept.code) for key, site_code in codes.items())
        return digest(version, targets, sorted(units.items()))


class Targets:
    """The codes that something can be read as: those that a rule, an answer or a route knows."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._codes = knowledge.codes
        classes = knowledge.medicines.values()
        self._groups = {
            name
            for medicine_class in classes
            for name in (*medicine_class.groups, *medicine_class.never, *medicine_class.check_route)
        }
        self._stated_codes = {
            token.partition(":")[2]
            for medicine_class in classes
            for token in (*medicine_class.codes, *medicine_class.stated_route)
        }
        self.others = frozenset((*knowledge.answers.codes, *knowledge.route_codes))

    def find(self, system: str, code: str) -> Concept | None:
        """The concept of a code, if a value set, an analyte or a class of medicines has it."""
        concept = self._codes.find(system, code)
        if concept is None:
            return None
        is_read = concept.sets or concept.analyte or concept.groups & self._groups or concept.code in self._stated_codes
        return concept if is_read else None
