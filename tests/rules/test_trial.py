"""A rule that fails is reported as not checked, never as silence."""

from collections.abc import Iterable

import pytest
from charts.dates import TODAY
from charts.notation import request_bytes
from charts.seam import evaluate

from cds.rules import lifestyle
from cds.rules.picture import Picture
from cds.rules.trial import Trial, once


def failing(picture: object) -> Iterable[object]:
    """A rule with a fault in it."""
    raise ZeroDivisionError(picture)


def test_a_failing_rule_is_named_and_the_others_go_on() -> None:
    """The verdicts hold the failure; what other rules raise is kept."""
    trial = Trial()

    assert trial.ask("broken", failing, "chart") == ()
    assert trial.ask("sound", once(lambda subject: subject), "sign") == ("sign",)
    assert [(one.rule, one.state) for one in trial.verdicts] == [("broken", "not-checked"), ("sound", "fired")]
    assert [(one.type, one.reason) for one in trial.not_checked] == [("broken", "rule-failed")]


def test_a_failing_rule_shows_on_every_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The card of another rule says which rule failed."""

    def broken(picture: Picture) -> None:
        raise ZeroDivisionError(picture)

    monkeypatch.setitem(lifestyle.FACTORS, "stress", broken)
    chart = {"patient": {"age": "40 y"}, "resources": [{"twitch": "2 w"}, {"lab": "sleep", "value": "5 h"}]}

    status, body = evaluate(request_bytes(chart), TODAY)

    assert (status, [card["source"]["topic"]["code"] for card in body["cards"]]) == (200, ["lifestyle"])
    assert "stress" in str(body["cards"][0]["extension"]["org.twitch-cds.basis"]["notChecked"])
