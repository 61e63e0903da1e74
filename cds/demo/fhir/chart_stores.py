"""The demo's charts of today with what was written to them: the one place that playground and FHIR server share."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from cds.demo.fhir.charts import Charts, ChartStore, Resource
from cds.demo.fhir.written import Written


class ChartStores:
    """Charts that are dated as of today, and a copy in memory that takes what is written."""

    def __init__(self, charts: Charts, today: Callable[[], date]) -> None:
        self._charts, self._today = charts, today
        self._additions = Written()
        self.kinds = charts.kinds
        self._merged = lru_cache(maxsize=2)(self._merge)

    def today(self) -> ChartStore:
        """All resources of today."""
        return self._merged(self._today(), self._additions.changes)

    def create(self, patient: str, resource: Resource, condition: str) -> tuple[Resource, bool]:
        """Take a resource of one patient; the one that meets the condition, where there is one."""
        return self._additions.create(patient, resource, condition)

    def reset(self) -> None:
        """Forget what was written."""
        self._additions.reset()

    def _merge(self, day: date, _: int) -> ChartStore:
        store = self._charts.on(day)
        if not self._additions.patients:
            return store
        charts = {patient: (*chart, *self._additions.of(patient)) for patient, chart in store.charts.items()}
        by_type = {kind: dict(resources) for kind, resources in store.by_type.items()}
        for patient in self._additions.patients:
            for resource in self._additions.of(patient):
                by_type.setdefault(resource["resourceType"], {})[resource["id"]] = resource
        return ChartStore(by_type, charts)
