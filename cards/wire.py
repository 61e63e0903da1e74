"""Card, Suggestion, Action, Link, Source, Coding as CDS Hooks 2.0 has them; an invalid one cannot be built."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from cards.topics import Indicator

SUMMARY_LIMIT = 139

_ABSOLUTE = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_REFERENCE = re.compile(r"[A-Za-z]+/[A-Za-z0-9.\-]{1,64}")
_INDICATORS = frozenset(Indicator)
_BEHAVIOURS = frozenset({"at-most-one", "any"})
_ENCODER = msgspec.json.Encoder()


class CardError(ValueError):
    """A card, or a part of one, that CDS Hooks 2.0 does not allow."""


class Coding(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A code; on `source.topic` both code and system (CDS Hooks 2.0, Source)."""

    code: str
    system: str | None = None
    display: str | None = None

    def __post_init__(self) -> None:
        _text(self.code, "code")
        _optional_text(self.system, "system")
        _optional_text(self.display, "display")


class OverrideReason(Struct, frozen=True, rename="camel"):
    """Why a clinician may set a card aside: code, system and display are all required (CDS Hooks 2.0)."""

    code: str
    system: str
    display: str

    def __post_init__(self) -> None:
        _text(self.code, "code")
        _text(self.system, "system")
        _text(self.display, "display")


class Source(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Where the card comes from; the topic is the card's id on the wire."""

    label: str
    url: str | None = None
    icon: str | None = None
    topic: Coding | None = None

    def __post_init__(self) -> None:
        _text(self.label, "label")
        _optional_url(self.url, "url")
        _optional_url(self.icon, "icon")
        if self.topic is not None:
            _instances((self.topic,), Coding, "topic")
            _text(self.topic.system, "topic.system")


class Link(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A link of a card, absolute or a SMART app (CDS Hooks 2.0, Link)."""

    label: str
    url: str
    type: str
    app_context: str | None = None

    def __post_init__(self) -> None:
        _text(self.label, "label")
        _url(self.url, "url")
        _require(self.type in {"absolute", "smart"}, "type: absolute or smart")
        _require(self.app_context is None or self.type == "smart", "appContext: only with a smart link")


class Action(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One change of a suggestion (CDS Hooks 2.0, Action)."""

    type: str
    description: str
    resource: dict[str, Any] | None = None
    resource_id: str | None = None

    def __post_init__(self) -> None:
        _text(self.description, "description")
        if self.type == "delete":
            match = isinstance(self.resource_id, str) and _REFERENCE.fullmatch(self.resource_id)
            _require(bool(match), "resourceId: relative reference required")
            _require(self.resource is None, "resource: not with delete")
            return
        _require(self.type in {"create", "update"}, "type: create, update or delete")
        _require(self.resource_id is None, "resourceId: only with delete")
        _resource(self.resource, is_whole=self.type == "update")


class Suggestion(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One choice offered to the clinician (CDS Hooks 2.0, Suggestion)."""

    label: str
    uuid: str | None = None
    is_recommended: bool | None = None
    actions: tuple[Action, ...] = ()

    def __post_init__(self) -> None:
        _text(self.label, "label")
        _optional_text(self.uuid, "uuid")
        _require(self.is_recommended is None or isinstance(self.is_recommended, bool), "isRecommended: true or false")
        _instances(self.actions, Action, "actions")


class Card(Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """One card (CDS Hooks 2.0, Card Attributes)."""

    summary: str
    indicator: Indicator
    source: Source
    uuid: str | None = None
    detail: str | None = None
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: str | None = None
    override_reasons: tuple[OverrideReason, ...] = ()
    links: tuple[Link, ...] = ()
    extension: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        _summary(self.summary)
        _require(self.indicator in _INDICATORS, "indicator: info, warning or critical")
        _instances((self.source,), Source, "source")
        _optional_text(self.detail, "detail")
        _instances(self.override_reasons, OverrideReason, "overrideReasons")
        _instances(self.links, Link, "links")
        _require(self.extension is None or isinstance(self.extension, dict), "extension: an object")
        self._check_suggestions()

    def _check_suggestions(self) -> None:
        """How many may be chosen is said exactly when there are some; uuids differ."""
        _instances(self.suggestions, Suggestion, "suggestions")
        if self.suggestions:
            _require(self.selection_behavior in _BEHAVIOURS, "selectionBehavior: at-most-one or any with suggestions")
        else:
            _require(self.selection_behavior is None, "selectionBehavior: only with suggestions")
        recommended = sum(1 for suggestion in self.suggestions if suggestion.is_recommended)
        _require(recommended <= 1 or self.selection_behavior == "any", "isRecommended: only one with at-most-one")
        _optional_text(self.uuid, "uuid")
        every = (self.uuid, *(suggestion.uuid for suggestion in self.suggestions))
        uuids = [uuid for uuid in every if uuid is not None]
        _require(len(uuids) == len(set(uuids)), "uuid: the same one twice")


def encode(cards: Sequence[Card]) -> bytes:
    """The answer of a service call: `{"cards": […]}`, empty when there is nothing to say."""
    return _ENCODER.encode({"cards": tuple(cards)})


def _require(fact: bool, reason: str) -> None:
    """What the specification demands."""
    if not fact:
        raise CardError(reason)


def _text(value: object, name: str) -> None:
    """A string with something in it: a client shows anything else as nothing, or breaks."""
    if not isinstance(value, str) or not value.strip():
        raise CardError(f"{name}: text required")


def _optional_text(value: object, name: str) -> None:
    """Text or absent."""
    if value is not None:
        _text(value, name)


def _summary(value: object) -> None:
    """One line under 140 characters (CDS Hooks 2.0, `summary`)."""
    if not isinstance(value, str) or not value.strip():
        raise CardError("summary: text required")
    _require(len(value) <= SUMMARY_LIMIT, "summary: too long")
    _require(value.splitlines() == [value], "summary: more than one line")


def _url(value: object, name: str) -> None:
    """An absolute http(s) address."""
    if not isinstance(value, str) or _ABSOLUTE.fullmatch(value) is None:
        raise CardError(f"{name}: absolute http(s) URL required")


def _optional_url(value: object, name: str) -> None:
    """An address or absent."""
    if value is not None:
        _url(value, name)


def _resource(value: object, *, is_whole: bool) -> None:
    """A FHIR resource; with its id when it replaces one."""
    if not isinstance(value, dict):
        raise CardError("resource: required")
    _text(value.get("resourceType"), "resource.resourceType")
    if is_whole:
        _text(value.get("id"), "resource.id")


def _instances(values: object, kind: type, name: str) -> None:
    """A tuple whose members are all of one kind."""
    if not isinstance(values, tuple):
        raise CardError(f"{name}: a tuple required")
    for value in values:
        if not isinstance(value, kind):
            raise CardError(f"{name}: {kind.__name__} required")
