"""Everything that can go wrong, drawn once. Texts are ours and fixed: never chart content, never a token.

CdsError                      status, code (R4 issue-type), text with the next step
├── CallError                 answered to a caller as one OperationOutcome
│   ├── MalformedHttp         400 structure      + Connection: close
│   ├── MalformedJson         400 structure
│   │   ├── DuplicateName     400 structure
│   │   └── NotUtf8           400 structure
│   ├── NonFiniteNumber       400 value
│   ├── TooDeep               400 too-costly
│   ├── BadEnvelope           400 required or structure
│   ├── BadFeedback           400 required or structure
│   ├── WrongHook             400 value
│   ├── NotSignedIn           401 login          + WWW-Authenticate
│   ├── NotAdmitted           401 login          + WWW-Authenticate
│   ├── UnknownService        404 not-found
│   │   └── UnknownPath       404 not-found
│   ├── WrongMethod           405 not-supported  + Allow
│   ├── SlowBody              408 timeout        + Connection: close
│   │   └── SlowHead          408 timeout        + Connection: close
│   ├── PatientMismatch       412 invariant
│   ├── TwitchUnknown         412 incomplete
│   ├── TooLarge              413 too-long
│   ├── TooManyEntries        413 too-costly
│   ├── TooMuchFeedback       413 too-costly
│   ├── WrongMediaType        415 not-supported
│   │   └── CompressedBody    415 not-supported  + Accept-Encoding
│   ├── TooManyCalls          429 throttled      + Retry-After
│   ├── TooManyGuesses        429 throttled      + Retry-After
│   ├── TooLargeHead          431 too-long       + Connection: close
│   ├── Unexpected            500 exception
│   ├── NotReady              503 transient
│   ├── NotKept               503 no-store       + Retry-After
│   ├── UseUnknown            503 transient      + Retry-After
│   └── Overloaded            503 throttled      + Retry-After
│       └── OutOfRoom         503 throttled      + Retry-After
├── StartError                the service does not start; exit status 1
│   ├── SettingsError         names the setting
│   ├── RegistryError         names the file of clients and the place in it
│   ├── StoreError            the database cannot be opened or brought up to date
│   ├── KnowledgeError        names the file and the key
│   └── MapError              names the file of a site's own codes, and the line
├── Unfinished                a long command stopped on the way and can go on; exit status 1
└── UsageError                the command cannot use its input; exit status 2
"""

# ruff: noqa: N818 - the names of the tree say what happened; "Error" after each would only be longer.

from collections.abc import Collection, Mapping
from types import MappingProxyType

from msgspec import json


class CdsError(Exception):
    """The root: whatever this product raises on purpose. `headers` are those that HTTP wants beside the status."""

    status: int = 500
    code: str = "exception"
    severity: str = "error"
    text: str = "The service failed."
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, text: str | None = None) -> None:
        self.text = text or self.text
        super().__init__(self.text)


def render(error: CdsError) -> bytes:
    """Turn any error into the bytes of one OperationOutcome."""
    issue = {"severity": error.severity, "code": error.code, "details": {"text": error.text}}
    return json.encode({"resourceType": "OperationOutcome", "issue": [issue]})


class CallError(CdsError):
    """What a caller is told about its own request. `reason` is how refusals for a limit are counted."""

    reason: str = ""


class MalformedHttp(CallError):
    """What arrived is not an HTTP request, or one that two readers could read differently."""

    status, code, reason = 400, "structure", "http"
    text = "This is not a valid HTTP/1.1 request. Check the port and the scheme, and how lengths and lines are written."
    headers = MappingProxyType({"Connection": "close"})


class MalformedJson(CallError):
    """The body is not JSON."""

    status, code = 400, "structure"
    text = "The body is not valid JSON. Send one CDS Hooks request as a JSON object (RFC 8259)."


class DuplicateName(MalformedJson):
    """The same name twice in one JSON object: two readers would read two different charts."""

    text = "A JSON object in the body holds the same name twice. Send each name once."


class NotUtf8(MalformedJson):
    """The body is not encoded in UTF-8."""

    text = "The body is not valid UTF-8. Encode the request in UTF-8."


class NonFiniteNumber(CallError):
    """NaN, Infinity, or a number too big to be held: no laboratory value."""

    status, code = 400, "value"
    text = "A number in the body is not finite or too large. Send finite decimal numbers."


