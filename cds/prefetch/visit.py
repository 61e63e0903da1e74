"""One call's visit to one FHIR server: what it asks with, and until when."""

import re
from collections.abc import Mapping

from msgspec import Struct

from cds.access import Authorization
from cds.fhir.allowance import Allowance
from cds.fhir.references import entry_type
from cds.prefetch.allowed import Base
from cds.prefetch.client import Answer, Client, Server
from cds.prefetch.scopes import READ, SEARCH, Access, Grants
from cds.prefetch.templates import Ask

LONGEST_URL = 7000  # bytes; what many servers and proxies take as one line is 8 kB. Longer searches are sent by POST
_INCLUDE = re.compile(r"(?:^|&)_include=[^&]*")
LONG_URL = 2000  # bytes; a longer search that was refused is sent by POST, in case its length was the reason
FORM = "application/x-www-form-urlencoded"


class Visit(Struct, frozen=True):
    """The server, its base, and the token of this call, which goes nowhere else.

    `keeps`: whether what was fetched is to be had as it came.
    """

    client: Client
    server: Server
    base: Base
    authorization: Authorization | None
    grants: Grants
    pages: int
    allowance: Allowance
    cut: list[float] = []
    keeps: bool = False

    def keep(self, chunks: list[bytes], body: bytes) -> None:
        """Keep what was fetched beside what was made of it, if that is wanted."""
        if self.keeps:
            chunks.append(body)

    def access(self, ask: Ask) -> Access:
        """How much of what is asked for the token grants."""
        return self.grants.of(entry_type(ask.path), SEARCH if ask.is_search else READ)

    def address(self, ask: Ask) -> str:
        """Where a request goes; relative links are resolved against it."""
        return f"{self.base.url}/{ask.path}" + (f"?{ask.query}" if ask.query else "")

    async def ask(self, ask: Ask) -> Answer:
        """A read, or the first page of a search; a search that the server refuses is asked once more, more simply."""
        url = self.address(ask)
        if ask.is_search and len(url) > LONGEST_URL:
            answer = await self._post(ask)
        else:
            answer = await self._get(url, is_search=ask.is_search)
        simpler = Ask(ask.path, _INCLUDE.sub("", ask.query).strip("&"))
        if not answer.is_refused_search or (simpler == ask and len(url) <= LONG_URL):
            return answer
        return await (self._post(simpler) if len(url) > LONG_URL else self._get(self.address(simpler), is_search=True))

    async def page(self, url: str) -> Answer:
        """A further page, by an address on the same base."""
        return await self._get(url)

    async def _get(self, url: str, *, is_search: bool = False) -> Answer:
        request = self.client.request("GET", url, self._headers())
        return await self.client.send(self.server, request, self.cut, is_search=is_search)

    async def _post(self, ask: Ask) -> Answer:
        headers = {**self._headers(), "Content-Type": FORM}
        url = f"{self.base.url}/{ask.path}/_search"
        request = self.client.request("POST", url, headers, ask.query)
        return await self.client.send(self.server, request, self.cut, is_search=True)

    def _headers(self) -> Mapping[str, str]:
        token = self.authorization.token.reveal() if self.authorization else ""
        return {"Authorization": f"Bearer {token}"} if token else {}
