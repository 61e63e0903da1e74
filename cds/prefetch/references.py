"""Medication references that lead nowhere: neither contained nor among what is held (FHIR R4, references)."""

from collections.abc import Iterable, Iterator

from cds.fhir.datatypes import Reference
from cds.fhir.references import id_of
from cds.fhir.resources import Any, Medicated, Medication

WITHDRAWN = "entered-in-error"


def target_of(entry: Medicated) -> str | None:
    """Where an entry says that its medicine is, if it does not name it itself."""
    inner = entry.medication
    if entry.medication_codeable_concept is not None or (inner is not None and inner.concept is not None):
        return None
    reference: Reference | None = entry.medication_reference or (inner.reference if inner is not None else None)
    target = reference.reference if reference is not None else None
    return target if target and not target.startswith("#") else None


def shelf(resources: Iterable[Any]) -> frozenset[str]:
    """The ids of the Medications that are held."""
    return frozenset(resource.id for resource in resources if isinstance(resource, Medication) and resource.id)


def dangling(resources: Iterable[Any], targets: frozenset[str]) -> Iterator[str]:
    """The targets of entries whose Medication is not held, once for each entry."""
    for resource in resources:
        if isinstance(resource, Medicated) and resource.status != WITHDRAWN:
            target = target_of(resource)
            if target and id_of(target) not in targets:
                yield target
