"""One connection that one thread keeps open, for the questions on the path of a call.

SQLAlchemy makes the SQL, opens the connection and knows what its errors mean; but the question itself goes straight to
the driver: the layers between cost several times as much as the answer, and would be paid for each card that is shown.
"""

from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from cds.store.down import Stale, StoreDown

T = TypeVar("T")
Work = Callable[[Any], T]


class Line:
    """Opened when it is needed, dropped when it fails. Its engine must be one that commits each statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._generation = 0

    def ask(self, work: Work[T], generation: int) -> T:
        """Do something with a cursor; raises StoreDown. A generation is a file: another one, another connection."""
        if generation != self._generation:
            self.drop()
            self._generation = generation
        try:
            return self._asked(work)
        except Stale:
            return self._asked(work)

    def drop(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection = None

    def _asked(self, work: Work[T]) -> T:
        try:
            connection = self._connection = self._connection or self._engine.raw_connection()
            with closing(connection.cursor()) as cursor:
                return work(cursor)
        except (self._engine.dialect.loaded_dbapi.Error, SQLAlchemyError) as problem:
            is_stale = self._is_dead(problem)
            self.drop()
            raise (Stale if is_stale else StoreDown) from problem

    def _is_dead(self, problem: Any) -> bool:
        connection = self._connection
        return connection is not None and self._engine.dialect.is_disconnect(problem, connection.dbapi_connection, None)
