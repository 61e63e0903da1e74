"""What a service's prefetch templates would find on a server: for each resource the keys under which it is sent."""

import re
from collections.abc import Mapping
from typing import Any as Anything
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from cds.fhir.concepts import each
from cds.fhir.datatypes import CodeableConcept, Concepts, NamedReference
from cds.fhir.references import id_of
from cds.prefetch.templates import fill
from cds.replay.entries import PATIENT

CONTEXT = {"context.patientId": "x"}
_ALTERNATIVES = re.compile(r"(?:\\.|[^\\,])+")
_PARTS = re.compile(r"(?:\\.|[^\\|])*")
_PLAIN = re.compile(r"\\(.)")
IGNORED = frozenset({"patient", "_sort", "_count", "_include"})


class SearchFields(Struct, rename="camel"):
    """What of a resource templates ask for, and what it refers to."""

    status: Anything = None
    category: Concepts = None
    code: CodeableConcept | None = None
    medication_reference: NamedReference | None = None
    questionnaire: str | None = None

    @property
    def shared(self) -> str:
        """The id of the Medication, or the address of the Questionnaire; empty if it refers to none."""
        reference = self.medication_reference.reference if self.medication_reference else None
        return id_of(reference) if reference else (self.questionnaire or "").partition("|")[0]


_SEARCH_FIELDS = msgspec.json.Decoder(SearchFields)


class Search(Struct, frozen=True):
    """One template. Without `codes`, `categories` or `statuses` all are found."""

    key: str
    kind: str
    codes: frozenset[tuple[str, str]] | None = None
    statuses: frozenset[str] | None = None
    categories: frozenset[str] | None = None
    includes: bool = False

    def finds(self, fields: SearchFields) -> bool:
        """Whether a resource of its type is found."""
        if self.statuses is not None and fields.status not in self.statuses:
            return False
        if self.categories is not None:
            words = {coding.code for concept in each(fields.category) for coding in concept.coding or ()}
            if words.isdisjoint(self.categories):
                return False
        if self.codes is None:
            return True
        codings = fields.code.coding or () if fields.code else ()
        return any((coding.system or "", coding.code or "") in self.codes for coding in codings)


class Matches(Struct, frozen=True):
    """The keys of a resource; those under which what it refers to comes too, and what that is."""

    keys: tuple[str, ...]
    including: tuple[str, ...] = ()
    shared: str = ""


class Searches:
    """All templates of one service."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        """Raises ValueError for a template that asks in a way that is not known here."""
        self.keys = tuple(templates)
        self._by_kind: dict[str, list[Search]] = {}
        for key, template in templates.items():
            search = _search(key, template)
            self._by_kind.setdefault(search.kind, []).append(search)

    def of(self, kind: str, text: bytes) -> Matches:
        """Where a resource is sent. What cannot be read is found by its type alone: the engine judges it."""
        searches = self._by_kind.get(kind, [])
        try:
            fields = _SEARCH_FIELDS.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return Matches(tuple(search.key for search in searches))
        matching = [search for search in searches if search.finds(fields)]
        including = tuple(search.key for search in matching if search.includes and fields.shared)
        return Matches(tuple(search.key for search in matching), including, fields.shared)


def shared_of(text: bytes) -> str:
    """What an entry refers to of what belongs to nobody; empty if it refers to none."""
    try:
        return _SEARCH_FIELDS.decode(text).shared
    except (msgspec.DecodeError, RecursionError):
        return ""


def _search(key: str, template: str) -> Search:
    ask = fill(template, CONTEXT)
    if ask is None:
        raise ValueError(f"{key}: a token without a value")
    if not ask.is_search:
        return Search(key, PATIENT)
    parameters = dict(parse_qsl(ask.query))
    if unknown := parameters.keys() - IGNORED - {"code", "status", "category"}:
        raise ValueError(f"{key}: {', '.join(sorted(unknown))} is not known here")
    codes = frozenset(map(_token, _ALTERNATIVES.findall(parameters["code"]))) if "code" in parameters else None
    statuses = frozenset(parameters["status"].split(",")) if "status" in parameters else None
    categories = frozenset(parameters["category"].split(",")) if "category" in parameters else None
    return Search(key, ask.path, codes, statuses, categories, includes="_include" in parameters)


def _token(text: str) -> tuple[str, str]:
    """System and code of a token."""
    system, _, code = (_PLAIN.sub(r"\1", part) for part in (*_PARTS.findall(text), "", "")[:3])
    return system, code
