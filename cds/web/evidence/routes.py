"""The evidence pages: made once at start, the same for everybody, of no patient."""

import msgspec
from fastapi import FastAPI, Request, Response

from cards.words import Words
from cds.errors import UnknownPath
from cds.web.evidence.author import Author
from cds.web.evidence.decisions import CHART_COLUMNS, columns
from cds.web.evidence.dossier import Dossier, Index
from cds.web.pages import KEPT_FOR_AN_HOUR, cacheable, tagged, unless_known
from cds.web.ports import Answering

JSON_END = ".json"


class Evidence:
    """One page for each kind of card, the index, and the JSON twin of each."""

    def __init__(self, words: Words, engine: Answering, *, demo: bool = False) -> None:
        author = Author(words, engine)
        common: dict[str, object] = {"titles": author.titles(), "demo": demo}
        index = author.index()
        self._made = {
            "": cacheable("evidence/index.html", common | {"index": index, "columns": CHART_COLUMNS}),
            JSON_END: _twin(index),
        }
        for topic in words.topics:
            dossier = author.dossier(topic)
            self._made[f"/{topic}"] = cacheable(
                "evidence/topic.html", common | {"dossier": dossier, "columns": columns(topic)}
            )
            self._made[f"/{topic}{JSON_END}"] = _twin(dossier)

    def add_to(self, app: FastAPI) -> None:
        """Serve the pages: public, for they say nothing of any patient."""
        app.add_api_route("/evidence", self.index, methods=["GET"])
        app.add_api_route("/evidence.json", self.index, methods=["GET"])
        app.add_api_route("/evidence/{name}", self.one, methods=["GET"])

    async def index(self, request: Request) -> Response:
        """All cards, all red flags, and what of a chart is used."""
        return unless_known(request, self._made[request.url.path.removeprefix("/evidence")])

    async def one(self, name: str, request: Request) -> Response:
        """One card: what it says, what leads to it, what the article and the guidelines say, limits and sources."""
        made = self._made.get(f"/{name}")
        if made is None:
            raise UnknownPath
        return unless_known(request, made)


def _twin(data: Dossier | Index) -> Response:
    headers = {"cache-control": KEPT_FOR_AN_HOUR}
    return tagged(Response(msgspec.json.encode(data), headers=headers, media_type="application/json"))
