"""The one loader of clinical facts: reads every data file, checks it, and compiles the code table."""

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cards.form_words import FormWords, read_form_words
from cards.words import ENGLISH, LABELS
from cds.errors import KnowledgeError
from cds.fhir.units import factor, known, usual_units
from cds.knowledge.analyte_words import AnalyteWords
from cds.knowledge.answers import FILE as ANSWERS
from cds.knowledge.answers import Answers, Languages, Stated, compiled
from cds.knowledge.card_names import Names
from cds.knowledge.codes import CodeList, CodeTable, Concept
from cds.knowledge.compile import Terminology, code_table
from cds.knowledge.folder import Folder
from cds.knowledge.form import FILE as FORM
from cds.knowledge.form import Form
from cds.knowledge.ingredients import IngredientNames
from cds.knowledge.labels import analytes_named, labels_of, named
from cds.knowledge.maps.model import NO_MAPS, SiteMaps
from cds.knowledge.measured import DEFAULT, MEASURED, Default, Precision, on_by_default
from cds.knowledge.model import (
    DEFICIENCY,
    Adjustment,
    Aliases,
    Analyte,
    Explanation,
    KnownCause,
    Limit,
    MedicineClass,
    Phrases,
    Route,
    Signs,
    ValueSet,
)
from cds.knowledge.nothing_known import NothingKnown, nothing_known
from cds.knowledge.route_words import RouteWords
from cds.knowledge.rule_data import Rules
from cds.knowledge.spoken import LANGUAGES, LanguageWords
from cds.knowledge.tables import INGREDIENTS, ingredients, rows
from cds.knowledge.unit_names import UnitNames, UnitWords
from cds.knowledge.version import digest

CAUSES, EXPLANATIONS = "causes.toml", "explanations.toml"
DATA = Path(__file__).parent / "data"
DASHED = (
    *("both-sides", "question-verbs", "own-child", "same-day", "same-day-if-sudden"),
    *("visit-diagnosis", "problem-list"),
)
RENAMED = {"except": "except_"} | {key: key.replace("-", "_") for key in DASHED}
T = TypeVar("T")


class Knowledge(Struct, frozen=True, eq=False, dict=True):
    """All clinical facts, checked; compared by identity. `version` is a digest of what the data files hold.

    `languages`: whose words are used (N14).
    """

    version: str
    systems: dict[str, str]
    codes: CodeTable
    sets: dict[str, ValueSet]
    analytes: dict[str, Analyte]
    limits: dict[str, tuple[Limit, ...]]
    combined: dict[str, Limit]
    adjustments: dict[str, Adjustment]
    albumin_hours: int
    medicines: dict[str, MedicineClass]
    route_codes: dict[tuple[str, str], str]
    route_words: RouteWords
    ingredients: IngredientNames
    rules: Rules
    phrases: Phrases
    names: Names
    unit_names: UnitNames
    unit_words: UnitWords
    analyte_words: AnalyteWords
    answers: Answers
    nothing_known: NothingKnown
    signs: Signs
    form: Form
    form_words: FormWords
    explanations: dict[str, Explanation]
    causes: dict[str, KnownCause]
    spoken: dict[str, LanguageWords]
    languages: tuple[str, ...]
    explained_codes: dict[str, CodeList]
    spared_codes: dict[str, CodeList]
    displays: dict[str, str] | None = None
    site: SiteMaps = NO_MAPS

    @cached_property
    def every_limit(self) -> tuple[Limit, ...]:
        """All limits, also those that decide only with a sign."""
        return (*(limit for limits in self.limits.values() for limit in limits), *self.combined.values())

    def days(self, window: str) -> int:
        """A time window in days."""
        return _held(self.rules.windows, "windows", window)

    def at(self, threshold: str) -> float:
        """A threshold."""
        return _held(self.rules.thresholds, "thresholds", threshold)

    def listed(self, name: str) -> tuple[str, ...]:
        """A list of analytes or classes of medicines."""
        return _held(self.rules.lists, "lists", name)

    def flags(self, name: str) -> tuple[str, ...]:
        """A list of rules."""
        return _held(self.rules.flags, "flags", name)

    @cached_property
    def lab_tags(self) -> tuple[str, ...]:
        """What an abnormal-lab card may be about: analytes with a limit for it, and recorded deficiencies."""
        with_card = [name for name in self.analytes if any(limit.makes_card for limit in self.limits.get(name, ()))]
        deficiencies = [name.removeprefix(DEFICIENCY) for name in self.sets if name.startswith(DEFICIENCY)]
        return tuple(dict.fromkeys((*with_card, *deficiencies)))

    @cached_property
    def electrolytes(self) -> frozenset[str]:
        """The analytes that count in a known neuromuscular disease too (D7)."""
        return frozenset(name for name, analyte in self.analytes.items() if analyte.electrolyte)

    @cached_property
    def orderable(self) -> tuple[str, ...]:
        """The tests that a card may list as missing and propose."""
        return self.rules.orderable(self.medicines.values())

    def group(self, name: str) -> tuple[str, ...]:
        """Value sets that several rules read alike."""
        return _held(self.rules.groups, "groups", name)

    def display(self, concept: Concept) -> str | None:
        """The name of a code; in another language than the terminology's only if that has one."""
        return concept.display if self.displays is None else self.displays.get(concept.display)

    def label(self, name: str) -> str:
        """How a card names a value set."""
        return self.sets[name].label


