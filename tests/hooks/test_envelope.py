"""The request of a hook call: every defect is a 4xx that names it, and what need not be understood is harmless."""

import json
from copy import deepcopy
from typing import Any

import pytest
from charts.dates import TODAY
from charts.notation import request_for
from charts.seam import engine
from hypothesis import example, given
from hypothesis import strategies as st

from cds.errors import CallError, NotUtf8
from cds.hooks.envelope import read

SERVICE = "muscle-twitch-patient-view"
TWITCH = {"coding": [{"system": "http://snomed.info/sct", "code": "82470000"}]}
CHART: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "birthDate": "1970-01-01"},
    {"resourceType": "Condition", "id": "c1", "code": TWITCH, "recordedDate": "2026-11-10"},
]
REQUEST = request_for(CHART)
AUTHORIZED = {
    "fhirServer": "https://ehr.example.org/fhir",
    "fhirAuthorization": {
        "access_token": "opaque",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "twitch-cds",
        "patient": "p1",
    },
}
ABSENT = object()


def answer(body: bytes, service: str = SERVICE) -> tuple[int, Any]:
    """Status and decoded answer."""
    status, text = engine(TODAY).answer(service, body)
    return status, json.loads(text)


def topics(body: bytes) -> list[str]:
    """The cards' topics of a call that succeeds."""
    status, answered = answer(body)
    assert status == 200, answered
    return [card["source"]["topic"]["code"] for card in answered["cards"]]


def refused(body: bytes, service: str = SERVICE) -> tuple[int, str, str]:
    """Status, issue code and text of a refusal."""
    status, outcome = answer(body, service)
    assert outcome["resourceType"] == "OperationOutcome", outcome
    (issue,) = outcome["issue"]
    return status, issue["code"], issue["details"]["text"]


def changed(path: str, value: object, base: dict[str, Any] | None = None) -> bytes:
    """The request with one member set, or taken away if the value is ABSENT."""
    whole = deepcopy(base or REQUEST)
    *parents, name = path.split(".")
    place = whole
    for parent in parents:
        place = place[parent]
    if value is ABSENT:
        del place[name]
    else:
        place[name] = value
    return json.dumps(whole).encode()


GOOD = json.dumps(REQUEST).encode()
EXPECTED = ["data-gap"]


def test_a_request_in_order_is_answered() -> None:
    """The base of all the defects below has none itself."""
    assert EXPECTED == topics(GOOD)


@pytest.mark.parametrize("value", [ABSENT, None])
@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("hook", "hook"),
        ("hookInstance", "hookInstance"),
        ("context", "context"),
        ("context.patientId", "context.patientId"),
        ("context.userId", "context.userId"),
    ],
)
def test_a_missing_member_is_named(path: str, named: str, value: object) -> None:
    """Absent and null are both missing (CDS Hooks 2.0, HTTP request)."""
    status, code, text = refused(changed(path, value))

    assert (400, "required") == (status, code)
    assert f"`{named}` is missing" in text


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("hook", 7, "hook"),
        ("hook", ["patient-view"], "hook"),
        ("hookInstance", 7, "hookInstance"),
        ("hookInstance", "not a uuid", "hookInstance"),
        ("hookInstance", "", "hookInstance"),
        ("context", [], "context"),
        ("context", "p1", "context"),
        ("context.patientId", 1, "context.patientId"),
        ("context.patientId", {}, "context.patientId"),
        ("context.patientId", "Patient/p1", "context.patientId"),
        ("context.patientId", "a" * 65, "context.patientId"),
        ("context.patientId", "p1\n", "context.patientId"),
        ("context.patientId", "Ünal", "context.patientId"),
        ("context.userId", 7, "context.userId"),
        ("context.encounterId", 7, "context.encounterId"),
        ("prefetch", [], "prefetch"),
        ("prefetch", "all", "prefetch"),
        ("fhirServer", 7, "fhirServer"),
        ("fhirServer", "ehr.example.org", "fhirServer"),
        ("fhirServer", "file:///etc/passwd", "fhirServer"),
        ("fhirAuthorization", "token", "fhirAuthorization"),
    ],
)
def test_a_member_of_the_wrong_kind_is_named(path: str, value: object, named: str) -> None:
    """The text names the member, never its value."""
    status, code, text = refused(changed(path, value))

    assert (400, "structure") == (status, code)
    assert f"`{named}`" in text
    assert "passwd" not in text


