"""The evidence pages: each made once, the same for everybody, of no patient."""

import asyncio

import msgspec
from fastapi import FastAPI, Request, Response

from cards.topics import Topic
from cards.words import Words
from cds.errors import UnknownPath
from cds.web.evidence.author import Author
from cds.web.evidence.card_evidence import CardEvidence, Index
from cds.web.evidence.decisions import CHART_COLUMNS, columns
from cds.web.evidence.vocabulary import Vocabulary, vocabulary
from cds.web.pages import KEPT_FOR_AN_HOUR, cacheable, tagged, unless_known
from cds.web.ports import Answering

JSON_END = ".json"


class Evidence:
    """One page for each kind of card, the index, and the JSON twin of each."""

    def __init__(self, words: Words, engine: Answering, *, demo: bool = False) -> None:
        self._topics = {topic.value: topic for topic in words.topics}
        self._meanings = words.meanings
        self._author = Author(words, engine)
        self._engine = engine
        self._demo = demo
        self._responses: dict[tuple[Topic | None, str], Response] = {}

    def add_to(self, app: FastAPI) -> None:
        """Serve the pages: public, for they say nothing of any patient."""
        app.add_api_route("/evidence", self.index, methods=["GET"])
        app.add_api_route("/evidence.json", self.index, methods=["GET"])
        app.add_api_route("/evidence/words", self.words, methods=["GET"])
        app.add_api_route("/evidence/words.json", self.words, methods=["GET"])
        app.add_api_route("/evidence/{name}", self.one, methods=["GET"])

    async def index(self, request: Request) -> Response:
        """All cards, all red flags, and what of a chart is used."""
        return await self._page(None, request.url.path.removeprefix("/evidence"), request)

    async def one(self, request: Request) -> Response:
        """One card: what it says, what leads to it, what the article and the guidelines say, limits and sources."""
        name = request.path_params["name"]
        topic = self._topics.get(name.removesuffix(JSON_END))
        if topic is None:
            raise UnknownPath
        return await self._page(topic, name.removeprefix(topic.value), request)

    async def words(self, request: Request) -> Response:
        """All phrases that are recognised in texts, by language, and what each gives."""
        ending = request.url.path.removeprefix("/evidence/words")
        cache_key = None, f"words{ending}"
        if cache_key not in self._responses:
            self._responses[cache_key] = await asyncio.to_thread(self._words, ending)
        return unless_known(request, self._responses[cache_key])

    def _words(self, ending: str) -> Response:
        lists = vocabulary(self._engine.knowledge, self._meanings)
        if ending:
            return _twin(lists)
        common: dict[str, object] = {"titles": self._author.titles(), "demo": self._demo}
        values = {
            "vocabulary": lists,
            "versions": self._author.index().versions,
            "decision": self._author.index().decision,
        }
        return cacheable("evidence/words.html", common | values)

    async def _page(self, topic: Topic | None, ending: str, request: Request) -> Response:
        """The page, made when it is asked for first: beside the event loop, because it takes many milliseconds."""
        cache_key = topic, ending
        if cache_key not in self._responses:
            self._responses[cache_key] = await asyncio.to_thread(self._twin if ending else self._html, topic)
        return unless_known(request, self._responses[cache_key])

    def _html(self, topic: Topic | None) -> Response:
        common: dict[str, object] = {"titles": self._author.titles(), "demo": self._demo}
        if topic is None:
            return cacheable("evidence/index.html", common | {"index": self._author.index(), "columns": CHART_COLUMNS})
        card_evidence = self._author.card_evidence(topic)
        return cacheable("evidence/topic.html", common | {"card_evidence": card_evidence, "columns": columns(topic)})

    def _twin(self, topic: Topic | None) -> Response:
        return _twin(self._author.card_evidence(topic) if topic is not None else self._author.index())


def _twin(data: CardEvidence | Index | Vocabulary) -> Response:
    headers = {"cache-control": KEPT_FOR_AN_HOUR}
    return tagged(Response(msgspec.json.encode(data), headers=headers, media_type="application/json"))
