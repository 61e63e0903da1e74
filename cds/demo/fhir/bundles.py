"""Run a search over one day's resources and lay the answer out as a searchset Bundle."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from cds.demo.fhir.charts import ChartStore, Resource
from cds.demo.fhir.filters import codes_of, folded, references_of, spans_of, values
from cds.demo.fhir.parameters import Parameter
from cds.demo.fhir.queries import Include, Query, SortKey, ignored_text


class Place(NamedTuple):
    """Where a search stands: the server's public base, and the path under it that was searched."""

    base: str
    path: str

    def link(self, relation: str, query: str) -> dict[str, str]:
        """Write a link that stays on this server, whatever the request's headers say."""
        url = f"{self.base}/{self.path}"
        return {"relation": relation, "url": f"{url}?{query}" if query else url}


def searchset(store: ChartStore, candidates: Iterable[Resource], query: Query, place: Place) -> Resource:
    """Search, sort, cut the page, include, and say what was ignored."""
    matches = [resource for resource in candidates if all(holds(resource) for holds in query.filters)]
    for order in reversed(query.sort):
        matches = _sorted(matches, order, place.base)
    end = query.offset + query.count
    page = [] if query.count_only else matches[query.offset : end]
    links = [place.link("self", query.self_query())]
    if page and end < len(matches):
        links.append(place.link("next", query.next_query()))
    entries = [_entry(resource, "match", place.base) for resource in page]
    entries += [_entry(resource, "include", place.base) for resource in _included(store, page, query, place.base)]
    entries += [_ignored_entry(query)] if query.ignored else []
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(matches), "link": links}
    return {**bundle, "entry": entries} if entries else bundle  # FHIR knows no empty arrays


def _entry(resource: Resource, mode: str, base: str) -> dict[str, Any]:
    url = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}


def _ignored_entry(query: Query) -> dict[str, Any]:
    """Report what was ignored; the outcome is not a resource of this server, so a urn names it."""
    text = ignored_text(query)
    issue = {"severity": "warning", "code": "not-supported", "details": {"text": text}}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    return {"fullUrl": uuid5(NAMESPACE_URL, text).urn, "resource": outcome, "search": {"mode": "outcome"}}


def _included(store: ChartStore, page: list[Resource], query: Query, base: str) -> list[Resource]:
    """Find what the page's resources refer to, each once and none that the page holds already."""
    on_page = {f"{resource['resourceType']}/{resource['id']}" for resource in page}
    references = [name for include in query.includes for resource in page for name in _targets(resource, include, base)]
    included = (store.find(name) for name in dict.fromkeys(references) if name not in on_page)
    return [resource for resource in included if resource is not None]


def _targets(resource: Resource, include: Include, base: str) -> Iterator[str]:
    if resource["resourceType"] != include.source:
        return
    for reference in references_of(resource, include.parameter, base):
        if include.target is None or reference.startswith(f"{include.target}/"):
            yield reference


def _sorted(resources: list[Resource], order: SortKey, base: str) -> list[Resource]:
    """Sort by one key, keeping the order of equals; what lacks the key comes last, in either direction."""
    keyed = [(_keys(resource, order.parameter, base), resource) for resource in resources]
    pick = max if order.descending else min
    sortable = [(pick(keys), resource) for keys, resource in keyed if keys]
    sortable.sort(key=lambda pair: pair[0], reverse=order.descending)
    return [resource for _, resource in sortable] + [resource for keys, resource in keyed if not keys]


def _keys(resource: Resource, parameter: Parameter, base: str) -> list[Any]:
    match parameter.kind:
        case "date":
            return [span.utc for span in spans_of(resource, parameter)]
        case "token":
            return [code or "" for _, code in codes_of(resource, parameter)]
        case "reference":
            return list(references_of(resource, parameter, base))
        case _:
            return [folded(value) for value in values(resource, parameter)]
