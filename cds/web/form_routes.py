"""Our own Questionnaire and its answers: FHIR resources for everybody, of no patient (second edition N22)."""

import msgspec
from fastapi import FastAPI, Request, Response

from cards.form_words import FormWords
from cds.errors import UnknownPath
from cds.form.questionnaire import Author
from cds.knowledge.load import Knowledge
from cds.web.pages import KEPT_FOR_AN_HOUR, tagged, unless_known

QUESTIONNAIRE, CODE_SYSTEM = "/Questionnaire", "/CodeSystem"
FHIR = "application/fhir+json"


class FormRoutes:
    """Each resource under its canonical address, made once."""

    def __init__(self, words: FormWords, knowledge: Knowledge, base: str) -> None:
        author = Author(knowledge.form, words, knowledge.systems, base)
        self._name = knowledge.form.path
        self._resources = {QUESTIONNAIRE: author.questionnaire(), CODE_SYSTEM: author.code_system()}

    def add_to(self, app: FastAPI) -> None:
        """Serve them."""
        for path in self._resources:
            app.add_api_route(f"{path}/{{name}}", self.one, methods=["GET"])

    async def one(self, request: Request) -> Response:
        """One resource."""
        path, _, name = request.url.path.rpartition("/")
        if name != self._name:
            raise UnknownPath
        headers = {"cache-control": KEPT_FOR_AN_HOUR}
        body = msgspec.json.encode(self._resources[path])
        return unless_known(request, tagged(Response(body, headers=headers, media_type=FHIR)))
