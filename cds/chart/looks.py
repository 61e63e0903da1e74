"""A quick look at an Observation: whether a rule may read it. Most of a chart ends here."""

from datetime import date

from cds.chart import observations, worded
from cds.chart.naming import Namer
from cds.chart.spoken import NOTHING_SAID
from cds.fhir.resources import Observation

OBSERVED_DAYS = 366  # no rule reads an older Observation, but for the date of the last laboratory result (2b, 3a)


class ObservationLook:
    """Looks at the Observations of one chart; of a test that is out of date only the newest is kept."""

    def __init__(self, namer: Namer, today: int) -> None:
        self._namer = namer
        self._year_ago = date.fromordinal(max(1, today - OBSERVED_DAYS)).isoformat()
        self._newest_lab: dict[str, str] = {}

    def matters(self, resource: Observation) -> bool:
        """Its code or its value may be read, or those of a component; an old one only if it is a laboratory result."""
        namer = self._namer
        text = resource.effective_date_time
        if text is not None and text[:4].isdecimal() and f"{text}~" < self._year_ago:  # a month may end after that day
            return self._is_newest_lab(resource, text)
        if namer.may_matter_at(resource.code, resource.body_site) or resource.contained:
            return True
        if namer.may_matter(resource.value_codeable_concept):
            return True
        if namer.worded_test(resource.code) is not None or observations.tells_caffeine(resource, namer):
            return True
        if resource.value_string is not None and namer.listener.heard(resource.value_string) is not NOTHING_SAID:
            return True
        if observations.tells_abnormal(resource) and observations.is_laboratory(resource):
            return True
        if worded.tells(resource):
            return True
        return any(
            namer.may_matter(part.code)
            or namer.may_matter(part.value_codeable_concept)
            or namer.worded_test(part.code) is not None
            for part in resource.component or ()
        )

    def _is_newest_lab(self, resource: Observation, text: str) -> bool:
        """Whether an old Observation is a laboratory result, and none of its code that was met is of a later day."""
        if resource.component is not None:
            return True
        for coding in resource.code.coding or () if resource.code else ():
            code = coding.code
            if code in self._namer.lab_codes:
                day = f"{text}-01-01"[:10]  # the first one that a month or a year may mean
                if day < self._newest_lab.get(code, ""):
                    return False
                self._newest_lab[code] = day
                return True
        return False
