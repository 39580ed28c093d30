"""Base class of commands that use the database, with a check that it is this program's database."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from explanations.management.base import PlatformCommand


class NoDatabaseError(CommandError):
    """A database that does not answer or has no tables."""


class DatabaseCommand(PlatformCommand):
    """Command that refuses to start if migrations are missing, or a newer program has run some.

    Django's own check only prints a warning and continues. The command then fails because of a
    missing column or, if a migration changes data only, works on data that the program does not
    expect.
    """

    def needs_database(self, options: Mapping[str, Any]) -> bool:
        """Check whether this call reads the database. Some commands can also work on files
        alone."""
        return True

    def prepare(self, options: Mapping[str, Any]) -> None:
        """Check the database."""
        if self.needs_database(options):
            refuse_other_database()

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. Raises CommandError if the database fails, for example on a full
        disk."""
        try:
            return super().execute(*args, **options)
        except OperationalError as error:
            # SQLite reports a mistake of the program, such as a missing column, as the same error.
            if getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
                raise
            raise CommandError(
                f"The database has failed: {' '.join(str(error).split())}. Check that it answers "
                "and that its disk has free space, then repeat the command."
            ) from error


def refuse_other_database() -> None:
    """Raise CommandError, in one line with the cure, if the database is older or newer than the
    program.

    Raises NoDatabaseError if the database does not answer or has no tables.
    """
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as error:
        raise NoDatabaseError(
            "The database does not answer. Start it, or correct DATABASE_URL. Its error: "
            + " ".join(str(error).split())
        ) from error
    # Without any applied migration the database is new, not old, and needs another cure.
    if not executor.loader.applied_migrations:
        raise NoDatabaseError(
            "The database has no tables yet. Run manage.py migrate, then repeat the command."
        )
    if said := newer_than_program(executor.loader):
        raise CommandError(said)
    if plan:
        first, _ = plan[0]
        raise CommandError(
            f"The database is older than the program: {len(plan)} of the program's migrations "
            f"{'is' if len(plan) == 1 else 'are'} not applied, {first.app_label}.{first.name} "
            "first. Run manage.py migrate, then repeat the command."
        )


def newer_than_program(loader: MigrationLoader) -> str:
    """Return a sentence with the cure if the database has migrations that the program lacks."""
    # Records of apps that are not installed any more say nothing about the program's age.
    unknown = sorted(
        key
        for key in loader.applied_migrations.keys() - loader.disk_migrations.keys()
        if key[0] in loader.migrated_apps and key not in _replaced(loader)
    )
    if not unknown:
        return ""
    return (
        f"The database was written by a newer version of the program, which has {len(unknown)} "
        f"{'migration' if len(unknown) == 1 else 'migrations'} that this version does not know, "
        f"{'.'.join(unknown[0])} first. Install that version again, or restore the backup from "
        "before its upgrade. Nothing was changed."
    )


def _replaced(loader: MigrationLoader) -> Iterable[tuple[str, str]]:
    """Return the migrations that another one stands for."""
    return {key for one in loader.disk_migrations.values() for key in one.replaces}
