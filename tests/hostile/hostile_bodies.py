"""Bodies that no honest client sends, each with the status and the error that the documentation promises."""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
SILENT = "cards"  # a good answer
BASIC: Json = {"resourceType": "Basic"}
TWITCH: Json = {
    "resourceType": "Condition",
    "id": "tw",
    "subject": {"reference": "Patient/p"},
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"text": "Muscle twitching"},
    "onsetDateTime": "2026-10-01",
}


@dataclass(frozen=True)
class Case:
    """One body, the headers it comes with, and the answer."""

    name: str
    body: bytes
    status: int
    error: str
    headers: Mapping[str, str] | None = None
    method: str = "POST"
    path: str = ""


def request(**changes: Any) -> Json:
    """A request whose chart is empty, with members changed; None leaves one out."""
    made: Json = {
        "hook": "patient-view",
        "hookInstance": "0b0e4c1a-3d6f-4a8e-9c55-1f2e3d4c5b6a",
        "context": {"userId": "Practitioner/1", "patientId": "p"},
        "prefetch": {"patient": {"resourceType": "Patient", "id": "p"}, "conditions": bundle()},
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def bundle(*resources: Any) -> Json:
    """A searchset."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


def wire(value: Any) -> bytes:
    """As a client writes it."""
    return json.dumps(value).encode()


def changed(old: str, new: str, **changes: Any) -> bytes:
    """A request in which a text was put in the place of another, so that it is no longer what JSON writers write."""
    text = json.dumps(request(**changes), separators=(",", ":"))
    assert old in text
    return text.replace(old, new).encode("utf-8", "surrogatepass")


def context(**changes: Any) -> bytes:
    """A request with members of its context changed."""
    given = {"userId": "Practitioner/1", "patientId": "p"} | changes
    return wire(request(context={name: value for name, value in given.items() if value is not None}))


def prefetch(**keys: Any) -> bytes:
    """A request with other prefetch."""
    made: Json = request()
    return wire(made | {"prefetch": made["prefetch"] | keys})


def member(value: str, name: str = "x") -> bytes:
    """A request with one more member, as written."""
    return changed('{"hook":', f'{{"{name}":{value},"hook":')


def authorized(**changes: Any) -> bytes:
    """A request with a token, members of it changed."""
    given = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "user/*.rs", "subject": "s"}
    kept = {name: value for name, value in (given | changes).items() if value is not None}
    return wire(request(fhirServer="https://ehr.invalid/fhir", fhirAuthorization=kept))


def deep(levels: int, opening: str = "[", middle: str = "", closing: str = "]") -> str:
    """A value nested so deeply."""
    return opening * levels + middle + closing * levels


PLAIN = json.dumps(request()).encode()
PACKED: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "br": bytes}

NO_JSON = [
    Case("nothing", b"", 400, "MalformedJson"),
    Case("white space", b" \n\t ", 400, "MalformedJson"),
    Case("half a request", PLAIN[: len(PLAIN) // 2], 400, "MalformedJson"),
    Case("two requests", PLAIN + PLAIN, 400, "MalformedJson"),
    Case("garbage after it", PLAIN + b"x", 400, "MalformedJson"),
    Case("comment", b"/* hello */" + PLAIN, 400, "MalformedJson"),
    Case("trailing comma", PLAIN[:-1] + b",}", 400, "MalformedJson"),
    Case("single quotes", PLAIN.replace(b'"', b"'"), 400, "MalformedJson"),
    Case("a form", b"hook=patient-view", 400, "MalformedJson"),
    Case("XML", b"<Bundle xmlns='http://hl7.org/fhir'/>", 400, "MalformedJson"),
    Case("gzip without a header that says so", gzip.compress(PLAIN), 400, "NotUtf8"),
    Case("byte order mark", b"\xef\xbb\xbf" + PLAIN, 400, "MalformedJson"),
    Case("UTF-16", PLAIN.decode().encode("utf-16"), 400, "NotUtf8"),
    Case("UTF-16 without mark", PLAIN.decode().encode("utf-16-le"), 400, "MalformedJson"),
    Case("UTF-32", PLAIN.decode().encode("utf-32-be"), 400, "MalformedJson"),
    Case("Latin-1", member('"é"').decode().encode("latin-1"), 400, "NotUtf8"),
    Case("overlong slash", member('"@@"').replace(b"@@", b"\xc0\xaf"), 400, "NotUtf8"),
    Case("lone continuation", member('"@@"').replace(b"@@", b"\x80"), 400, "NotUtf8"),
    Case("encoded surrogate", changed("Practitioner/1", "\ud800"), 400, "NotUtf8"),
    Case("beyond Unicode", member('"@@"').replace(b"@@", b"\xf5\x80\x80\x80"), 400, "NotUtf8"),
    Case("NUL before it", b"\x00" + PLAIN, 400, "MalformedJson"),
    Case("NUL within a text", member('"@@"').replace(b"@@", b"\x00"), 400, "MalformedJson"),
    Case("escape sequence of a terminal", member('"@@"').replace(b"@@", b"\x1b[2J"), 400, "MalformedJson"),
    Case("NaN", member("NaN"), 400, "NonFiniteNumber"),
    Case("Infinity", member("-Infinity"), 400, "NonFiniteNumber"),
    Case("number without end", member("1e999"), 400, "NonFiniteNumber"),
    Case("number with 5,000 digits", member("1" * 5_000), 400, "NonFiniteNumber"),
    Case("hexadecimal number", member("0x10"), 400, "MalformedJson"),
    Case("leading zero", member("01"), 400, "MalformedJson"),
]
SMUGGLED = [
    Case("hook twice", changed('{"hook":', '{"hook":"order-sign","hook":'), 400, "DuplicateName"),
    Case("patient twice", changed('"patientId":"p"', '"patientId":"q","patientId":"p"'), 400, "DuplicateName"),
    Case("key twice", changed('"patient":{', '"conditions":null,"patient":{'), 400, "DuplicateName"),
    Case("hook twice, once in disguise", changed('{"hook":', '{"h\\u006fok":"x","hook":'), 400, "DuplicateName"),
    Case("unknown member twice", member('1,"x":2'), 400, "DuplicateName"),
]
TOO_MUCH = [
    Case("100,000 arrays", deep(100_000).encode(), 400, "BadEnvelope"),
    Case("100,000 objects", deep(100_000, '{"a":', "1", "}").encode(), 400, "TooDeep"),
    Case("100,000 arrays in a member", member(deep(100_000)), 400, "TooDeep"),
    Case("100,000 arrays never closed", PLAIN[:-1] + b',"x":' + b"[" * 100_000, 400, "TooDeep"),
    Case("65 levels in an extension", member(deep(64), "extension"), 400, "TooDeep"),
    Case("65 levels in a prefetch value", prefetch(labs=json.loads(deep(63))), 400, "TooDeep"),
    Case("65 levels in drafts", context(draftOrders=json.loads(deep(63))), 400, "TooDeep"),
    Case("17 MiB", b" " * (17 * 2**20), 413, "TooLarge"),
    Case("20,001 resources", prefetch(conditions=bundle(*[BASIC] * 20_001)), 413, "TooManyEntries"),
    Case(
        "20,001 resources under two keys",
        prefetch(conditions=bundle(*[BASIC] * 10_001), observations=bundle(*[BASIC] * 10_000)),
        413,
        "TooManyEntries",
    ),
    Case(
        "20,001 resources beside a twitch",
        prefetch(conditions=bundle(TWITCH), labs=bundle(*[BASIC] * 20_000)),
        413,
        "TooManyEntries",
    ),
    Case("20,001 resources that nobody reads", prefetch(labs=bundle(*[BASIC] * 20_001)), 200, SILENT),
    Case("5 million numbers", member("[" + "0," * 5_000_000 + "0]"), 413, "TooManyEntries"),
    Case(
        "5 million entries",
        prefetch(conditions="@").replace(b'"@"', b'{"resourceType":"Bundle","entry":[' + b"1," * 5_000_000 + b"1]}"),
        413,
        "TooManyEntries",
    ),
    Case("200,000 keys", prefetch(**{f"key{number}": None for number in range(200_000)}), 400, "BadEnvelope"),
]
WRONG = [
    Case("null", b"null", 400, "BadEnvelope"),
    Case("array", b"[]", 400, "BadEnvelope"),
    Case("text", b'"hook"', 400, "BadEnvelope"),
    Case("number", b"7", 400, "BadEnvelope"),
    Case("empty object", b"{}", 400, "BadEnvelope"),
    Case("no hook", wire(request(hook=None)), 400, "BadEnvelope"),
    Case("hook is a number", wire(request(hook=5)), 400, "BadEnvelope"),
    Case("other hook", wire(request(hook="order-sign")), 400, "WrongHook"),
    Case("hook with line breaks", wire(request(hook="patient-view\r\nX-Evil: 1")), 400, "WrongHook"),
    Case("instance is no UUID", wire(request(hookInstance="1; DROP TABLE showings")), 400, "BadEnvelope"),
    Case("instance is an object", wire(request(hookInstance={})), 400, "BadEnvelope"),
    Case("context is an array", wire(request(context=[])), 400, "BadEnvelope"),
    Case("context is missing", wire(request(context=None)), 400, "BadEnvelope"),
    Case("no patient", context(patientId=None), 400, "BadEnvelope"),
    Case("patient is a number", context(patientId=5), 400, "BadEnvelope"),
    Case("patient is a path", context(patientId="../../etc/passwd"), 400, "BadEnvelope"),
    Case("patient is a query", context(patientId="p&_format=xml"), 400, "BadEnvelope"),
    Case("patient with a line break", context(patientId="p\r\nHost: evil"), 400, "BadEnvelope"),
    Case("patient with NUL", context(patientId="p\x00"), 400, "BadEnvelope"),
    Case("patient in full-width digits", context(patientId="\uff11\uff12"), 400, "BadEnvelope"),
    Case("patient of 65 characters", context(patientId="p" * 65), 400, "BadEnvelope"),
    Case("patient is a template", context(patientId="{{context.userId}}"), 400, "BadEnvelope"),
    Case("patient is half a character", context(patientId="\ud800"), 400, "MalformedJson"),
    Case("no user", context(userId=None), 400, "BadEnvelope"),
    Case("user is a list", context(userId=["Practitioner/1"]), 400, "BadEnvelope"),
    Case("encounter is an object", context(encounterId={}), 400, "BadEnvelope"),
    Case("prefetch is an array", wire(request(prefetch=[])), 400, "BadEnvelope"),
    Case("prefetch is a text", wire(request(prefetch="all")), 400, "BadEnvelope"),
    Case("server is a file", wire(request(fhirServer="file:///etc/passwd")), 400, "BadEnvelope"),
    Case("server is a script", wire(request(fhirServer="javascript:alert(1)")), 400, "BadEnvelope"),
    Case("server is a number", wire(request(fhirServer=1)), 400, "BadEnvelope"),
    Case("token without a server", authorized().replace(b"fhirServer", b"fhirSurfer"), 400, "BadEnvelope"),
    Case("token is an object", authorized(access_token={}), 200, SILENT),
    Case("token is missing", authorized(access_token=None), 200, SILENT),
    Case("other kind of token", authorized(token_type="mac"), 200, SILENT),
    Case("lifetime is a text", authorized(expires_in="300"), 200, SILENT),
    Case("lifetime is true", authorized(expires_in=True), 200, SILENT),
    Case(
        "authorization is a text",
        wire(request(fhirServer="https://x.invalid", fhirAuthorization="t")),
        400,
        "BadEnvelope",
    ),
]
CHARTS = [
    Case("chart of another patient", prefetch(patient={"resourceType": "Patient", "id": "q"}), 412, "PatientMismatch"),
    Case("problems are a text", prefetch(conditions="none"), 412, "TwitchUnknown"),
    Case("problems are HTML", prefetch(conditions="<script>alert(1)</script>"), 412, "TwitchUnknown"),
    Case("problems are an array", prefetch(conditions=[TWITCH]), 412, "TwitchUnknown"),
    Case("problems failed", prefetch(conditions={"resourceType": "OperationOutcome"}), 412, "TwitchUnknown"),
    Case(
        "problems go on elsewhere",
        prefetch(conditions={**bundle(), "link": [{"relation": "next", "url": "http://169.254.169.254/"}]}),
        412,
        "TwitchUnknown",
    ),
    Case(
        "unreadable problem",
        prefetch(conditions=bundle({"resourceType": "Condition", "code": 5})),
        412,
        "TwitchUnknown",
    ),
    Case("no chart", wire(request(prefetch=None)), 412, "TwitchUnknown"),
    Case(
        "a server that nobody listed",
        wire(request(prefetch=None, fhirServer="http://169.254.169.254/latest")),
        412,
        "TwitchUnknown",
    ),
    Case("metadata address with a token", authorized(access_token="t\r\nX: y"), 200, SILENT),
    Case("problems that contain themselves", prefetch(conditions=bundle(bundle(TWITCH))), 200, SILENT),
    Case("unknown members everywhere", wire(request(extension={"__proto__": {}}, constructor="x")), 200, SILENT),
    Case("half a character in a member", member('"\\ud800"'), 400, "MalformedJson"),
    Case(
        "half a character in a problem",
        prefetch(conditions=bundle({**TWITCH, "code": {"text": "\ud800"}})),
        400,
        "MalformedJson",
    ),
]
TRANSPORT = [
    *(
        Case(f"compressed with {name}", pack(PLAIN), 415, "CompressedBody", {"Content-Encoding": name})
        for name, pack in PACKED.items()
    ),
    Case("plain text", PLAIN, 415, "WrongMediaType", {"Content-Type": "text/plain"}),
    Case("no media type", PLAIN, 415, "WrongMediaType", {"Content-Type": ""}),
    Case("form", PLAIN, 415, "WrongMediaType", {"Content-Type": "application/x-www-form-urlencoded"}),
    Case("multipart", PLAIN, 415, "WrongMediaType", {"Content-Type": "multipart/form-data; boundary=x"}),
    Case("UTF-16 by its header", PLAIN, 415, "WrongMediaType", {"Content-Type": "application/json; charset=utf-16"}),
    Case("two media types", PLAIN, 415, "WrongMediaType", {"Content-Type": "application/json, text/html"}),
    Case("GET", b"", 405, "WrongMethod", method="GET"),
    Case("PUT", PLAIN, 405, "WrongMethod", method="PUT"),
    Case("TRACE", b"", 405, "WrongMethod", method="TRACE"),
    Case("unknown service", PLAIN, 404, "UnknownService", path="/cds-services/nobody"),
    Case("path upwards", PLAIN, 404, "UnknownPath", path="/cds-services/..%2f..%2fetc%2fpasswd"),
    Case("path with line breaks", PLAIN, 404, "UnknownService", path="/cds-services/x%0d%0aSet-Cookie:%20a=b"),
    Case("path with NUL", PLAIN, 404, "UnknownService", path="/cds-services/%00"),
    Case("path in bad UTF-8", PLAIN, 404, "UnknownService", path="/cds-services/%ff%fe"),
    Case("path below a service", PLAIN, 404, "UnknownPath", path="/cds-services/muscle-twitch-patient-view/x"),
]
CASES = [*NO_JSON, *SMUGGLED, *TOO_MUCH, *WRONG, *CHARTS, *TRANSPORT]
