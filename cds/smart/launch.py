"""The way to the EHR's sign-in and back: state, nonce, PKCE (RFC 7636), and the issuer in the answer (RFC 9207)."""

import hmac
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from msgspec import Struct

from cds.smart.discovery import Endpoints
from cds.smart.names import CODE_CHALLENGE, challenge_of
from cds.smart.refusal import AppRefused
from cds.trust.smart_entry import SmartClient
from cds.trust.strict import encode_base64url

READS = ("patient/Patient.r", "patient/Condition.rs", "patient/Observation.rs")
WRITES = ("patient/QuestionnaireResponse.c", "patient/Observation.c")
IDENTITY = ("openid", "fhirUser")
BYTES = 32
LONGEST = 4096


class Pending(Struct, frozen=True, kw_only=True):
    """A sign-in under way: what must come back, and what proves that it was us who began."""

    issuer: str
    state: str
    nonce: str
    verifier: str


def begin(
    smart: SmartClient, endpoints: Endpoints, launch: str | None, redirect: str, new: Callable[[int], bytes]
) -> tuple[str, Pending]:
    """The address to send the browser to, and what to remember. Without a `launch` the EHR asks for the patient."""
    state, nonce, verifier = (encode_base64url(new(BYTES)) for _ in range(3))
    scopes = ("launch" if launch is not None else "launch/patient", *IDENTITY, *READS, *WRITES)
    query = {
        "response_type": "code",
        "client_id": smart.client_id,
        "redirect_uri": redirect,
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "aud": smart.issuer,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": CODE_CHALLENGE,
    } | ({"launch": launch} if launch is not None else {})
    joint = "&" if "?" in endpoints.authorize else "?"
    pending = Pending(issuer=smart.issuer, state=state, nonce=nonce, verifier=verifier)
    return f"{endpoints.authorize}{joint}{urlencode(query)}", pending


def code_in(query: Mapping[str, str], pending: Pending, endpoints: Endpoints) -> str:
    """The code of an answer that is the one we wait for; raises AppRefused."""
    if not hmac.compare_digest(query.get("state", "").encode(), pending.state.encode()):
        raise AppRefused("not-understood")
    iss = query.get("iss")
    if (iss is None and endpoints.names_itself) or (iss is not None and iss != endpoints.issuer):
        raise AppRefused("wrong-issuer")
    if "error" in query:
        raise AppRefused("denied")
    code = query.get("code", "")
    if not 1 <= len(code) <= LONGEST:
        raise AppRefused("not-understood")
    return code
