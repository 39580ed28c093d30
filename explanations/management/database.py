"""Commands that work on the database, and first look whether it is as this program expects it."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor


class NoDatabaseError(CommandError):
    """There is nothing to read."""


class DatabaseCommand(BaseCommand):
    """Refuses a database whose migrations are not all applied, before it does anything.

    Django's own check of a command prints the migrations and goes on, into an error of a missing
    column or, where a migration changes no table, into data that the program does not expect.
    """

    def needs_database(self, options: Mapping[str, Any]) -> bool:
        """Whether this call reads the database; some commands can also work on files alone."""
        return True

    def execute(self, *args: Any, **options: Any) -> str | None:
        if self.needs_database(options):
            refuse_older_database()
        return super().execute(*args, **options)


def refuse_older_database() -> None:
    """CommandError, in one line with the cure, if migrations are missing.

    NoDatabaseError where no database answers, or one without any tables.
    """
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as error:
        raise NoDatabaseError(
            "The database does not answer. Start it, or correct DATABASE_URL. It said: "
            + " ".join(str(error).split())
        ) from error
    if not executor.loader.applied_migrations:
        raise NoDatabaseError(
            "The database has no tables yet. Run manage.py migrate, then the same command again."
        )
    if plan:
        first, _ = plan[0]
        raise CommandError(
            f"The database is older than the program: {len(plan)} of the program's migrations "
            f"{'is' if len(plan) == 1 else 'are'} not applied, {first.app_label}.{first.name} "
            "first. Run manage.py migrate, then the same command again."
        )
