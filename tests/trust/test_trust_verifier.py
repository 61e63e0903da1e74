"""Which tokens are accepted, and as whom; and that nothing but a refusal comes of any text."""

import asyncio
import json
import string
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as some
from trust_fakes import (
    AUDIENCE,
    CLIENTS,
    ISSUER,
    JKU,
    NOW,
    Hands,
    Source,
    bearer,
    claims,
    ec,
    es384,
    header,
    jwks,
    refusal,
    rs384,
    rsa,
    settings,
    signed,
    token,
    verified,
    verifier,
)

from cds.account import Caller
from cds.settings import load
from cds.trust import fetch
from cds.trust.claims import Rules
from cds.trust.keyring import Keyring
from cds.trust.mint import Signer
from cds.trust.once import Once, UsedHere
from cds.trust.refusal import Refused
from cds.trust.registry_file import RegistryFile
from cds.trust.verifier import Verifier, build_verifier

SANDBOX = "https://sandbox.cds-hooks.org"
SECOND = int(NOW.timestamp())


def test_a_right_token_names_its_client(tmp_path: Path) -> None:
    """No tenant, no narrowing of FHIR servers."""
    assert Caller(client="ehr") == verified(verifier(tmp_path), token())


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [AUDIENCE]},
        {"aud": ["https://other.example", AUDIENCE]},
        {"iat": SECOND + 0.5, "exp": SECOND + 299.5},
        {"exp": SECOND + 900},
        {"nbf": SECOND - 300},
        {"nbf": SECOND + 60},
        {"iat": SECOND + 60},
        {"iat": SECOND - 300, "exp": SECOND - 59},
        {"sub": "client-id", "extension": {"a": [1]}},
        {"jti": "j" * 255},
        {"jti": "ein Umlaut: ä"},
        {"groups": [1] * 490},
    ],
)
def test_what_may_vary_in_a_token(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Lists of audiences, fractions of seconds, clocks that are off by the skew, unknown claims."""
    assert Caller(client="ehr") == verified(verifier(tmp_path), token(**changes))


@pytest.mark.parametrize(
    "head",
    [
        {"typ": "jwt"},
        {"jku": JKU},
        {"x5t": "a", "x5c": ["b"], "x5u": "https://evil.example/cert", "jwk": {"kty": "oct", "k": "AA"}},
        {"cty": "json"},
    ],
)
def test_what_may_vary_in_a_header(tmp_path: Path, head: dict[str, Any]) -> None:
    """Members that bring keys along are not read, so they do not matter beside a true signature."""
    assert Caller(client="ehr") == verified(verifier(tmp_path), token(head=head))


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_the_scheme_is_read_in_any_letters(tmp_path: Path, scheme: str) -> None:
    """RFC 9110 section 11.1."""
    by = verifier(tmp_path)

    assert Caller(client="ehr") == asyncio.run(by.verify(scheme + token(), AUDIENCE))


EPIC = """
[[client]]
name = "epic-main"
issuer = "https://epic.example.org/interconnect/api/FHIR/R4"
jwks_file = "ehr.json"
jku = "https://epic.example.org/interconnect/api/epic/jwks"
audiences = ["https://cds.example.org/cds-services", "https://cds-test.example.org/cds-services"]
fhir_servers = ["https://epic.example.org/interconnect/api/FHIR/R4/"]
"""


def test_a_token_as_epic_makes_it(tmp_path: Path) -> None:
    """RS384 with jku, nbf five minutes in the past, 15 minutes of life, sub, an audience that was typed in by hand."""
    text = token(
        rs384(),
        {"jku": "https://epic.example.org/interconnect/api/epic/jwks"},
        iss="https://epic.example.org/interconnect/api/FHIR/R4",
        aud=["https://cds-test.example.org/cds-services"],
        nbf=SECOND - 300,
        exp=SECOND + 900,
        sub="0c3b1f52-8f0c-4a8e-9f8b-2d6e1f6c7a11",
    )

    assert Caller(client="epic-main", fhir_servers=("https://epic.example.org/interconnect/api/FHIR/R4",)) == verified(
        verifier(tmp_path, EPIC), text
    )


SANDBOX_CLIENT = f"""
[[client]]
name = "sandbox"
issuer = "{SANDBOX}"
jwks_url = "{SANDBOX}/.well-known/jwks.json"
"""


def sandbox_token(aud: str = AUDIENCE) -> str:
    """A token as the public sandbox makes it, with a key of ours in place of its own."""
    return token(head={"jku": f"{SANDBOX}/.well-known/jwks.json"}, iss=SANDBOX, aud=aud, jti="b5f6a2b0")


def test_the_sandbox_is_trusted_in_demo_mode(tmp_path: Path) -> None:
    """With a double slash in the address too, which its discovery address brings when it ends in one."""
    by = verifier(tmp_path, SANDBOX_CLIENT, get=Source(jwks(es384())), demo="true", auth="required")
    address = AUDIENCE.replace("cds-services/", "cds-services//")

    assert Caller(client="sandbox") == verified(by, sandbox_token(address), address)


def test_the_sandbox_is_refused_otherwise_whatever_is_registered(tmp_path: Path) -> None:
    """The rule stands in the verifier too, not in the reading of the file alone."""
    path = Path(settings(tmp_path, SANDBOX_CLIENT).clients)
    once = Once(UsedHere(lambda: NOW), None, 1)
    strict = Verifier(RegistryFile(path, demo=True), Keyring(Source(b"")), once, Rules(60, 900), now=lambda: NOW)

    found = refusal(strict, sandbox_token())

    assert "issuer" == found.kind
    assert "private key is public" in found.reason


def test_without_a_file_nobody_may_call() -> None:
    """And the operator is told which setting is missing."""
    by = build_verifier(load({}), None)

    assert "set TWITCH_CDS_CLIENTS" in refusal(by, token()).reason
    assert by.rate_of("ehr") is None


def test_keys_that_cannot_be_had_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service fetches what lies behind an address, and tells the operator why it could not."""
    monkeypatch.setattr(fetch, "fetch", partial(fetch.fetch, seconds=600.0))
    clients = f'[[client]]\nname = "ehr"\nissuer = "{ISSUER}"\njwks_url = "https://127.0.0.1:1/keys"\n'
    by = build_verifier(settings(tmp_path, clients), None)
    asyncio.run(by.warm())

    assert "no connection" in " ".join(by.problems)


TENANTS = f"""
[[client]]
name = "north"
issuer = "{ISSUER}"
jwks_file = "ehr.json"
tenants = ["n1", "n2"]
rate_per_second = 20
[[client]]
name = "south"
issuer = "{ISSUER}"
jwks_file = "ehr.json"
tenants = "s1"
fhir_servers = []
"""


def test_clients_of_one_issuer_are_told_apart_by_tenant(tmp_path: Path) -> None:
    """Each with its own name, rate and servers."""
    by = verifier(tmp_path, TENANTS)

    callers = [verified(by, token(tenant=tenant, jti=tenant)) for tenant in ("n1", "n2", "s1")]

    assert [
        Caller(client="north", tenant="n1", rate_per_second=20),
        Caller(client="north", tenant="n2", rate_per_second=20),
        Caller(client="south", tenant="s1", fhir_servers=()),
    ] == callers
    assert [20, None, None] == [by.rate_of(name) for name in ("north", "south", "west")]


@pytest.mark.parametrize(
    ("clients", "changes", "words"),
    [
        (TENANTS, {"tenant": "w1"}, '"w1" is not on the list of any client'),
        (TENANTS, {}, "has no tenant"),
        (TENANTS, {"tenant": 7}, "must be a string"),
        (CLIENTS + 'tenants = ["n1"]\n', {"tenant": "w1"}, '"w1" is not on this client\'s list'),
        (CLIENTS + 'tenants = ["n1"]\n', {}, "has no tenant"),
        (CLIENTS, {"tenant": ""}, "must be a string"),
    ],
)
def test_a_tenant_must_be_listed_where_there_is_a_list(
    tmp_path: Path, clients: str, changes: dict[str, Any], words: str
) -> None:
    """One that is missing or foreign is refused."""
    found = refusal(verifier(tmp_path, clients), token(**changes))

    assert "tenant" == found.kind
    assert words in found.reason


def test_without_a_list_any_tenant_is_taken_over(tmp_path: Path) -> None:
    """It keeps the patients of two hospitals of one client apart."""
    assert Caller(client="ehr", tenant="t-9") == verified(verifier(tmp_path), token(tenant="t-9"))


def test_an_own_audience_takes_the_place_of_the_address(tmp_path: Path) -> None:
    """A client that sends a fixed word is accepted with that word only."""
    by = verifier(tmp_path, CLIENTS + 'audiences = "twitch"\n')

    assert Caller(client="ehr") == verified(by, token(aud="twitch"))
    assert 'Expected "twitch". Received' in refusal(by, token(jti="2")).reason


def test_more_algorithms_can_be_allowed_for_one_client(tmp_path: Path) -> None:
    """Each with a key that is made for it; an RSA key without alg serves all RSA algorithms."""
    small, large = Signer(ec("a", "P-256"), "a", "ES256"), Signer(ec("b", "P-521"), "b", "ES512")
    any_rsa = {name: value for name, value in rs384().public().items() if name != "alg"}
    by = verifier(
        tmp_path,
        CLIENTS + 'algorithms = ["ES256", "ES512", "RS256", "PS384"]\n',
        keys=json.dumps({"keys": [small.public(), large.public(), any_rsa]}).encode(),
    )
    made = [
        token(small, jti="1"),
        token(large, jti="2"),
        token(Signer(rsa(), "key-rsa", "RS256"), jti="3"),
        token(Signer(rsa(), "key-rsa", "PS384"), jti="4"),
    ]

    assert [Caller(client="ehr")] * 4 == [verified(by, text) for text in made]
    assert "algorithm" == refusal(by, token(jti="5")).kind


def test_clocks_may_differ_both_ways_but_no_further(tmp_path: Path) -> None:
    """A client 60 s ahead or behind is served; at 61 s it is told the two times."""
    hands = Hands()
    by = verifier(tmp_path, hands=hands)

    def sent(seconds: float, name: str) -> str:
        made = NOW + timedelta(seconds=seconds)
        return signed(header(es384()), claims(now=made, jti=name), ec(), "ES384")

    assert [Caller(client="ehr")] * 2 == [verified(by, sent(60, "a")), verified(by, sent(-359, "b"))]
    assert ["in the future", "expired at"] == [
        words
        for words, late in (("in the future", 61), ("expired at", -360))
        if words in refusal(by, sent(late, str(late))).reason
    ]


def test_cheap_checks_come_before_the_signature(tmp_path: Path) -> None:
    """Issuer, audience, times, tenant, the name of the token, signature: the first defect gives the reason."""
    by = verifier(tmp_path, CLIENTS + 'tenants = ["t"]\n')
    defects: dict[str, Any] = {"iss": "https://x.example", "aud": "x", "exp": SECOND - 100, "tenant": "w"}
    found = []
    for name in ("iss", "aud", "exp", "tenant", "jti"):
        changes: dict[str, Any] = {"tenant": "t", "jti": None, **defects}
        found.append(refusal(by, token(es384(name="stranger"), {}, **changes)).kind)
        defects.pop(name, None)
    found.append(refusal(by, token(es384(name="stranger"), tenant="t")).kind)

    assert ["issuer", "audience", "time", "tenant", "replay", "signature"] == found


def test_a_refused_token_does_not_use_up_its_name(tmp_path: Path) -> None:
    """A stranger who guesses a jti cannot spend it."""
    by = verifier(tmp_path)

    assert "signature" == refusal(by, token(es384(name="stranger"))).kind
    assert Caller(client="ehr") == verified(by, token())


def test_names_are_used_up_for_each_issuer_on_its_own(tmp_path: Path) -> None:
    """Two clients may choose the same jti."""
    other = CLIENTS.replace('"ehr"', '"lab"').replace(ISSUER, "https://lab.example.org")
    by = verifier(tmp_path, CLIENTS + other)

    assert ["ehr", "lab"] == [verified(by, token(iss=iss)).client for iss in (ISSUER, "https://lab.example.org")]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    """One verifier for all that is made up."""
    return verifier(tmp_path_factory.mktemp("strict"))


def outcome(by: Verifier, authorization: str | None) -> str:
    """Refused, and why; nothing else may happen to a made-up header."""
    try:
        return str(asyncio.run(by.verify(authorization, AUDIENCE)))
    except Refused as problem:
        return problem.refusal.kind


PARTS = some.text(string.ascii_letters + string.digits + "-_=.+/ ,\x00ü", max_size=40)
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = some.sampled_from(
    ["alg", "typ", "kid", "jku", "crit", "jwk", "iss", "aud", "exp", "iat", "nbf", "jti", "tenant"]
)


@effort(max_examples=150)
@given(some.none() | some.text(max_size=300) | some.builds("Bearer {}.{}.{}".format, PARTS, PARTS, PARTS))
@example("Bearer ..")
@example("Bearer \ud800.e30.e30")
@example("\ud800 a.b.c")
def test_any_text_is_refused_and_nothing_worse(strict: Verifier, authorization: str | None) -> None:
    """No exception but the refusal, and one of the first kinds."""
    assert outcome(strict, authorization) in {"header", "form"}


@effort(max_examples=150)
@given(some.dictionaries(NAMES, VALUES, max_size=3), some.dictionaries(NAMES, VALUES, min_size=1, max_size=3))
def test_any_changed_member_is_refused_or_harmless(
    strict: Verifier, head: dict[str, Any], body: dict[str, Any]
) -> None:
    """A true signature under made-up members: a refusal or the right caller, never another."""
    text = signed(header(es384()) | head, claims() | body, ec(), "ES384")

    found = outcome(strict, bearer(text))

    assert "Caller" not in found or "client='ehr'" in found


@effort(max_examples=150)
@given(some.integers(0, 10_000), some.integers(0, 255))
def test_no_changed_byte_is_accepted(strict: Verifier, place: int, value: int) -> None:
    """A token with one other byte is another token."""
    whole = token(jti="never accepted", exp=SECOND + 899).encode()
    at = place % len(whole)
    changed = (whole[:at] + bytes([value]) + whole[at + 1 :]).decode("latin-1")

    assert changed == whole.decode() or "Caller" not in outcome(strict, bearer(changed))


def test_problems_are_told_to_the_operator(tmp_path: Path) -> None:
    """None at first; then keys that cannot be read and a broken file of clients, each named."""
    hands = Hands()
    by = verifier(tmp_path, hands=hands)
    before = (by.problems, by.is_up)
    (tmp_path / "ehr.json").write_bytes(b"[]")
    (tmp_path / "clients.toml").write_text("[client", "utf-8")
    hands.move(3)
    refusal(by, token(head={"kid": "unknown"}))

    assert ((), True) == before
    assert not by.is_up
    broken, unreadable = by.problems
    assert "clients.toml: the file: is not TOML" in broken
    assert "keys of ehr: the key set is not a JSON object" == unreadable


def test_keys_are_fetched_before_the_first_call(tmp_path: Path) -> None:
    """`warm` at the start, `close` at the end; without a network neither fails."""
    source = Source(jwks(es384()))
    by = verifier(tmp_path, CLIENTS.replace('jwks_file = "ehr.json"', f'jwks_url = "{JKU}"'), get=source)

    async def life() -> Caller:
        await by.warm()
        caller = await by.verify(bearer(token()), AUDIENCE)
        await by.close()
        return caller

    assert Caller(client="ehr") == asyncio.run(life())
    assert [JKU] == source.asked