class TooDeep(CallError):
    """Nesting beyond the limit."""

    status, code, reason = 400, "too-costly", "depth"
    text = "The body is nested too deeply. Send a flatter request."


class BadEnvelope(CallError):
    """A member of the request is missing or of the wrong kind; both words come from our code, never from the body."""

    status = 400

    def __init__(self, field: str, problem: str = "is missing") -> None:
        self.code = "required" if "missing" in problem else "structure"
        super().__init__(f"The request's `{field}` {problem}. See the CDS Hooks 2.0 request and this hook's context.")


class BadFeedback(CallError):
    """An item of feedback is missing something or is of the wrong kind; nothing of the request was kept."""

    status = 400

    def __init__(self, place: str, problem: str = "is missing") -> None:
        self.code = "required" if "missing" in problem else "structure"
        super().__init__(
            f"The feedback's `{place}` {problem}. Nothing was stored. See the CDS Hooks 2.0 feedback endpoint, and "
            "send all items again."
        )


class WrongHook(CallError):
    """The request names another hook than this service's; the text names ours, never the one sent."""

    status, code = 400, "value"

    def __init__(self, hook: str) -> None:
        super().__init__(
            f"This service answers the hook `{hook}` only. Call the service that discovery lists for yours."
        )


class NotSignedIn(CallError):
    """The caller is unknown: one text for every reason, so that it reveals nothing."""

    status, code = 401, "login"
    text = "The caller could not be verified. Ask the operator of this service, whose audit has the reason."
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class NotAdmitted(CallError):
    """No credential for the governance page, or a wrong one: which of the two is not revealed."""

    status, code = 401, "login"
    text = (
        "This page has a credential of its own. Sign in with it: HTTP Basic with any name and the credential as "
        "password, or Bearer."
    )
    headers = MappingProxyType({"WWW-Authenticate": 'Basic realm="Twitch CDS governance", charset="UTF-8"'})


class UnknownService(CallError):
    """No service has this id."""

    status, code = 404, "not-found"
    text = "There is no such service. GET /cds-services lists the ids."


class UnknownPath(UnknownService):
    """Nothing at all is served there."""

    text = "Nothing is served at this path. Start at GET /cds-services."


class WrongMethod(CallError):
    """The path is right, the method is not."""

    status, code = 405, "not-supported"

    def __init__(self, allow: str) -> None:
        self.headers = {"Allow": allow}
        super().__init__(f"This method is not allowed here. Use {allow}.")


class SlowBody(CallError):
    """The body did not arrive in time; the connection is closed, as later bytes on it would not be a new request."""

    status, code, reason = 408, "timeout", "body-time"
    text = "The body did not arrive in time. Send the whole request at once, and try again."
    headers = MappingProxyType({"Connection": "close"})


class SlowHead(SlowBody):
    """The head of a request did not arrive in time: the connection is closed, and the application never asked."""

    reason = "head-time"
    text = "The head of the request did not arrive in time. Send the whole request at once, and try again."


class PatientMismatch(CallError):
    """The chart is another patient's than the context says."""

    status, code = 412, "invariant"
    text = "The prefetched Patient is not the patient of `context.patientId`. Send the chart of the patient in context."


class TwitchUnknown(CallError):
    """Whether the chart shows twitching cannot be determined: silence here would read as reassurance."""

    status, code = 412, "incomplete"

    def __init__(self, missing: Collection[str], because: str = "") -> None:
        reason = f" ({because})" if because else ""
        super().__init__(
            "Whether this chart shows muscle twitching cannot be answered. Missing or failed prefetch: "
            f"{', '.join(f'`{key}`' for key in missing)}{reason}. Send the prefetch that discovery asks for."
        )


class TooLarge(CallError):
    """The body is larger than the setting allows."""

    status, code, reason = 413, "too-long", "body-bytes"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit} bytes. Send only what the prefetch templates ask for.")


class TooManyEntries(CallError):
    """More resources than the setting allows."""

    status, code, reason = 413, "too-costly", "entries"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The request holds more than {limit} resources. Send only what the prefetch templates ask for."
        )


