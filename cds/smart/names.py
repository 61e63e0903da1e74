"""Names and the one formula of the protocols that both ends need (SMART App Launch 2.2, RFC 7636)."""

from hashlib import sha256

from cds.trust.strict import encode_base64url

CONFIGURATION = "/.well-known/smart-configuration"
CODE_CHALLENGE = "S256"
LAUNCH, CALLBACK, VISIT = "/smart/launch", "/smart/callback", "/smart/visit/"


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return encode_base64url(sha256(verifier.encode()).digest())
