"""`twitch-cds clients check` and `twitch-cds mint-token`."""

import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from charts.options import options
from joserfc import jws
from trust_fakes import AUDIENCE, CLIENTS, ISSUER, Source, ec, es384, jwks, rs384, rsa

from cds import cli
from cds.errors import UsageError
from cds.keyed import Pseudonyms
from cds.secrecy import Secret
from cds.trust import check_command, mint_command
from cds.trust.compact import read
from cds.trust.jwks import read_keys
from cds.trust.mint import read_key, signer_of
from cds.trust.registry import load_registry

ON_THE_NET = f'[[client]]\nname = "net"\nissuer = "{ISSUER}/net"\njwks_url = "https://ehr.example.org/jwks.json"\n'


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine counts."""
    monkeypatch.setattr(os, "environ", {n: v for n, v in os.environ.items() if not n.startswith("TWITCH_CDS")})


def check(*arguments: object) -> int:
    """Run `twitch-cds clients …`."""
    name, *rest = arguments
    return check_command.run(check_command.Options(**options(f"clients {name}", *rest)))


def mint(*arguments: object) -> int:
    """Run `twitch-cds mint-token …`."""
    return mint_command.run(mint_command.Options(**options("mint-token", *arguments)))


def written(folder: Path, text: str, keys: bytes | None = None) -> Path:
    """A file of clients, and the keys beside it."""
    path = folder / "clients.toml"
    path.write_text(text, "utf-8")
    if keys is not None:
        (folder / "ehr.json").write_bytes(keys)
    return path


def test_a_good_file_is_said_to_be_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each client with its defaults, a line for each key of a file."""
    path = written(tmp_path, CLIENTS + ON_THE_NET, jwks(es384(), rs384()))

    status = check("check", path)

    lines = capsys.readouterr().out.replace(str(tmp_path), "DIR").splitlines()
    assert (0, 5) == (status, len(lines))
    assert (
        f"ehr: issuer {ISSUER}; keys at DIR/ehr.json; algorithms ES384, RS384; audience the exact address called; "
        "tenants any or none; jku https://ehr.example.org/jwks.json; FHIR servers as TWITCH_CDS_FHIR_SERVERS says; "
        "mode on"
    ) == lines[0]
    assert ['  key "key-1": ES384', '  key "key-rsa": RS384'] == lines[1:3]
    assert "2 client(s)" == lines[4]


def test_the_file_of_the_settings_is_checked_when_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the service would read it."""
    os.environ["TWITCH_CDS_CLIENTS"] = str(written(tmp_path, CLIENTS, jwks(es384())))

    assert 0 == check("check")
    assert "1 client(s)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (None, "FAIL keys: the jwks_file of ehr, "),
        (b"[]", "FAIL keys: the key set is not a JSON object"),
        (jwks(), "FAIL keys: no key is made for ES384 or RS384"),
        (jwks(es384()).replace(b'"sig"', b'"enc"'), 'key "key-1" is not used: its use is not sig'),
        (jwks(es384("b")).replace(b"]}", b',{"kid":"a","d":"x"}]}'), "FAIL keys: the key set holds PRIVATE keys"),
    ],
)
def test_keys_that_cannot_be_used_are_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: bytes | None, words: str
) -> None:
    """With what is wrong."""
    path = written(tmp_path, CLIENTS, keys)

    assert 1 == check("check", path)
    assert words in capsys.readouterr().out


def test_a_broken_file_is_unusable_input(tmp_path: Path) -> None:
    """Status 2 of the command, with file, place and reason; so is no file at all."""
    with pytest.raises(UsageError, match=r'clients\.toml: client\[1\] "ehr"\.url: is not a key'):
        check("check", written(tmp_path, CLIENTS + "url = 1"))
    with pytest.raises(UsageError, match="set TWITCH_CDS_CLIENTS"):
        check("check")


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [(jwks(es384()), 0, '  key "key-1": ES384'), ("no complete response", 1, "  FAIL keys: no complete response")],
)
def test_keys_at_an_address_are_fetched_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: bytes | str, status: int, words: str
) -> None:
    """As the service would fetch them."""
    registry = load_registry(written(tmp_path, ON_THE_NET + 'fhir_servers = []\ntenants = ["a", "b"]\n'))

    assert status == check_command.report(registry, demo=False, get=Source(answer))
    out = capsys.readouterr().out
    assert words in out
    assert "tenants a, b; jku https://ehr.example.org/jwks.json; FHIR servers none" in out


def test_the_option_fetches_over_the_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it nothing is asked."""
    path = written(tmp_path, ON_THE_NET + 'fhir_servers = ["https://fhir.example.org/r4"]\n')
    source = Source(jwks(es384()))
    monkeypatch.setattr(check_command, "fetch", source)

    assert [0, 0] == [check("check", path), check("check", path, "--fetch")]
    assert ["https://ehr.example.org/jwks.json"] == source.asked
    assert "FHIR servers https://fhir.example.org/r4" in capsys.readouterr().out


