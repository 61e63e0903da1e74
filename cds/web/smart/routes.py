"""The app as a whole: its parts put together, and its paths."""

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI

from cards.ask_words import load_ask_words
from cards.errors import WordingError
from cds.call import Engine
from cds.clock import Clock
from cds.errors import KnowledgeError
from cds.keyed import Pseudonyms
from cds.secrecy import Secret
from cds.settings import Settings
from cds.smart.ehr import Ehrs
from cds.smart.response import Worded, Writer
from cds.smart.sealed import Sealer
from cds.web.record import Recorder
from cds.web.smart.cookies import KEPT, Cookies
from cds.web.smart.judged import Judge
from cds.web.smart.pages import Shell
from cds.web.smart.sign_in import SignIn
from cds.web.smart.unsent import UnsentAnswers
from cds.web.smart.visits import Visits


class Asking:
    """The pages of "Ask the patient", for the EHRs that are registered for them."""

    def __init__(
        self,
        engine: Engine,
        ehrs: Ehrs,
        settings: Settings,
        key: Secret,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """Raises a StartError if a question has no words."""
        form = engine.knowledge.form
        needed = {item.id: (item.list, tuple(option.code for option in form.options(item))) for item in form.every()}
        try:
            words = load_ask_words(needed, {item.group for item in form.item})
        except WordingError as problem:
            raise KnowledgeError(problem.file, problem.key, problem.reason) from problem
        now = now or Clock(settings.zone).now
        is_secure = settings.public_url.startswith("https:")
        sealer, cookies, shell = Sealer(key, now), Cookies(is_secure=is_secure), Shell(words)
        unsent = UnsentAnswers(sealer, Cookies(is_secure=is_secure, name=KEPT), now)
        worded = Worded(lambda item: words.text(item.id), lambda item, code: words.answer(item.id, item.list, code))
        writer = Writer(form, settings.public_url, engine.knowledge.systems["loinc"], worded)
        self._engine, self._pseudonyms = engine, Pseudonyms(key)
        self._sign_in = SignIn(ehrs, sealer, cookies, shell, unsent, settings.public_url, now)
        self._visits = Visits(engine, ehrs, sealer, cookies, shell, unsent, words, writer, now)

    def add_to(self, app: FastAPI, recorder: Recorder) -> None:
        """Add the paths; hook calls of the app are counted and audited by this recorder."""
        self._sign_in.add_to(app)
        self._visits.add_to(app, Judge(self._engine, recorder, self._pseudonyms))
