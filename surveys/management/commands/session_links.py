"""manage.py session_links SLUG --session KEY --output FILE --address URL [--only STATE ...]"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.store.atomic_files import write_atomically
from surveys.management.lookup import study_named
from surveys.services.session_links import COLUMNS, STATES, link_rows
from surveys.study_file.stored import definition
from surveys.tidy.cells import csv_text


class Command(DatabaseCommand):
    help = (
        "Writes the personal links to a later session as a csv file, for whoever invites or "
        "reminds people. The file lets its readers answer in people's names: keep it safe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument(
            "--session", type=arguments.name, required=True, help="key of the session"
        )
        parser.add_argument("--output", required=True, type=arguments.output_file, metavar="FILE")
        parser.add_argument(
            "--address", required=True, metavar="URL", help="of the server, such as https://a.org"
        )
        parser.add_argument(
            "--only",
            action="append",
            choices=STATES,
            help="people whose session is in this state; 'open' and 'begun' are those to remind",
        )

    def handle(self, *args: Any, slug: str, session: str, output: Path, **options: Any) -> str:
        study = study_named(slug)
        known = [one.key for one in definition(study).sessions]
        if session not in known:
            raise CommandError(
                f"The study {slug!r} has no session {session!r}. Its sessions: "
                f"{', '.join(known) or 'none'}."
            )
        states = options["only"] or STATES
        rows = link_rows(study, session, options["address"], states=states)
        # Readable by its owner only from the first byte on: each link is a secret.
        write_atomically(output, csv_text(COLUMNS, rows).encode(), mode=0o600)
        return f"Links of {len(rows)} people: {output}. Whoever has a link can answer with it."