def base(folder: Path) -> list[object]:
    """The options that are always needed."""
    return ["--audience", AUDIENCE, "--issuer", ISSUER, "--key", folder / "key.pem"]


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard output."""
    (line,) = capsys.readouterr().out.splitlines()
    return line


@pytest.mark.parametrize("algorithm", ["ES384", "RS384", "ES256", "ES512", "PS384"])
def test_a_new_key_is_made_published_and_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], algorithm: str
) -> None:
    """The file is its owner's only; the token is signed by the published key and carries what was asked."""
    options: Sequence[object] = ["--new-key", "--jwks", tmp_path / "keys.json", "--alg", algorithm, "--tenant", "t"]

    status = mint(*base(tmp_path), *options, "--lifetime", "60", "--jku", "https://a.example/k")

    token = read(printed(capsys))
    (key,) = read_keys((tmp_path / "keys.json").read_bytes()).keys.values()
    assert (0, 0o600) == (status, stat.S_IMODE((tmp_path / "key.pem").stat().st_mode))
    assert {"alg": algorithm, "typ": "JWT", "kid": key.kid, "jku": "https://a.example/k"} == token.header
    assert {"iss": ISSUER, "aud": AUDIENCE, "tenant": "t"}.items() <= token.claims.items()
    assert 60 == int(str(token.claims["exp"])) - int(str(token.claims["iat"]))
    assert key.key.thumbprint() == key.kid


def test_a_token_is_verified_by_another_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The library's own, with the key from the file; each token has a jti of its own."""
    mint(*base(tmp_path), "--new-key")
    first = printed(capsys)
    mint(*base(tmp_path))
    second = printed(capsys)

    key = read_key(tmp_path / "key.pem")
    claims = [json.loads(jws.deserialize_compact(text, key, ["ES384"]).payload or b"") for text in (first, second)]
    assert claims[0]["jti"] != claims[1]["jti"]
    assert {"iss", "aud", "iat", "exp", "jti"} == set(claims[0])


def test_a_key_is_added_to_a_key_set_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a rotation needs; the same name is replaced; the private half is never in it."""
    path = tmp_path / "keys.json"
    path.write_bytes(jwks(rs384()))
    for _ in range(2):
        (tmp_path / "key.pem").unlink(missing_ok=True)
        mint(*base(tmp_path), "--new-key", "--jwks", path, "--kid", "mine")

    found = json.loads(path.read_bytes())["keys"]
    assert ["key-rsa", "mine"] == [key["kid"] for key in found]
    assert all("d" not in key for key in found)
    assert "public key mine is in" in capsys.readouterr().err


def test_the_algorithm_follows_from_the_key() -> None:
    """RSA keys sign RS384, curves the one that fits; another is refused."""
    assert ["ES384", "RS384", "ES256"] == [signer_of(key).algorithm for key in (ec(), rsa(), ec("small", "P-256"))]
    with pytest.raises(UsageError, match="--alg ES384: this key is for PS256, PS384"):
        signer_of(rsa(), "ES384")


@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_private_keys_are_read_as_pem_and_as_jwk(tmp_path: Path, form: str) -> None:
    """Both types."""
    for key in (ec(), rsa()):
        path = tmp_path / "key"
        path.write_bytes(key.as_pem(private=True) if form == "pem" else json.dumps(key.as_dict(private=True)).encode())

        assert key.thumbprint() == read_key(path).thumbprint()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"{", b"key", ec().as_pem(private=False), b'{"kty":"EC","crv":"P-384"}']
)
def test_what_is_no_private_key_is_said(tmp_path: Path, content: bytes) -> None:
    """A public key is none either."""
    path = tmp_path / "key"
    path.write_bytes(content)

    with pytest.raises(UsageError, match="contains no usable private EC or RSA key"):
        read_key(path)


def test_files_are_not_overwritten_or_guessed(tmp_path: Path) -> None:
    """A key that is there stays; a key that is missing is said; a key set must be one."""
    with pytest.raises(UsageError, match=r"key\.pem: cannot be read"):
        mint(*base(tmp_path))
    (tmp_path / "key.pem").write_bytes(b"precious")
    with pytest.raises(UsageError, match=r"key\.pem: cannot be made \(File exists\)"):
        mint(*base(tmp_path), "--new-key")
    (tmp_path / "key.pem").unlink()
    (tmp_path / "keys.json").write_bytes(b"[]")
    with pytest.raises(UsageError, match=r"keys\.json: is not a usable key set"):
        mint(*base(tmp_path), "--new-key", "--jwks", tmp_path / "keys.json")


@pytest.mark.parametrize("seconds", ["0", "-1", "86401", "x", "١"])
def test_a_lifetime_is_a_number_of_seconds(tmp_path: Path, seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Up to a day."""
    assert 2 == cli.main(["mint-token", *map(str, base(tmp_path)), f"--lifetime={seconds}"])
    assert "must be a whole number from 1 to 86400" in capsys.readouterr().err


