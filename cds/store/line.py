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
        connection = self._opened()
        try:
            with closing(connection.cursor()) as cursor:
                return work(cursor)
        except self._engine.dialect.loaded_dbapi.Error as problem:
            is_dead = self._engine.dialect.is_disconnect(problem, connection.dbapi_connection, None)
            self.drop()
            raise (Stale if is_dead else StoreDown) from problem

    def _opened(self) -> PoolProxiedConnection:
        if self._connection is None:
            try:
                self._connection = self._engine.raw_connection()
            except SQLAlchemyError as problem:
                raise StoreDown from problem
        return self._connection
