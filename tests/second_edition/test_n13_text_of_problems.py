"""N13, field 1: the text and the displays of a problem are read where none of its codes is."""

import pytest
from charts.dates import TODAY
from charts.golden import Case
from charts.notation import request_bytes
from charts.seam import engine
from numbered import got, name_of, of, one

from cds.rules.why import near_misses


@pytest.mark.parametrize("case", of(13), ids=name_of)
def test_n13_cards(case: Case) -> None:
    """Each chart of the table N13 gets exactly its cards."""
    assert list(case.expect) == got(case), case.rule


@pytest.mark.parametrize(
    ("name", "note"),
    [("N13-request/91-days", "reason of a request"), ("N13-alert/in-words-31-days", "alert")],
)
def test_n13_what_is_too_old_is_shown_to_who_asks_why(name: str, note: str) -> None:
    """A mention that does not count any more is told as what comes near to a twitch."""
    service = engine(TODAY)
    outcome = service.call("muscle-twitch-patient-view", request_bytes(one(name).chart))

    assert outcome.chart is not None
    assert note in [trace.note for trace in near_misses(outcome.chart, service.knowledge)]
