"""What must hold before an upgrade changes the database, and before a server starts on it.

Each refusal names what is wrong and the cure, and comes before anything was changed.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import pre_migrate

from explanations.management.database import newer_than_program
from surveys.study_checks.serving import why_unservable

RUNNING = ("open", "paused")
"""States of studies whose participants may come back."""


def connect() -> None:
    """Check the database before each migrate."""
    sender = apps.get_app_config("studyplatform")  # so that the check is made once for all apps
    pre_migrate.connect(before_migrate, sender=sender, dispatch_uid="upgrade")


def before_migrate(sender: AppConfig, using: str, apps: Any, **_: Any) -> None:
    """Raise CommandError if the program cannot go on with the database.

    ``apps`` has the tables as they are, before the migrations.
    """
    found = problems(using, apps)
    if found:
        raise CommandError("\n".join(["The database was not migrated.", *found]))


def refuse_unservable() -> None:
    """Raise ImproperlyConfigured if a server must not start on the database.

    A database that does not answer yet, or is not migrated, is the health check's to report.
    """
    try:
        found = problems("default", apps)
    except DatabaseError:
        return
    finally:
        connections.close_all()  # the server forks: no two processes may share a connection
    if found:
        raise ImproperlyConfigured("\n".join(["The server does not start.", *found]))


def problems(using: str, tables: Any) -> list[str]:
    """Return a sentence with its cure for each reason not to go on with the database."""
    newer = newer_than_program(MigrationLoader(connections[using]))
    if newer:  # whose studies may well be beyond this version, which is no reason of its own
        return [newer]
    try:
        study = tables.get_model("surveys", "Study")
    except LookupError:  # a database without tables
        return []
    running = study.objects.using(using).filter(state__in=RUNNING).order_by("slug")
    return [
        f"The study {slug!r} is {state}, and this version cannot show its pages. {said} Nothing "
        "was changed. Close the study with the version that runs now, or give this version what "
        "it lacks: the lab's questionnaire in STUDY_INSTRUMENTS, or the package of the method."
        for slug, state, source in running.values_list("slug", "state", "source")
        if (said := why_unservable(source))
    ]
