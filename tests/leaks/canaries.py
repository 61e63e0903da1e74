"""Requests with a word of its own in every place, so that wherever one turns up again it is known what leaked."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Json = dict[str, Any]
Word = Callable[[str], str]
PATIENT_VIEW = "/cds-services/muscle-twitch-patient-view"
ORDER_SIGN = "/cds-services/muscle-twitch-order-sign"
FEEDBACK = PATIENT_VIEW + "/feedback"
INSTANCE = "0b0e4c1a-3d6f-4a8e-9c55-1f2e3d4c5b6a"


@dataclass
class Canaries:
    """Hands out words, and remembers what each was for."""

    words: dict[str, str] = field(default_factory=dict)

    def __call__(self, place: str) -> str:
        """A word for this place: the same one each time; letters and digits, so that no encoding changes it."""
        return self.words.setdefault(place, f"zq{len(self.words):03d}Canary7x")

    def found_in(self, text: bytes) -> list[str]:
        """The places whose words are in a text, in whatever case, as they are or within something in base64."""
        low = text.lower()
        return [place for place, word in self.words.items() if any(one in low for one in spellings(word))]


@cache
def spellings(word: str) -> tuple[bytes, ...]:
    """A word in lower case, and what is left of it in base64, however many bytes stand before it."""
    encoded = []
    for before, first in ((0, 0), (1, 2), (2, 3)):
        text = b64encode(b"." * before + word.encode())
        encoded.append(text[first : (before + len(word)) * 8 // 6].lower())
    return (word.lower().encode(), *encoded)


@dataclass(frozen=True)
class Sent:
    """One request; `quotes` says that its answer may quote the chart."""

    name: str
    status: int
    body: bytes
    path: str = PATIENT_VIEW
    headers: Json = field(default_factory=dict)
    method: str = "POST"
    quotes: bool = False


def concept(word: Word, place: str, **more: Any) -> Json:
    """A concept whose every text is a canary."""
    coding = {"system": word(f"{place} system"), "code": word(f"{place} code"), "display": word(f"{place} display")}
    return {"coding": [coding], "text": word(f"{place} text")} | more


def patient(word: Word) -> Json:
    """A person with all that identifies one."""
    return {
        "resourceType": "Patient",
        "id": word("patient id"),
        "name": [{"family": word("family name"), "given": [word("given name")], "text": word("name")}],
        "birthDate": "1965-03-14",
        "identifier": [{"system": word("identifier system"), "value": word("record number")}],
        "telecom": [{"value": word("phone")}],
        "address": [{"line": [word("street")], "city": word("city")}],
        "contact": [{"name": {"text": word("relative")}}],
        "text": {"status": "generated", "div": f"<div>{word('narrative')}</div>"},
        "extension": [{"url": word("extension url"), "valueString": word("extension value")}],
    }


def chart(word: Word) -> Json:
    """A chart that twitches; every free text, id and name is a canary."""
    subject = {"reference": f"Patient/{word('patient id')}", "display": word("subject display")}
    note = [{"text": word("note"), "authorString": word("author")}]
    common = {"subject": subject, "note": note}
    twitch = {
        **common,
        "resourceType": "Condition",
        "id": word("condition id"),
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": f"Muscle twitching {word('heard problem')}", "coding": [{"display": word("display")}]},
        "onsetDateTime": "2026-10-01",
        "onsetString": word("onset"),
        "bodySite": [concept(word, "site")],
        "recorder": {"reference": word("recorder"), "display": word("recorder name")},
    }
    unit = {"system": "http://unitsofmeasure.org", "code": word("unit"), "unit": word("unit text"), "value": 2.0}
    potassium = {
        **common,
        "resourceType": "Observation",
        "id": word("observation id"),
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": word("observation text")},
        "effectiveDateTime": "2026-10-10",
        "valueQuantity": unit,
        "valueString": word("value string"),
    }
    other = {**common, "resourceType": "Observation", "id": word("other id"), "status": "final"}
    other |= {"code": concept(word, "finding"), "valueCodeableConcept": concept(word, "answer")}
    medicine = {
        **common,
        "resourceType": "MedicationRequest",
        "id": word("medicine id"),
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept(word, "drug"),
        "dosageInstruction": [{"text": word("dosage"), "patientInstruction": word("instruction")}],
    }
    visit = {
        **common,
        "resourceType": "Encounter",
        "id": word("visit id"),
        "status": "finished",
        "period": {"start": "2026-11-20"},
        "reasonCode": [{"text": f"weakness of left hand {word('heard reason')}, calf twitching"}],
    }
    complaint = {
        **common,
        "resourceType": "Observation",
        "id": word("complaint id"),
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "10154-3"}]},
        "effectiveDateTime": "2026-11-20",
        "valueString": f"foot drop {word('heard complaint')}",
    }
    return {
        "patient": patient(word),
        "conditions": bundle(twitch, {"resourceType": "Condition", "id": word("broken id"), "code": 5}),
        "labs": bundle(potassium),
        "observations": bundle(other, complaint),
        "encounters": bundle(visit),
        "medicationRequests": bundle(medicine),
        word("prefetch key"): {"resourceType": word("resource type")},
    }


def bundle(*resources: Json) -> Json:
    """A searchset."""
    return {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:x", "resource": one} for one in resources]}


def request(word: Word, **changes: Any) -> Json:
    """A call with a canary wherever a client may write what it likes."""
    made: Json = {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "fhirServer": f"https://{word('fhir server')}.invalid/fhir",
        "fhirAuthorization": {
            "access_token": word("access token"),
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": word("scope"),
            "subject": word("subject"),
            "patient": word("patient id"),
        },
        "context": {
            "userId": f"Practitioner/{word('user')}",
            "patientId": word("patient id"),
            "encounterId": word("encounter"),
            word("context name"): word("context value"),
        },
        "prefetch": chart(word),
        "extension": {word("extension name"): word("extension")},
        word("member name"): word("member value"),
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def wire(value: Any) -> bytes:
    """As a client sends it."""
    return json.dumps(value).encode()


def feedback(word: Word, **changes: Any) -> bytes:
    """Feedback with a comment that names the patient."""
    item = {
        "card": "c1",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-22T10:00:00Z",
        "overrideReason": {
            "reason": {"code": "other", "system": "https://x", "display": word("reason display")},
            "userComment": word("comment"),
        },
        word("feedback member"): word("feedback value"),
    }
    return wire({"feedback": [item | changes], word("feedback name"): 1})


def headers(word: Word) -> Json:
    """Headers with secrets and names in them."""
    return {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {word('token')}.{word('claims')}.{word('signature')}",
        "Cookie": f"session={word('cookie')}",
        "User-Agent": word("user agent"),
        "Referer": f"https://x/{word('referer')}",
        "X-Forwarded-For": word("forwarded"),
        "Origin": f"https://{word('origin')}.example",
        word("header"): word("header value"),
    }


def everything(word: Word) -> Iterator[Sent]:
    """Good calls, feedback, and one request for every error that a caller can bring about."""
    good, head = wire(request(word)), headers(word)
    plain = {"Content-Type": "application/json"}
    drafts = bundle({"resourceType": "MedicationRequest", "id": word("draft"), "note": [{"text": word("draft note")}]})
    order = request(word, hook="order-sign", context={**request(word)["context"], "draftOrders": drafts})
    query = f"?patient={word('query')}"
    foreign = chart(word) | {"patient": {"resourceType": "Patient", "id": word("other patient")}}
    deep = f'{{"{word("deep name")}":{"[" * 200}1{"]" * 200}}}'
    many = {"labs": bundle(*[patient(word)] * 2_001)}
    pasted = b"pasted=" + wire(request(word, fhirServer=None, fhirAuthorization=None))
    form = head | {"Content-Type": "application/x-www-form-urlencoded"}
    yield Sent("cards", 200, good, PATIENT_VIEW + query, head, quotes=True)
    yield Sent("orders", 200, wire(order), ORDER_SIGN, head, quotes=True)
    yield Sent("feedback", 200, feedback(word), FEEDBACK, head)
    yield Sent("MalformedJson", 400, good[:-1], headers=head)
    yield Sent("DuplicateName", 400, good[:-1] + f',"{word("twice")}":1,"{word("twice")}":2}}'.encode(), headers=head)
    yield Sent("NotUtf8", 400, good[:-2] + b"\xff\xff}", headers=head)
    yield Sent("NonFiniteNumber", 400, good[:-1] + b',"x":NaN}', headers=head)
    yield Sent("TooDeep", 400, deep.encode(), headers=head)
    yield Sent("BadEnvelope", 400, wire(request(word, hookInstance=word("bad instance"))), headers=head)
    yield Sent("bad patient", 400, wire(request(word, context={"patientId": f"{word('bad patient')}/"})), headers=head)
    yield Sent("bad server", 400, wire(request(word, fhirServer=word("bad server"))), headers=head)
    yield Sent("BadFeedback", 400, feedback(word, outcome=word("outcome")), FEEDBACK, head)
    yield Sent("bad time", 400, feedback(word, outcomeTimestamp=word("time")), FEEDBACK, head)
    yield Sent("WrongHook", 400, wire(request(word, hook=word("hook"))), headers=head)
    yield Sent("UnknownService", 404, good, f"/cds-services/{word('service')}", head)
    yield Sent("UnknownPath", 404, good, f"/{word('path')}/{word('second path')}", head)
    yield Sent("WrongMethod", 405, good, PATIENT_VIEW + query, head, "PUT")
    yield Sent("PatientMismatch", 412, wire(request(word, prefetch=foreign)), headers=head)
    yield Sent("TwitchUnknown", 412, wire(request(word, prefetch={"patient": patient(word)})), headers=head)
    yield Sent("TooLarge", 413, good + b" " * 2_000_000, headers=head)
    yield Sent("TooManyEntries", 413, wire(request(word, prefetch=many)), headers=head)
    yield Sent("TooMuchFeedback", 413, wire({"feedback": [{"card": word("card")}] * 1_001}), FEEDBACK, head)
    yield Sent("WrongMediaType", 415, good, headers=head | {"Content-Type": f"text/{word('media type')}"})
    yield Sent("CompressedBody", 415, good, headers=head | {"Content-Encoding": word("encoding")})
    yield Sent("discovery", 200, b"", f"/cds-services{query}", plain | head, "GET")
    yield Sent("demo FHIR", 404, b"", f"/demo/fhir/Patient/{word('read')}", head, "GET")
    yield Sent("demo search", 200, b"", f"/demo/fhir/Patient?name={word('search')}", head, "GET", quotes=True)
    yield Sent("demo chart", 404, b"", f"/demo/patients/{word('demo patient')}", head, "GET")
    yield Sent("demo paste", 200, pasted, "/demo/paste", form, quotes=True)
    yield Sent("evidence", 404, b"", f"/evidence/{word('topic')}", head, "GET")
