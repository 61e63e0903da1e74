"""The value sets, analytes and classes of medicines as FHIR R4 ValueSets, and the site's own codes as a ConceptMap."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from cds.knowledge.codes import Concept
from cds.knowledge.load import Knowledge
from cds.knowledge.model import MedicineClass

URN = "urn:twitch-cds"
BELOW = "~"  # stands for what follows a code in those below it
Json = dict[str, Any]
Holds = Callable[[Concept], bool]


def bundle(knowledge: Knowledge) -> Json:
    """Everything as one Bundle, each resource under its own id."""
    resources = [*value_sets(knowledge), *concept_maps(knowledge)]
    entries = [{"fullUrl": resource["url"], "resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def value_sets(knowledge: Knowledge) -> Iterator[Json]:
    """One for each value set with codes, each analyte, each class of medicines."""
    for name, value_set in knowledge.sets.items():
        yield from _value_set(knowledge, f"set-{name}", value_set.label, partial(_is_in, name))
    for name, analyte in knowledge.analytes.items():
        yield from _value_set(knowledge, f"analyte-{name}", analyte.label, partial(_is_about, name))
    for name, medicine in knowledge.medicines.items():
        yield from _value_set(knowledge, f"medicine-{name}", name, partial(_is_of, medicine))


def _is_about(name: str, concept: Concept) -> bool:
    return concept.analyte == name


def _is_in(name: str, concept: Concept) -> bool:
    return name in concept.sets


def _is_of(medicine: MedicineClass, concept: Concept) -> bool:
    return medicine.has(concept.groups, concept.code)


def concept_maps(knowledge: Knowledge) -> Iterator[Json]:
    """The site's own codes, if it has some."""
    groups: dict[tuple[str, str], list[Json]] = {}
    for site_code in knowledge.site.codes:
        concept = site_code.concept
        target = {"code": concept.code, "equivalence": "equivalent"} | _named(concept)
        groups.setdefault((site_code.system, concept.system), []).append({"code": site_code.code, "target": [target]})
    if groups:
        map_groups = [
            {"source": source, "target": target, "element": elements} for (source, target), elements in groups.items()
        ]
        yield {"resourceType": "ConceptMap", **_head(knowledge, "site", "The site's own codes"), "group": map_groups}


def _value_set(knowledge: Knowledge, name: str, title: str, holds: Holds) -> Iterator[Json]:
    """Each system by itself; nothing for what no code means."""
    parts = [part for system in sorted(knowledge.codes.systems) if (part := _System(knowledge, system, holds)).include]
    if parts:
        include = [code for part in parts for code in part.include]
        exclude = [code for part in parts for code in part.exclude]
        compose = {"include": include} | ({"exclude": exclude} if exclude else {})
        yield {"resourceType": "ValueSet", **_head(knowledge, name, title), "compose": compose}


class _System:
    """The codes of one system: each listed, and those below a code that covers all below it as a filter.

    A code with a point at its end (`J96.`) stands for those below its category, and not for the category itself.
    """

    def __init__(self, knowledge: Knowledge, system: str, holds: Holds) -> None:
        every = knowledge.codes.of_system(system)
        included = {concept.code: concept for concept in every if holds(concept)}
        above = [
            concept for concept in knowledge.codes.below(system) if holds(replace(concept, code=concept.code + BELOW))
        ]
        roots = {concept.code.rstrip("."): concept for concept in above}
        included |= {concept.code: concept for concept in above if not concept.code.endswith(".")}
        not_included = {
            concept.code: concept for concept in every if not holds(concept) and concept.code.startswith(tuple(roots))
        }
        not_included |= {
            code: Concept(system, code, "")
            for code in roots
            if (concept := knowledge.codes.find(system, code)) is None or not holds(concept)
        }
        self.include: list[Json] = [{"system": system, "concept": _concepts(included)}] if included else []
        self.include += [{"system": system, "filter": [_descends(code)]} for code in sorted(roots)]
        left_out = {code: concept for code, concept in not_included.items() if code not in included}
        self.exclude: list[Json] = [{"system": system, "concept": _concepts(left_out)}] if left_out else []


def _concepts(concepts: Mapping[str, Concept]) -> list[Json]:
    return [{"code": code} | _named(concepts[code]) for code in sorted(concepts)]


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
