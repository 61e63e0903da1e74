"""Settings: one table, read strictly, and documented."""

import re
from pathlib import Path

import pytest

from cds.errors import SettingsError
from cds.settings import SANDBOX_ORIGIN, SETTINGS, Settings, load, load_to_serve

DOCS = Path(__file__).parents[1] / "docs/settings.md"
GOOD_KEY = "0123456789abcdef0123456789abcdef"


def given(**values: str) -> dict[str, str]:
    """An environment with these settings, and a foreign variable."""
    return {"PATH": "/bin"} | {f"TWITCH_CDS_{name.upper()}": value for name, value in values.items()}


def test_the_documentation_has_every_row_of_the_table_and_no_other() -> None:
    """docs/settings.md is the table."""
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `TWITCH_CDS_")]

    assert [f"| `{row.name}` | {row.kind} | {row.default} | {row.help} |" for row in SETTINGS] == rows


def test_secrets_are_known_and_documented() -> None:
    """The documentation names them, for each can be given as a file."""
    secret = [row.name for row in SETTINGS if row.secret]

    assert ["TWITCH_CDS_DATABASE_URL", "TWITCH_CDS_HASH_KEY", "TWITCH_CDS_GOVERNANCE_TOKEN"] == secret
    assert all(f"`{name}`" in DOCS.read_text("utf-8").split("| Variable |")[0] for name in secret)


def test_the_documentation_names_what_each_worker_has_for_itself() -> None:
    """Else an operator with eight workers is wrong by eight."""
    (told,) = [part for part in DOCS.read_text("utf-8").split("\n\n") if part.startswith("Four limits")]

    assert {row.name for row in SETTINGS if "one worker" in row.help} == set(re.findall(r"`(TWITCH_CDS_\w+)`", told))


def test_a_secret_can_be_a_file(tmp_path: Path) -> None:
    """As containers have it: the name with `_FILE` holds the path."""
    file = tmp_path / "key"
    file.write_text(GOOD_KEY + "\n")

    assert GOOD_KEY == load(given(hash_key_file=str(file))).hash_key


def test_a_secret_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """The message names the setting, not the path."""
    with pytest.raises(SettingsError, match="TWITCH_CDS_HASH_KEY_FILE: names a file that cannot be read: No such file"):
        load(given(hash_key_file=str(tmp_path / "none")))


@pytest.mark.parametrize("name", ["hash_key", "governance_token"])
@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("secret", "must have at least 32 bytes"),
        (GOOD_KEY[:31], "must have at least 32 bytes"),
        ("k" * 32, "must not be one character repeated"),
        ("é" * 64, "must not be one character repeated"),
    ],
)
def test_a_weak_secret_stops_the_start_without_being_shown(name: str, key: str, reason: str) -> None:
    """A secret that can be guessed protects nothing; the setting and the reason are told, the secret is not."""
    with pytest.raises(SettingsError, match=reason) as caught:
        load(given(**{name: key}))

    assert f"TWITCH_CDS_{name.upper()}" in caught.value.text
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", [GOOD_KEY, "kl" * 16, "é" * 15 + "ab"])
def test_a_secret_of_32_bytes_is_taken(key: str) -> None:
    """Bytes count, not characters."""
    assert key == load(given(hash_key=key)).hash_key


def test_demo_mode_may_ask_its_own_fhir_server_only() -> None:
    """What is listed wins; nothing may be asked outside demo mode by default."""
    assert ("http://127.0.0.1:9000/demo/fhir",) == load(given(demo="true", port="9000")).fhir_servers
    assert ("http://127.0.0.1:8000/demo/fhir",) == load(given(demo="true")).fhir_servers
    assert ("https://ehr.example/fhir",) == load(
        given(demo="true", fhir_servers="https://ehr.example/fhir/, ")
    ).fhir_servers
    assert () == load({}).fhir_servers


@pytest.mark.parametrize("address", ["mysql://host/name", "twitch.db", "postgresql:host"])
def test_a_database_of_another_kind_stops_the_start(address: str) -> None:
    """SQLite and PostgreSQL only; the address may hold a password and is not shown."""
    with pytest.raises(SettingsError, match="TWITCH_CDS_DATABASE_URL: must be") as caught:
        load(given(database_url=address))

    assert address not in str(caught.value)


def test_without_any_variable_the_service_is_closed_and_on_loopback() -> None:
    """The defaults are the safe ones."""
    settings = load({})

    assert Settings() == settings
    assert ("127.0.0.1", 8000, False, ()) == (settings.host, settings.port, settings.open, settings.allowed_origins)


def test_demo_mode_is_open_and_knows_the_sandbox() -> None:
    """Demo mode needs no token and lets the public sandbox call."""
    settings = load(given(demo="on"))

    assert (True, "off", (SANDBOX_ORIGIN,)) == (settings.open, settings.auth, settings.allowed_origins)


def test_what_is_given_wins_over_the_demo_defaults() -> None:
    """A demo can be closed, and its origins chosen."""
    settings = load(given(demo="true", auth="Required", allowed_origins="http://a.example, https://B.example:8443,"))

    assert (False, ("http://a.example", "https://b.example:8443")) == (settings.open, settings.allowed_origins)


def test_every_value_is_read() -> None:
    """All kinds are parsed, white space is cut off, an empty value counts as not given."""
    settings = load(
        given(
            demo="no",
            host=" 0.0.0.0 ",
            port="9000",
            workers="2",
            public_url="https://cds.example.org/twitch/",
            time_zone="Europe/Berlin",
            max_body_bytes="2048",
            body_timeout_ms="5",
            max_concurrent="7",
            log_level="WARNING",
            auth="",
        )
    )

    expected = Settings(
        host="0.0.0.0",
        port=9000,
        workers=2,
        public_url="https://cds.example.org/twitch",
        time_zone="Europe/Berlin",
        max_body_bytes=2048,
        body_timeout_ms=5,
        max_concurrent=7,
        log_level="warning",
    )
    assert expected == settings
    assert "Europe/Berlin" == str(settings.zone)


def test_the_public_address_follows_the_port() -> None:
    """On a laptop the links lead to the port that was chosen."""
    assert "http://127.0.0.1:9000" == load(given(port="9000")).public_url


@pytest.mark.parametrize(
    "address",
    ["https://cds.example.org", "http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000"],
)
def test_a_service_with_clients_starts_under_a_safe_address(address: str) -> None:
    """TLS, or never off this machine."""
    assert address == load_to_serve(given(clients="clients.toml", public_url=address)).public_url


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "is required: clients issue their tokens for this address"),
        (" ", "is required: clients issue their tokens for this address"),
        ("http://cds.example.org", "must begin with https://"),
        ("http://10.0.0.1:8000", "must begin with https://"),
        ("http://127.0.0.1.example.org", "must begin with https://"),
    ],
)
def test_a_service_with_clients_and_no_safe_address_does_not_start(address: str, why: str) -> None:
    """Every token would be refused, cards would link to the reader's own machine, or all could be read on its way."""
    with pytest.raises(SettingsError, match=f"TWITCH_CDS_PUBLIC_URL: {why}"):
        load_to_serve(given(clients="clients.toml", public_url=address))


def test_demo_mode_and_a_service_without_clients_need_no_address() -> None:
    """Nobody signs in there."""
    assert load({}) == load_to_serve({})
    assert load_to_serve(given(demo="true", clients="clients.toml", public_url="http://laptop.example:8000")).demo


def test_without_a_time_zone_the_day_is_that_of_utc() -> None:
    """And it can be seen that nobody chose it."""
    assert ("", "UTC") == (load({}).time_zone, str(load({}).zone))
    assert "UTC" == load(given(time_zone="UTC")).time_zone


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("demo", "maybe"),
        ("auth", "sometimes"),
        ("auth", "off"),
        ("port", "65536"),
        ("port", "-1"),
        ("port", "80a"),
        ("port", "٣"),
        ("workers", "0"),
        ("public_url", "twitch.example.com"),
        ("public_url", "ftp://cds.example.org"),
        ("public_url", "https://cds.example.org?x=1"),
        ("public_url", "https://user@cds.example.org"),
        ("public_url", "https://[cds"),
        ("allowed_origins", "*"),
        ("allowed_origins", "https://ehr.example.org/path"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("max_body_bytes", "1"),
        ("log_level", "loud"),
        ("metrics_address", "8123"),
        ("metrics_address", "::1:9464"),
        ("metrics_address", "127.0.0.1:65536"),
        ("metrics_address", "http://127.0.0.1:9464"),
        ("no_such_setting", "1"),
    ],
)
def test_an_unusable_setting_stops_the_start_with_its_name_and_not_its_value(name: str, value: str) -> None:
    """The message names the key; the value stays out, for it may be a secret."""
    with pytest.raises(SettingsError) as stopped:
        load(given(**{name: value}))

    assert f"TWITCH_CDS_{name.upper()}" == stopped.value.key
    assert stopped.value.text.startswith(f"TWITCH_CDS_{name.upper()}: ")
    assert len(value) < 4 or value not in stopped.value.text


@pytest.mark.parametrize("languages", [" , ", "xx", "en,xx", "english"])
def test_a_language_that_nobody_knows_stops_the_start(languages: str) -> None:
    """A typing error must not switch words off without a word."""
    with pytest.raises(SettingsError, match="TWITCH_CDS_LANGUAGES: must be languages from en, de, es, fr"):
        load(given(languages=languages))


@pytest.mark.parametrize(("stated", "read"), [("en", ("en",)), (" EN, de ", ("en", "de"))])
def test_languages_are_read_whatever_their_case(stated: str, read: tuple[str, ...]) -> None:
    """With blanks around them, too."""
    assert read == load(given(languages=stated)).languages
