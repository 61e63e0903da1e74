"""A code becomes a token: the exchange at the token endpoint, and what must be in its answer."""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, urlencode

from joserfc import jwt
from msgspec import Struct

from cds.secrecy import Secret
from cds.smart.discovery import Endpoints
from cds.smart.launch import READS, WRITES, Pending
from cds.smart.refusal import AppRefused
from cds.smart.wire import Json, Unreached, Wire
from cds.trust.smart_entry import SmartClient

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 240  # SMART: five minutes at the most
MOST_SECONDS = 3600
LONGEST_CONTEXT = 500
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
PRINTABLE = re.compile(r"[!-~]{1,6000}", re.ASCII)  # what can stand in a header and be kept in a cookie


class Granted(Struct, frozen=True, kw_only=True):
    """What the EHR granted; nothing of it is believed of the user before the id token was judged.

    `context` is what our card said to the app (CDS Hooks 2.0, `appContext`)."""

    token: Secret
    seconds: int
    scope: str
    patient: str
    id_token: str
    context: str = ""


async def exchange(
    code: str,
    pending: Pending,
    smart: SmartClient,
    endpoints: Endpoints,
    redirect: str,
    wire: Wire,
    now: datetime,
    new_id: Callable[[], str],
) -> Granted:
    """The token for a code; raises AppRefused."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": pending.verifier,
    }
    proof, headers = _proof(smart, endpoints.token, now, new_id)
    try:
        answer = await wire.post_form(endpoints.token, urlencode(form | proof), headers)
    except Unreached as problem:
        raise AppRefused("no-token") from problem
    if not answer.is_good:
        raise AppRefused("no-token")
    return _granted(answer.body)


def _proof(
    smart: SmartClient, audience: str, now: datetime, new_id: Callable[[], str]
) -> tuple[dict[str, str], dict[str, str]]:
    """How this client proves who it is: fields of the form, and headers (SMART, client authentication)."""
    if smart.signer is not None:
        return {
            "client_assertion_type": ASSERTION,
            "client_assertion": _assertion(smart, audience, now, new_id()),
        }, {}
    secret = _secret(smart)
    if secret is None:
        return {"client_id": smart.client_id}, {}
    pair = f"{quote(smart.client_id, safe='')}:{quote(secret.reveal(), safe='')}"  # RFC 6749 section 2.3.1
    return {}, {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _secret(smart: SmartClient) -> Secret | None:
    try:
        return smart.secret()
    except (OSError, UnicodeDecodeError) as problem:
        raise AppRefused("no-token") from problem


def _assertion(smart: SmartClient, audience: str, now: datetime, name: str) -> str:
    signer, issued = smart.signer, int(now.timestamp())
    assert signer is not None
    claims = {"iss": smart.client_id, "sub": smart.client_id, "aud": audience, "jti": name, "iat": issued}
    header = {"alg": signer.algorithm, "typ": "JWT", "kid": signer.kid}
    claims_until = {**claims, "exp": issued + ASSERTION_SECONDS}
    return jwt.encode(header, claims_until, signer.key, algorithms=[signer.algorithm])


def _granted(document: Json) -> Granted:
    token, kind, patient, id_token = (
        document.get(name) for name in ("access_token", "token_type", "patient", "id_token")
    )
    if not isinstance(token, str) or not PRINTABLE.fullmatch(token) or str(kind).lower() != "bearer":
        raise AppRefused("no-token")
    if not isinstance(patient, str) or not ID.fullmatch(patient):
        raise AppRefused("no-patient")
    if not isinstance(id_token, str):
        raise AppRefused("no-identity")
    seconds = document.get("expires_in")
    seconds = seconds if isinstance(seconds, int) and 0 < seconds < MOST_SECONDS else MOST_SECONDS
    scope = document.get("scope")
    scope = scope if isinstance(scope, str) and scope else " ".join((*READS, *WRITES))  # RFC 6749 5.1: as asked for
    context = document.get("appContext")
    return Granted(
        token=Secret(token),
        seconds=seconds,
        scope=scope,
        patient=patient,
        id_token=id_token,
        context=context if isinstance(context, str) and len(context) <= LONGEST_CONTEXT else "",
    )
