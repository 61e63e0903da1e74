"""The algorithms by their names, and how long a minted token lives: what the command line says of them."""

DEFAULT = ("ES384", "RS384")  # the two that CDS Hooks recommends
ALLOWED = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
SYMMETRIC = ("HS256", "HS384", "HS512")
LIFETIME = 300  # seconds, unless another is asked for
MOST_SECONDS = 86_400
