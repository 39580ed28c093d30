"""Django's backend for SQLite, whose transactions write in the order in which they began.

Single statements outside a transaction do not queue: participants' pages have none that write.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from studyplatform.fair_sqlite.turns import Turns


@lru_cache(maxsize=1024)
def _with_sqlites_marks(query: str) -> str:
    marked: str = base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")
    return marked


class Cursor(base.SQLiteCursorWrapper):
    """Cursor that replaces the marks of a query's parameters once, and not at every execution."""

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        if param_names is None:
            return _with_sqlites_marks(query)
        converted: str = super().convert_query(query, param_names=param_names)
        return converted


class DatabaseWrapper(base.DatabaseWrapper):
    """Connection that waits for its turn before each transaction."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turns: Turns | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if not self.is_in_memory_db() and self._turns is None:
            self._turns = Turns(Path(str(self.settings_dict["NAME"])))
        return connection

    def create_cursor(self, name: Any = None) -> Cursor:
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        if self._turns is not None:
            self._turns.take()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give_back()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # after a failure, Django rolls back
        self._give_back()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_back()

    def close(self) -> None:
        try:
            super().close()
        finally:
            if self._turns is not None and self.connection is None:
                self._turns.close()
                self._turns = None

    def _give_back(self) -> None:
        if self._turns is not None:
            self._turns.give_back()
