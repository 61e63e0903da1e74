"""What a request grants: a FHIR server and a token (CDS Hooks 2.0, FHIR resource access), for one call only."""

from msgspec import Struct

from cds.secrecy import Secret


class Authorization(Struct, frozen=True, kw_only=True):
    """`fhirAuthorization`: a bearer token for `expires_in` seconds; `scope` in SMART v1 or v2 syntax."""

    token: Secret
    expires_in: int
    scope: str
    subject: str
    patient: str | None = None


class Source(Struct, frozen=True, kw_only=True):
    """Where the rest of a chart may be asked for, and the values for the tokens of the templates.

    With `is_unusable`, a `fhirAuthorization` was sent that cannot be used: then nothing is asked for.
    """

    server: str | None = None
    authorization: Authorization | None = None
    is_unusable: bool = False
    context: dict[str, str] = {}

    @property
    def can_be_asked(self) -> bool:
        """Whether there is a server, and nothing that forbids to ask it."""
        return self.server is not None and not self.is_unusable
