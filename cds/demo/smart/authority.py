"""What the demo's authorization server gives out: codes, tokens, id tokens. It keeps which codes were used, no more."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from msgspec import Struct

from cds.keyed import Keyed
from cds.modes import ALL_ON
from cds.prefetch.scopes import Access, Grants
from cds.secrecy import Secret
from cds.smart.names import challenge_of
from cds.smart.sealed import Sealer
from cds.trust.mint import Signer, signer_of
from cds.trust.registry import Client
from cds.trust.smart_entry import PATIENT_GAP, SmartClient

CLIENT_ID = "twitch-cds-demo"
USER = "Practitioner/demo"
LAUNCH_SECONDS, CODE_SECONDS, TOKEN_SECONDS = 600, 60, 900
MOST_USED = 1000
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the group of P-256 (FIPS 186-5)


class Launch(Struct, frozen=True):
    """What the launcher was given: whose chart, and what the card said of the app's context."""

    patient: str
    context: str = ""


class Code(Struct, frozen=True, kw_only=True):
    """What was agreed to, until the code is exchanged."""

    name: str
    patient: str
    context: str
    scope: str
    nonce: str
    challenge: str
    redirect: str


class Token(Struct, frozen=True):
    """What an access token of the demo may do."""

    patient: str
    scope: str


class Authority:
    """Gives out and checks. One signing key for all processes: it is made from the key of the hashes."""

    def __init__(
        self,
        base: str,
        key: Secret,
        now: Callable[[], datetime],
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """`base` is the FHIR base, which is the issuer too."""
        self.base = base
        self._sealer, self._now, self._new_id = Sealer(key, now), now, new_id
        self._signer = _signer(key)
        self._used_codes: list[str] = []

    @property
    def jwks(self) -> dict[str, object]:
        """The public key of id tokens."""
        return {"keys": [self._signer.public()]}

    def launch(self, patient: str, context: str) -> str:
        """The `launch` value for one chart."""
        return self._sealer.seal("demo-launch", Launch(patient, context), self._in(LAUNCH_SECONDS))

    def launched(self, text: str) -> Launch | None:
        """What a `launch` value refers to."""
        return self._sealer.open("demo-launch", text, Launch)

    def code(self, launch: Launch, scope: str, nonce: str, challenge: str, redirect: str) -> str:
        """A code for what was agreed to."""
        code = Code(
            name=self._new_id(),
            patient=launch.patient,
            context=launch.context,
            scope=scope,
            nonce=nonce,
            challenge=challenge,
            redirect=redirect,
        )
        return self._sealer.seal("demo-code", code, self._in(CODE_SECONDS))

    def exchanged(self, text: str, verifier: str, redirect: str) -> dict[str, object] | None:
        """The answer of the token endpoint; None for a code that is wrong, over, or used."""
        code = self._sealer.open("demo-code", text, Code)
        if code is None or code.name in self._used_codes:
            return None
        self._used_codes = [*self._used_codes[-MOST_USED:], code.name]
        if challenge_of(verifier) != code.challenge or redirect != code.redirect:
            return None
        grant: dict[str, object] = {
            "access_token": self._sealer.seal("demo-token", Token(code.patient, code.scope), self._in(TOKEN_SECONDS)),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": code.scope,
            "patient": code.patient,
            "need_patient_banner": True,
            "id_token": self._id_token(code.nonce),
        }
        return grant | ({"appContext": code.context} if code.context else {})

    def may_create(self, kind: str, token: str) -> str | None:
        """The patient for whom a token may create a resource of this type; None if it may not."""
        access = self._sealer.open("demo-token", token, Token)
        if access is None or Grants(access.scope).of(kind, "c") is Access.NONE:
            return None
        return access.patient

    def _id_token(self, nonce: str) -> str:
        issued = int(self._now().timestamp())
        claims = {
            "iss": self.base,
            "sub": USER,
            "aud": CLIENT_ID,
            "iat": issued,
            "exp": issued + TOKEN_SECONDS,
            "nonce": nonce,
            "fhirUser": f"{self.base}/{USER}",
        }
        header = {"alg": self._signer.algorithm, "kid": self._signer.kid}
        return jwt.encode(header, claims, self._signer.key, algorithms=[self._signer.algorithm])

    def _in(self, seconds: int) -> int:
        return int(self._now().timestamp()) + seconds


def demo_client(public_url: str, base: str) -> Client:
    """The registration of the demo's own EHR: a public client, which goes back to the chart of the playground."""
    smart = SmartClient(issuer=base, client_id=CLIENT_ID, return_url=f"{public_url}/demo/patients/{PATIENT_GAP}")
    return Client(
        name="demo",
        issuer=base,
        jwks_url=None,
        jwks_file=None,
        jku=frozenset(),
        algorithms=(),
        audiences=(),
        tenants=frozenset(),
        fhir_servers=None,
        rate_per_second=None,
        patient_users=False,
        card_extension=True,
        many_actions=False,
        modes=ALL_ON,
        smart=smart,
    )


def _signer(key: Secret) -> Signer:
    digits = Keyed(key.reveal().encode()).of(b"demo authorization server: id tokens")
    private = ec.derive_private_key(int(digits, 16) % (ORDER - 1) + 1, ec.SECP256R1())
    return signer_of(ECKey.import_key(private), "ES256")