class TooMuchFeedback(CallError):
    """More items of feedback at once than are taken."""

    status, code, reason = 413, "too-costly", "feedback-items"
    text = "There is too much feedback at once. Nothing was stored. Send at most 1,000 items in one request."


class WrongMediaType(CallError):
    """Not JSON by its header: refused, so that no browser call escapes the CORS preflight."""

    status, code, reason = 415, "not-supported", "media-type"
    text = "The content type is not supported. Send application/json in UTF-8."


class CompressedBody(WrongMediaType):
    """A compressed body: refused, because a small one can unpack to a huge one."""

    reason = "compressed"
    text = "Compressed bodies are not supported. Send the request without Content-Encoding."
    headers = MappingProxyType({"Accept-Encoding": "identity"})


class TooManyCalls(CallError):
    """One client calls more often than it may."""

    status, code, reason = 429, "throttled", "rate"
    text = "Too many calls from this client. Try again after one second."
    headers = MappingProxyType({"Retry-After": "1"})


class TooManyGuesses(CallError):
    """So many wrong credentials wait for their answer that no further one is looked at."""

    status, code, reason = 429, "throttled", "governance-rate"
    text = "Too many wrong credentials were sent. Try again after ten seconds."
    headers = MappingProxyType({"Retry-After": "10"})


class TooLargeHead(CallError):
    """The head of a request, or what frames its body, is larger than any client needs."""

    status, code, reason = 431, "too-long", "head-bytes"
    text = "The head of the request is too large. Send no more than 64 KiB of path and headers."
    headers = MappingProxyType({"Connection": "close"})


class Unexpected(CallError):
    """Our own fault: what happened is in the log, under the id of the request."""

    status, code, severity = 500, "exception", "fatal"

    def __init__(self, request_id: str) -> None:
        super().__init__(f"The service failed. Give its operator the request id {request_id}.")


class NotReady(CallError):
    """The service has started but cannot answer calls yet."""

    status, code = 503, "transient"
    text = "The service is not ready. Try again in a few seconds."


class NotKept(CallError):
    """The database is down: feedback that is not on disk is not acknowledged."""

    status, code = 503, "no-store"
    text = "The feedback could not be stored. Send it again after five seconds."
    headers = MappingProxyType({"Retry-After": "5"})


class UseUnknown(CallError):
    """Whether the token was used before cannot be determined now, and the site wants no answer then."""

    status, code, reason = 503, "transient", "token-use"
    text = "Whether this token was used before cannot be checked now. Send the call again later, with a new token."
    headers = MappingProxyType({"Retry-After": "5"})


class Overloaded(CallError):
    """As many calls as the setting allows are under way."""

    status, code, reason = 503, "throttled", "concurrency"
    text = "Too many calls at once. Try again after one second."
    headers = MappingProxyType({"Retry-After": "1"})


class OutOfRoom(Overloaded):
    """The bodies of all calls under way are together as large as the setting allows."""

    reason = "bytes-under-way"
    text = "Too many large requests at once. Try again after one second."


def reason_of(problem: Exception) -> str:
    """Why a file cannot be used, in the words of the operating system; other messages may quote what it holds."""
    return (problem.strerror if isinstance(problem, OSError) else None) or type(problem).__name__


class StartError(CdsError):
    """The service must not start like this."""


class SettingsError(StartError):
    """A setting is unknown or cannot be used. Its value stays out: it may be a secret."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        super().__init__(f"{key}: {reason}")


class RegistryError(StartError):
    """The file of registered clients is not usable; the error names the place."""

    def __init__(self, file: str, place: str, reason: str) -> None:
        self.file, self.place, self.reason = file, place, reason
        super().__init__(f"{file}: {place}: {reason}")


class StoreError(StartError):
    """The database cannot be opened, or is of a version that this one does not know. Its address stays out."""


class KnowledgeError(StartError):
    """A file of clinical facts or words is not usable; the error names the place."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        self.file, self.key, self.reason = file, key, reason
        super().__init__(f"{file}: {key}: {reason}")


class MapError(StartError):
    """A site's own codes are not usable; the error names file and line."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"TWITCH_CDS_CONCEPT_MAPS: {reason}")


class Unfinished(CdsError):
    """A long command stopped on the way: run again, it goes on from there."""


class UsageError(CdsError):
    """A command cannot use what it was given."""
