"""Which database the settings mean, and what is said about those that mean none."""

import pytest

from cds.errors import StoreError
from cds.store.address import address_of


@pytest.mark.parametrize(
    ("url", "dialect", "shown"),
    [
        ("", "sqlite", "sqlite+pysqlite:///var/twitch-cds.db"),
        ("sqlite:////srv/a b/x.db", "sqlite", "sqlite+pysqlite:////srv/a b/x.db"),
        ("sqlite+pysqlite:///x.db", "sqlite", "sqlite+pysqlite:///x.db"),
        (
            "postgresql://u:p@h:5433/n?sslmode=require",
            "postgresql",
            "postgresql+psycopg://u:***@h:5433/n?client_encoding=utf8&sslmode=require",
        ),
        ("postgresql+psycopg://h/n", "postgresql", "postgresql+psycopg://h/n?client_encoding=utf8"),
    ],
)
def test_an_address_gets_our_driver(url: str, dialect: str, shown: str) -> None:
    """SQLite without any setting; the parameters of a server's address stay, and texts are in UTF-8."""
    address = address_of(url, "var")

    assert (dialect, shown) == (address.dialect, str(address.url))


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=memory",
        "postgresql+asyncpg://secret@h/n",
        "sqlite+aiosqlite:///secret.db",
        "mysql://secret@h/n",
        "secret words",
        "postgresql://h:secret/n",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_unseen(url: str) -> None:
    """In-memory databases, other drivers, nonsense; the address may be a secret."""
    with pytest.raises(StoreError, match="TWITCH_CDS_DATABASE_URL") as caught:
        address_of(url, "var")

    assert "secret" not in caught.value.text