@pytest.mark.parametrize("value", [b'"\\ud800"', b"1e999", b"[" * 980 + b"]" * 980])
def test_a_member_that_cannot_be_read_is_refused(value: bytes) -> None:
    """Half a character, a number that cannot be held, nesting without end: the caller's fault, never ours."""
    status, _, text = refused(GOOD.replace(b'"userId": "Practitioner/example"', b'"userId": ' + value, 1))

    assert 400 == status
    assert any(
        word in text
        for word in ("`userId` cannot be read", "not valid JSON", "nested", "`context.userId` must be a string")
    )


@pytest.mark.parametrize("path", ["context.patientId", "context.userId"])
def test_an_empty_text_is_missing(path: str) -> None:
    """An id of no length is none."""
    assert (400, "required") == refused(changed(path, ""))[:2]


@pytest.mark.parametrize("path", ["prefetch", "context.encounterId", "fhirServer", "fhirAuthorization", "extension"])
def test_an_optional_member_may_be_null(path: str) -> None:
    """What may be left out may be null; without any prefetch the twitch is unknown."""
    status, _ = answer(changed(path, None))

    assert (412 if path == "prefetch" else 200) == status


def test_another_hook_is_refused_with_the_name_of_ours() -> None:
    """The text names the hook that is served, not the one that was sent."""
    status, code, text = refused(changed("hook", "order-sign"))

    assert (400, "value") == (status, code)
    assert "`patient-view`" in text
    assert "order-sign" not in text


@pytest.mark.parametrize("service", ["", "muscle-twitch", "MUSCLE-TWITCH-PATIENT-VIEW", "../cds-services"])
def test_an_unknown_service_is_404(service: str) -> None:
    """Whatever the body, a service that discovery does not list is not there."""
    assert (404, "not-found") == refused(GOOD, service)[:2]
    assert (404, "not-found") == refused(b"{", service)[:2]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"}", b'{"hook"', GOOD[:-1], GOOD + b"}", GOOD + GOOD, b"\xef\xbb\xbf" + GOOD),
        *(GOOD.replace(b'"hook"', b"'hook'", 1), GOOD.replace(b"}", b",}", 1), b"// note\n" + GOOD, b"\x00" + GOOD),
        *(b'{"hook": "\x01"}', b'{"hook": "\\ud800"}', b'{"hook": +1}', b'{"hook": 01}', b"hook=patient-view"),
        b'{"hook": "\\x"}',
    ],
)
def test_a_body_that_is_no_json_is_malformed(body: bytes) -> None:
    """Cut, doubled, commented, with a byte order mark: RFC 8259 knows none of it."""
    assert (400, "structure") == refused(body)[:2]


