"""The tables are made and changed once, by whoever comes first; a database of another time is refused."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, inspect, make_url, text
from store_samples import HOSPITAL, NOW, PATIENT, SERVICE, account, entry, minutes, overridden, received, rows_of, shown

from cds.account import Suppressed
from cds.errors import StoreError
from cds.settings import load
from cds.store.address import DRIVERS
from cds.store.down import StoreDown
from cds.store.engines import WrongEncoding
from cds.store.facts import OtherKey, TooOld
from cds.store.migrate import VERSIONS, Unreachable, _lock, is_known, migrate, newest
from cds.store.rows import Entry
from cds.store.schema import metadata
from cds.store.starting import make_ready
from cds.store.store import Store
from cds.store.upgrade import SCRIPTS, scripts

REQUIRED = (
    *("hook_instance", "service", "hook", "client", "patient", '"user"', "topic"),
    *("tags", "flags", "fingerprint", "knowledge_version", "software_version"),
)
COLUMNS = ", ".join((*REQUIRED, "suppressed_at"))
PLACES = ", ".join(f":{name.strip(chr(34))}" for name in (*REQUIRED, "suppressed_at"))
DOCS = Path(__file__).parents[2] / "docs/store.md"


def engine_of(database_url: str) -> Any:
    """An engine beside the store."""
    url = make_url(database_url)
    return create_engine(url.set(drivername=DRIVERS[url.get_backend_name()]))


def test_the_migrations_make_the_tables_of_the_schema(store: Store, database_url: str) -> None:
    """No column, type or index is missing or too much."""
    engine = engine_of(database_url)
    with engine.connect() as connection:
        options = {"version_table": VERSIONS, "compare_type": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        version = connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar_one()
    engine.dispose()

    assert [] == differences
    assert newest() == version


def test_the_versions_are_known_by_the_names_of_their_files() -> None:
    """As Alembic knows them, in its order; so that a start need not ask it."""
    found = ScriptDirectory.from_config(scripts())

    assert found.get_current_head() == newest()
    assert all(is_known(script.revision) for script in found.walk_revisions())


def test_alembic_is_imported_only_to_change_tables(tmp_path: Path) -> None:
    """By the first start of a new version, and by no other."""
    script = (
        "import sys; from cds.settings import Settings; from cds.store.starting import make_ready;"
        "make_ready(Settings(data_dir=sys.argv[1])); print('alembic' in sys.modules)"
    )
    command_line = [sys.executable, "-c", script, str(tmp_path)]
    said = [subprocess.run(command_line, capture_output=True, text=True, check=True).stdout for _ in range(2)]

    assert ["True\n", "False\n"] == said


def test_tables_that_are_there_stay_as_they_are(store: Store, database_url: str, tmp_path: Path) -> None:
    """A second start, of the same process or another, loses nothing."""
    store.add([entry(shown("c1"))])
    store.prepare()
    again = Store.open(database_url, str(tmp_path))
    again.prepare()
    again.close()

    assert ["c1"] == [row["card"] for row in rows_of(database_url, "showings")]


def test_several_may_start_at_once(database_url: str, tmp_path: Path) -> None:
    """Each comes to the same tables; none fails."""
    stores = [Store.open(database_url, str(tmp_path)) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda store: store.prepare(), stores))
    uses = [store.use("k" * 64, NOW) for store in stores]
    for store in stores:
        store.close()

    assert [True] + [False] * 7 == uses


def test_a_database_of_a_newer_version_is_refused(store: Store, database_url: str, tmp_path: Path) -> None:
    """With a word about what to do, and untouched."""
    engine = engine_of(database_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSIONS} SET version_num = '9999'"))
        connection.execute(text("UPDATE store_facts SET value = '9998' WHERE name = 'oldest_version'"))
    engine.dispose()
    newer = Store.open(database_url, str(tmp_path))

    with pytest.raises(StoreError, match="newer version of twitch-cds"):
        newer.prepare()
    newer.close()


def test_a_newer_database_that_allows_it_is_used_as_it_is(store: Store, database_url: str, tmp_path: Path) -> None:
    """A rolling upgrade: old workers go on beside newer tables, and change nothing about them."""
    be_newer(database_url, oldest=newest())
    older = Store.open(database_url, str(tmp_path))
    older.prepare()
    older.add([entry(shown("c1"))])
    older.keep([received(overridden("c1"))])
    found, first = older.answered(PATIENT, ["f"]), older.use("k" * 64, NOW)
    older.check()
    older.close()

    assert ({"f": NOW}, True) == (found, first)
    assert ["9999"] == [row["version_num"] for row in values(database_url, VERSIONS)]


def test_a_newer_database_that_says_nothing_is_refused(store: Store, database_url: str, tmp_path: Path) -> None:
    """As one of software without this table would be."""
    be_newer(database_url, oldest=newest())
    engine = engine_of(database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE store_facts"))
    engine.dispose()
    older = Store.open(database_url, str(tmp_path))

    with pytest.raises(TooOld):
        older.prepare()
    older.close()


def test_a_process_at_work_finds_out_that_it_must_end(store: Store, database_url: str) -> None:
    """The tables were changed under it: the next look says so, while a database that is only away is down."""
    store.check()
    be_newer(database_url, oldest="9999")
    with pytest.raises(TooOld, match="newer version of twitch-cds"):
        store.check()


def test_a_database_that_is_away_is_not_called_newer(tmp_path: Path) -> None:
    """Then nothing is known about its tables."""
    (tmp_path / "var").write_bytes(b"no folder")
    store = Store.open("", str(tmp_path / "var"))

    with pytest.raises(StoreDown):
        store.check()
    store.close()


def be_newer(database_url: str, oldest: str) -> None:
    """Do as a newer version would: another version of the tables, and which software may use them."""
    engine = engine_of(database_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSIONS} SET version_num = '9999'"))
        connection.execute(text(f"UPDATE store_facts SET value = '{oldest}' WHERE name = 'oldest_version'"))
    engine.dispose()


def values(database_url: str, table: str) -> list[dict[str, object]]:
    """The rows of any table."""
    engine = engine_of(database_url)
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]
    engine.dispose()
    return rows


def test_a_database_takes_one_hash_key_only(database_url: str, tmp_path: Path) -> None:
    """Whoever comes first says which; with another one nobody would be recognised, so that start ends."""
    first, same, other = (Store.open(database_url, str(tmp_path), key) for key in ("a" * 32, "a" * 32, "b" * 32))
    first.prepare()
    same.prepare()
    with pytest.raises(OtherKey, match="under another TWITCH_CDS_HASH_KEY"):
        other.prepare()
    with pytest.raises(StoreDown):
        other.use("k" * 64, NOW)
    for store in (first, same, other):
        store.close()

    assert ["a" * 32] == [row["value"] for row in values(database_url, "store_facts") if row["name"] == "hash_key"]


def test_another_hash_key_can_be_accepted(database_url: str, tmp_path: Path) -> None:
    """When the old one is lost: from then on the old one is the other."""
    old, new = (Store.open(database_url, str(tmp_path), key) for key in ("a" * 32, "b" * 32))
    old.prepare()
    new.prepare(accept_key=True)
    again = Store.open(database_url, str(tmp_path), "a" * 32)
    with pytest.raises(OtherKey):
        again.prepare()
    for store in (old, new, again):
        store.close()


def test_the_first_to_accept_a_key_need_not_be_the_second(database_url: str, tmp_path: Path) -> None:
    """A new database has no other key to be replaced."""
    store = Store.open(database_url, str(tmp_path), "b" * 32)
    store.prepare(accept_key=True)
    store.close()

    assert ["b" * 32] == [row["value"] for row in values(database_url, "store_facts") if row["name"] == "hash_key"]


def test_tables_of_somebody_else_are_refused(database_url: str, tmp_path: Path) -> None:
    """A database in which a table has the same name is not ours."""
    engine = engine_of(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE feedback (stars INTEGER)"))
    store = Store.open(database_url, str(tmp_path))

    with pytest.raises(StoreError, match="cannot be opened or brought up to date"):
        store.prepare()
    store.close()
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
    engine.dispose()

    assert ["feedback"] == tables


def test_the_tables_can_be_taken_away(store: Store, database_url: str) -> None:
    """The way back of each migration works."""
    engine = engine_of(database_url)
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    with engine.begin() as connection:
        config.attributes.update(connection=connection, version_table=VERSIONS)
        command.downgrade(config, "base")
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
    engine.dispose()

    assert [VERSIONS] == tables


def test_a_file_of_something_else_is_refused_without_its_address(tmp_path: Path) -> None:
    """It stays as it was."""
    path = tmp_path / "secret-place.db"
    path.write_bytes(b"This is no database. " * 500)
    store = Store.open(f"sqlite:///{path}", "")

    with pytest.raises(StoreError, match="DatabaseError") as caught:
        store.prepare()
    store.close()

    assert "secret-place" not in caught.value.text
    assert path.read_bytes().startswith(b"This is no database.")


def test_a_folder_that_cannot_be_made_is_an_error_of_the_start() -> None:
    """Below a file there are no folders."""
    store = Store.open("", "/dev/null/var")

    with pytest.raises(StoreError, match="Not a directory"):
        store.prepare()
    store.close()


def test_folder_and_file_are_the_owners_alone(tmp_path: Path) -> None:
    """Nobody else may read who was shown what; the file has a write-ahead log."""
    store = Store.open("", str(tmp_path / "deep" / "var"))
    store.prepare()
    store.close()
    folder = tmp_path / "deep" / "var"
    with sqlite3.connect(folder / "twitch-cds.db") as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()

    assert (0o700, 0o600) == tuple(path.stat().st_mode & 0o777 for path in (folder, folder / "twitch-cds.db"))
    assert ("wal",) == mode


def test_a_server_that_is_away_stops_no_start(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged by its kind; address and password are not."""
    url = "postgresql://me:hunter2@127.0.0.1:9/none"
    store = Store.open(url, "")

    with pytest.raises(Unreachable) as caught:
        store.prepare()
    store.close()
    make_ready(load({"TWITCH_CDS_DATABASE_URL": url}))

    assert "the store cannot be reached" in caplog.text
    assert not {"hunter2", "127.0.0.1"} & set(f"{caught.value.text} {caplog.text}".split())


