"""A glance at the gate: whether the chart could show a twitch at all. Most calls end here, so it reads codes only."""

import msgspec
from msgspec import Raw, Struct

from cds.chart.naming import Namer
from cds.fhir.allowance import Allowance
from cds.fhir.bundle import NULL, Link, has_next
from cds.fhir.concepts import each
from cds.fhir.datatypes import CodeableConcept, Concepts
from cds.fhir.outcomes import is_notice
from cds.fhir.resources import Issue


class Part(Struct, gc=False, rename="camel"):
    """The concepts of a component."""

    code: CodeableConcept | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None


class Glimpse(Part, rename="camel"):
    """The concepts of any resource that may say why somebody twitches. STU3 and R5 give an Encounter a `reason`."""

    resource_type: str | None = None
    component: list[Part] | None = None
    body_site: Concepts = None
    reason_code: Concepts = None
    reason: Raw = Raw()
    description: str | None = None
    summary: str | None = None
    finding: Raw = Raw()
    issue: list[Issue] | None = None
    contained: "list[Glimpse] | None" = None


class Entry(Struct, gc=False, rename="camel"):
    """One entry of a Bundle; with a response, or as a bare resource, it is read properly."""

    resource: Glimpse | None = None
    response: Raw = Raw()
    resource_type: str | None = None


class Page(Struct, gc=False, rename="camel"):
    """A Bundle."""

    resource_type: str | None = None
    entry: list[Entry] | None = None
    link: list[Link | None] | None = None


OUTCOME, BUNDLE, FORM = "OperationOutcome", "Bundle", "QuestionnaireResponse"
_PAGE = msgspec.json.Decoder(Page)


def is_clear(raw: Raw | None, namer: Namer, allowance: Allowance, *, is_whole: bool) -> bool:
    """Whether a prefetch value surely names no twitch; with `is_whole` also whether it is all there, failures excluded.

    False also means "cannot be told so fast": the chart is then read properly. Raises TooManyEntries.
    """
    if raw is None or memoryview(raw)[:4] == NULL:
        return raw is not None or not is_whole
    try:
        page = _PAGE.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    if page.resource_type != BUNDLE or (is_whole and has_next(page.link)):
        return False
    entries = page.entry or ()
    allowance.take(len(entries))
    return not any(_is_odd(entry) or is_suspect(entry.resource, namer) for entry in entries)


def _is_odd(entry: Entry) -> bool:
    """Whether an entry says more than its resource: that a request failed, or that it is the resource itself."""
    return bool(memoryview(entry.response)) or entry.resource_type is not None


def is_suspect(resource: Glimpse | None, namer: Namer) -> bool:
    """Whether one resource may name a twitch, or has to be read properly to tell."""
    if resource is None:
        return False
    if resource.resource_type == OUTCOME:
        return not is_notice(resource.issue or ())
    if resource.resource_type in (BUNDLE, FORM):
        return True  # what an answer means is told by the whole form
    if _is_suspect_part(resource, namer, resource.body_site) or _holds_suspect(resource, namer):
        return True
    for text in (resource.value_string, resource.description, resource.summary):
        if text is not None and namer.listener.twitches(text):
            return True
    if resource.reason_code is not None and any(map(namer.names_twitch, each(resource.reason_code))):
        return True
    return bool(memoryview(resource.reason)) or bool(memoryview(resource.finding))


def _holds_suspect(resource: Glimpse, namer: Namer) -> bool:
    """Whether a part of it, or a resource that it holds within itself, may name a twitch."""
    if resource.component is not None and any(_is_suspect_part(part, namer) for part in resource.component):
        return True
    return resource.contained is not None and any(is_suspect(inner, namer) for inner in resource.contained)


def _is_suspect_part(part: Part, namer: Namer, sites: Concepts = None) -> bool:
    return namer.names_twitch(part.code, sites) or namer.names_twitch(part.value_codeable_concept)