def test_the_modes_of_a_client_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As they would be in force, with the share of a pilot and the decision on emergencies."""
    modes = 'mode = "silent"\nmodes = { "muscle-twitch-order-sign" = "pilot" }\nsilent_emergencies = "shown"\n'
    path = written(tmp_path, f'{CLIENTS}{modes}pilot = {{ percent = 2.5, users = ["{"a" * 32}"] }}', jwks(es384()))

    status = check("check", path)

    said = "mode silent, muscle-twitch-order-sign pilot, pilot of 2.5 % and 1 named user(s), silent emergencies shown"
    assert (0, said) == (status, capsys.readouterr().out.splitlines()[0].rpartition("; ")[2])


def test_a_mode_of_a_service_that_there_is_not_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the command itself, which knows the services."""
    path = written(tmp_path, f'{CLIENTS}modes = {{ "muscle-twitch-order" = "off" }}', jwks(es384()))

    assert 2 == cli.main(["clients", "check", str(path)])
    assert 'client[1] "ehr".modes.muscle-twitch-order: is not a service; the services are' in capsys.readouterr().err


HASH_KEY = "a hash key of more than 32 characters"


def test_the_hash_of_a_user_is_that_of_the_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each, under the client and its tenant."""
    os.environ |= {"TWITCH_CDS_CLIENTS": str(written(tmp_path, CLIENTS)), "TWITCH_CDS_HASH_KEY": HASH_KEY}
    pseudonyms = Pseudonyms(Secret(HASH_KEY))

    statuses = [
        cli.main(["clients", "hash", "ehr", "Practitioner/1", "Practitioner/2"]),
        cli.main(["clients", "hash", "ehr", "Practitioner/1", "--tenant", "north"]),
    ]

    assert [0, 0] == statuses
    assert [
        f"{pseudonyms.of('user', realm, user)}  {user}"
        for realm, user in (("ehr|", "Practitioner/1"), ("ehr|", "Practitioner/2"), ("ehr|north", "Practitioner/1"))
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("clients", "key", "words"),
    [
        (None, HASH_KEY, "no file of clients"),
        ("[client", HASH_KEY, "is not TOML"),
        (CLIENTS.replace('"ehr"', '"other"'), HASH_KEY, "ehr: no such client"),
        (CLIENTS, "", "there is no hash key"),
    ],
)
def test_a_hash_that_would_be_wrong_is_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clients: str | None, key: str, words: str
) -> None:
    """For a client that nobody knows, or under a key that is made up."""
    file = str(written(tmp_path, clients)) if clients else ""
    os.environ |= {"TWITCH_CDS_CLIENTS": file, "TWITCH_CDS_HASH_KEY": key, "TWITCH_CDS_DATA_DIR": str(tmp_path)}

    assert 2 == cli.main(["clients", "hash", "ehr", "Practitioner/1"])
    said = capsys.readouterr()
    assert ("", True) == (said.out, words in said.err)
