"""manage.py reconcile_recruitment SLUG [--service-study ID] [--csv FILE] [--store-statuses]"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.recruitment import prolific, reconciliation
from surveys.recruitment.prolific_csv import submissions_in
from surveys.recruitment.prolific_studies import study_ids
from surveys.services import record_service_status


class Command(DatabaseCommand):
    help = (
        "Lists every submission at Prolific whose state differs from the stored one, with the "
        "cause. The exit status is 1 if there are any."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--service-study",
            "--panel-study",  # the option's old name
            action="append",
            metavar="ID",
            help=(
                "Prolific's id of the study; by default the id in the study file or the ids that "
                "participants brought"
            ),
        )
        parser.add_argument(
            "--csv",
            type=arguments.text_file,
            metavar="FILE",
            help=(
                "list of submissions downloaded from the study's page, used instead of asking "
                "Prolific"
            ),
        )

        parser.add_argument(
            "--store-statuses",
            action="store_true",
            help=(
                "store the listed statuses as if Prolific had notified the server, which gives the "
                "places back that [recruitment] replace lists"
            ),
        )

    def handle(self, *args: Any, slug: str, csv: Path | None, **options: Any) -> str:
        study = study_named(slug)
        try:
            if csv is not None:
                listed = submissions_in(csv)
            else:
                ids = options["service_study"] or study_ids(study)
                listed = [
                    submission for study_id in ids for submission in prolific.submissions(study_id)
                ]
        except prolific.ProlificError as error:
            raise CommandError(str(error)) from error
        if options["store_statuses"]:
            for submission in listed:
                record_service_status(
                    session_id=submission.id, status=submission.status, at=timezone.now()
                )
        people = reconciliation.participations(study)
        differences = reconciliation.compare(listed, people, reconciliation.codes_of(study))
        for difference in differences:
            self.stdout.write(str(difference))
        summary = (
            f"Submissions at the service: {len(listed)}. Participations here: {len(people)}. "
            f"Differences: {len(differences)}."
        )
        if differences:  # the exit status lets a nightly job raise an alarm
            raise CommandError(summary)
        return summary
