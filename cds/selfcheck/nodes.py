"""Whether several nodes share their used tokens: one token, used at the first of them, is sent to each other one."""

from collections.abc import Iterator, Sequence

from cds.http import httpx
from cds.selfcheck.line import Line, failed, passed, skipped
from cds.selfcheck.subject import NO_KEY, SERVICES, Credential, Subject, words

ONE_DATABASE = (
    "a SQLite file is shared by one machine only: set the same PostgreSQL TWITCH_CDS_DATABASE_URL on all; "
    "if it is the same, see the line `store writable` of each"
)
OWN_TOKENS = "compare its TWITCH_CDS_PUBLIC_URL and file of clients with those of the first; its audit has the reason"


def check_nodes(subject: Subject, nodes: Sequence[str]) -> Iterator[Line]:
    """For each further node, whether it refuses a token that the first node has accepted."""
    if not nodes:
        return
    if subject.credential is None:
        yield from (skipped(_what(node), "no key to sign in with", NO_KEY) for node in nodes)
        return
    audience = _audience(subject, subject.credential)
    for node in nodes:
        yield _replayed(subject, subject.credential, audience, node)


def _what(node: str) -> str:
    return f"single use at {node}"


def _audience(subject: Subject, credential: Credential) -> str | None:
    """The address for which the first node takes tokens: the public one of these settings, or its own."""
    for audience in dict.fromkeys((subject.settings.public_url + SERVICES, subject.discovery)):
        if _status(subject, subject.url, subject.token(credential, audience)) == httpx.codes.OK:
            return audience
    return None


def _replayed(subject: Subject, credential: Credential, audience: str | None, node: str) -> Line:
    name = _what(node)
    if audience is None:
        return failed(name, f"{subject.url} accepts no token", "see the line `audience`")
    fresh = _status(subject, node, subject.token(credential, audience))
    if fresh != httpx.codes.OK:
        return failed(name, f"a fresh token for {audience} is not accepted there ({fresh})", OWN_TOKENS)
    token = subject.token(credential, audience)
    first, again = _status(subject, subject.url, token), _status(subject, node, token)
    if first == httpx.codes.OK == again:
        return failed(name, f"a token used at {subject.url} is accepted there again", ONE_DATABASE)
    if (first, again) == (httpx.codes.OK, httpx.codes.UNAUTHORIZED):
        return passed(name, f"a token used at {subject.url} is refused there")
    return failed(name, f"no proof: {subject.url} says {first}, {node} says {again}", "see their logs")


def _status(subject: Subject, node: str, token: str) -> int | str:
    """The status of discovery at a node, or why there is none."""
    try:
        return subject.get(node + SERVICES, token).status_code
    except httpx.HTTPError as problem:
        return f"no answer: {words(problem)}"
