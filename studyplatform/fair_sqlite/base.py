"""Django's backend for SQLite, whose transactions write in the order in which they began.

Single statements outside a transaction do not queue: participants' pages have none that write.
"""

from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from studyplatform.fair_sqlite.turns import Turns


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
