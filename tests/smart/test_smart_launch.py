"""Launch and sign-in: each threat of the way there and back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from smart_kit import (
    BASE,
    CLIENT,
    HOST,
    PUBLIC,
    REGISTERED,
    STRANGER,
    Site,
    asked_of,
    launched,
    returned,
    signed_in,
    site,
    text_of,
)

from cds.smart.names import challenge_of
from cds.trust.mint import Signer, new_key
from cds.trust.strict import encode_base64url

LAUNCHED = (
    "launch openid fhirUser patient/Patient.r patient/Condition.rs patient/Observation.rs "
    "patient/QuestionnaireResponse.c patient/Observation.c"
)


def test_an_ehr_launch_asks_for_exactly_what_is_needed(tmp_path: Path) -> None:
    """Code flow with PKCE S256, state, nonce, the audience, the launch, and reads only of what prefills."""
    place = site(tmp_path)

    async def steps() -> dict[str, str]:
        async with place.browser() as browser:
            return asked_of(await launched(browser))

    asked = asyncio.run(steps())

    assert {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{PUBLIC}/smart/callback",
        "scope": LAUNCHED,
        "aud": BASE,
        "launch": "xyz",
        "code_challenge_method": "S256",
    } == {name: value for name, value in asked.items() if name not in ("state", "nonce", "code_challenge")}
    assert [43, 43, 43] == [len(asked[name]) for name in ("state", "nonce", "code_challenge")]


def test_without_a_launch_the_ehr_is_asked_for_the_patient(tmp_path: Path) -> None:
    """Standalone: `launch/patient` in the place of `launch`."""
    place = site(tmp_path)

    async def steps() -> dict[str, str]:
        async with place.browser() as browser:
            return asked_of(await browser.get("/smart/launch", params={"iss": f"{BASE}/"}))

    asked = asyncio.run(steps())

    assert LAUNCHED.replace("launch ", "launch/patient ", 1) == asked["scope"]
    assert "launch" not in asked


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"iss": "https://evil.example.org/fhir", "launch": "x"}, 403),
        ({"iss": f"{BASE}/../fhir", "launch": "x"}, 403),
        ({"launch": "x"}, 400),
        ({"iss": [BASE, "https://evil.example.org"], "launch": "x"}, 400),
        ({"iss": BASE, "launch": ["x", "y"]}, 400),
        ({"iss": BASE, "launch": "x" * 5000}, 400),
    ],
)
def test_only_a_registered_ehr_launches(tmp_path: Path, query: dict[str, Any], status: int) -> None:
    """Anything else is refused with a page, nothing is asked of anybody, and the browser is sent nowhere."""
    place = site(tmp_path)

    async def steps() -> tuple[int, bool]:
        async with place.browser() as browser:
            answer = await browser.get("/smart/launch", params=query)
            return answer.status_code, "location" in answer.headers

    assert (status, False) == asyncio.run(steps())
    assert [] == place.ehr.requests


@pytest.mark.parametrize(
    "configuration",
    [
        {"code_challenge_methods_supported": None},
        {"code_challenge_methods_supported": ["plain"]},
        {"issuer": None},
        {"jwks_uri": None},
        {"token_endpoint": "https://evil.example.org/token"},
        {"token_endpoint": "http://ehr.example.org/token"},
        {"authorization_endpoint": "https://ehr.example.org.evil.example/authorize"},
        {"authorization_endpoint": "https://ehr.example.org:444/authorize"},
        {"jwks_uri": "https://169.254.169.254/keys"},
    ],
)
def test_a_discovery_that_leads_elsewhere_is_refused(tmp_path: Path, configuration: dict[str, Any]) -> None:
    """PKCE with S256 is required; every address is https on the issuer's own server, or on one that is listed."""
    place = site(tmp_path, configuration=configuration)

    async def steps() -> tuple[int, bool]:
        async with place.browser() as browser:
            answer = await launched(browser)
            return answer.status_code, "location" in answer.headers

    assert (502, False) == asyncio.run(steps())


def test_a_listed_server_may_hold_the_sign_in(tmp_path: Path) -> None:
    """`servers` of the registration: an authorization server beside the FHIR server."""
    clients = REGISTERED + 'servers = ["https://login.example.org"]\n'
    place = site(tmp_path, clients, configuration={"authorization_endpoint": "https://login.example.org/a?tenant=1"})

    async def steps() -> str:
        async with place.browser() as browser:
            return str((await launched(browser)).headers["location"])

    assert asyncio.run(steps()).startswith("https://login.example.org/a?tenant=1&response_type=code&")


