"""manage.py change_places SLUG --reason TEXT [--places N] [--hold-minutes N] [--quota ARM=N]"""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from studyplatform.panel.place_edits import change_places, with_places
from studyplatform.panel.toml_edits import EditError
from surveys.management.lookup import study_named
from surveys.services import StudyError
from surveys.study_file.declaration import StudyFileError


class Command(DatabaseCommand):
    """Writer of other places into the file of a study, also while it runs."""

    help = (
        "Changes the places, the time for which a place is held, or the quotas of a study, also "
        "while people take part. The change is a new version, whose reason the report prints."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the command's options."""
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--reason", type=arguments.name, required=True, help="why; printed in the report"
        )
        parser.add_argument(
            "--places", type=arguments.count, metavar="N", help="never fewer than are taken"
        )
        parser.add_argument(
            "--hold-minutes",
            type=arguments.natural,
            metavar="N",
            help="how long a place is held before an arm is drawn; 0 for no limit",
        )
        parser.add_argument(
            "--quota",
            type=_quota,
            action="append",
            default=[],
            metavar="ARM=N",
            help="a higher quota of an arm that has one; 0 removes it; can be repeated",
        )

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        """Load the changed file."""
        study = study_named(slug)
        try:
            source = with_places(
                study,
                places=options["places"],
                hold_minutes=options["hold_minutes"],
                quotas=dict(options["quota"]),
            )
            changed = change_places(study, source, options["reason"])
        except (StudyError, StudyFileError, EditError) as error:
            raise CommandError(str(error)) from error
        if not changed:
            return f"The study {slug!r} has these places already. Nothing changed."
        study.refresh_from_db()
        version = study.versions.last()
        number = f" as version {version.number}" if version else ""
        return (
            f"Changed the places of the study {slug!r}{number}. The report will print the reason. "
            f"Write the new file with: manage.py dump_study {slug}"
        )


def _quota(text: str) -> tuple[str, int]:
    arm, _, number = text.partition("=")
    if not arm or not number.isascii() or not number.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not ARM=N, such as lime=40")
    return arm, int(number)
