"""The paths of the governance page: HTML, CSV and JSON of one and the same report."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from fastapi import FastAPI, Request, Response

from cards.words import Words
from cds.errors import NotReady, TooManyGuesses, UsageError
from cds.golive.command import number, summary
from cds.golive.judge import judge
from cds.golive.verdict import Verdict, left_out
from cds.report.build import build
from cds.report.model import Report
from cds.report.shadow import CHANGES, Shadow, shadow
from cds.report.sheet import sheet
from cds.report.silent import Silent, silent
from cds.report.source import reading
from cds.settings import Settings
from cds.store.keys import known_key
from cds.web.governance import numbers
from cds.web.governance.access import GovernanceAccess
from cds.web.governance.counting import PATIENCE, Counting
from cds.web.governance.page_query import PageQuery, read_query
from cds.web.governance.standing import Standing
from cds.web.pages import page
from cds.web.record import Recorder

PATH = "/governance"
NO_STORE = "The database cannot be read now, or does not exist yet. The numbers below are those of this process."
T = TypeVar("T")
STILL_COUNTING = "The counting takes longer and continues in the background. Reload this page in a moment."


class Governance:
    """One page with filters; each view is an address."""

    def __init__(
        self,
        settings: Settings,
        words: Words,
        services: Collection[str],
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: float = PATIENCE,
        standing: Callable[[], Sequence[Standing]] = tuple,
    ) -> None:
        """`standing` tells what each client is shown, as of now."""
        self._standing = standing
        self._settings = settings
        self._services = sorted(services)
        self._words = words
        self._titles = {topic.value: entry.title for topic, entry in words.topics.items()}
        self._now, self._sleep = now, sleep
        self._counting = Counting(self._built, patience)
        self._silent = Counting(self._held_back, patience)
        self._shadow = Counting(self._beside, patience)
        self._golive = Counting(self._judged, patience)

    def add_to(self, app: FastAPI, recorder: Recorder) -> None:
        """Add the paths; the numbers of this process come from where calls are counted."""
        self._numbers, self._limited = recorder.numbers, recorder.limited
        self._access = GovernanceAccess(
            self._settings.governance_token,
            is_open=self._settings.open,
            refused=lambda refusal: recorder.refused(refusal, PATH),
            sleep=self._sleep,
        )
        app.add_api_route(PATH, self.html, methods=["GET"])
        app.add_api_route(f"{PATH}.csv", self.csv, methods=["GET"])
        app.add_api_route(f"{PATH}.json", self.json, methods=["GET"])

    async def html(self, request: Request) -> Response:
        """The page."""
        view = await self._view(request)
        golive = await self._verdict(view)
        counted, held_back = await _soon(self._counting.soon(view)), await _soon(self._silent.soon(view))
        beside, _ = await _soon(self._shadow.soon(view))
        report, problem = counted
        today = self._now().astimezone(self._settings.zone).date()
        values = {
            "demo": self._settings.demo,
            "view": view,
            "ranges": view.ranges(today),
            "services": self._services,
            "titles": self._titles,
            "report": report,
            "figures": await asyncio.to_thread(self._figures, report, today) if report else None,
            "problem": problem,
            "standing": self._standing(),
            "silent": held_back[0],
            "shadow": beside,
            "changes": CHANGES,
            "golive": golive[0],
            "golive_problem": golive[1],
            "number": number,
            "summary": summary,
            "left_out": left_out,
            "zone": self._settings.zone,
            "numbers": numbers.read(self._numbers(), view.filters.service),
        }
        return page("governance/page.html", values)

    async def csv(self, request: Request) -> Response:
        """The lines of all cards and tags, safe to open in a spreadsheet."""
        report = await self._counting.whole(await self._view(request))
        headers = {"content-disposition": 'attachment; filename="twitch-cds-report.csv"'}
        return Response(sheet(report), headers=headers, media_type="text/csv; charset=utf-8")

    async def json(self, request: Request) -> Response:
        """The whole report with its days."""
        report = await self._counting.whole(await self._view(request))
        return Response(msgspec.json.encode(report), media_type="application/json")

    async def _view(self, request: Request) -> PageQuery:
        """What is asked for, after the credential was checked."""
        try:
            await self._access.admit(request.headers.get("authorization"))
        except TooManyGuesses as refusal:
            self._limited(refusal.reason)
            raise
        return read_query(request.query_params, self._now(), self._settings.zone, self._services, self._titles)

    def _figures(self, report: Report, today: date) -> object:
        """Figures and pictures; the library that draws them is loaded with the first page."""
        from cds.web.governance.figures import FiguresBuilder  # noqa: PLC0415 - see test_architecture

        return FiguresBuilder(self._titles, self._words.book.overrides).figures(report, today)

    def _built(self, view: PageQuery) -> Report:
        try:
            with reading(self._settings) as connection:
                return build(connection, view.period, view.filters)
        except UsageError as problem:
            raise NotReady from problem

    def _beside(self, view: PageQuery) -> Shadow | None:
        """What a candidate beside this version would change."""
        try:
            with reading(self._settings) as connection:
                return shadow(connection, view.period, service=view.filters.service)
        except UsageError as problem:
            raise NotReady from problem

    def _held_back(self, view: PageQuery) -> Silent:
        """What silent mode held back; a filter by card does not hide an emergency."""
        try:
            with reading(self._settings) as connection:
                return silent(connection, view.period, service=view.filters.service)
        except UsageError as problem:
            raise NotReady from problem

    async def _verdict(self, view: PageQuery) -> tuple[Verdict | None, str]:
        """What the gates say, or why they say nothing; a site without a file of gates is told nothing."""
        if not self._settings.golive:
            return None, ""
        return await _soon(self._golive.soon(view))

    def _judged(self, _: PageQuery) -> Verdict:
        """What the gates say; their file has days of its own."""
        return judge(Path(self._settings.golive), self._settings, self._now(), known_key)


async def _soon(counted: Awaitable[T | None]) -> tuple[T | None, str]:
    """What is counted, or why there is nothing yet."""
    try:
        report = await counted
    except NotReady:
        return None, NO_STORE
    except UsageError as problem:
        return None, problem.text
    return report, "" if report else STILL_COUNTING
