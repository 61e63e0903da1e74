"""Making tokens as a client makes them, for tests and for hospital IT: key pair, key set, signed token."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from msgspec import Struct

from cds.errors import UsageError
from cds.trust.algorithms import Key, fitting
from cds.trust.names import ALLOWED, LIFETIME

RSA_BITS = 3072
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
USUAL = ("ES384", "RS384", *ALLOWED)
PRIVATE_MODE = 0o600


class TokenRequest(Struct, frozen=True, kw_only=True):
    """What a token shall say; times in seconds since 1970."""

    audience: str
    issuer: str
    tenant: str | None = None
    jku: str | None = None
    lifetime: int = LIFETIME


class Signer(Struct, frozen=True):
    """A private key, the name under which its public half is published, and the algorithm."""

    key: Key
    kid: str
    algorithm: str

    def token(self, request: TokenRequest, now: datetime, name: str) -> str:
        """A signed token; `name` is its jti."""
        issued = int(now.timestamp())
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid} | _given({"jku": request.jku})
        claims = {
            "iss": request.issuer,
            "aud": request.audience,
            "iat": issued,
            "exp": issued + request.lifetime,
            "jti": name,
            **_given({"tenant": request.tenant}),
        }
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=[self.algorithm])

    def public(self) -> dict[str, object]:
        """The public half as a JWK, ready to be published."""
        return {**self.key.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": self.algorithm}


def signer_of(key: Key, algorithm: str | None = None, kid: str | None = None) -> Signer:
    """Name a key by its RFC 7638 thumbprint, and choose the algorithm by its type, unless they are given."""
    fits = fitting(key)
    algorithm_name = algorithm or next(name for name in USUAL if name in fits)
    if algorithm_name not in fits:
        raise UsageError(f"--alg {algorithm_name}: this key is for {', '.join(sorted(fits))}")
    return Signer(key, kid or key.thumbprint(), algorithm_name)


def new_key(algorithm: str) -> Key:
    """A fresh key pair for an algorithm."""
    if algorithm in CURVES:
        return ECKey.generate_key(CURVES[algorithm])
    return RSAKey.generate_key(RSA_BITS)


def read_key(path: Path) -> Key:
    """A private key from a PEM or JWK file."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise UsageError(f"--key {path}: cannot be read") from problem
    for kind in (ECKey, RSAKey):
        try:
            key: Key = kind.import_key(json.loads(data) if data.lstrip().startswith(b"{") else data)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if key.is_private and fitting(key):
            return key
    raise UsageError(f"--key {path}: contains no usable private EC or RSA key (PEM without password, or JWK)")


def write_key(key: Key, path: Path) -> None:
    """Write a private key as PEM, readable by its owner only; never over a file that is there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    except OSError as problem:
        raise UsageError(f"--key {path}: cannot be made ({os.strerror(problem.errno or 0)})") from problem
    with os.fdopen(handle, "wb") as file:
        file.write(key.as_pem(private=True))


def publish(signer: Signer, path: Path) -> None:
    """Put the public half into a key set file; keys of other names that are there stay, as a rotation needs."""
    try:
        published = json.loads(path.read_bytes())["keys"] if path.exists() else []
        keys = [*(key for key in published if key.get("kid") != signer.kid), signer.public()]
        path.write_text(json.dumps({"keys": keys}, indent=2) + "\n", "utf-8")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise UsageError(f"--jwks {path}: is not a usable key set, or cannot be written") from problem


def _given(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