def test_discovery_is_asked_once_and_a_silent_ehr_is_said(tmp_path: Path) -> None:
    """It is kept for ten minutes; where nothing or nonsense answers, the page says so."""
    place = site(tmp_path)

    async def steps() -> list[int]:
        async with place.browser() as browser:
            place.ehr.is_down = True
            silent = await launched(browser)
            place.ehr.is_down = False
            return [silent.status_code, *[(await launched(browser)).status_code for _ in range(3)]]

    assert [502, 303, 303, 303] == asyncio.run(steps())
    assert 2 == len(place.ehr.requests)


async def _came_back(place: Site, query: dict[str, str | None], **ehr: Any) -> tuple[int, str]:
    """Launch, and come back with a right answer that was changed."""
    async with place.browser() as browser:
        asked = asked_of(await launched(browser))
        place.ehr.nonce = asked["nonce"]
        for name, value in ehr.items():
            setattr(place.ehr, name, value)
        said = {"code": "abc", "state": asked["state"], "iss": BASE} | query
        answer = await returned(browser, {name: value for name, value in said.items() if value is not None})
        return answer.status_code, text_of(answer.text)


def test_the_code_is_exchanged_with_its_verifier(tmp_path: Path) -> None:
    """The verifier that only we know fits the challenge that the EHR was given (RFC 7636)."""
    place = site(tmp_path)

    async def steps() -> dict[str, str]:
        async with place.browser() as browser:
            asked = asked_of(await launched(browser))
            place.ehr.nonce = asked["nonce"]
            answer = await returned(browser, {"code": "abc", "state": asked["state"], "iss": BASE})
            assert answer.headers["location"].startswith("/smart/visit/")
            return asked

    asked = asyncio.run(steps())
    form = place.ehr.forms[0]

    assert asked["code_challenge"] == challenge_of(form.pop("code_verifier"))
    assert {
        "grant_type": "authorization_code",
        "code": "abc",
        "redirect_uri": f"{PUBLIC}/smart/callback",
        "client_id": CLIENT,
    } == form


@pytest.mark.parametrize("state", [None, "", "x", "../../visit/x"])
def test_a_wrong_state_is_refused(tmp_path: Path, state: str | None) -> None:
    """Whoever did not begin here does not end here (cross-site request forgery of the sign-in)."""
    status, _ = asyncio.run(_came_back(site(tmp_path), {"state": state}))

    assert 400 == status


def test_a_state_that_only_begins_right_is_refused(tmp_path: Path) -> None:
    """The cookie is found by the beginning of the state, the whole of it is compared."""
    place = site(tmp_path)

    async def steps() -> int:
        async with place.browser() as browser:
            asked = asked_of(await launched(browser))
            answer = await returned(browser, {"code": "abc", "state": asked["state"][:30] + "x", "iss": BASE})
            return answer.status_code

    assert 400 == asyncio.run(steps())
    assert [] == place.ehr.forms


def test_another_browser_cannot_finish_a_sign_in(tmp_path: Path) -> None:
    """The state is bound to the browser that began: a link with a right code and state is worth nothing elsewhere."""
    place = site(tmp_path)

    async def steps() -> int:
        async with place.browser() as first, place.browser() as second:
            asked = asked_of(await launched(first))
            return (await returned(second, {"code": "abc", "state": asked["state"], "iss": BASE})).status_code

    assert 400 == asyncio.run(steps())
    assert [] == place.ehr.forms


def test_a_sign_in_ends_once_and_in_time(tmp_path: Path) -> None:
    """The cookie of a sign-in is dropped with its end, and no longer opened after ten minutes."""
    place = site(tmp_path)

    async def steps() -> list[int]:
        async with place.browser() as browser:
            asked = asked_of(await launched(browser))
            place.ehr.nonce = asked["nonce"]
            query = {"code": "abc", "state": asked["state"], "iss": BASE}
            first, second = await returned(browser, query), await returned(browser, query)
            late = asked_of(await launched(browser))
            place.moment.later(11)
            third = await returned(browser, {**query, "state": late["state"]})
            return [first.status_code, second.status_code, third.status_code]

    assert [303, 400, 400] == asyncio.run(steps())


