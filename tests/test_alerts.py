"""The alerting rules: each asks for numbers that exist, fires and is silent when it should, and has its paragraph."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from cds.account import Shown
from cds.errors import OutOfRoom, Overloaded, TooManyCalls
from cds.web.metrics import Metrics

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
(GROUP,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"]
RULES: list[dict[str, Any]] = GROUP["rules"]
NAMES = [rule["alert"] for rule in RULES]
CASES: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "alerts_test.yml").read_text("utf-8"))["tests"]
RUNBOOK = (ROOT / "docs/runbook.md").read_text("utf-8")
ASKED = re.compile(r"(twitch_cds_\w+)(?:\{(.*?)\})?")
MATCHER = re.compile(r"(\w+)(=~|=|!=)\"(.*?)\"")


@pytest.fixture(scope="module")
def samples() -> list[Any]:
    """The page of a service in which everything has happened once."""
    made = Metrics("1")
    made.record("ehr", "s", 200, (Shown(uuid="u", topic="lab-order", indicator="info", fingerprint="f"),), 0.1)
    made.record("ehr", "s", 412, (), 0.1)
    made.record("ehr", "s", 200, (), 0.1, is_off=True)
    made.unchecked(["E1:rule-failed", "emergency:card-failed"])
    made.fhir("read", 1)
    made.unread("ehr", {"Observation:unit": 1})
    made.keys(60.0)
    made.part_states({"store": True, "audit": True, "trust": True})
    for error in (Overloaded, OutOfRoom, TooManyCalls):
        made.refused(error.reason)
    families = text_string_to_metric_families(made.text().decode())
    return [sample for family in families for sample in family.samples]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_asks_for_numbers_that_exist(rule: dict[str, Any], samples: list[Any]) -> None:
    """Names, labels and the values that it looks for, against the page itself; or it asks Prometheus' own `up`."""
    asked = ASKED.findall(rule["expr"])

    assert asked or 'up{job="twitch-cds"}' in rule["expr"]
    for name, matchers in asked:
        shown = [sample.labels for sample in samples if sample.name == name]
        assert shown, name
        for label, operator, pattern in MATCHER.findall(matchers):
            values = {labels[label] for labels in shown}
            parts = [] if operator == "!=" else pattern.split("|")
            assert [] == [part for part in parts if not any(re.fullmatch(part, value) for value in values)], name


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_says_how_bad_it_is_and_where_to_read_on(rule: dict[str, Any]) -> None:
    """The runbook has a paragraph of its name, to which it leads."""
    assert {"alert", "annotations", "expr", "labels"} == rule.keys() - {"for"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert {"summary", "runbook"} == rule["annotations"].keys()
    assert f"docs/runbook.md#{rule['alert'].lower()}" == rule["annotations"]["runbook"]


def test_every_paragraph_of_the_runbook_is_of_an_alert() -> None:
    """In the same order, none twice, each with something to read."""
    paragraphs = re.findall(r"^### (\w+)\n\n(.+?)(?=\n\n#|\n*\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)

    assert NAMES == [name for name, _ in paragraphs]
    assert [] == [name for name, text in paragraphs if len(text) < 150]


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_has_a_case_that_fires_and_one_that_stays_silent(name: str) -> None:
    """What a case expects is looked for among the alerts of that name only."""
    own = [
        expected
        for case in CASES
        for expected in case["promql_expr_test"]
        if f'alertname="{name}", alertstate="firing"' in expected["expr"]
    ]

    assert {True, False} == {bool(expected["exp_samples"]) for expected in own}


@pytest.mark.parametrize("arguments", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_prometheus_agrees(arguments: tuple[str, ...]) -> None:
    """Rules are read, and every case comes out as it expects."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is missing: install the package prometheus (.ci/run does, as root on Debian)")

    ended = subprocess.run([promtool, *arguments], cwd=DEPLOY, capture_output=True, check=False, text=True, timeout=600)

    assert (0, "") == (ended.returncode, ended.stderr)
    assert "SUCCESS" in ended.stdout
