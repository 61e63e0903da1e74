"""What hospital IT is told about requests, limits and reasons is what the service does."""

import re
from pathlib import Path

import pytest

from cards.proofreading import REASONS, load_words
from cds.hooks.services import templates
from cds.knowledge.load import load
from cds.prefetch import breaker, medications, transport, visit
from cds.prefetch.supply import GATE, REFUSALS, TYPES

TEXT = (Path(__file__).parents[2] / "docs" / "fhir-access.md").read_text("utf-8")
ROWS = {row[0]: row[1:] for line in TEXT.splitlines() if (row := re.findall(r"(?<=\| )[^|]+(?= \|)", line))}
ENTRIES = {row[1] for line in TEXT.splitlines() if len(row := re.findall(r"(?<=\| )[^|]+(?= \|)", line)) == 3}
TEMPLATES = templates(load())


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_request_is_told(key: str) -> None:
    """Round, type, parameters and scopes of each key stand in the table."""
    when, request, v1, v2 = ROWS[f"`{key}`"]
    kind, _, query = TEMPLATES[key].partition("?")
    names = re.findall(r"(?:^|&)([a-z_]+)=", query)

    assert ("first" if key in GATE else "second") == when
    assert f"`GET {kind.replace('{{context.patientId}}', '{id}')}" in request
    assert names == re.findall(r"[?&]([a-z_]+)=", request)
    assert (f"`patient/{TYPES[key]}.read`", f"`patient/{TYPES[key]}.{'s' if query else 'r'}`") == (v1, v2)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_told(reason: str) -> None:
    """With the words that stand on the card; what arrived and was not read has a table of its own."""
    if f"`{reason}`" not in ROWS:
        assert f"`{reason}`" in ENTRIES
        return
    assert load_words().book.reasons[reason] == ROWS[f"`{reason}`"][0]


def test_every_limit_is_told() -> None:
    """The numbers are those of the code."""
    words = {3: "three", 5: "five", 1: "one"}

    assert f"at most {medications.MOST} for a round" in TEXT
    assert f"longer than {visit.LONGEST_URL:,} bytes" in TEXT
    assert f"closed after {transport.IDLE_SECONDS:.0f} seconds" in TEXT
    assert f"opens after {words[breaker.FAILURES]} requests in a row" in TEXT
    assert f"For {words[int(breaker.OPEN_SECONDS)]} seconds nothing" in TEXT
    assert "at most a minute (one\nsecond" in TEXT
    assert (1.0, 1.0, 60.0) == (breaker.ALIVE_SECONDS, breaker.BUSY_SECONDS, breaker.LONGEST_BUSY)
    assert all(f"`{code}`" in TEXT for code in REFUSALS)
