"""The file of clients: what it may say, and what its editor is told."""

import logging
import os
from pathlib import Path

import pytest
from trust_fakes import CLIENTS, ISSUER, Hands

from cds.errors import RegistryError
from cds.modes import ALL_ON
from cds.trust.registry import Client, load_registry
from cds.trust.registry_file import RegistryFile

EXAMPLE = Path(__file__).parents[2] / "deploy/clients.example.toml"
URL = 'jwks_url = "https://ehr.example.org/jwks.json"'
ONE = f'[[client]]\nname = "ehr"\nissuer = "{ISSUER}"\n'


def written(folder: Path, text: str | bytes) -> Path:
    """The file with this text."""
    path = folder / "clients.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_defaults_are_the_strict_ones(tmp_path: Path) -> None:
    """Two algorithms, the exact address, any tenant, and the address of the keys as the only jku."""
    (client,) = load_registry(written(tmp_path, ONE + URL)).clients

    assert (
        Client(
            name="ehr",
            issuer=ISSUER,
            jwks_url="https://ehr.example.org/jwks.json",
            jwks_file=None,
            jku=frozenset({"https://ehr.example.org/jwks.json"}),
            algorithms=("ES384", "RS384"),
            audiences=(),
            tenants=frozenset(),
            fhir_servers=None,
            rate_per_second=None,
            patient_users=False,
            card_extension=True,
            many_actions=False,
            modes=ALL_ON,
        )
        == client
    )


def test_a_file_of_keys_stands_beside_the_file_of_clients(tmp_path: Path) -> None:
    """A relative path is read from the folder of clients.toml; no jku is allowed unless it is listed."""
    (client,) = load_registry(written(tmp_path, ONE + 'jwks_file = "keys/ehr.json"')).clients

    assert (tmp_path / "keys/ehr.json", frozenset(), str(tmp_path / "keys/ehr.json")) == (
        client.jwks_file,
        client.jku,
        client.keys_at,
    )