@pytest.mark.parametrize("body", [b"[]", b"[1]", b'"text"', b"7", b"null", b"true", b"[" + GOOD + b"]"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """A request is one JSON object."""
    status, code, text = refused(body)

    assert (400, "structure") == (status, code)
    assert "`body` must be a JSON object" in text


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
def test_a_number_that_is_not_finite_is_refused(number: bytes) -> None:
    """Such a number in the envelope or anywhere deeper is no JSON, or cannot be held."""
    status, code, _ = refused(GOOD.replace(b'"hook":', b'"n": ' + number + b', "hook":', 1))

    assert (400, "value") == (status, code)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_number_that_is_none_is_refused_anywhere(number: bytes) -> None:
    """Deep in the chart it is no JSON either."""
    body = GOOD.replace(b'"code": "82470000"', b'"x": [' + number + b'], "code": "82470000"', 1)

    assert (400, "value") == refused(body)[:2]


def test_a_number_too_large_in_the_chart_is_unreadable_or_harmless() -> None:
    """Where no rule reads it, it is passed over; where one does, the entry is reported as not checked."""
    harmless = GOOD.replace(b'"code": "82470000"', b'"x": 1e999, "code": "82470000"', 1)
    read_here = GOOD.replace(b'"recordedDate"', b'"onsetAge": {"value": 1e999}, "recordedDate"', 1)

    assert EXPECTED == topics(harmless)
    assert (412, "incomplete") == refused(read_here)[:2]


@pytest.mark.parametrize("depth", [700, 985, 987, 988, 989, 990, 991, 992, 1000, 100_000])
@pytest.mark.parametrize("place", ['"hook":', '"patientId":', '"patient":', '"resourceType": "Condition"', '"coding":'])
def test_nesting_is_never_fatal(place: str, depth: int) -> None:
    """Nested without end, in the envelope, the context, the prefetch or an entry: answered or refused."""
    deep = "[" * depth + "]" * depth
    body = json.dumps(REQUEST).replace(place, f'"deep": {deep}, {place}', 1).encode()

    status, _ = answer(body)

    assert status in (200, 400, 412)
    assert depth < 2000 or status == 400


@pytest.mark.parametrize(
    "body",
    [
        GOOD.replace(b'"hook":', b'"hook": "order-sign", "hook":', 1),
        GOOD.replace(b'"hook":', b'"\\u0068ook": "order-sign", "hook":', 1),
        GOOD.replace(b'"hook":', b'"x": 1, "x": 1, "hook":', 1),
        GOOD.replace(b'"patientId":', b'"patientId": "p2", "patientId":', 1),
        GOOD.replace(b'"patientId":', b'"patient\\u0049d": "p2", "patientId":', 1),
        GOOD.replace(b'"conditions":', b'"conditions": null, "conditions":', 1),
        GOOD.replace(b'"conditions":', b'"condition\\u0073": null, "conditions":', 1),
    ],
)
def test_a_name_that_stands_twice_is_refused(body: bytes) -> None:
    """Two readers would read two charts, however the name is spelt."""
    status, code, text = refused(body)

    assert (400, "structure") == (status, code)
    assert "the same name twice" in text


def test_a_name_that_stands_twice_in_the_authorization_is_refused() -> None:
    """The same holds for the token's object."""
    body = json.dumps({**REQUEST, **AUTHORIZED}).replace('"scope":', '"scope": "x", "scope":').encode()

    assert "the same name twice" in refused(body)[2]


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"])
def test_a_body_that_is_no_utf8_is_refused(bad: bytes) -> None:
    """Latin-1, cut characters, surrogates and overlong forms are not UTF-8."""
    status, code, text = refused(GOOD.replace(b"Practitioner", bad, 1))

    assert (400, "structure") == (status, code)
    assert "UTF-8" in text


@given(
    st.text(st.sampled_from("aé€😀"), max_size=6),
    st.one_of(st.binary(max_size=6), st.text(max_size=3).map(str.encode)),
    st.integers(4080, 4100),
)
@example("", b"\x80" * 12, 4096)
@example("😀", "😀".encode()[:3], 4094)
def test_utf8_is_told_exactly_at_any_place(start: str, middle: bytes, padding: int) -> None:
    """A body is refused as no UTF-8 exactly if it cannot be decoded, wherever a piece of it may be cut."""
    body = start.encode() + b" " * padding + middle + b" " * padding + start.encode()
    try:
        body.decode("utf-8")
        decodes = True
    except UnicodeDecodeError:
        decodes = False

    with pytest.raises(CallError) as caught:
        read(body, "patient-view")

    assert decodes != isinstance(caught.value, NotUtf8)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("fhirAuthorization.access_token", ABSENT),
        ("fhirAuthorization.access_token", ""),
        ("fhirAuthorization.access_token", 7),
        ("fhirAuthorization.token_type", ABSENT),
        ("fhirAuthorization.token_type", "bearer"),
        ("fhirAuthorization.token_type", "Basic"),
        ("fhirAuthorization.expires_in", ABSENT),
        ("fhirAuthorization.expires_in", "300"),
        ("fhirAuthorization.expires_in", 300.5),
        ("fhirAuthorization.expires_in", True),
        ("fhirAuthorization.scope", ABSENT),
        ("fhirAuthorization.scope", ["patient/*.rs"]),
        ("fhirAuthorization.subject", ABSENT),
        ("fhirAuthorization.subject", {}),
    ],
)
def test_an_authorization_that_cannot_be_used_is_said(path: str, value: object) -> None:
    """The prefetch is answered all the same, and the token appears nowhere."""
    status, answered = answer(changed(path, value, {**REQUEST, **AUTHORIZED}))

    unchecked = [one["extension"]["org.twitch-cds.basis"]["notChecked"] for one in answered["cards"]]
    assert (200, EXPECTED) == (status, [one["source"]["topic"]["code"] for one in answered["cards"]])
    assert all({"type": "fhirServer", "reason": "unusable-authorization"} in some for some in unchecked)
    assert "opaque" not in json.dumps(answered)


