"""The deadline of a request: a page that takes too long is cut, with a page that says so.

The limit is checked wherever a request asks the database, and the database itself stops a query
that runs beyond it. A transaction that is cut is rolled back whole, so that nothing is half stored.
Code that computes without the database is not cut; gunicorn ends a worker whose threads all hang.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

STEPS = 20_000
"""Steps of SQLite's virtual machine between two looks at the clock, some milliseconds."""
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
"""What ends a part of a transaction, which a cut request needs to undo what it did."""


class DeadlineError(Exception):
    """A request that has taken longer than its limit."""


class Deadline:
    """The moment until which a request may ask the database."""

    def __init__(self, connection: BaseDatabaseWrapper, seconds: float) -> None:
        self._connection = connection
        self._end = time.monotonic() + seconds
        self._is_limited = False

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._end

    def lift(self) -> None:
        """Let everything until the end of the request take as long as it needs.

        The page that says that another took too long needs the database, too.
        """
        self._end = math.inf
        if not self._is_limited or self._connection.connection is None:
            return
        self._is_limited = False
        if self._connection.vendor == "sqlite":
            self._connection.connection.set_progress_handler(None, 0)
        elif not self._connection.needs_rollback:
            self._set_timeout(0)

    def execute(
        self, run: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any
    ) -> Any:
        """Run a query, or raise DeadlineError if there is no time left before or after it."""
        if sql.startswith(OF_TRANSACTIONS):
            return run(sql, parameters, many, context)
        if self.is_over:
            raise DeadlineError
        if not self._is_limited and self._end < math.inf:
            self._limit()
        try:
            return run(sql, parameters, many, context)
        except OperationalError as error:
            if self.is_over:
                raise DeadlineError from error
            raise

    def _limit(self) -> None:
        """Let the database itself stop a query that is still running at the end."""
        self._is_limited = True
        if self._connection.vendor == "sqlite":
            self._connection.connection.set_progress_handler(lambda: self.is_over, STEPS)
        elif self._connection.vendor == "postgresql":
            # At least one millisecond, because 0 means no limit.
            self._set_timeout(max(1, round((self._end - time.monotonic()) * 1000)))

    def _set_timeout(self, milliseconds: int) -> None:
        with self._connection.connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {milliseconds}")


@contextmanager
def deadline(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[Deadline]:
    """Raise DeadlineError from the first query that begins, or still runs, after the seconds.

    A commit is not a query here: what was stored in time is kept.
    """
    limit = Deadline(connection, seconds)
    with connection.execute_wrapper(limit.execute):
        try:
            yield limit
        finally:
            limit.lift()
