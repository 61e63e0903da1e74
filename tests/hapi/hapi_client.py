"""What the tests say to the FHIR server: transactions, and searches from prefetch templates read to their last page."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
from charts.resources import Json

FHIR = "application/fhir+json"
BATCH = 250
TOKEN = re.compile(r"\{\{context\.(\w+)\}\}")
UNRESERVED = "=&,|:/"


@dataclass(frozen=True)
class Fhir:
    """A client of one server."""

    base: str
    http: httpx.Client

    def read(self, address: str) -> httpx.Response:
        """One GET; relative to the base, or a whole address."""
        return self.http.get(address if address.startswith(self.base) else f"{self.base}/{address}")

    def post(self, kind: str, resource: Json) -> httpx.Response:
        """Create one resource, or send a Bundle to the base (kind "")."""
        return self.http.post(f"{self.base}/{kind}".rstrip("/"), json=resource)

    def post_search(self, search: str) -> httpx.Response:
        """The same search as a form (FHIR R4, 3.1.1.1 search by POST)."""
        kind, _, query = search.partition("?")
        return self.http.post(f"{self.base}/{kind}/_search", data=dict(parse_qsl(query)))

    def load(self, resources: Iterable[Json]) -> None:
        """Put resources under their ids, in transactions."""
        rest = iter(resources)
        while batch := list(islice(rest, BATCH)):
            answer = self.post("", transaction(batch))
            assert answer.status_code == 200, answer.text[:2000]

    def pages(self, first: str) -> Iterator[Json]:
        """The pages of a search, following `next`; one resource is a page of its own."""
        address: str | None = first
        while address is not None:
            answer = self.read(address)
            assert answer.status_code == 200, (address, answer.text[:2000])
            page: Json = answer.json()
            yield page
            address = next_of(page)

    def whole(self, search: str) -> Json:
        """All pages of a search as one, or the resource that was read."""
        first, *others = self.pages(search)
        if first["resourceType"] != "Bundle":
            return first
        entries = [entry for page in (first, *others) for entry in page.get("entry", ())]
        made = {name: value for name, value in first.items() if name not in {"link", "entry"}}
        return made | ({"entry": entries} if entries else {})


def transaction(resources: Iterable[Json]) -> Json:
    """A transaction that puts each resource under its own id."""
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def search_for(template: str, context: Mapping[str, Any]) -> str:
    """A template filled in for a call, escaped as a client does (RFC 3986)."""
    path, mark, query = TOKEN.sub(lambda token: str(context[token[1]]), template).partition("?")
    return path + mark + quote(query, safe=UNRESERVED)


def next_of(page: Json) -> str | None:
    """The address of the next page."""
    links: list[Any] = page.get("link", [])
    return next((str(link["url"]) for link in links if link["relation"] == "next"), None)
