"""Base class of commands that use the database, with a check that all migrations are applied."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from explanations.management.base import PlatformCommand


class NoDatabaseError(CommandError):
    """A database that does not answer or has no tables."""


class DatabaseCommand(PlatformCommand):
    """Command that refuses to start if migrations are missing.

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
            refuse_older_database()


def refuse_older_database() -> None:
    """Raise CommandError, in one line with the cure, if migrations are missing.

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
    if plan:
        first, _ = plan[0]
        raise CommandError(
            f"The database is older than the program: {len(plan)} of the program's migrations "
            f"{'is' if len(plan) == 1 else 'are'} not applied, {first.app_label}.{first.name} "
            "first. Run manage.py migrate, then repeat the command."
        )
