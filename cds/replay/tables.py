"""DuckDB: the tables of a replay, joined, counted and written as Parquet."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any as Anything

import duckdb

from cds.errors import Unfinished
from cds.evaluate.places import is_here
from cds.replay import keep

MEMORY = "300MB"
FETCHED = 10_000
OWNERS = {"owner": "VARCHAR", "patient": "VARCHAR", "suspect": "BOOLEAN", "entries": "BIGINT", "size": "BIGINT"}
PERSONS = {"owner": "VARCHAR", "born": "VARCHAR", "sex": "VARCHAR"}
EVENTS = dict.fromkeys(
    ("owner", "patient", "visit", "source", "hook", "day", "moment", "why", "clinician", "clinic"), "VARCHAR"
) | {"day_only": "BOOLEAN"}
VISITS = (
    dict.fromkeys(("visit", "patient", "clinician", "hook", "day", "clinic", "outcome", "reason"), "VARCHAR")
    | {"day_only": "BOOLEAN", "changes": "VARCHAR[]"}
    | dict.fromkeys(("cards", "silenced", "not_checked", "unread", "later", "undated", "unknown_then"), "BIGINT")
)
CARDS = (
    dict.fromkeys(("visit", "patient", "day", "card", "indicator", "fingerprint", "words"), "VARCHAR")
    | dict.fromkeys(("tags", "flags", "rules", "not_checked"), "VARCHAR[]")
    | {"number": "BIGINT", "shown": "BOOLEAN", "first": "BOOLEAN", "ages": "BIGINT[]", "undated_facts": "BIGINT"}
)

UNREADS = dict.fromkeys(("line", "type", "kind", "system", "code", "text", "about", "why", "may_be"), "VARCHAR") | (
    dict.fromkeys(("entries", "read", "patients"), "BIGINT")
)


class Tables:
    """One connection. File names are arguments; all SQL is written here or in `figures`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """One statement."""
        self._connection.execute(sql, dict(parameters or {}))

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> Iterator[tuple[Anything, ...]]:
        """The rows of a question, some at a time."""
        cursor = self._connection.execute(sql, dict(parameters or {}))
        while batch := cursor.fetchmany(FETCHED):
            yield from batch

    def read(self, name: str, folder: Path, pattern: str, columns: Mapping[str, str]) -> None:
        """A view of NDJSON files; an empty one where there are none."""
        files = sorted(str(path) for path in folder.glob(pattern) if path.stat().st_size)
        shape = ", ".join(f"{column}: '{kind}'" for column, kind in columns.items())
        empty = ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns.items())
        if not files:
            self.run(f"CREATE OR REPLACE VIEW {name} AS SELECT {empty} WHERE false")
            return
        names = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        self.run(
            f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM "  # noqa: S608 - our own names, file names quoted
            f"read_json([{names}], format = 'newline_delimited', columns = {{{shape}}})"
        )

    def parquet(self, name: str, path: Path) -> None:
        """A view of one Parquet file."""
        quoted = str(path).replace("'", "''")
        self.run(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet('{quoted}')")  # noqa: S608

    def write(self, sql: str, path: Path) -> None:
        """The rows of a question as one Parquet file, whole or not at all."""
        draft = path.with_name(f"{path.name}{keep.DRAFT}")
        quoted = str(draft).replace("'", "''")
        self.run(f"COPY ({sql}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")
        keep.settle(draft, path)


@contextmanager
def tables(spill: Path, threads: int = 1, store: Path | None = None) -> Iterator[Tables]:
    """A database in memory that spills into a folder; what stops it is a full disk, most likely, or its store.

    `store`: where it reads from, if that is not a folder of this machine.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": MEMORY,
            "temp_directory": str(spill / "duckdb"),
            "threads": threads,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
    )
    away = store if store is not None and not is_here(store) else None
    if away is not None:
        connection.register_filesystem(away.fs)  # type: ignore[attr-defined] # as upath has it
    try:
        yield Tables(connection)
    except (duckdb.IOException, duckdb.OutOfMemoryException) as problem:
        raise Unfinished(f"the tables cannot be written: {_first_line(problem)}. {GO_ON}") from problem
    except duckdb.Error as problem:
        if away is None:
            raise
        raise Unfinished(
            f"the store: the tables cannot be read from {away}: {_cause(problem)}. Run the same command again to go on"
        ) from problem
    finally:
        connection.close()


GO_ON = "Free some disk space and run the same command again: it continues from here"


def _cause(problem: Exception) -> str:
    """What a store raised: DuckDB reports it with a traceback before it and the statement after it."""
    return str(problem).partition("\n\n")[0].splitlines()[-1].strip()


def _first_line(problem: Exception) -> str:
    return str(problem).partition("\n")[0]