def test_the_example_can_be_used_as_it_is() -> None:
    """All its clients are read, each key of the schema is shown in it."""
    registry = load_registry(EXAMPLE)

    assert ["epic-main", "oracle-main", "tester"] == [client.name for client in registry.clients]
    assert set() == {
        field
        for field in Client.__struct_fields__
        if f"\n{field} = " not in EXAMPLE.read_text("utf-8").replace("# ", "").replace("[client.smart]", "smart = ")
    }


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/k", "http://localhost/k", "http://[::1]:1/k", "https://a/k?x=1"]
)
def test_plain_http_is_for_this_machine_only(tmp_path: Path, url: str) -> None:
    """For tests and for a proxy on the same host."""
    assert url == load_registry(written(tmp_path, f'{ONE}jwks_url = "{url}"')).clients[0].jwks_url


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (b"\xff", "the file", "is not UTF-8"),
        ("[client", "the file", "is not TOML: "),
        ("clients = 1", "clients", "is not part of this file; it may contain only [[client]] tables"),
        ("client = 1", "client", "must be written [[client]], with two brackets"),
        ('[client]\nname = "x"', "client", "must be written [[client]], with two brackets"),
        ("client = [1]", "client[1]", "expected `object`, got `int`"),
        (
            f'{ONE}{URL}\nurl = "x"',
            'client[1] "ehr".url',
            "is not a key of a client; the keys are name, issuer, jwks_url,",
        ),
        (f'[[client]]\nname = "ehr"\n{URL}', 'client[1] "ehr".issuer', "is missing"),
        (f'[[client]]\nissuer = "{ISSUER}"\n{URL}', "client[1].name", "is missing"),
        (f'[[client]]\nname = 7\nissuer = "{ISSUER}"\n{URL}', "client[1].name", "expected `str`, got `int`"),
        (f'[[client]]\nname = ""\nissuer = "{ISSUER}"\n{URL}', 'client[1] "".name', "must be 1 to 64 letters"),
        (f'[[client]]\nname = "a b"\nissuer = "{ISSUER}"\n{URL}', 'client[1] "a b".name', "must be 1 to 64 letters"),
        (f'[[client]]\nname = "demo"\nissuer = "{ISSUER}"\n{URL}', 'client[1] "demo".name', "and not `demo`"),
        (f'[[client]]\nname = "ehr"\nissuer = "epic"\n{URL}', 'client[1] "ehr".issuer', "must be the URI"),
        (
            f'[[client]]\nname = "s"\nissuer = "https://sandbox.cds-hooks.org"\n{URL}',
            'client[1] "s".issuer',
            "the public sandbox's private key is public: its tokens can be trusted in demo mode only",
        ),
        (
            f'[[client]]\nname = "s"\nissuer = "https://SANDBOX.cds-hooks.org.:443/x"\n{URL}',
            'client[1] "s".issuer',
            "in demo mode only",
        ),
        (ONE, 'client[1] "ehr".jwks_url', "or jwks_file must be there: one of the two, not both"),
        (f'{ONE}{URL}\njwks_file = "x"', 'client[1] "ehr".jwks_url', "or jwks_file must be there"),
        (f'{ONE}jwks_file = ""', 'client[1] "ehr".jwks_file', "is empty"),
        (f'{ONE}jwks_url = "ehr"', 'client[1] "ehr".jwks_url', "is not an absolute address"),
        (f'{ONE}jwks_url = "file:///etc/passwd"', 'client[1] "ehr".jwks_url', "is not an absolute address"),
        (f'{ONE}jwks_url = "https://[::1"', 'client[1] "ehr".jwks_url', "is not an absolute address"),
        (f'{ONE}jwks_url = "https://a:99999/"', 'client[1] "ehr".jwks_url', "is not an absolute address"),
        (f'{ONE}jwks_url = "https://u:p@a/"', 'client[1] "ehr".jwks_url', "holds a user name, a fragment or a space"),
        (f'{ONE}jwks_url = "https://a/#b"', 'client[1] "ehr".jwks_url', "holds a user name, a fragment or a space"),
        (f'{ONE}jwks_url = "https://a/ b"', 'client[1] "ehr".jwks_url', "holds a user name, a fragment or a space"),
        (f'{ONE}jwks_url = "http://ehr.example.org/k"', 'client[1] "ehr".jwks_url', "must be https: whoever"),
        (f'{ONE}jwks_url = "http://10.0.0.1/k"', 'client[1] "ehr".jwks_url', "must be https"),
        (
            f'{ONE}jwks_url = "https://sandbox.cds-hooks.org/.well-known/jwks.json"',
            'client[1] "ehr".jwks_url',
            "in demo mode only",
        ),
        (f"{ONE}{URL}\nalgorithms = []", 'client[1] "ehr".algorithms', "is empty; leave the key out"),
        (f'{ONE}{URL}\nalgorithms = ["none"]', 'client[1] "ehr".algorithms', "holds 'none'; possible are ES256,"),
        (f'{ONE}{URL}\nalgorithms = ["ES384", "HS256"]', 'client[1] "ehr".algorithms', "holds 'HS256'; possible"),
        (f'{ONE}{URL}\nalgorithms = ["EdDSA"]', 'client[1] "ehr".algorithms', "never `none`, never HS*"),
        (f"{ONE}{URL}\nalgorithms = [1]", 'client[1] "ehr".algorithms[0]', "expected `str`, got `int`"),
        (f"{ONE}{URL}\njku = []", 'client[1] "ehr".jku', "is empty; leave the key out instead"),
        (f'{ONE}{URL}\naudiences = [""]', 'client[1] "ehr".audiences', "1 to 255 printable characters"),
        (f'{ONE}{URL}\naudiences = " a"', 'client[1] "ehr".audiences', "1 to 255 printable characters"),
        (f'{ONE}{URL}\ntenants = ["a", "a"]', 'client[1] "ehr".tenants', "holds the same text twice"),
        (f'{ONE}{URL}\nfhir_servers = ["ehr"]', 'client[1] "ehr".fhir_servers', "is not an absolute address"),
        (f"{ONE}{URL}\nrate_per_second = 0", 'client[1] "ehr".rate_per_second', "a whole number from 1 to 100000"),
        (f"{ONE}{URL}\nrate_per_second = true", 'client[1] "ehr".rate_per_second', "got `bool`"),
        (
            f"{ONE}{URL}\n{ONE.replace(ISSUER, 'https://b').replace('ehr', 'EHR')}{URL}",
            'client[2] "EHR".name',
            "is also the name of another client",
        ),
        (
            f"{ONE}{URL}\n{ONE.replace('ehr', 'b', 1)}{URL}",
            'client[1] "ehr".issuer',
            'is the issuer of "b" too: both need `tenants`, and none in common',
        ),
        (
            f"{ONE}{URL}\ntenants = 't'\n{ONE.replace('ehr', 'b', 1)}{URL}\ntenants = ['s', 't']",
            'client[1] "ehr".issuer',
            "none in common",
        ),
    ],
)
def test_the_editor_is_told_file_place_and_reason(tmp_path: Path, text: str | bytes, place: str, reason: str) -> None:
    """The first thing that is wrong, with the number and name of the client and the key."""
    path = written(tmp_path, text)

    with pytest.raises(RegistryError) as caught:
        load_registry(path)

    assert (str(path), place) == (caught.value.file, caught.value.place)
    assert reason in caught.value.reason


