"""Databases with all tables, for processes that tests start: migrated once, and copied since.

Migrating takes three seconds. The copy lies in a folder of this run of the tests, which
tests/conftest.py names. Without one, as in a script run by hand, every database is migrated.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

FOLDER = "TESTS_MIGRATED"
"""The variable of the environment that names the folder."""


def migrate() -> None:
    """Give the database of this process all tables; it is empty or has them already."""
    folder = os.environ.get(FOLDER)
    if connection.vendor != "sqlite" or not folder:
        if _lacks_migrations():
            call_command("migrate", verbosity=0)
        return
    copy, own = Path(folder) / "db.sqlite3", connection.settings_dict["NAME"]
    connection.close()
    if copy.is_file():
        _copy(copy, own)
        return
    call_command("migrate", verbosity=0)
    connection.close()
    begun = copy.with_name(f"{os.getpid()}.sqlite3")
    _copy(own, begun)
    begun.replace(copy)  # whole, also for processes that look meanwhile


def _lacks_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _copy(old: Path | str, new: Path | str) -> None:
    with closing(sqlite3.connect(old)) as source, closing(sqlite3.connect(new)) as target:
        source.backup(target)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
    django.setup()
    migrate()
