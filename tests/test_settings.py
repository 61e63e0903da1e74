"""Settings: one table, read strictly, and documented."""

from pathlib import Path

import pytest

from cds.errors import SettingsError
from cds.settings import SANDBOX_ORIGIN, SETTINGS, Settings, load

DOCS = Path(__file__).parents[1] / "docs/settings.md"


def given(**values: str) -> dict[str, str]:
    """An environment with these settings, and a foreign variable."""
    return {"PATH": "/bin"} | {f"TWITCH_CDS_{name.upper()}": value for name, value in values.items()}


def test_the_documentation_has_every_row_of_the_table_and_no_other() -> None:
    """docs/settings.md is the table."""
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `TWITCH_CDS_")]

    assert [f"| `{row.name}` | {row.kind} | {row.default} | {row.help} |" for row in SETTINGS] == rows


def test_no_setting_is_a_secret_yet() -> None:
    """The documentation says so; a secret must change it."""
    assert [] == [row.name for row in SETTINGS if row.secret]


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