def _held(table: Mapping[str, T], name: str, key: str) -> T:
    """An entry of the rules file; one that is missing is found at start, where every row is resolved."""
    try:
        return table[key]
    except KeyError:
        raise KnowledgeError("rules.toml", f"{name}.{key}", "is missing, and a rule or a card reads it") from None


def load(folder: Path = DATA, languages: Collection[str] = (), wording: Path = ENGLISH) -> Knowledge:
    """Read and check the data files; a wrong one raises KnowledgeError with file, key and reason.

    `languages` are those whose words are used, instead of the data's (N14); names are in the language of the wording.
    """
    files, labels = Folder(folder), labels_of(wording)
    table = rows(files.path, systems := _read(files, "systems.toml", str))
    terminology = Terminology(table, systems, _aliases(files, systems))
    sets = named(_read(files, "valuesets.toml", ValueSet), labels.sets)
    analytes = analytes_named(_read(files, "analytes.toml", Analyte), labels)
    medicines = _read(files, "medicines.toml", MedicineClass)
    routes, of_names = _read(files, "routes.toml", Route), ingredients(files.path)
    limits, units = _limits(files), files.toml("units.toml")
    answer_lists, phrases = _stated(files, languages), _whole(files, "phrases.toml", Phrases)
    explanations = _read(files, EXPLANATIONS, Explanation)
    knowledge = Knowledge(
        version="",
        systems=systems,
        codes=code_table(terminology, sets, analytes, _medicine_codes(terminology, medicines)),
        sets=sets,
        analytes=analytes,
        limits=limits.by_analyte,
        combined=limits.combined,
        adjustments=limits.adjustments,
        albumin_hours=limits.albumin_hours,
        medicines=medicines,
        nothing_known=nothing_known(answer_lists.nothing, answer_lists.systems),
        route_codes=_named_once(terminology, "routes.toml", {name: route.codes for name, route in routes.items()}),
        route_words=RouteWords(routes),
        ingredients=IngredientNames(of_names),
        rules=_whole(files, "rules.toml", Rules),
        phrases=phrases,
        names=_convert(LABELS, "names", labels.names, Names),
        displays=labels.displays,
        unit_names=_unit_names(units),
        unit_words=_unit_words(units),
        analyte_words=_analyte_words(analytes, phrases),
        answers=compiled(answer_lists, _named_once(terminology, ANSWERS, answer_lists.signs)),
        signs=_whole(files, "signs.toml", Signs),
        form=_whole(files, FORM, Form),
        form_words=read_form_words(wording),
        explanations=explanations,
        causes=_read(files, CAUSES, KnownCause),
        spoken=_spoken(files),
        languages=tuple(answer_lists.languages.live),
        explained_codes={name: _listed(terminology, name, entry.codes) for name, entry in explanations.items()},
        spared_codes={name: _listed(terminology, name, entry.spares) for name, entry in explanations.items()},
    )
    _check(knowledge, terminology)
    return replace(knowledge, version=digest(files.tables, table, of_names, answer_lists.languages.live))


