"""The one loader of clinical facts: reads every data file, checks it, and compiles the code table."""

import csv
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from cds.errors import KnowledgeError
from cds.fhir.units import factor, known
from cds.knowledge.codes import CodeTable
from cds.knowledge.compile import Terminology, code_table, rows_of
from cds.knowledge.model import Adjustment, Analyte, Limit, MedicineClass, Phrases, Route, Rules, ValueSet

DATA = Path(__file__).parent / "data"
VERSION_LENGTH = 12
T = TypeVar("T")


class Knowledge(Struct, frozen=True):
    """All clinical facts, checked. `version` is a digest of the data files."""

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
    route_words: dict[str, str]
    rules: Rules
    phrases: Phrases
    unit_alias: dict[str, str]

    def days(self, window: str) -> int:
        """A time window in days."""
        return self.rules.windows[window]

    def at(self, threshold: str) -> float:
        """A threshold."""
        return self.rules.thresholds[threshold]

    def label(self, name: str) -> str:
        """How a card names a value set."""
        return self.sets[name].label


def load(folder: Path = DATA) -> Knowledge:
    """Read and check the data files; a wrong one raises KnowledgeError with file, key and reason."""
    systems = _read(folder, "systems.toml", dict[str, str])
    terminology = Terminology(_rows(folder), systems, _read(folder, "oids.toml", dict[str, str]))
    sets = _read(folder, "valuesets.toml", dict[str, ValueSet])
    analytes = _read(folder, "analytes.toml", dict[str, Analyte])
    medicines = _read(folder, "medicines.toml", dict[str, MedicineClass])
    routes = _read(folder, "routes.toml", dict[str, Route])
    limits = _toml(folder, "limits.toml")
    knowledge = Knowledge(
        version=_version(folder),
        systems=systems,
        codes=code_table(terminology, sets, analytes, _medicine_codes(terminology, medicines)),
        sets=sets,
        analytes=analytes,
        limits=_by_analyte(_convert("limits.toml", limits["limit"], list[Limit])),
        combined=_convert("limits.toml", limits["combined"], dict[str, Limit]),
        adjustments=_adjustments(limits["calcium-adjustment"]),
        albumin_hours=limits["calcium-adjustment"]["albumin_hours"],
        medicines=medicines,
        route_codes=_route_codes(terminology, routes),
        route_words={word: name for name, route in routes.items() for word in route.words},
        rules=_read(folder, "rules.toml", Rules),
        phrases=_read(folder, "phrases.toml", Phrases),
        unit_alias=_toml(folder, "units.toml")["alias"],
    )
    _check(knowledge, terminology)
    return knowledge


def _toml(folder: Path, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / file).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise KnowledgeError(file, "-", f"cannot be read: {problem}") from problem
    except tomllib.TOMLDecodeError as problem:
        raise KnowledgeError(file, "-", f"is no TOML: {problem}") from problem


def _read(folder: Path, file: str, kind: type[T]) -> T:
    return _convert(file, _toml(folder, file), kind)


def _convert(file: str, value: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(_plain(value), kind)
    except msgspec.ValidationError as problem:
        reason, _, place = str(problem).partition(" - at ")
        raise KnowledgeError(file, place or "-", reason) from problem


def _plain(value: Any) -> Any:
    """The value with Python names for keys: `except` and dashes inside structures."""
    if isinstance(value, dict):
        renamed = {"except": "except_", "red-flag": "red_flag"}
        return {renamed.get(key, key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _rows(folder: Path) -> list[Any]:
    rows = []
    for path in sorted((folder / "codes").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            rows += rows_of(csv.DictReader(lines))
    if not rows:
        raise KnowledgeError("codes/*.csv", "-", "no terminology file was found")
    return rows


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.*")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:VERSION_LENGTH]


def _by_analyte(limits: Iterable[Limit]) -> dict[str, tuple[Limit, ...]]:
    grouped: dict[str, list[Limit]] = {}
    for limit in limits:
        grouped.setdefault(limit.analyte, []).append(limit)
    return {name: tuple(some) for name, some in grouped.items()}


def _adjustments(table: Mapping[str, Any]) -> dict[str, Adjustment]:
    units = {unit: value for unit, value in table.items() if unit != "albumin_hours"}
    return _convert("limits.toml", units, dict[str, Adjustment])


def _medicine_codes(terminology: Terminology, medicines: Mapping[str, MedicineClass]) -> list[tuple[str, str]]:
    return [
        key
        for name, medicine in medicines.items()
        for key in terminology.tokens("medicines.toml", name, [*medicine.codes, *medicine.stated_route])
    ]


def _route_codes(terminology: Terminology, routes: Mapping[str, Route]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for name, route in routes.items():
        for key in terminology.tokens("routes.toml", name, route.codes):
            if found.setdefault(key, name) != name:
                raise KnowledgeError("routes.toml", name, f"{key[1]} is also {found[key]}")
    return found


def _check(knowledge: Knowledge, terminology: Terminology) -> None:
    for limits in knowledge.limits.values():
        for limit in limits:
            _check_limit(knowledge, limit)
    for limit in knowledge.combined.values():
        _check_limit(knowledge, limit)
    for name, medicine in knowledge.medicines.items():
        terminology.of_groups("medicines.toml", name, [*medicine.groups, *medicine.never, *medicine.check_route])
        _check_rivals(knowledge, name, medicine)
    for name, analyte in knowledge.analytes.items():
        if not known(analyte.unit):
            raise KnowledgeError("analytes.toml", name, f"`{analyte.unit}` is no UCUM unit")


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
