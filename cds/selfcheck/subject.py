"""What is checked, and with which means."""

import ssl
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from cds.http import httpx
from cds.settings import Settings
from cds.trust.mint import Signer, TokenRequest

SERVICES = "/cds-services"
NO_KEY = "give --key and --issuer of a registered client (twitch-cds mint-token --new-key makes one for tests)"


class Credential(Struct, frozen=True):
    """What the check signs in with: a registered client's key."""

    signer: Signer
    issuer: str
    tenant: str | None = None


class Subject(Struct, frozen=True, kw_only=True):
    """The running service, the settings of this environment, and how to reach both; `fhir` uses no proxy."""

    url: str
    settings: Settings
    http: httpx.Client
    fhir: httpx.Client
    context: ssl.SSLContext
    now: Callable[[], datetime]
    new_name: Callable[[], str]
    origin: str | None = None
    credential: Credential | None = None

    @property
    def is_tls(self) -> bool:
        """Whether the address is https."""
        return urlsplit(self.url).scheme == "https"

    @property
    def discovery(self) -> str:
        """The address of discovery."""
        return self.url + SERVICES

    def token(self, credential: Credential, audience: str) -> str:
        """A fresh token for an address."""
        request = TokenRequest(audience=audience, issuer=credential.issuer, tenant=credential.tenant)
        return credential.signer.token(request, self.now(), self.new_name())

    def get(self, url: str, token: str | None = None) -> httpx.Response:
        """One request, with a token when one is given."""
        headers = {"accept": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        return self.http.get(url, headers=headers)


def base_of(url: str) -> str:
    """The address of a service: without a slash or /cds-services at its end."""
    return url.rstrip("/").removesuffix(SERVICES).rstrip("/")


def words(problem: Exception) -> str:
    """A failure of the network in words."""
    return f"{type(problem).__name__} {problem}".strip()
