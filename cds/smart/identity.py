"""Who is in front of the app: the id token judged (OpenID Connect Core 3.1.3.7), and its `fhirUser`."""

import re
from datetime import datetime
from typing import Protocol

from joserfc import jws, jwt
from joserfc.errors import JoseError

from cds.smart.discovery import Endpoints
from cds.smart.refusal import AppRefused
from cds.trust.jwks import PublicKey
from cds.trust.keys import NoKey
from cds.trust.names import ALLOWED

LEEWAY = 60
CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})
USER = re.compile(r"(?:https?://\S{1,400}/)?(?P<user>(?P<kind>[A-Za-z]{1,40})/[A-Za-z0-9\-.]{1,64})", re.ASCII)


class Finding(Protocol):
    """The keys of one issuer (`cds.trust.keys.Keys`)."""

    async def find(self, kid: str) -> PublicKey:
        """The key of that name, or NoKey."""


async def clinician_in(
    id_token: str, client_id: str, nonce: str, endpoints: Endpoints, keys: Finding, now: datetime
) -> str:
    """The `fhirUser` as `Practitioner/id`; raises AppRefused for a token that proves nothing, and for other people."""
    claims = await _claims(id_token, client_id, nonce, endpoints, keys, now)
    reference = claims.get("fhirUser") or claims.get("profile")
    match = USER.fullmatch(reference) if isinstance(reference, str) else None
    if match is None or match["kind"] not in CLINICIANS:
        raise AppRefused("not-clinician")
    return match["user"]


async def _claims(
    id_token: str, client_id: str, nonce: str, endpoints: Endpoints, keys: Finding, now: datetime
) -> dict[str, object]:
    try:
        header = jws.extract_compact(id_token.encode()).headers()
        key = await keys.find(str(header.get("kid", "")))
        claims = jwt.decode(id_token, key.key, algorithms=sorted(key.algorithms & set(ALLOWED))).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": endpoints.issuer},
            aud={"essential": True, "value": client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
    except (JoseError, NoKey, ValueError) as problem:
        raise AppRefused("no-identity") from problem
    if claims.get("azp", client_id) != client_id:
        raise AppRefused("no-identity")
    return claims
