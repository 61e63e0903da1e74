"""Whether clients get in: discovery with and without a token, the audience through the proxy, replay, CORS."""

from collections.abc import Iterator

from cds.http import httpx
from cds.selfcheck.line import Line, failed, passed, skipped
from cds.selfcheck.subject import NO_KEY, SERVICES, Credential, Subject, words

AUDIENCE = "audience"


def check_discovery(subject: Subject) -> Iterator[Line]:
    """Without a token nobody gets in; with one, discovery lists services."""
    try:
        yield _without(subject)
        if subject.credential is None:
            yield skipped("discovery", "no key to sign in with", NO_KEY)
            yield skipped(AUDIENCE, "no key to sign in with", NO_KEY)
        else:
            yield from _signed_in(subject, subject.credential)
    except httpx.HTTPError as problem:
        yield failed("discovery", f"no answer: {words(problem)}", "see the line `service`")


def check_address(subject: Subject) -> Iterator[Line]:
    """The public address of this environment's settings against the one that is checked."""
    ours = subject.settings.public_url
    if ours == subject.url:
        yield passed("public address", f"TWITCH_CDS_PUBLIC_URL is {ours}")
    else:
        why = f"TWITCH_CDS_PUBLIC_URL is {ours} here, but {subject.url} is checked"
        yield failed("public address", why, "set it to the address that clients call, or check that address")


def check_preflight(subject: Subject) -> Iterator[Line]:
    """What a browser asks before it calls from another origin (CORS)."""
    if subject.origin is None:
        yield skipped(
            "preflight", "no origin given", "give --origin https://ehr.example.org if clients run in a browser"
        )
        return
    headers = {
        "origin": subject.origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    try:
        yield _preflight(subject.origin, subject.http.options(subject.discovery, headers=headers))
    except httpx.HTTPError as problem:
        yield failed("preflight", f"no answer: {words(problem)}", "see the line `service`")


def _without(subject: Subject) -> Line:
    title = "closed to strangers"
    status = subject.get(subject.discovery).status_code
    if status == httpx.codes.UNAUTHORIZED:
        return passed(title, "without a token the answer is 401")
    if status == httpx.codes.OK:
        return failed(
            title, "discovery answers without a token: demo mode", "never with real patients: TWITCH_CDS_DEMO=false"
        )
    return failed(
        title, f"without a token the answer is {status}, not 401", "check the address, and what the proxy passes on"
    )


def _signed_in(subject: Subject, credential: Credential) -> Iterator[Line]:
    token = subject.token(credential, subject.discovery)
    answer = subject.get(subject.discovery, token)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        yield _refused(subject, credential)
        return
    if not answer.is_success:
        yield failed(AUDIENCE, f"a call with a token is answered {answer.status_code}", _advice(answer))
        return
    yield passed(AUDIENCE, f"a token for {subject.discovery} is accepted")
    yield _listing(answer)
    again = subject.get(subject.discovery, token).status_code
    if again == httpx.codes.UNAUTHORIZED:
        yield passed("replay", "the same token is refused the second time")
    elif again == httpx.codes.OK:
        yield failed("replay", "the same token is accepted again", "see the line `store writable`")
    else:
        yield failed("replay", f"no proof: the second answer is {again}, not 401", "see the service's log")


def _advice(answer: httpx.Response) -> str:
    """Who answered: our own refusals are OperationOutcomes, a gateway's may be anything."""
    if answer.status_code in (502, 504):
        return "the proxy has no answer of the service: is it running, and is its address in the proxy right?"
    return "see the log of the service and of the proxy; nothing is said about the audience"


def _refused(subject: Subject, credential: Credential) -> Line:
    """Refused: is it the address? The token for the configured one tells."""
    ours = subject.settings.public_url + SERVICES
    if ours != subject.discovery and subject.get(subject.discovery, subject.token(credential, ours)).is_success:
        why = f"the service takes tokens for {ours}, not for {subject.discovery}"
        return failed(AUDIENCE, why, "set TWITCH_CDS_PUBLIC_URL of the service to the address that clients call")
    why = f"a token for {subject.discovery} is refused"
    return failed(AUDIENCE, why, "the service's audit has the reason; are this issuer and key in its client file?")


def _listing(answer: httpx.Response) -> Line:
    """The ids that discovery lists."""
    try:
        ids = [service["id"] for service in answer.json()["services"]]
    except (ValueError, KeyError, TypeError):
        return failed("discovery", f"no list of services (status {answer.status_code})", "check the address")
    if not ids:
        return failed("discovery", "the list of services is empty", "see the log of the service")
    return passed("discovery", f"{len(ids)} services: {', '.join(map(str, ids))}")


def _preflight(origin: str, answer: httpx.Response) -> Line:
    allowed = answer.headers.get("access-control-allow-origin")
    names = {name.strip().lower() for name in answer.headers.get("access-control-allow-headers", "").split(",")}
    if not answer.is_success:
        return failed("preflight", f"status {answer.status_code}", "the proxy must pass OPTIONS on, without sign-in")
    if allowed not in (origin, "*"):
        return failed("preflight", f"{origin} is not allowed", "add it to TWITCH_CDS_ALLOWED_ORIGINS")
    if not {"authorization", "content-type"} <= names:
        return failed(
            "preflight", "Authorization and Content-Type are not allowed", "the proxy must not change CORS headers"
        )
    return passed("preflight", f"{origin} may call")
