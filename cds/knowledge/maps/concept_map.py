"""Maps as FHIR R4 ConceptMaps. Each refusal names the line of its element in the file."""

from collections.abc import Iterator
from typing import Any as Anything

import msgspec
from msgspec import Raw, Struct

from cds.knowledge.maps.model import Entry, Fault, Parsed
from cds.knowledge.maps.sheet import LONGEST_CELL, SAME, unlike

UNMATCHED = frozenset({"unmatched", "disjoint"})  # the map says itself that there is nothing of the same meaning
Faulty = Entry | Fault


class Target(Struct):
    """One target of an element."""

    code: str | None = None
    display: str | None = None
    equivalence: str | None = None
    relationship: str | None = None
    dependsOn: Anything = None  # noqa: N815 - FHIR's name
    product: Anything = None


class Element(Struct):
    """One code of the source."""

    code: str | None = None
    display: str | None = None
    target: list[Target] | None = None


class Group(Struct):
    """The codes of one pair of systems."""

    source: str | None = None
    target: str | None = None
    element: list[Raw] | None = None
    unmapped: Anything = None


class ConceptMap(Struct):
    """A map as far as it is read."""

    resourceType: str  # noqa: N815 - FHIR's name
    status: str | None = None
    group: list[Raw] | None = None


def parse(name: str, content: bytes) -> Parsed:
    """All codes of a file, and what is wrong with it."""
    lines = list(_Map(name, content.removeprefix(b"\xef\xbb\xbf")).read())
    entries = tuple(line for line in lines if isinstance(line, Entry))
    return Parsed(entries, (), tuple(line for line in lines if isinstance(line, Fault)))


class _Map:
    """One file; what is looked for lies behind what was found before."""

    def __init__(self, name: str, content: bytes) -> None:
        self._name = name
        self._content = content
        self._at = 0
        self._counted = 0
        self._line = 1

    def read(self) -> Iterator[Faulty]:
        """The codes in their order."""
        try:
            concept_map = msgspec.json.decode(self._content, type=ConceptMap)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            yield self._fault(f"is not a ConceptMap in JSON: {problem}", 0)
            return
        if concept_map.resourceType != "ConceptMap":
            yield self._fault("is not a ConceptMap", 0)
        elif concept_map.status != "active":
            yield self._fault("its `status` is not active", 0)
        elif not concept_map.group:
            yield self._fault("has no `group`", 0)
        else:
            for raw in concept_map.group:
                yield from self._group(bytes(raw))

    def _group(self, raw: bytes) -> Iterator[Faulty]:
        line = self._line_of(raw)
        try:
            group = msgspec.json.decode(raw, type=Group)
        except msgspec.ValidationError as problem:
            yield self._fault(f"a group is not one of FHIR R4: {problem}", line)
            return
        if not group.source or not group.target:
            yield self._fault("a group needs `source` and `target`, the systems of its codes", line)
        elif group.unmapped is not None:
            yield self._fault("`unmapped` is refused: each code must be mapped by itself", line)
        else:
            for element in group.element or ():
                yield from self._element(group.source, group.target, bytes(element))

    def _element(self, source: str, target: str, raw: bytes) -> Iterator[Faulty]:
        line = self._line_of(raw)
        self._at += len(raw)
        try:
            element = msgspec.json.decode(raw, type=Element)
        except msgspec.ValidationError as problem:
            yield self._fault(f"an element is not one of FHIR R4: {problem}", line)
            return
        if not element.code:
            yield self._fault("an element has no `code`", line)
            return
        targets = [candidate for candidate in element.target or () if candidate.equivalence not in UNMATCHED]
        for match in targets:
            reason = _reason(match) or _spoiled(source, element.code, target, match.code)
            yield (
                self._fault(f"{_shown(element.code)}: {reason}", line)
                if reason
                else Entry(
                    file=self._name,
                    line=line,
                    system=source.strip(),
                    code=element.code.strip(),
                    target_system=target.strip(),
                    target_code=(match.code or "").strip(),
                    names=tuple(filter(None, (element.display, match.display))),
                )
            )

    def _fault(self, reason: str, line: int) -> Fault:
        return Fault(self._name, line, reason)

    def _line_of(self, raw: bytes) -> int:
        """The line where a part begins; parts come in the order of the file."""
        self._at = max(self._content.find(raw, self._at), self._at)
        self._line += self._content.count(b"\n", self._counted, self._at)
        self._counted = self._at
        return self._line


def _reason(target: Target) -> str | None:
    if target.relationship is not None:
        return "`relationship` is of FHIR R5: give `equivalence` (FHIR R4)"
    if target.equivalence not in SAME:
        return unlike(target.equivalence) if target.equivalence else "has no `equivalence`"
    if target.dependsOn or target.product:
        return "holds under conditions only (`dependsOn`, `product`)"
    return None if target.code else "has no `target.code`"


def _spoiled(*texts: str | None) -> str | None:
    is_whole = all(text and len(text) <= LONGEST_CELL and text.isprintable() for text in texts)
    return (
        None
        if is_whole
        else f"a code or system is longer than {LONGEST_CELL} characters, or has characters of no print"
    )


def _shown(code: str) -> str:
    return code[:40] if code.isprintable() else "a code"