def _spoken(files: Folder) -> dict[str, LanguageWords]:
    """What is recognised in short texts, of every language."""
    names = {language: f"words/{language}.toml" for language in LANGUAGES}
    return {language: _whole(files, name, LanguageWords) for language, name in names.items()}


class _Limits(NamedTuple):
    """What the file of limits holds."""

    by_analyte: dict[str, tuple[Limit, ...]]
    combined: dict[str, Limit]
    adjustments: dict[str, Adjustment]
    albumin_hours: int


def _limits(files: Folder) -> _Limits:
    document = files.toml("limits.toml")
    adjustment = _part("limits.toml", document, "calcium-adjustment", dict[str, Any])
    return _Limits(
        by_analyte=_by_analyte(_part("limits.toml", document, "limit", list[Limit])),
        combined=_part("limits.toml", document, "combined", dict[str, Limit]),
        adjustments=_adjustments(adjustment),
        albumin_hours=_part("limits.toml", adjustment, "albumin_hours", int),
    )


def _stated(files: Folder, languages: Collection[str]) -> Stated:
    """What answers say, in the languages that are used (N14)."""
    answer_lists = _whole(files, ANSWERS, Stated)
    measured = _read(files, MEASURED, Precision)
    live = list(languages) or on_by_default(measured, _whole(files, DEFAULT, Default))
    return replace(answer_lists, languages=Languages(live))


def _read(folder: Folder, file: str, kind: type[T]) -> dict[str, T]:
    """A file that is one table of things of a kind."""
    return {key: _convert(file, key, value, kind) for key, value in folder.toml(file).items()}


def _whole(folder: Folder, file: str, kind: type[T]) -> T:
    """A file that is one thing."""
    return _convert(file, "", folder.toml(file), kind)


def _part(file: str, table: Mapping[str, Any], key: str, kind: type[T]) -> T:
    """One part of a file that holds several kinds."""
    if key not in table:
        raise KnowledgeError(file, key, "is missing")
    return _convert(file, key, table[key], kind)


