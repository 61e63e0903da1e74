"""`twitch-cds mint-token`: a signed token on standard output, for testers."""

import argparse
import sys
from pathlib import Path
from uuid import uuid4

from cds.clock import utc_now
from cds.trust.algorithms import ALLOWED, DEFAULT
from cds.trust.mint import LIFETIME, Order, Signer, new_key, publish, read_key, signer_of, write_key

MOST_SECONDS = 86_400


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of `twitch-cds mint-token`."""
    command.add_argument("--audience", metavar="URL", required=True, help="the exact address that will be called (aud)")
    command.add_argument("--issuer", metavar="ISS", required=True, help="the issuer as it is registered (iss)")
    command.add_argument("--key", metavar="FILE", required=True, type=Path, help="the private key (PEM or JWK)")
    command.add_argument("--new-key", action="store_true", help="make the key and write it to --key first (mode 0600)")
    command.add_argument("--jwks", metavar="FILE", type=Path, help="add the public key to this key set file")
    command.add_argument("--alg", choices=ALLOWED, help=f"the algorithm (by the key; {DEFAULT[0]} for a new one)")
    command.add_argument("--kid", metavar="NAME", help="the key's name in the key set (its RFC 7638 thumbprint)")
    command.add_argument("--jku", metavar="URL", help="say in the header where the key set is")
    command.add_argument("--tenant", metavar="NAME", help="the tenant of the client")
    command.add_argument(
        "--lifetime", metavar="SECONDS", type=_seconds, default=LIFETIME, help=f"how long it is valid ({LIFETIME})"
    )


def run(namespace: argparse.Namespace) -> int:
    """Print one token; what was written on the way is said on standard error."""
    signer = _signer(namespace)
    if namespace.jwks is not None:
        publish(signer, namespace.jwks)
        sys.stderr.write(f"twitch-cds: public key {signer.kid} is in {namespace.jwks}\n")
    order = Order(
        audience=namespace.audience,
        issuer=namespace.issuer,
        tenant=namespace.tenant,
        jku=namespace.jku,
        lifetime=namespace.lifetime,
    )
    sys.stdout.write(signer.token(order, utc_now(), str(uuid4())) + "\n")
    return 0


def _signer(namespace: argparse.Namespace) -> Signer:
    """The key that is there, or a new one."""
    if not namespace.new_key:
        return signer_of(read_key(namespace.key), namespace.alg, namespace.kid)
    signer = signer_of(new_key(namespace.alg or DEFAULT[0]), namespace.alg, namespace.kid)
    write_key(signer.key, namespace.key)
    sys.stderr.write(f"twitch-cds: private key is in {namespace.key}; give it to nobody\n")
    return signer


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MOST_SECONDS}")
    return int(text)
