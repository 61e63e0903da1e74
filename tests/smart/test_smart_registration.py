"""`[client.smart]` in the file of clients: what it may say, and what its editor is told."""

from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from smart_kit import BASE, CLIENT, REGISTERED, settings_of

from cds.errors import RegistryError
from cds.smart.ehr import Ehrs
from cds.trust.registry import load_registry
from cds.trust.registry_file import RegistryFile

PLAIN = REGISTERED.split("frame_ancestors")[0]
SECOND = PLAIN.replace('name = "ehr"', 'name = "other"').replace(
    'issuer = "https://ehr.example.org"', 'issuer = "https://other.example.org"'
)


def _read(folder: Path, text: str) -> str:
    """What is wrong with a file: the place, and the reason."""
    path = folder / "clients.toml"
    path.write_text(text, "utf-8")
    try:
        load_registry(path)
    except RegistryError as problem:
        return f"{problem.place}: {problem.reason}"
    return ""


def test_a_registration_is_read_with_its_defaults(tmp_path: Path) -> None:
    """A public client, on the issuer's own server, framed by nobody; a slash at the end makes no other base."""
    registry = load_registry(Path(settings_of(tmp_path, PLAIN.replace(BASE, f"{BASE}/")).clients))
    smart = registry.clients[0].smart

    assert smart is not None
    assert (BASE, CLIENT, frozenset(), (), None, None, None) == (
        smart.issuer,
        smart.client_id,
        smart.servers,
        smart.frame_ancestors,
        smart.return_url,
        smart.signer,
        smart.secret(),
    )
    assert (registry.clients[0], None) == (registry.launched_from(f"{BASE}/"), registry.launched_from("https://x"))


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('secret = "x"', ".smart.secret"),
        ('servers = ["https://a.example.org/path"]', ".smart.servers"),
        ('servers = ["https://A.example.org"]', ".smart.servers"),
        ('servers = ["http://a.example.org"]', ".smart.servers"),
        ('frame_ancestors = ["*"]', ".smart.frame_ancestors"),
        ('frame_ancestors = ["https://a.example.org; script-src *"]', ".smart.frame_ancestors"),
        ('return_url = "javascript:alert(1)"', ".smart.return_url"),
        ('secret_file = "none"', ".smart.secret_file"),
        ('secret_file = "empty"', ".smart.secret_file"),
        ('secret_file = "good"\nkey_file = "key.pem"', ".smart.secret_file"),
        ('key_file = "good"', ".smart.key_file"),
        ('key_file = "key.pem"\nalgorithm = "ES384"', ".smart.key_file"),
        ('key_file = "key.pem"\nalgorithm = "HS256"', ".smart.algorithm"),
        ('key_id = "k"', ".smart.key_file"),
    ],
)
def test_what_cannot_be_used_stops_the_start_with_its_key(tmp_path: Path, line: str, place: str) -> None:
    """Each mistake by its place; the reason says what would be right."""
    (tmp_path / "empty").touch()
    (tmp_path / "good").write_text("a secret")
    (tmp_path / "key.pem").write_bytes(ECKey.generate_key("P-256").as_pem(private=True))

    assert place in _read(tmp_path, f"{PLAIN}{line}\n")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (BASE, "http://ehr.example.org/fhir", ".smart.issuer"),
        (f'client_id = "{CLIENT}"', 'client_id = "two words"', ".smart.client_id"),
        (f'client_id = "{CLIENT}"', "", ".smart.client_id: is missing"),
    ],
)
def test_issuer_and_client_id_are_needed(tmp_path: Path, old: str, new: str, place: str) -> None:
    """https, and an id as the EHR gave it."""
    assert place in _read(tmp_path, PLAIN.replace(old, new))


def test_a_fhir_base_belongs_to_one_client(tmp_path: Path) -> None:
    """A launch names nothing else, so that another client of the same base could not be told apart."""
    assert 'client[2] "other".smart.issuer: is also the issuer of another' in _read(tmp_path, PLAIN + SECOND)
    assert "" == _read(tmp_path, PLAIN + SECOND.replace(BASE, "https://other.example.org/fhir"))
    assert "" == _read(tmp_path, PLAIN + SECOND.partition("[client.smart]")[0])


def test_a_changed_registration_is_in_force_and_its_old_connections_are_closed(tmp_path: Path) -> None:
    """The EHR is made anew for it; what cannot be asked in one way only is no EHR."""
    settings = settings_of(tmp_path, PLAIN)
    ticks = iter(range(0, 1000, 10))
    registry_file = RegistryFile(Path(settings.clients), seconds=lambda: float(next(ticks)))
    ehrs = Ehrs(registry_file, settings)
    first = ehrs.of(BASE)
    assert first is ehrs.of(BASE)

    settings_of(tmp_path, PLAIN.replace(CLIENT, "another-id-of-another-length"))
    second = ehrs.of(BASE)
    settings_of(tmp_path, PLAIN.replace(BASE, f"{BASE}/%2e%2e"))

    assert second is not None
    assert second is not first
    assert "another-id-of-another-length" == second.smart.client_id
    assert None is ehrs.of(BASE)
    assert None is ehrs.of(f"{BASE}/%2e%2e")