def _convert(file: str, key: str, value: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(_plain(value), kind)
    except msgspec.ValidationError as problem:
        reason, _, place = str(problem).partition(" - at ")
        raise KnowledgeError(file, f"{key}{place.strip('`').removeprefix('$')}".lstrip(".") or "-", reason) from problem


def _plain(value: Any) -> Any:
    """The value with Python names for keys: `except` and dashes inside structures."""
    if isinstance(value, dict):
        return {RENAMED.get(key, key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _aliases(folder: Folder, systems: Mapping[str, str]) -> Aliases:
    aliases = _convert("system_aliases.toml", "the file", folder.toml("system_aliases.toml"), Aliases)
    for name, system in (*aliases.names.items(), *((edition, edition) for edition in aliases.editions)):
        if system not in systems.values():
            raise KnowledgeError("system_aliases.toml", name, f"`{system}` is not a system of systems.toml")
    return aliases


def _by_analyte(limits: Iterable[Limit]) -> dict[str, tuple[Limit, ...]]:
    grouped: dict[str, list[Limit]] = {}
    for limit in limits:
        grouped.setdefault(limit.analyte, []).append(limit)
    return {name: tuple(limits) for name, limits in grouped.items()}


def _adjustments(table: Mapping[str, Any]) -> dict[str, Adjustment]:
    units = {unit: value for unit, value in table.items() if unit != "albumin_hours"}
    return _convert("limits.toml", "calcium-adjustment", units, dict[str, Adjustment])


def _listed(terminology: Terminology, name: str, tokens: list[str]) -> CodeList:
    return CodeList(terminology.tokens(EXPLANATIONS, name, tokens))


def _unit_names(units: Mapping[str, Any]) -> UnitNames:
    alias = _part("units.toml", units, "alias", dict[str, str])
    for text, unit in alias.items():
        if not known(unit):
            raise KnowledgeError("units.toml", text, f"`{unit}` is not a UCUM unit")
    return UnitNames(alias, usual_units())


def _unit_words(units: Mapping[str, Any]) -> UnitWords:
    spoiled = _part("units.toml", units, "spoiled", list[str])
    return UnitWords(spoiled, _part("units.toml", units, "flags", dict[str, str]))


def _analyte_words(analytes: Mapping[str, Analyte], phrases: Phrases) -> AnalyteWords:
    """The names of the analytes; a name of two is an error."""
    try:
        return AnalyteWords({name: analyte.words for name, analyte in analytes.items()}, phrases.specimen)
    except ValueError as problem:
        raise KnowledgeError("analytes.toml", "words", f"`{problem}` names two analytes") from None


def _medicine_codes(terminology: Terminology, medicines: Mapping[str, MedicineClass]) -> list[tuple[str, str]]:
    return [
        key
        for name, medicine in medicines.items()
        for key in terminology.tokens("medicines.toml", name, [*medicine.codes, *medicine.stated_route])
    ]


def _named_once(terminology: Terminology, file: str, lists: Mapping[str, list[str]]) -> dict[tuple[str, str], str]:
    """The list that each code is on; a code on two of them is an error."""
    names: dict[tuple[str, str], str] = {}
    for name, tokens in lists.items():
        for key in terminology.tokens(file, name, tokens):
            if names.setdefault(key, name) != name:
                raise KnowledgeError(file, name, f"{key[1]} is also {names[key]}")
    return names


def _check(knowledge: Knowledge, terminology: Terminology) -> None:
    for name, analyte in knowledge.analytes.items():
        if not known(analyte.unit):
            raise KnowledgeError("analytes.toml", name, f"`{analyte.unit}` is not a UCUM unit")
    knowledge.answers.questions.check()
    for limits in (*knowledge.limits.values(), knowledge.combined.values()):
        for limit in limits:
            _check_limit(knowledge, limit)
    for name, explanation in knowledge.explanations.items():
        if unknown := {f"explains-{name}", *explanation.signs} - knowledge.sets.keys():
            raise KnowledgeError(EXPLANATIONS, name, f"{min(unknown)} is not a value set of valuesets.toml")
        if explanation.taking is not None and explanation.taking not in knowledge.medicines:
            raise KnowledgeError(EXPLANATIONS, name, f"{explanation.taking} is not a class of medicines.toml")
    for name in knowledge.signs.every - knowledge.sets.keys():
        raise KnowledgeError("signs.toml", name, "is not a value set of valuesets.toml")
    for name, medicine in knowledge.medicines.items():
        terminology.of_groups("medicines.toml", name, [*medicine.groups, *medicine.never, *medicine.check_route])
        _check_rivals(knowledge, name, medicine)
    _check_ingredients(knowledge)
    knowledge.form.check()


def _check_ingredients(knowledge: Knowledge) -> None:
    """Each row is a group that a class reads, or a class."""
    classes = knowledge.medicines.values()
    groups = {
        name
        for medicine_class in classes
        for name in (*medicine_class.groups, *medicine_class.check_route, *medicine_class.never)
    }
    for row in knowledge.ingredients.rows:
        if row.group not in groups | knowledge.medicines.keys():
            raise KnowledgeError(
                INGREDIENTS, row.ingredient, f"`{row.group}` is not a group of a class of medicines.toml"
            )


def _check_limit(knowledge: Knowledge, limit: Limit) -> None:
    place = "limits.toml", limit.analyte
    if limit.analyte not in knowledge.analytes:
        raise KnowledgeError(*place, "there is no such analyte")
    if not limit.citation:
        raise KnowledgeError(*place, "a limit needs a citation")
    if not limit.value and limit.times_upper is None:
        raise KnowledgeError(*place, "a limit needs a value with its unit, or times_upper")
    analyte = knowledge.analytes[limit.analyte]
    for unit in limit.value:
        if factor(unit, analyte.unit, analyte.molar_mass, analyte.valence) is None:
            raise KnowledgeError(*place, f"`{unit}` cannot be converted to {analyte.unit}")


def _check_rivals(knowledge: Knowledge, name: str, medicine: MedicineClass) -> None:
    """No code may be both in a class and in the groups that the class must never take."""
    for system in knowledge.codes.systems:
        for concept in knowledge.codes.in_groups(system, medicine.groups):
            if rival := concept.groups & set(medicine.never):
                raise KnowledgeError("medicines.toml", name, f"{concept.code} is also in {min(rival)}")
