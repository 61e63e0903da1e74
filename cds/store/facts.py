"""What the database says of itself, so that no process uses it that should not: a table of names and values."""

from sqlalchemy import Connection, inspect, select, update

from cds.errors import StoreError
from cds.store.schema import facts

OLDEST = "oldest_version"
HASH_KEY = "hash_key"


class Unfit(StoreError):  # noqa: N818 - says what this process is, for this database
    """This process must not use the database, now or later: it ends."""


class TooOld(Unfit):
    """A newer version has changed the tables in a way that this software does not know."""

    text = (
        "The database was changed by a newer version of twitch-cds, which this one cannot work with. "
        "Install that version, or use another database."
    )


class OtherKey(Unfit):
    """The hashes in the database were made under another key."""

    text = (
        "The hashes in the database were made under another TWITCH_CDS_HASH_KEY: no patient or user would be "
        "recognised. Set that key (all machines have the same), or bring DATA_DIR/hash.key back from a backup. "
        "If the old key is lost: twitch-cds store accept-key."
    )


def read(connection: Connection, name: str) -> str | None:
    """One fact; None if the database does not say."""
    return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()


def check_version(connection: Connection, present: str) -> None:
    """Raise TooOld if software whose newest tables are `present` may not use these, which it does not know."""
    oldest = read(connection, OLDEST) if inspect(connection).has_table(facts.name) else None
    if oldest is None or present < oldest:
        raise TooOld


def check_key(connection: Connection, fingerprint: str) -> None:
    """Raise OtherKey if the hashes were made under another key; whoever comes first says which key that is."""
    recorded_key = read(connection, HASH_KEY)
    if recorded_key is None:
        connection.execute(facts.insert().values(name=HASH_KEY, value=fingerprint))
    elif recorded_key != fingerprint:
        raise OtherKey


def accept_key(connection: Connection, fingerprint: str) -> None:
    """Let the hashes from now on be those of another key."""
    connection.execute(update(facts).where(facts.c.name == HASH_KEY).values(value=fingerprint))
