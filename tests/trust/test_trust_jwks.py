"""Which keys of a key set are used, and why the others are not."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from trust_fakes import ec, es384, jwks, rs384, rsa

from cds.trust.jwks import BadKeySet, KeySet, read_keys
from cds.trust.public_sandbox import THUMBPRINTS, is_of_the_sandbox

# The public key of https://sandbox.cds-hooks.org, as its repository publishes it.
SANDBOX_KEY = {
    "kty": "EC",
    "use": "sig",
    "crv": "P-384",
    "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
    "alg": "ES384",
}
RSA_ALL = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})


def key_set(*keys: Any, demo: bool = False) -> KeySet:
    """The set of these, read."""
    return read_keys(json.dumps({"keys": keys}).encode(), demo=demo)


def ec_key(**changes: Any) -> dict[str, Any]:
    """A usable EC key with changes; None takes a member away."""
    whole = es384().public() | changes
    return {name: value for name, value in whole.items() if value is not None}


def rsa_key(**changes: Any) -> dict[str, Any]:
    """A usable RSA key with changes; None takes a member away."""
    whole = rs384().public() | changes
    return {name: value for name, value in whole.items() if value is not None}


def number(value: int) -> str:
    """A number as a JWK holds it."""
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8 or 1)).rstrip(b"=").decode()


def test_usable_keys_are_known_by_name_with_their_algorithms() -> None:
    """An own alg narrows what the type allows; members we do not know do not matter."""
    found = key_set(ec_key(x5c=["AAAA"], other=1), rsa_key(alg=None, use=None, kid="r", key_ops=["verify"]))

    assert {"key-1": frozenset({"ES384"}), "r": RSA_ALL} == {kid: key.algorithms for kid, key in found.keys.items()}
    assert ({}, False) == (found.unusable, found.is_leaking)


@pytest.mark.parametrize(("curve", "algorithm"), [("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512")])
def test_a_curve_serves_one_algorithm(curve: str, algorithm: str) -> None:
    """RFC 7518 section 3.4."""
    public = {**ec("curve", curve).as_dict(private=False), "kid": "k"}

    assert {algorithm} == key_set(public).keys["k"].algorithms


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (1, "it is not a JSON object"),
        (ec_key(kid=None), "it has no usable kid"),
        (ec_key(kid=""), "it has no usable kid"),
        (ec_key(kid=7), "it has no usable kid"),
        (ec_key(kid="k" * 256), "it has no usable kid"),
        (ec_key(use="enc"), "its use is not sig"),
        (ec_key(key_ops=["encrypt"]), "its key_ops do not hold verify"),
        (ec_key(key_ops="verify"), "its key_ops do not hold verify"),
        (ec_key(kty="OKP"), 'its kty "OKP" is neither EC nor RSA'),
        (ec_key(kty=None), "its kty a JSON null is neither EC nor RSA"),
        (ec_key(crv="secp256k1"), 'its curve "secp256k1" is none of P-256, P-384, P-521'),
        (ec_key(crv=["P-384"]), "its curve a JSON array is none of"),
        (ec_key(crv="P-256"), "x and y must have 32 bytes each"),
        (ec_key(x=None), "its member x is missing"),
        (ec_key(y=1), "its member y is missing"),
        (ec_key(x="+/=="), "its numbers are not a key"),
        (ec_key(x=es384(name="other").public()["x"]), "its numbers are not a key"),
        (ec_key(alg="RS384"), 'its alg "RS384" does not fit its type'),
        (ec_key(alg="ES256"), 'its alg "ES256" does not fit its type'),
        (ec_key(alg="HS384"), 'its alg "HS384" does not fit its type'),
        (ec_key(alg=["ES384"]), "its alg a JSON array does not fit its type"),
        (rsa_key(alg="ES384"), 'its alg "ES384" does not fit its type'),
        (rsa_key(n=None), "its member n is missing"),
        (rsa_key(n=number((1 << 1023) + 1)), "its RSA modulus has 1024 bits, not 2048 to 8192"),
        (rsa_key(n=number((1 << 8192) + 1)), "its RSA modulus has 8193 bits, not 2048 to 8192"),
        (rsa_key(e=number(1)), "its numbers are not a key"),
        (rsa_key(e=number(2)), "its numbers are not a key"),
        ({**SANDBOX_KEY, "kid": "renamed"}, "the public sandbox's private key is public"),
    ],
)
def test_a_key_that_cannot_be_used_is_left_out_with_the_reason(key: Any, reason: str) -> None:
    """The others of the set stay usable."""
    found = key_set(key, ec_key(kid="good"))

    assert ["good"] == list(found.keys)
    (told,) = found.unusable.values()
    assert told.startswith(reason)
    assert not found.is_leaking


@pytest.mark.parametrize(
    "key",
    [
        {**ec().as_dict(private=True), "kid": "bad"},
        {**rsa().as_dict(private=True), "kid": "bad"},
        {"kty": "oct", "k": "AAAA", "kid": "bad", "alg": "HS384"},
        ec_key(kid="bad", d="x"),
    ],
)
def test_a_private_key_in_a_key_set_is_refused_loudly(key: dict[str, Any]) -> None:
    """Its owner gave it away: it is not used, and the set says so."""
    found = key_set(key, ec_key(kid="good"))

    assert (["good"], True) == (list(found.keys), found.is_leaking)
    assert found.unusable["bad"].startswith("it holds PRIVATE or secret parts")


def test_a_name_that_is_there_twice_names_no_key() -> None:
    """Nor a third time."""
    found = key_set(ec_key(), rsa_key(kid="key-1"), ec_key(), rsa_key())

    assert (["key-rsa"], {"key-1": "this kid is there twice"}) == (list(found.keys), found.unusable)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "the key set is not JSON"),
        (b"<html>", "the key set is not JSON"),
        (b"[]", "the key set is not a JSON object"),
        (b"{}", "the key set has no array `keys`"),
        (b'{"keys":{}}', "the key set has no array `keys`"),
        (b'{"keys":[],"keys":[]}', "the key set holds the same name twice"),
        (b'{"keys":[' + b",".join([b"{}"] * 101) + b"]}", "the key set has more than 100 keys"),
        (b'{"keys":' + b"[" * 200_000, "the key set is n"),
    ],
)
def test_what_is_no_key_set_is_said(document: bytes, reason: str) -> None:
    """As a whole, with the reason."""
    with pytest.raises(BadKeySet, match=reason.replace("[", r"\[")):
        read_keys(document)


def test_the_sandbox_key_is_known_by_its_thumbprint_and_good_in_demo_mode() -> None:
    """Whatever name it is given."""
    assert THUMBPRINTS == {ECKey.import_key(dict(SANDBOX_KEY)).thumbprint()}
    assert ["renamed"] == list(key_set({**SANDBOX_KEY, "kid": "renamed"}, demo=True).keys)


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("https://sandbox.cds-hooks.org", True),
        (" HTTPS://Sandbox.CDS-Hooks.org:443/", True),
        ("https://sandbox.cds-hooks.org.", True),
        ("https://sandbox.cds-hooks.org.example.org", False),
        ("https://[sandbox", False),
        ("urn:ehr", False),
    ],
)
def test_the_sandbox_is_known_in_every_spelling(address: str, is_one: bool) -> None:
    """By its host."""
    assert is_one == is_of_the_sandbox(address)


def test_an_empty_set_is_a_set() -> None:
    """A client that takes all its keys back."""
    assert KeySet({}, {}) == read_keys(jwks())


def test_the_table_of_weak_keys_is_made_of_real_ones() -> None:
    """The members that the table changes are those of a key that the library reads."""
    assert isinstance(RSAKey.import_key(rsa_key()), RSAKey)
