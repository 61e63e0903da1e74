"""The page that tells clinicians what changes has every card, by the title that they read, in the order of ranks."""

import re
from pathlib import Path

from cards.proofreading import load_words
from cards.topics import Topic

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/what-changes.md").read_text("utf-8")
SECTION = re.compile(r"^### (?P<title>[^\n]+)\n\n`(?P<topic>[a-z-]+)`(?P<text>.+?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def test_every_card_has_its_paragraph() -> None:
    """No card is missing, none is made up."""
    titles = load_words().topics

    assert [(titles[topic].title, topic.value) for topic in Topic] == [
        (found["title"], found["topic"]) for found in SECTION.finditer(PAGE)
    ]


def test_cards_that_are_new_are_called_so() -> None:
    """Those that the first edition did not have."""
    new = {found["topic"] for found in SECTION.finditer(PAGE) if found["text"].startswith(" is new.")}

    assert {"new-sign", "known-cause", "risk-order"} == new


def test_the_page_is_found_from_the_readme() -> None:
    """And from the report, which shows both editions."""
    assert "](docs/what-changes.md)" in (ROOT / "README.md").read_text("utf-8")
    assert "](what-changes.md)" in (ROOT / "docs/report.md").read_text("utf-8")
