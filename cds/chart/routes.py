"""The routes of a medicine: those its dosages state by code, and those that words say (N47)."""

from collections.abc import Iterable, Sequence
from itertools import chain

from cds.fhir import concepts
from cds.fhir.datatypes import CodeableConcept
from cds.fhir.resources import Dosage
from cds.knowledge.load import Knowledge


class RouteNames:
    """Our names of routes of administration."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._codes = knowledge.route_codes
        self._words = knowledge.route_words

    def coded(self, dosages: Iterable[Dosage]) -> frozenset[str]:
        """The routes that dosages state by code."""
        return frozenset(name for dosage in dosages if (name := self._name(dosage.route)))

    def said(self, dosages: Sequence[Dosage], product: Iterable[str]) -> frozenset[str]:
        """The routes that the words of dosages and of the product, its form among them, say."""
        routes = chain.from_iterable(concepts.texts(dosage.route) for dosage in dosages)
        methods = chain.from_iterable(concepts.texts(dosage.method) for dosage in dosages)
        texts = (dosage.text for dosage in dosages if dosage.text)
        return self._words.said(routes, chain(methods, product), texts)

    def _name(self, route: CodeableConcept | None) -> str | None:
        codings = route.coding or () if route is not None else ()
        names = (self._codes.get((coding.system or "", coding.code or "")) for coding in codings)
        return next((name for name in names if name), None)
