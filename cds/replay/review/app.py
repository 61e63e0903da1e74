"""The pages of a review: who you are, what is left, one item after the other, and in the end what both came to."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cds.errors import CdsError, UsageError, reason_of
from cds.replay.review.cases import Case, Showing
from cds.replay.review.guard import HEADERS, Guard
from cds.review.agreement import VERDICTS
from cds.review.record import LONGEST_REMARK, Judgement, Review
from cds.review.results import results_of
from cds.web.assets import PATH, serve
from cds.web.body import ClientGone, read_body
from cds.web.pages import page

MOST_BYTES, SECONDS = 64 * 1024, 30.0
T = TypeVar("T")
FINAL = "Both reviewers are done: their answers are final."
NOT_KEPT = "Your answer was not saved: {}. Send it again."


class Keeping(Protocol):
    """The file of judgements; it may be changed by another process too."""

    def read(self) -> Review:
        """As it is now."""

    def change(self, how: Callable[[Review], T]) -> T:
        """Change it, whole or not at all; raises OSError."""


class Pages:
    """All paths below the secret one. With a `reviewer` there is only that person's part."""

    def __init__(
        self, book: Keeping, cases: Mapping[str, Case], showing: Showing, base: str, notices: Collection[str], me: str
    ) -> None:
        self._book, self._cases, self._showing = book, cases, showing
        self._base, self._notices, self._me = base, notices, me

    def routes(self) -> list[Route]:
        """What is served."""
        return [
            Route(PATH + "{name}", serve),
            Route(f"{self._base}/", self.start, methods=["GET", "POST"]),
            Route(f"{self._base}/result", self.result),
            Route(f"{self._base}/{{place:int}}/", self.overview),
            Route(f"{self._base}/{{place:int}}/{{item}}", self.item, methods=["GET", "POST"]),
        ]

    async def start(self, request: Request) -> Response:
        """Who is there; a name that is known goes on where it was."""
        if self._me:
            return self._to(f"/{self._book.read().reviewers.index(self._me)}/")
        if request.method != "POST":
            return self._page("start", {"problem": ""})
        name = (await _fields(request)).get("name", "")
        try:
            return self._to(f"/{self._book.change(lambda review: review.admit(name))}/")
        except UsageError as problem:
            return self._page("start", {"problem": problem.text}, 422)
        except OSError as problem:
            return self._page("start", {"problem": NOT_KEPT.format(reason_of(problem))}, 500)

    async def overview(self, request: Request) -> Response:
        """What one reviewer has judged and what is left."""
        reviewer, review = self._reviewer(request)
        if reviewer is None:
            return self._missing()
        return self._page("overview", {"reviewer": reviewer, "left": review.open_for(reviewer)}, review=review)

    async def item(self, request: Request) -> Response:
        """One item: shown, or judged and on to the next."""
        (reviewer, review), case = self._reviewer(request), self._cases.get(request.path_params["item"])
        if reviewer is None or case is None:
            return self._missing()
        judgement = review.judged[reviewer].get(case.item.id)
        if request.method != "POST":
            return self._shown(case, reviewer, review, judgement)
        fields = await _fields(request)
        judgement = Judgement(
            verdict=fields.get("verdict", ""), remark=fields.get("remark", "").strip()[:LONGEST_REMARK]
        )
        if judgement.verdict not in VERDICTS:
            return self._shown(case, reviewer, review, judgement, "Choose one of the three answers.", 422)
        try:
            remaining = self._book.change(lambda now: _judge(now, reviewer, case.item.id, judgement))
        except UsageError as problem:
            return self._shown(case, reviewer, review, judgement, problem.text, 409)
        except OSError as problem:
            return self._shown(case, reviewer, review, judgement, NOT_KEPT.format(reason_of(problem)), 500)
        place = request.path_params["place"]
        return self._to(f"/{place}/{_next(remaining, case.item.id)}" if remaining else f"/{place}/")

    async def result(self, _: Request) -> Response:
        """What both came to, once both are done."""
        review = self._book.read()
        return self._page("result", {"results": results_of(review)}, review=review)

    def _shown(
        self,
        case: Case,
        reviewer: str,
        review: Review,
        judgement: Judgement | None,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        values = self._showing.values(case)
        context = {"case": case, "reviewer": reviewer, "given": judgement, "problem": problem, **values}
        return self._page("item", context | {"left": review.open_for(reviewer)}, status, review)

    def _reviewer(self, request: Request) -> tuple[str | None, Review]:
        """Whose part of the review a path is; None if it is nobody's, or not for the one who is here."""
        review, place = self._book.read(), request.path_params["place"]
        name = review.reviewers[place] if place < len(review.reviewers) else None
        return (None if self._me and name != self._me else name), review

    def _missing(self) -> Response:
        return self._page("start", {"problem": "There is no such page in this review."}, 404)

    def _to(self, path: str) -> Response:
        return Response(status_code=303, headers={"location": self._base + path})

    def _page(
        self, name: str, values: Mapping[str, object], status: int = 200, review: Review | None = None
    ) -> Response:
        review = review or self._book.read()
        places = {reviewer: place for place, reviewer in enumerate(review.reviewers)}
        context = {
            "base": self._base,
            "notices": self._notices,
            "review": review,
            "places": places,
            "me": self._me,
            "titles": self._showing.titles,
        }
        answer = page(f"review/{name}.html", {**context, **values}, status=status)
        answer.headers.update({name.decode(): value.decode() for name, value in HEADERS})
        return answer


def create_app(pages: Pages, secret: str, addresses: Collection[str]) -> ASGIApp:
    """The application, behind its guard."""
    handlers = {CdsError: _told, ClientGone: _told}
    return Guard(Starlette(routes=pages.routes(), exception_handlers=handlers), secret, addresses)


async def _told(_: Request, problem: Exception) -> Response:
    """What is wrong with a request, or with the file of the review, in one line."""
    text, status = (problem.text, problem.status) if isinstance(problem, CdsError) else ("", 400)
    return Response(f"{text}\n", status, media_type="text/plain")


def _judge(review: Review, reviewer: str, item: str, judgement: Judgement) -> list[str]:
    """Keep one answer; what is left. Once both are done and see the result, answers are final. Raises UsageError."""
    if review.is_done:
        raise UsageError(FINAL)
    review.judged[reviewer][item] = judgement
    return review.open_for(reviewer)


def _next(remaining: list[str], item: str) -> str:
    """The next one that is open behind an item, or the first of all."""
    return next((ident for ident in remaining if int(ident) > int(item)), remaining[0])


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form."""
    body = await read_body(request.receive, MOST_BYTES, SECONDS)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
