"""What texts of appointments, impressions and Observations say, and which texts are not read (N13)."""

from typing import Any

import pytest
from charts.dates import TODAY
from charts.seam import engine
from msgspec import convert

from cds.chart.facts import Chart
from cds.chart.reader import Reader
from cds.chart.scope import Scope
from cds.chart.spoken import Listener
from cds.fhir import resources as fhir

ME = {"reference": "Patient/golden"}
ACTOR = {"participant": [{"actor": ME, "status": "accepted"}]}


def chart(*resources: dict[str, Any]) -> Chart:
    """The chart of these resources."""
    house = engine(TODAY)
    reader = Reader(house.namer, house.routes, Scope("golden", house.now(), TODAY.toordinal(), 24, frozenset({"#me"})))
    reader.add(convert(one, fhir.Any) for one in resources)
    return reader.finish()


def observation(**more: Any) -> dict[str, Any]:
    """An Observation of this patient."""
    return {"resourceType": "Observation", "status": "final", "subject": ME, "effectiveDateTime": "2026-11-20", **more}


def appointment(**more: Any) -> dict[str, Any]:
    """An appointment of this patient."""
    return {"resourceType": "Appointment", "status": "booked", **ACTOR, **more}


def impression(**more: Any) -> dict[str, Any]:
    """A clinical impression of this patient."""
    return {"resourceType": "ClinicalImpression", "status": "completed", "subject": ME, "date": "2026-11-20", **more}


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (appointment(created="2026-11-20", description="calf twitching"), 1),
        (appointment(start="2026-11-20", reasonCode=[{"text": "foot drop"}]), 1),
        (appointment(status="cancelled", created="2026-11-20", description="calf twitching"), 0),
        (impression(summary="fasciculations"), 1),
        (impression(finding=[{"itemCodeableConcept": {"text": text}} for text in ("foot drop", "vegan")]), 1),
        (impression(status="in-progress", summary="fasciculations"), 0),
        (observation(code={"text": "Symptoms"}, valueString="calf twitching"), 1),
        (observation(code={"text": "Symptoms"}, valueString="feels fine"), 0),
        (observation(code={"text": "Diet"}, valueString="vegan"), 0),
        (observation(code={"coding": [{"system": "http://loinc.org", "code": "8661-1"}]}, valueString="foot drop"), 1),
        (observation(code={"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}, valueString="foot drop"), 0),
    ],
)
def test_told(resource: dict[str, Any], said: int) -> None:
    """Short texts of visits to come, of impressions and of complaints are read; of laboratory results they are not."""
    assert said == len(chart(resource).told)


def test_several_texts_of_one_entry() -> None:
    """The text and the displays are read together; a twitch that is not only of the eyelid is none of the eyelid."""
    listener = Listener(engine(TODAY).knowledge)
    both = listener.together(["eyelid twitching for 3 weeks", "calf twitching, foot drop"])

    assert {"twitch", "red-flag"} == both.phrases
    assert ("drop",) == both.signs
    assert 21 == both.days
    assert {"eyelid"} == listener.together(["eyelid twitching", "lid twitching"]).phrases


def test_long_texts_are_read_and_not_remembered() -> None:
    """A long text is heard each time anew."""
    listener, text = Listener(engine(TODAY).knowledge), "calf twitching " + "and so on " * 20

    assert listener.twitches(text)
    assert listener.twitches(text)
    assert not listener.twitches("nothing of the kind")