@pytest.mark.parametrize("said", [None, "https://evil.example.org/fhir", f"{BASE}/"])
def test_an_answer_of_another_issuer_is_refused(tmp_path: Path, said: str | None) -> None:
    """Issuer mix-up (RFC 9207): the code goes to nobody."""
    place = site(tmp_path)

    assert 403 == asyncio.run(_came_back(place, {"iss": said}))[0]
    assert [] == place.ehr.forms


def test_an_ehr_that_never_names_itself_need_not(tmp_path: Path) -> None:
    """`iss` is optional where discovery does not promise it; a wrong one is refused all the same."""
    quiet = {"authorization_response_iss_parameter_supported": None}

    assert 303 == asyncio.run(_came_back(site(tmp_path, configuration=quiet), {"iss": None}))[0]
    assert 403 == asyncio.run(_came_back(site(tmp_path, configuration=quiet), {"iss": "https://evil.example"}))[0]


@pytest.mark.parametrize("query", [{"error": "access_denied", "code": None}, {"code": None}, {"code": "c" * 5000}])
def test_an_ehr_that_says_no_is_believed(tmp_path: Path, query: dict[str, str | None]) -> None:
    """No code, no visit."""
    place = site(tmp_path)

    assert asyncio.run(_came_back(place, query))[0] in (400, 403)
    assert [] == place.ehr.forms


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"access_token": None}, 502),
        ({"access_token": "two words"}, 502),
        ({"access_token": "x" * 6001}, 502),
        ({"token_type": "mac"}, 502),
        ({"patient": None}, 502),
        ({"patient": "../p2"}, 502),
        ({"id_token": None}, 403),
        ({"id_token": "nonsense"}, 403),
    ],
)
def test_a_token_answer_that_lacks_something_begins_no_visit(
    tmp_path: Path, answer: dict[str, Any], status: int
) -> None:
    """Token, patient and identity are all needed."""
    assert status == asyncio.run(_came_back(site(tmp_path), {}, answer=answer))[0]


def test_a_refused_or_unanswered_exchange_begins_no_visit(tmp_path: Path) -> None:
    """The page says that the sign-in was not finished."""
    assert 502 == asyncio.run(_came_back(site(tmp_path), {}, token_status=400))[0]
    assert 502 == asyncio.run(_came_back(site(tmp_path), {}, is_down=True))[0]


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example.org"},
        {"iss": None},
        {"aud": "another-app"},
        {"aud": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"aud": [CLIENT, "another-app"], "azp": "another-app"},
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(tmp_path: Path, claims: dict[str, Any]) -> None:
    """Issuer, audience, time and nonce are each judged."""
    assert 403 == asyncio.run(_came_back(site(tmp_path), {}, claims=claims))[0]


def test_an_id_token_of_another_key_or_of_none_is_refused(tmp_path: Path) -> None:
    """The signature is that of the issuer's published key; `none` and HS256 are not looked at."""
    place = site(tmp_path)
    claims = {"iss": BASE, "aud": CLIENT, "nonce": "n", "iat": 1, "exp": 9_999_999_999, "fhirUser": "Practitioner/x"}
    forged = jwt.encode({"alg": "ES256", "kid": "ehr-key"}, claims, STRANGER.key, algorithms=["ES256"])
    none = ".".join(encode_base64url(part) for part in (b'{"alg":"none"}', b"{}", b""))
    confused = jwt.encode({"alg": "HS256", "kid": "ehr-key"}, claims, OctKey.import_key("x" * 40), algorithms=["HS256"])
    other = jwt.encode({"alg": "ES256", "kid": "another"}, claims, STRANGER.key, algorithms=["ES256"])

    found = [asyncio.run(_came_back(place, {}, answer={"id_token": one}))[0] for one in (forged, none, confused, other)]

    assert [403, 403, 403, 403] == found


@pytest.mark.parametrize(
    "user", ["Patient/p1", "RelatedPerson/r1", "Person/x", "Device/d", "nonsense", "javascript:alert(1)"]
)
def test_who_is_no_clinician_sees_only_that_the_tablet_belongs_to_one(tmp_path: Path, user: str) -> None:
    """A Patient, a RelatedPerson, and whoever cannot be told apart from them: nothing of a chart is read."""
    place = site(tmp_path, user=user)

    status, text = asyncio.run(_came_back(place, {}))

    assert 403 == status
    assert "Please hand this to your clinician." in text
    assert [] == [one for one in place.ehr.requests if "authorization" in one.headers]


