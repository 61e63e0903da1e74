"""The value sets, analytes and classes of medicines as FHIR R4 ValueSets, and the site's own codes as a ConceptMap."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge

URN = "urn:twitch-cds"
Json = dict[str, Any]


def bundle(knowledge: Knowledge) -> Json:
    """Everything as one Bundle, each resource under its own id."""
    resources = [*value_sets(knowledge), *concept_maps(knowledge)]
    entries = [{"fullUrl": one["url"], "resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def value_sets(knowledge: Knowledge) -> Iterator[Json]:
    """One for each value set with codes, each analyte, each class of medicines."""
    codes = knowledge.codes
    for name, one in knowledge.sets.items():
        if members := codes.marked(name):
            yield _value_set(knowledge, (f"set-{name}", one.label), members, partial(_is_in, name))
    for name, analyte in knowledge.analytes.items():
        yield _value_set(knowledge, (f"analyte-{name}", analyte.label), codes.of_analyte(name), bool)
    for name, medicine in knowledge.medicines.items():
        groups = frozenset((*medicine.groups, *medicine.check_route))
        members = [concept for system in sorted(codes.systems) for concept in codes.in_groups(system, groups)]
        yield _value_set(knowledge, (f"medicine-{name}", name), members, partial(_is_of, groups))


def _is_in(name: str, concept: Concept) -> bool:
    return name in concept.sets


def _is_of(groups: frozenset[str], concept: Concept) -> bool:
    return not groups.isdisjoint(concept.groups)


def concept_maps(knowledge: Knowledge) -> Iterator[Json]:
    """The site's own codes, if it has some."""
    groups: dict[tuple[str, str], list[Json]] = {}
    for one in knowledge.site.codes:
        concept = one.concept
        target = {"code": concept.code, "equivalence": "equivalent"} | _named(concept)
        groups.setdefault((one.system, concept.system), []).append({"code": one.code, "target": [target]})
    if groups:
        made = [
            {"source": source, "target": target, "element": elements} for (source, target), elements in groups.items()
        ]
        yield {"resourceType": "ConceptMap", **_head(knowledge, "site", "The site's own codes"), "group": made}


def _value_set(
    knowledge: Knowledge, name: tuple[str, str], members: Iterable[Concept], holds: Callable[[Concept], bool]
) -> Json:
    """Exact codes are listed; a code that stands for all below it is a filter, without those that are excepted."""
    exact: dict[str, list[Concept]] = {}
    below: dict[str, set[str]] = {}
    for concept in members:
        if knowledge.codes.is_prefix(concept):
            below.setdefault(concept.system, set()).add(concept.code)
        else:
            exact.setdefault(concept.system, []).append(concept)
    include = [{"system": system, "concept": _concepts(some)} for system, some in sorted(exact.items())]
    exclude: list[Json] = []
    for system, prefixes in sorted(below.items()):
        include += [{"system": system, "filter": [_descends(code)]} for code in sorted(prefixes)]
        under = (one for one in knowledge.codes.of_system(system) if one.code.startswith(tuple(prefixes)))
        if others := [one for one in under if not holds(one)]:
            exclude.append({"system": system, "concept": _concepts(others)})
    compose = {"include": include} | ({"exclude": exclude} if exclude else {})
    return {"resourceType": "ValueSet", **_head(knowledge, *name), "compose": compose}


def _concepts(some: Iterable[Concept]) -> list[Json]:
    named = {one.code: one for one in some}
    return [{"code": code} | _named(named[code]) for code in sorted(named)]


def _descends(code: str) -> Json:
    return {"property": "concept", "op": "is-a", "value": code}


def _named(concept: Concept) -> Json:
    return {"display": concept.display} if concept.display else {}


def _head(knowledge: Knowledge, name: str, title: str) -> Json:
    return {
        "id": name,
        "url": f"{URN}:{name}",
        "version": knowledge.version,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": title,
        "status": "active",
    }
