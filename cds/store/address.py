"""Where the database is: a SQLite file by default, or a PostgreSQL server by its URL."""

from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from cds.errors import StoreError
from cds.store.schema import SQLITE

FILE = "twitch-cds.db"
POSTGRESQL = "postgresql"
DRIVERS = {SQLITE: "sqlite+pysqlite", POSTGRESQL: "postgresql+psycopg"}
IN_MEMORY = ("", ":memory:")
TEXT = {"client_encoding": "utf8"}  # whatever the role or the machine would say


class Address(Struct, frozen=True):
    """The URL with the driver that we use, and the file if it is SQLite."""

    url: URL
    file: Path | None = None

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.url.get_backend_name()


def address_of(database_url: str, data_dir: str) -> Address:
    """Read the setting; without one the database is a file in the data folder. Raises StoreError, without the URL."""
    if not database_url:
        return _file(Path(data_dir) / FILE)
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError) as problem:
        raise StoreError("TWITCH_CDS_DATABASE_URL: is not the address of a database") from problem
    backend = url.get_backend_name()
    if backend not in DRIVERS or url.drivername not in (backend, DRIVERS[backend]):
        raise StoreError("TWITCH_CDS_DATABASE_URL: must begin with sqlite:// or postgresql://, without another driver")
    if backend == POSTGRESQL:
        return Address(url.set(drivername=DRIVERS[POSTGRESQL]).update_query_dict(TEXT))
    if (url.database or "") in IN_MEMORY or url.query:
        raise StoreError("TWITCH_CDS_DATABASE_URL: must name a file (sqlite:////absolute/path), without parameters")
    return _file(Path(unquote(url.database or "")))


def _file(path: Path) -> Address:
    return Address(URL.create(DRIVERS[SQLITE], database=str(path)), path)
