"""What each card rests on: pages made once from the very words that the cards use."""

import re
from collections.abc import Iterable, Sequence

from fastapi import FastAPI, Response

from cards.topics import Topic
from cards.words import Citation, Words
from cds.errors import UnknownPath
from cds.knowledge.basis import Row
from cds.web.pages import page
from cds.web.ports import Answering

CACHE = "public, max-age=3600"
MARKS = {
    "V": "read by the project",
    "V2": "known from a secondary source",
    "U": "not verified yet",
    "P": "chosen by the project; no guideline sets it",
}


class Evidence:
    """One page for each kind of card, and the index."""

    def __init__(self, words: Words, engine: Answering) -> None:
        common: dict[str, object] = {"words": words, "version": engine.knowledge_version, "marks": MARKS, "gaps": gaps}
        self._index = page("evidence.html", common, cache=CACHE)
        self._pages = {
            str(topic): page("topic.html", common | _topic(topic, words, engine.basis(topic)), cache=CACHE)
            for topic in words.topics
        }

    def add_to(self, app: FastAPI) -> None:
        """Serve the pages: public, for they say nothing of any patient."""
        app.add_api_route("/evidence", self.index, methods=["GET"])
        app.add_api_route("/evidence/{topic}", self.topic, methods=["GET"])

    async def index(self) -> Response:
        """All cards, all red flags, and what of a chart is used."""
        return self._index

    async def topic(self, topic: str) -> Response:
        """One card: what it says, what the article and the guidelines say, limits and sources."""
        if topic not in self._pages:
            raise UnknownPath
        return self._pages[topic]


def gaps(sentence: str) -> str:
    """Show the placeholders of a sentence as gaps that a chart fills."""
    return re.sub(r"\{(\w+)\}", r"‹\1›", sentence)


def _topic(topic: Topic, words: Words, rows: Sequence[Row]) -> dict[str, object]:
    """What one page shows: the card's own words, its tags, the limits it rests on, and every source that these name."""
    entry, tags = words.topics[topic], words.tags.get(topic, {})
    keys = [*entry.citations, *(key for tag in tags.values() for key in tag.citations)]
    keys += [row.citation for row in rows if row.citation]
    return {"topic": topic, "entry": entry, "tags": tags, "rows": rows, "sources": _sources(keys, words)}


def _sources(keys: Iterable[str], words: Words) -> list[Citation]:
    """Each citation once, in the order in which it is named."""
    return [words.citations[key] for key in dict.fromkeys(keys)]
