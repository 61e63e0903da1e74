"""The public CDS Hooks sandbox: its private key stands in its public repository, so its tokens prove nothing."""

from urllib.parse import urlsplit

HOST = "sandbox.cds-hooks.org"
# RFC 7638 thumbprint of the key that https://sandbox.cds-hooks.org/.well-known/jwks.json publishes (its repository's
# build/.well-known/jwks.json, kid 44823f3d-0b01-4a6c-a80e-b9d3e8a7226f).
THUMBPRINTS = frozenset({"s9fOe-KDYD1myZ8YCzleUqJQgrYZL49kVijBxhnZvZc"})
WHY = "the public sandbox's private key is public: its tokens can be trusted in demo mode only"


def is_of_the_sandbox(address: str) -> bool:
    """Whether an issuer or an address is the public sandbox's, however it is spelt."""
    try:
        return (urlsplit(address.strip()).hostname or "").rstrip(".") == HOST
    except ValueError:
        return False
