"""`twitch-cds mint-token`: a signed token on standard output, for testers."""

import sys
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from cds.clock import utc_now
from cds.progress import working
from cds.trust.mint import Signer, TokenRequest, new_key, publish, read_key, signer_of, write_key
from cds.trust.names import DEFAULT, LIFETIME


class Options(NamedTuple):
    """The token that is wanted, and the key that signs it."""

    audience: str
    issuer: str
    key: Path
    new_key: bool = False
    jwks: Path | None = None
    alg: str | None = None
    kid: str | None = None
    jku: str | None = None
    tenant: str | None = None
    lifetime: int = LIFETIME


def run(options: Options) -> int:
    """Print one token; what was written on the way is said on standard error."""
    signer = _signer(options)
    if options.jwks is not None:
        publish(signer, options.jwks)
        sys.stderr.write(f"twitch-cds: public key {signer.kid} is in {options.jwks}\n")
    request = TokenRequest(
        audience=options.audience,
        issuer=options.issuer,
        tenant=options.tenant,
        jku=options.jku,
        lifetime=options.lifetime,
    )
    sys.stdout.write(signer.token(request, utc_now(), str(uuid4())) + "\n")
    return 0


def _signer(options: Options) -> Signer:
    """The key that is there, or a new one."""
    if not options.new_key:
        return signer_of(read_key(options.key), options.alg, options.kid)
    with working("Making the key"):
        signer = signer_of(new_key(options.alg or DEFAULT[0]), options.alg, options.kid)
    write_key(signer.key, options.key)
    sys.stderr.write(f"twitch-cds: private key is in {options.key}; give it to nobody\n")
    return signer