@pytest.mark.parametrize("value", [ABSENT, 7, "ehr.example/fhir"])
def test_an_authorization_without_a_server_is_refused(value: object) -> None:
    """Nobody can tell what the token is for."""
    status, code, text = refused(changed("fhirServer", value, {**REQUEST, **AUTHORIZED}))

    assert (400, True) == (status, code in ("required", "structure"))
    assert "`fhirServer`" in text
    assert "opaque" not in text


def test_an_authorization_in_order_changes_nothing() -> None:
    """A service that works from prefetch alone does not use it."""
    assert EXPECTED == topics(json.dumps({**REQUEST, **AUTHORIZED}).encode())


@pytest.mark.parametrize(
    "extra",
    [
        {"extension": {"com.example.x": {"a": [1, None]}}},
        {"unknown": None, "": "", "weird": [[]], "number": 1.5, "flag": True},
        {"fhirServer": "http://localhost:8080/fhir"},
    ],
)
def test_what_need_not_be_understood_is_harmless(extra: dict[str, Any]) -> None:
    """Unknown members and extensions at each level change no card."""
    deeper = deepcopy(REQUEST)
    deeper["context"] |= extra
    deeper["prefetch"] |= {f"x-{name}": value for name, value in extra.items()}

    assert EXPECTED == topics(json.dumps({**REQUEST, **extra}).encode())
    assert EXPECTED == topics(json.dumps({**deeper, **extra}).encode())


@pytest.mark.parametrize(
    "instance",
    [
        "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA",
        "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
    ],
)
def test_any_uuid_is_a_hook_instance(instance: str) -> None:
    """Upper case and the nil UUID are UUIDs too."""
    assert EXPECTED == topics(changed("hookInstance", instance))


def test_the_request_is_read_whole() -> None:
    """Ids are taken from the context, prefetch values stay unread bytes."""
    request = read(changed("context.encounterId", "e1"), "patient-view")

    assert ("p1", "e1", "Practitioner/example") == (
        request.patient_id,
        request.context.encounter_id,
        request.context.user_id,
    )
    assert REQUEST["hookInstance"] == request.hook_instance
    assert REQUEST["prefetch"]["patient"] == json.loads(bytes(request.prefetch["patient"]))


@given(st.binary(max_size=60))
def test_no_bytes_break_the_envelope(body: bytes) -> None:
    """Whatever is sent is refused as the caller's fault."""
    status, _ = answer(body)

    assert 400 <= status < 500


@given(st.data())
def test_no_cut_or_flip_of_a_request_breaks_it(data: st.DataObject) -> None:
    """One byte of a good request changed, or its end cut off: an answer or a 4xx."""
    place = data.draw(st.integers(0, len(GOOD) - 1))
    byte = data.draw(st.integers(0, 255))
    for body in (GOOD[:place], GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]):
        assert answer(body)[0] in (200, 400, 412)