def test_a_start_makes_the_tables(tmp_path: Path) -> None:
    """Before anybody calls."""
    make_ready(load({"TWITCH_CDS_DATA_DIR": str(tmp_path)}))

    assert [] == rows_of(f"sqlite:///{tmp_path / 'twitch-cds.db'}", "feedback")


def test_a_start_with_an_unusable_database_ends(tmp_path: Path) -> None:
    """What will never work is told at once."""
    (tmp_path / "twitch-cds.db").write_bytes(b"no database" * 1000)

    with pytest.raises(StoreError):
        make_ready(load({"TWITCH_CDS_DATA_DIR": str(tmp_path)}))


OTHERS = ("SQL_ASCII", "LATIN1")


@pytest.mark.parametrize("encoding", OTHERS)
def test_a_database_in_another_encoding_ends_the_start(
    postgres_database: Callable[[str], str], encoding: str, tmp_path: Path
) -> None:
    """With one sentence, the way out in it; at work it is a store that is down."""
    url = postgres_database(f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    store = Store.open(url, "")

    with pytest.raises(StoreError, match=f"encoding is {encoding}, but must be UTF8: .* createdb -E UTF8") as caught:
        make_ready(load({"TWITCH_CDS_DATABASE_URL": url, "TWITCH_CDS_DATA_DIR": str(tmp_path)}))
    with pytest.raises(StoreDown):
        store.use("k" * 64, NOW)
    store.close()

    assert not isinstance(caught.value, Unreachable)
    assert "@" not in caught.value.text


def test_a_database_in_another_encoding_is_told_with_the_way_out() -> None:
    """Whatever the server: the words come from here, and the address stands in none."""

    def refuse(*_: object) -> None:
        raise WrongEncoding("LATIN1")

    engine = create_engine("sqlite://")
    event.listen(engine, "connect", refuse)

    with pytest.raises(StoreError, match=r"encoding is LATIN1, but must be UTF8: .* createdb -E UTF8"):
        migrate(engine)


def test_what_a_role_is_used_to_changes_nothing(postgres_url: str) -> None:
    """Texts come as texts, whatever encoding the database hands out to others."""
    engine = engine_of(postgres_url)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {make_url(postgres_url).database} SET client_encoding = 'SQL_ASCII'"))
    engine.dispose()
    store = Store.open(postgres_url, "")
    store.add([entry(shown("c1"))])
    store.keep([received(overridden("c1"))])
    found = store.answered(PATIENT, ["f"])
    store.close()

    assert {"f": NOW} == found


def test_rows_of_the_first_tables_stay(database_url: str, tmp_path: Path) -> None:
    """Repeats of before have no key, even two that are the same, and new ones stand beside them."""
    engine = engine_of(database_url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", SCRIPTS)
        config.attributes.update(connection=connection, version_table=VERSIONS)
        command.upgrade(config, "0001")
        moment = NOW.replace(tzinfo=None).isoformat(" ")
        old = {name.strip(chr(34)): "old" for name in REQUIRED} | {"suppressed_at": moment}
        connection.execute(text(f"INSERT INTO suppressions ({COLUMNS}) VALUES ({PLACES})"), [old, old])
    engine.dispose()
    store = Store.open(database_url, str(tmp_path))
    store.add([Entry(HOSPITAL, SERVICE, account(suppressed=[Suppressed(topic="new", fingerprint="g")]), "k", "s", NOW)])
    store.close()
    found = rows_of(database_url, "suppressions")

    assert [("old", None), ("old", None)] == [(row["topic"], row["key"]) for row in found[:2]]
    assert ["new"] == [row["topic"] for row in found[2:] if row["key"]]


class Recorded:
    """A connection to PostgreSQL that takes down what it is told."""

    def __init__(self) -> None:
        self.dialect = make_url("postgresql://x/y").get_dialect()()
        self.told: list[str] = []

    def exec_driver_sql(self, sql: str) -> None:
        self.told.append(sql)


def test_on_a_server_others_are_waited_for() -> None:
    """The lock is taken within the transaction, so that it ends with it; waiting for it may take its time."""
    connection: Any = Recorded()
    _lock(connection)

    assert ["SET LOCAL statement_timeout", "SELECT pg_advisory_xact_lock"] == [
        sql.partition(" =")[0].partition("(")[0] for sql in connection.told
    ]


def test_a_role_that_may_change_no_table_is_enough(postgres_url: str) -> None:
    """The rights that docs/store.md grants, when somebody else has made the tables."""
    granted = re.findall(r"^GRANT .*;$", DOCS.read_text("utf-8"), re.MULTILINE)
    owner = Store.open(postgres_url, "")
    owner.prepare()
    owner.close()
    engine, role = engine_of(postgres_url), f"role_{uuid4().hex}"
    database = make_url(postgres_url).database or ""
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'"))
        for grant in granted:
            ours = grant.replace("DATABASE twitch_cds", f"DATABASE {database}").replace("twitch_cds_service", role)
            connection.execute(text(ours))
    address = make_url(postgres_url).set(username=role, password="secret").render_as_string(False)
    store = Store.open(address, "", "a" * 32)
    store.add([entry(shown("c1"))])
    store.keep([received(overridden("c1"))])
    known, first = store.answered(PATIENT, ["f"]), store.use("k" * 64, NOW)
    deleted = store.prune(NOW + minutes(1), 0)
    store.close()
    with engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    engine.dispose()

    assert 7 == len(granted)
    assert ({"f": NOW}, True) == (known, first)
    assert {
        "showings": 1,
        "suppressions": 0,
        "feedback": 1,
        "used_tokens": 1,
        "silent_cards": 0,
        "shadow_counts": 0,
    } == deleted


def test_feedback_survives_a_start(store: Store, database_url: str, tmp_path: Path) -> None:
    """What was answered before is known after."""
    store.add([entry(shown("c1"))])
    store.keep([received(overridden("c1"))])
    store.close()
    again = Store.open(database_url, str(tmp_path))
    found = again.answered(PATIENT, ["f"])
    again.close()

    assert {"f": NOW} == found
