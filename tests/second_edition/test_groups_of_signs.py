"""What the members of the groups of signs do where no amendment has a table of its own."""

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.resources import Line
from charts.seam import evaluate

ABNORMAL: Line = {"lab": "exam", "interp": "A", "at": "1 d"}
SIGNS = {"areflexia": "37280007", "hypotonia": "398151007", "motor-regression": "609225004"}


def cards(age: str, code: str) -> list[tuple[str, tuple[str, ...]]]:
    """Topic and flags of each card of a chart with a twitch, an abnormal examination and a sign."""
    sign: Line = {"condition": code, "recorded": "5 d"}
    _, answer = evaluate(
        request_bytes({"patient": {"age": age}, "resources": [{"twitch": "2 w"}, ABNORMAL, sign]}), TODAY
    )
    told = ((card["source"]["topic"]["code"], card["extension"]["org.twitch-cds.basis"]) for card in answer["cards"])
    return [(topic, tuple(basis.get("flags", ()))) for topic, basis in told]


@pytest.mark.parametrize("sign", sorted(SIGNS))
def test_an_abnormal_examination_of_an_adult_is_explained_by_no_sign_of_a_child(sign: str) -> None:
    """Where the sign has no flag of its own the abnormal examination is R4, as it is without the sign (3a R4)."""
    assert [("neurology-evaluation", ("R4",))] == cards("45 y", SIGNS[sign])


@pytest.mark.parametrize("sign", sorted(SIGNS))
def test_a_childs_sign_explains_its_abnormal_examination(sign: str) -> None:
    """The child's sign has a flag of its own, and R4 is silent."""
    assert [] == [topic for topic, flags in cards("9 y", SIGNS[sign]) if "R4" in flags]
    assert "paediatric-neurology" == cards("9 y", SIGNS[sign])[0][0]
