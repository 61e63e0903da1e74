"""Answers that come when a visit is over wait, sealed, for the next sign-in of the same user for the same patient."""

from collections.abc import Callable, Mapping
from datetime import datetime

from fastapi import Response
from msgspec.structs import replace

from cds.smart.names import CALLBACK
from cds.smart.response import name_of
from cds.smart.sealed import Sealer
from cds.smart.session import SECONDS, Given, Session, Unsent, unsent_of
from cds.web.smart.cookies import Cookies

MARK, USE = "form", "unsent"


class UnsentAnswers:
    """Marks forms, keeps what comes too late, and gives it to the visit that it belongs to."""

    def __init__(self, sealer: Sealer, cookies: Cookies, now: Callable[[], datetime]) -> None:
        """The cookies have another name than those of visits."""
        self._sealer, self._cookies, self._now = sealer, cookies, now

    def mark(self, session: Session) -> str:
        """Whose a form is, to stand in it: it holds no token, and is of use as long again as the visit."""
        return self._sealer.seal(MARK, unsent_of(session), session.until + SECONDS)

    def marked(self, text: str) -> Unsent | None:
        """Whose a form was."""
        return self._sealer.open(MARK, text, Unsent)

    @staticmethod
    def is_stored(whose: Unsent, answers: Given) -> bool:
        """Whether the EHR has these answers already."""
        return whose.stored == name_of(whose, answers)

    def keep(self, answer: Response, whose: Unsent, answers: Given) -> None:
        """Have the browser keep answers, sealed, for fifteen minutes."""
        until = int(self._now().timestamp()) + SECONDS
        self._cookies.put(answer, CALLBACK, self._sealer.seal(USE, replace(whose, given=answers), until), SECONDS)

    def given_to(self, session: Session, cookies: Mapping[str, str]) -> Session:
        """A new visit with the answers that wait for it: of the same user and the same patient only."""
        unsent = self._sealer.open(USE, self._cookies.read(cookies), Unsent)
        if unsent is None or not unsent.is_of(session):
            return session
        return replace(session, given=unsent.given, by_patient=unsent.by_patient)

    def drop(self, answer: Response) -> None:
        """Have the browser forget them."""
        self._cookies.drop(answer, CALLBACK)
