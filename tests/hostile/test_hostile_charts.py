"""Text of a chart cannot become markup: in a card as any client may render it, or on a page of ours."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import mistune
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from markdown_it import MarkdownIt
from service.process import Running, running

from cds.call import build_engine
from cds.settings import load

Json = dict[str, Any]
Element = tuple[str, tuple[tuple[str, str | None], ...]]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SNOMED, LOINC, RXNORM = "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
TWITCH = "82470000"
EMPTY = ("encounters", "medicationStatements", "serviceRequests", "procedures", "diagnosticReports", "familyHistory")
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><iframe srcdoc="<script>alert(1)</script>">',
    "<a href='javascript:alert(1)'>x</a>",
    "</p></div></body><body onload=alert(1)>",
    "<!--",
    "]]><![CDATA[",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/?q)",
    "[x]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example/path",
    "www.evil.example",
    "mail me at a@evil.example or b@evil.com",
    "www.evil.com and evil.com/path",
    "**bold** _em_ ~~del~~ `code` ==mark==",
    "\n\n# heading\n\n- list\n\n> quote\n\n    code",
    "\n\n| a | b |\n|---|---|\n| c | d |",
    "\r\n\r\n***\r\n",
    "```\n<b>\n```",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x&#62;",
    "&NewLine;&Tab;&colon;",
    "\\<b\\>",
    "$$\\href{javascript:alert(1)}{x}$$",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "{% include '/etc/passwd' %}",
    "\x1b[31m\x07\x00\x08",
    "\u202egnp.exe\u2066",
    "\u2028<b>\u2029",
    "[^1]\n\n[^1]: note",
    "- [ ] task",
    "1. one",
    "+ plus",
    "=HYPERLINK(1)",
    "<details open ontoggle=alert(1)>",
    "<math><mi//xlink:href='data:x,<script>'>",
    "<style>@import '//evil.example'</style>",
    ":smile: @user #1",
)
GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": True})
assert GITHUB.linkify
GITHUB.linkify.set({"fuzzy_link": True, "fuzzy_email": True})
RENDERERS: dict[str, Callable[[str], Any]] = {
    "markdown-it": GITHUB.render,
    "mistune": mistune.create_markdown(
        escape=False, plugins=["strikethrough", "table", "url", "task_lists", "footnotes", "math", "mark"]
    ),
}
PIECES = some.lists(some.sampled_from(HOSTILE) | some.text(max_size=12), max_size=4)
MIXTURES = PIECES.map(lambda pieces: " ".join(("x", *pieces)))
engine = build_engine(load({"TWITCH_CDS_DEMO": "true"}), now=lambda: NOON)


class Skeleton(HTMLParser):
    """The elements of HTML with their attributes, in order; comments and the like count as elements."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.elements.append((tag, tuple(attrs)))

    def handle_comment(self, data: str) -> None:
        """A comment."""
        self.elements.append(("!--", ()))

    def handle_decl(self, decl: str) -> None:
        """A declaration."""
        self.elements.append(("!", ()))

    def unknown_decl(self, data: str) -> None:
        """A marked section."""
        self.elements.append(("![", ()))

    def handle_pi(self, data: str) -> None:
        """A processing instruction."""
        self.elements.append(("?", ()))


def elements(html: str) -> list[Element]:
    """What a browser would build."""
    parser = Skeleton()
    parser.feed(html)
    parser.close()
    return parser.elements


def resource(kind: str, ident: str, **more: Any) -> Json:
    """A resource of the patient."""
    return {"resourceType": kind, "id": ident, "subject": {"reference": "Patient/p", "display": "x"}, **more}


def coded(system: str, code: str, text: str) -> Json:
    """A concept, its words from the chart."""
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def bundle(*resources: Json) -> Json:
    """A searchset."""
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


def chart(word: str) -> Json:
    """A chart that says a word wherever a clinician, a laboratory or a patient can write."""
    active = {"coding": [{"code": "active"}]}
    amount = {"value": 2.0, "unit": word, "code": "mmol/L", "system": "http://unitsofmeasure.org"}
    odd = {"value": 2.0, "unit": word, "code": word[:20]}
    drug = coded(RXNORM, "5487", word) | {"text": f"hydrochlorothiazide {word}"}
    result = {"status": "final", "effectiveDateTime": "2026-11-20"}
    order = {"status": "active", "intent": "order", "authoredOn": "2026-10-01"}
    since = {"clinicalStatus": active, "onsetDateTime": "2026-10-01", "onsetString": word, "note": [{"text": word}]}
    return {
        "patient": {"resourceType": "Patient", "id": "p", "name": [{"text": word}], "birthDate": "1965-03-14"},
        "conditions": bundle(
            resource("Condition", "c1", **since, code=coded(SNOMED, TWITCH, word)),
            resource("Condition", "c2", **since, code=coded(SNOMED, "26544005", word)),
            resource("Condition", word, **since, code=coded(SNOMED, "40739000", f"dysphagia {word}")),
            resource("Condition", "c4", **since, code=coded(SNOMED, "88092000", word)),
        ),
        "labs": bundle(
            resource("Observation", "o1", **result, code=coded(LOINC, "2823-3", word), valueQuantity=amount),
            resource("Observation", word, **result, code=coded(LOINC, "17861-6", word), valueQuantity=odd),
        ),
        "observations": bundle(
            resource("Observation", "o3", **result, code=coded(SNOMED, "26544005", word), valueString=word)
        ),
        "medicationRequests": bundle(
            resource(
                "MedicationRequest", "m1", **order, medicationCodeableConcept=drug, dosageInstruction=[{"text": word}]
            )
        ),
        **{key: bundle() for key in EMPTY},
    }


