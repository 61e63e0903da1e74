"""The fictional charts: read once at start, dated anew for each day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from msgspec import MsgspecError, Struct, field
from msgspec.json import Decoder

from cds.demo.fhir.shift import shifted
from cds.errors import StartError
from cds.fhir.references import parts

Resource: TypeAlias = dict[str, Any]
Chart: TypeAlias = tuple[Resource, ...]
T = TypeVar("T")


class ChartError(StartError):
    """A demo chart cannot be served; the error names the file."""

    def __init__(self, file: Path, reason: str) -> None:
        """Name the file and what is wrong with it."""
        super().__init__(f"{file.name}: {reason}")


class _Entry(Struct):
    resource: Resource


class _Bundle(Struct):
    kind: Literal["Bundle"] = field(name="resourceType")
    entry: list[_Entry]


class _Index(Struct):
    reference_date: date = field(name="referenceDate")


@dataclass(frozen=True)
class ChartStore:
    """All resources of one day, by type and id, and each patient's chart as it was filed."""

    by_type: dict[str, dict[str, Resource]]
    charts: dict[str, Chart]

    def of(self, kind: str) -> dict[str, Resource]:
        """All resources of a type, by id."""
        return self.by_type.get(kind, {})

    def find(self, reference: str) -> Resource | None:
        """The resource that `Type/id` names."""
        kind, ident = parts(reference)
        return self.of(kind).get(ident)


class Charts:
    """The charts as written, and what they say on a given day."""

    def __init__(self, reference_date: date, charts: dict[str, Chart]) -> None:
        """Keep the charts; each day is dated once."""
        self._reference_date = reference_date
        self._charts = charts
        self.kinds = frozenset(resource["resourceType"] for chart in charts.values() for resource in chart)
        self.on = lru_cache(maxsize=2)(self._on)

    def _on(self, day: date) -> ChartStore:
        days = (day - self._reference_date).days
        charts = {ident: tuple(shifted(resource, days) for resource in chart) for ident, chart in self._charts.items()}
        store = ChartStore({}, charts)
        for chart in charts.values():
            for resource in chart:
                store.by_type.setdefault(resource["resourceType"], {})[resource["id"]] = resource
        return store


def read_charts(fixtures: Path) -> Charts:
    """Read `index.json` and `charts/*.json`; an unusable one stops the start."""
    index = _decoded(fixtures / "index.json", _Index)
    resources: dict[tuple[str, str], Resource] = {}
    charts = {}
    for file in sorted((fixtures / "charts").glob("*.json")):
        charts[file.stem] = chart = tuple(entry.resource for entry in _decoded(file, _Bundle).entry)
        _check(file, chart, resources)
    return Charts(index.reference_date, charts)


def _decoded(file: Path, kind: type[T]) -> T:
    """Decode one file; numbers with a fraction keep their digits (7.10 is no 7.1 in a laboratory)."""
    try:
        return Decoder(kind, float_hook=Decimal).decode(file.read_bytes())
    except (OSError, MsgspecError) as error:
        raise ChartError(file, str(error)) from error


def _check(file: Path, chart: Chart, resources: dict[tuple[str, str], Resource]) -> None:
    """Hold a chart to what searching relies on: types, ids, one patient named like the file."""
    for resource in chart:
        key = (resource.get("resourceType"), resource.get("id"))
        if not (isinstance(key[0], str) and isinstance(key[1], str)):
            raise ChartError(file, "every entry needs a resource with resourceType and id")
        if resources.setdefault((key[0], key[1]), resource) != resource:
            raise ChartError(file, f"another chart holds a different {key[0]}/{key[1]}")
    patients = [resource["id"] for resource in chart if resource["resourceType"] == "Patient"]
    if patients != [file.stem]:
        raise ChartError(file, f"exactly one Patient is expected, with the id {file.stem}")
