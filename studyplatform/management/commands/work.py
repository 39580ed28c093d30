"""manage.py work [--lane LANE] [--kinds LIST] [--once]: a worker that does the panel's jobs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from studyplatform.jobs.kinds import KINDS, Lane, UnknownKindError, kind_named, possible_here
from studyplatform.jobs.worker import Worker


class Command(DatabaseCommand):
    """A worker beside the web server, or on a machine of its own with the same data folder."""

    if_stopped = "The job at hand went back to the queue, without a lost attempt."
    help = (
        "Does the jobs that researchers start in the panel, one after the other. Start as many "
        "workers as you like."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        taken = parser.add_mutually_exclusive_group()
        taken.add_argument(
            "--lane",
            choices=[lane.value for lane in Lane],
            help="only computing jobs (maps, evaluations, classifiers) or only all others, so that "
            "with a worker for each an export does not wait for maps",
        )
        taken.add_argument(
            "--kinds",
            type=arguments.names,
            metavar="LIST",
            help=f"kinds of jobs, joined by commas: {', '.join(kind.key for kind in KINDS)} "
            "(default: all whose packages this machine has)",
        )
        parser.add_argument("--once", action="store_true", help="do at most one job, then end")

    def handle(self, *args: Any, **options: Any) -> str:
        """Work, and return a summary once the worker ends by itself."""
        try:
            named = [
                kind_named(key.strip()).key for key in (options["kinds"] or "").split(",") if key
            ]
        except UnknownKindError as error:
            raise CommandError(str(error)) from error
        lane = options["lane"]
        kinds = tuple(named) or (Lane(lane).kinds if lane else possible_here())
        if not kinds:
            raise CommandError(
                f"This machine lacks the packages of all {lane} jobs. Install the requirements for "
                "maps, or start a worker on a machine that has them."
            )
        self._tell(f"Waiting for jobs: {', '.join(kinds)}. Ctrl-C ends the worker.")
        done = Worker(kinds, tell=self._tell).run(once=options["once"])
        return f"{done} job{'' if done == 1 else 's'} attended to."

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()  # a service's log is a file, which would show the line much later