def request(word: str) -> Json:
    """A call with that chart."""
    return {
        "hook": "patient-view",
        "hookInstance": "0b0e4c1a-3d6f-4a8e-9c55-1f2e3d4c5b6a",
        "context": {"userId": f"Practitioner/{word}", "patientId": "p"},
        "prefetch": chart(word),
    }


def cards(word: str) -> list[Json]:
    """What is answered."""
    answer = engine.answer("muscle-twitch-patient-view", json.dumps(request(word)).encode())
    assert 200 == answer.status
    made: list[Json] = json.loads(answer.body)["cards"]
    return made


def texts(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of an answer with the name of its member."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, name)
    elif isinstance(value, str):
        yield name, value


PLAIN = cards("harmless")


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("word", HOSTILE)
def test_a_card_renders_to_the_same_elements_whatever_the_chart_says(word: str, renderer: str) -> None:
    """With raw HTML and autolinks on, as in the public sandbox: no element, attribute or link that is not ours."""
    check(word, RENDERERS[renderer])


@settings(max_examples=150)
@given(
    some.lists(some.sampled_from(HOSTILE) | some.text(max_size=12), max_size=4).map(lambda some: " ".join(("x", *some)))
)
def test_nor_does_any_mixture_of_it(word: str) -> None:
    """Both renderers, random pieces put together."""
    for render in RENDERERS.values():
        check(word, render)


def check(word: str, render: Callable[[str], Any]) -> None:
    """The same cards, the same elements."""
    made = cards(word)

    assert [card["source"]["topic"]["code"] for card in PLAIN] == [card["source"]["topic"]["code"] for card in made]
    for card, plain in zip(made, PLAIN, strict=True):
        assert elements(render(plain["detail"])) == elements(render(card["detail"])), card["detail"]


def test_the_chart_is_quoted_at_all() -> None:
    """Else nothing would be proved."""
    assert sum(card["detail"].count("harmless") for card in PLAIN) >= 1
    assert all(elements(render(card["detail"])) for card in PLAIN for render in RENDERERS.values())
    assert ("script", ()) in elements(RENDERERS["mistune"]("<script>x</script>"))
    assert ("a", (("href", "http://www.evil.com"),)) in elements(RENDERERS["markdown-it"]("www.evil.com"))


@pytest.mark.parametrize("word", HOSTILE)
def test_addresses_and_labels_are_ours(word: str) -> None:
    """Links, icons, sources and buttons hold nothing that a chart says; proposed resources only in a reason's text."""
    told = ("uuid", "detail", "quoted", "resource", "summary", "text")

    assert set() == {one for one in texts(cards(word)) if one[0] not in told} - set(texts(PLAIN))


@pytest.mark.parametrize("word", HOSTILE)
def test_a_summary_is_one_plain_line_whatever_the_chart_says(word: str) -> None:
    """It and the reason of an order quote the chart (N59) as plain text without control characters; under 140."""
    summaries = [text for name, text in texts(cards(word)) if name == "summary"]
    reasons = [text for name, text in texts(cards(word)) if name == "text"]

    assert summaries
    assert [] == [text for text in summaries if len(text) >= 140]
    assert [] == [text for text in (*summaries, *reasons) if not text.isprintable()]


@pytest.mark.parametrize("word", HOSTILE)
def test_facts_name_resources_by_ids_only(word: str) -> None:
    """An id that no server gives is left out."""
    named = [text for name, text in texts(cards(word)) if name == "resource"]

    assert [] == [text for text in named if not re.fullmatch(r"[A-Za-z]+(/[\w.:~-]{1,128})?", text)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service with its pages."""
    with running(tmp_path_factory.mktemp("pages")) as made:
        yield made


def pasted(service: Running, word: str) -> list[Element]:
    """The page that answers a pasted request."""
    form = urlencode({"pasted": json.dumps(request(word))}).encode()
    answer = service.fetch("POST", "/demo/paste", form, {"Content-Type": "application/x-www-form-urlencoded"})
    assert 200 == answer.status
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    return elements(answer.body.decode())


def shape(found: list[Element]) -> list[tuple[str, tuple[str, ...]]]:
    """Elements with the names of their attributes."""
    return [(tag, tuple(name for name, _ in attributes)) for tag, attributes in found]


@pytest.mark.parametrize("word", HOSTILE)
def test_a_page_has_the_same_elements_whatever_the_chart_says(word: str, service: Running) -> None:
    """The page shows chart and cards; none of it becomes an element, an attribute or an address."""
    found = pasted(service, word)

    assert shape(pasted(service, "harmless")) == shape(found)
    addresses = [
        value or "" for _, attributes in found for name, value in attributes if name in ("href", "src", "action")
    ]
    assert [] == [one for one in addresses if not re.match(r"/(?!/)|#|https://|http://127\.0\.0\.1", one)]
    assert [] == [one for one in addresses if "evil" in one]
