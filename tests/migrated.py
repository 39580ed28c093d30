"""Databases with all tables, for the workers of the tests and for processes that tests start.

Migrating takes four seconds of a processor. It is done once per kind of database, and what it made
is copied since. The copies lie in a folder of this run of the tests, which tests/conftest.py names.
Without one, as in a script run by hand, every database is migrated.
"""

import fcntl
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

FOLDER = "TESTS_MIGRATED"
"""The variable of the environment that names the folder."""


def migrate() -> None:
    """Give the database of this process all tables; it is empty or has them already."""
    folder = os.environ.get(FOLDER)
    if connection.vendor == "postgresql" and not _lacks_migrations():
        return
    if not folder:
        if _lacks_migrations():
            call_command("migrate", verbosity=0)
        return
    with _alone(Path(folder)):
        if not _fill(Path(folder), str(connection.settings_dict["NAME"])):
            call_command("migrate", verbosity=0)
            _keep(Path(folder))


@contextmanager
def copied_test_databases() -> Iterator[None]:
    """Let Django's test database, which is set up inside, begin with the tables if there are any.

    If there are none yet, other processes wait until this one has migrated and kept them.
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        yield
        return
    # Between creating the database and migrating it, Django calls nothing that is public.
    creation, held = connection.creation, []
    create = creation._create_test_db
    found = False

    def create_filled(*arguments: object, **options: object) -> str:
        nonlocal found
        name: str = create(*arguments, **options)
        if connection.vendor == "sqlite":
            # A database in memory lasts as long as something is connected to it.
            held.append(sqlite3.connect(name, uri=name.startswith("file:")))
        found = _fill(Path(folder), name)
        return name

    creation._create_test_db = create_filled
    try:
        with _alone(Path(folder)):
            yield
            if not found:
                _keep(Path(folder))
    finally:
        creation._create_test_db = create
        for one in held:
            one.close()


def _fill(folder: Path, name: str) -> bool:
    """Copy the tables into the database called `name`; False if nobody has kept any yet."""
    copy = folder / connection.vendor
    if not copy.is_file():
        return False
    connection.close()
    if connection.vendor == "sqlite":
        copy_sqlite(copy, name)
    else:
        _postgresql("psql", name, "--quiet", "--set=ON_ERROR_STOP=1", f"--file={copy}")
    return True


def _keep(folder: Path) -> None:
    """Keep the tables of this process's database for the others."""
    copy, begun = folder / connection.vendor, folder / f"{connection.vendor}-{os.getpid()}"
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        copy_sqlite(name, begun)
    else:
        _postgresql("pg_dump", name, "--no-owner", f"--file={begun}")
    begun.replace(copy)  # whole, also for a process that is stopped meanwhile


def _postgresql(program: str, name: str, *options: str) -> None:
    """Run a program of the server's version on its database called `name`."""
    from tests.postgres import _binaries

    at = connection.settings_dict
    subprocess.run(
        [_binaries() / program, f"--host={at['HOST']}", f"--port={at['PORT']}",
         f"--username={at['USER']}", f"--dbname={name}", *options],
        check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PGPASSWORD": at["PASSWORD"]},
    )  # fmt: skip


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process migrates."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lacks_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def copy_sqlite(old: Path | str, new: Path | str) -> None:
    """Copy a whole database of SQLite; a name that begins with `file:` is a URI."""
    with (
        closing(sqlite3.connect(old, uri=str(old).startswith("file:"))) as source,
        closing(sqlite3.connect(new, uri=str(new).startswith("file:"))) as target,
    ):
        source.backup(target)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
    django.setup()
    migrate()
