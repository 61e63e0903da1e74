"""Why something on a chart did not count for a rule that reads it: too old, normal, not at a limit, after the onset."""

from collections.abc import Iterable
from typing import NamedTuple

from cds.chart.facts import Drug, LabResult
from cds.fhir.dates import When
from cds.rules.medication import Course
from cds.rules.picture import Picture
from cds.rules.reads import Reads


class Reason(NamedTuple):
    """The key of a sentence of the wording, and its number of days."""

    key: str
    days: int = 0


class Against:
    """What one picture says against the things that one rule reads."""

    def __init__(self, picture: Picture, reads: Reads) -> None:
        self._picture = picture
        self._reads = reads

    def of_sign(self, sets: Iterable[str], when: When | None, *, observed: bool) -> Reason | None:
        """Too old for the window of the rule that is about this sign, or for any Observation."""
        names = [name for set_name in sets for name in self._windows(set_name)]
        if observed:
            names.append("finding_observation")
        limits = [self._picture.knowledge.days(name) for name in names]
        if when is None or not limits or self._picture.today - when.last <= min(limits):
            return None
        return Reason("too-old", min(limits))

    def _windows(self, name: str) -> list[str]:
        """The windows of the rule that bear the name of the sign; its only one is about all of its signs."""
        words = set(name.split("-"))
        windows = [window for window in self._reads.windows if words & set(window.split("_"))]
        return windows or list(self._reads.windows if len(self._reads.windows) == 1 else ())

    def of_lab(self, result: LabResult) -> Reason | None:
        """Another result decides, it is out of date, normal, or not beyond a limit of the rule."""
        status = self._picture.laboratory.of(result.analyte)
        if status.judged is None:
            return Reason("unreadable")
        if status.judged.result.ref != result.ref:
            return Reason("other-result")
        if not status.is_fresh:
            return Reason("out-of-date", self._picture.knowledge.analytes[result.analyte].fresh_days)
        return Reason("normal" if status.is_normal else "not-at-limit")

    def of_drug(self, drug: Drug) -> Reason | None:
        """It has ended, or its start does not fit the onset of the twitch (5a)."""
        courses = [course for course in self._picture.medication.of(*self._reads.medicines) if drug.ref in course.refs]
        if not courses:
            return Reason("ended") if drug.state == "ended" else None
        return self._of_course(courses[0])

    def _of_course(self, course: Course) -> Reason | None:
        knowledge, last = self._picture.knowledge, self._picture.last
        timing = knowledge.medicines[course.tag].timing
        if course.start is None or last is None:
            return Reason("onset-unknown") if timing == "recent" else None
        lead = last.last - course.start.first
        if lead < 0:
            return Reason("after-onset")
        if timing == "recent" and lead > knowledge.days("recent_drug"):
            return Reason("not-recent", knowledge.days("recent_drug"))
        if timing == "exposure" and lead < knowledge.days("ppi_exposure"):
            return Reason("too-soon", knowledge.days("ppi_exposure"))
        return None