def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """A path that is set must lead somewhere."""
    with pytest.raises(RegistryError, match="cannot be read"):
        RegistryFile(tmp_path / "clients.toml")


def test_a_new_file_is_in_force_within_seconds(tmp_path: Path) -> None:
    """It is looked at two seconds after the last look, not at each call."""
    hands = Hands()
    registry_file = RegistryFile(written(tmp_path, CLIENTS), seconds=hands.seconds)
    written(tmp_path, CLIENTS.replace('"ehr"', '"renamed"'))
    at_once = [client.name for client in registry_file.registry.clients]
    hands.move(2)

    assert (["ehr"], ["renamed"], True) == (
        at_once,
        [client.name for client in registry_file.registry.clients],
        registry_file.has_file,
    )


def test_a_broken_new_file_keeps_the_old_clients_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In the log and in `problem`, until the file is mended; removing it is such a case too."""
    hands = Hands()
    registry_file = RegistryFile(path := written(tmp_path, CLIENTS), seconds=hands.seconds)
    found = []
    with caplog.at_level(logging.INFO, "twitch-cds"):
        for text in ("[client", None, "", CLIENTS):
            path.unlink() if text is None else written(tmp_path, text)
            hands.move(2)
            found.append(
                (
                    [client.name for client in registry_file.registry.clients],
                    (registry_file.problem or "").rpartition(": ")[2],
                )
            )

    assert ["ehr"] == found[0][0]
    assert [["ehr"], [], ["ehr"]] == [names for names, _ in found[1:]]
    assert ["No such file or directory", "", ""] == [problem for _, problem in found[1:]]
    assert ["clients not read: the old ones stay"] * 2 + ["clients read"] * 2 == [one.message for one in caplog.records]


def test_an_empty_file_takes_everybody_off_the_list(tmp_path: Path) -> None:
    """It is the way to shut all clients out at once."""
    assert () == load_registry(written(tmp_path, "")).clients


def test_a_file_that_is_replaced_is_seen(tmp_path: Path) -> None:
    """Even with the same size and time: it is another file."""
    hands = Hands()
    path = written(tmp_path, CLIENTS)
    registry_file = RegistryFile(path, seconds=hands.seconds)
    stamp = path.stat()
    other = tmp_path / "new.toml"
    other.write_text(CLIENTS.replace('"ehr"', '"her"'), "utf-8")
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    other.replace(path)
    hands.move(2)

    assert ["her"] == [client.name for client in registry_file.registry.clients]