@pytest.mark.parametrize(
    ("claim", "value"), [("fhirUser", "PractitionerRole/7"), ("profile", f"{BASE}/Practitioner/7")]
)
def test_a_role_and_the_older_claim_are_clinicians_too(tmp_path: Path, claim: str, value: str) -> None:
    """A relative reference is read as well, and SMART 1's `profile`."""
    assert 303 == asyncio.run(_came_back(site(tmp_path), {}, claims={"fhirUser": None, claim: value}))[0]


SECRET = REGISTERED + 'secret_file = "secret"\n'
SIGNED = REGISTERED + 'key_file = "key.pem"\nkey_id = "ours"\nalgorithm = "ES384"\n'


def test_a_confidential_client_proves_itself_with_its_secret(tmp_path: Path) -> None:
    """HTTP Basic, as RFC 6749 2.3.1 has it; the secret is read from its file at each sign-in."""
    (tmp_path / "secret").write_text("s3cret &word\n")
    place = site(tmp_path, SECRET)

    assert 303 == asyncio.run(_came_back(place, {}))[0]

    sent = next(one for one in place.ehr.requests if one.url.path == "/token")
    assert "Basic dHdpdGNoLWNkcy1hcHA6czNjcmV0JTIwJTI2d29yZA==" == sent.headers["authorization"]
    assert {"grant_type", "code", "redirect_uri", "code_verifier"} == set(place.ehr.forms[0])
    (tmp_path / "secret").unlink()
    assert 502 == asyncio.run(_came_back(place, {}))[0]


def test_a_confidential_client_proves_itself_with_its_key(tmp_path: Path) -> None:
    """private_key_jwt: for the token endpoint, four minutes long, never the same twice."""
    key = ECKey.generate_key("P-384")
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
    place = site(tmp_path, SIGNED)

    assert [303, 303] == [asyncio.run(_came_back(place, {}))[0] for _ in range(2)]

    first, second = place.ehr.forms
    token = jwt.decode(first["client_assertion"], key, algorithms=["ES384"])
    assert "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" == first["client_assertion_type"]
    assert ("ours", CLIENT, CLIENT, f"{HOST}/token", 240) == (
        token.header["kid"],
        token.claims["iss"],
        token.claims["sub"],
        token.claims["aud"],
        token.claims["exp"] - token.claims["iat"],
    )
    assert token.claims["jti"] != jwt.decode(second["client_assertion"], key, algorithms=["ES384"]).claims["jti"]


def test_a_scope_that_is_not_said_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    """RFC 6749 5.1; and a token that says no time is used for this visit only."""
    place = site(tmp_path, answer={"scope": None, "expires_in": None})

    async def steps() -> int:
        async with place.browser() as browser:
            return (await browser.get(await signed_in(place, browser))).status_code

    assert 200 == asyncio.run(steps())


def test_a_token_that_browsers_cannot_keep_begins_no_visit(tmp_path: Path) -> None:
    """More than six cookies are not asked of a browser."""
    long = {"access_token": "x" * 6000, "scope": "y" * 20_000}

    assert 502 == asyncio.run(_came_back(site(tmp_path), {}, answer=long))[0]


def test_each_sign_in_has_secrets_of_its_own(tmp_path: Path) -> None:
    """State, nonce and PKCE challenge are new each time, and none is another one of them."""
    place = site(tmp_path)

    async def steps() -> list[dict[str, str]]:
        async with place.browser() as browser:
            return [asked_of(await launched(browser)) for _ in range(3)]

    secrets = [asked[name] for asked in asyncio.run(steps()) for name in ("state", "nonce", "code_challenge")]

    assert 9 == len(set(secrets))


def test_an_answer_with_two_states_goes_nowhere(tmp_path: Path) -> None:
    """Which of them is meant cannot be told."""
    place = site(tmp_path)

    async def steps() -> int:
        async with place.browser() as browser:
            state = asked_of(await launched(browser))["state"]
            answer = await browser.get(f"/smart/callback?code=abc&state={state}&state=x")
            return answer.status_code

    assert 400 == asyncio.run(steps())


@pytest.mark.parametrize(("algorithm", "status"), [("RS256", 303), ("PS256", 403)])
def test_a_key_signs_with_the_algorithm_it_is_published_for_only(tmp_path: Path, algorithm: str, status: int) -> None:
    """An id token under PS256 by a key that the EHR publishes for RS256 proves nothing."""
    place = site(tmp_path, signer=Signer(new_key("RS256"), "ehr-key", "RS256"))

    assert status == asyncio.run(_came_back(place, {}, signs_with=algorithm))[0]
