"""What a process that answers calls is made of. Heavy to import: the parent of several workers never does."""

from fastapi import FastAPI

from cds.errors import CdsError
from cds.settings import Settings, environment, load
from cds.store.starting import make_ready
from cds.web.app import create_app
from cds.web.logs import configure
from cds.web.opening import open_parts


def build() -> FastAPI:
    """What each of several workers runs: everything it needs is in the environment, and the store is ready."""
    return application(load(environment()))


def ready_application(settings: Settings) -> FastAPI:
    """The application, after the store was made ready: what a process does that is alone."""
    make_ready(settings)
    return application(settings)


def application(settings: Settings) -> FastAPI:
    """The application and its parts; raises a StartError if one of them cannot be."""
    return create_app(open_parts(settings), settings)


def problem_of_start() -> str:
    """Make the store ready and open every part once; what is wrong, in a sentence, or nothing."""
    settings = load(environment())
    configure(settings.log_level)
    try:
        ready_application(settings)
    except CdsError as problem:
        return problem.text
    return ""
