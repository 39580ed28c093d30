"""manage.py simulate_participants SLUG --n N --seed S [--profile FILE] [--server URL]"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.simulation.profile import ProfileError, load
from surveys.simulation.remote import ServerError
from surveys.simulation.run import SimulationError, simulate


class Command(DatabaseCommand):
    if_stopped = (
        "Participants simulated up to now are kept; the last one counts as having dropped out. "
        "Repeat the command with the missing number as --n."
    )
    help = (
        "Sends synthetic participants through the real pages of an open study. They stay marked "
        "as simulated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", type=arguments.name)
        parser.add_argument("--n", type=arguments.count, default=140, help="number of participants")
        parser.add_argument(
            "--seed", type=arguments.seed, default=0, help="seed of all their answers"
        )
        parser.add_argument(
            "--server",
            default="",
            metavar="URL",
            help="URL of a server on the same database, such as http://127.0.0.1:8000",
        )
        parser.add_argument(
            "--profile",
            type=_profile,
            default="demo",
            help="demo, null, or a TOML file with planted effects",
        )

    def handle(
        self,
        *args: Any,
        slug: str,
        n: int,
        seed: int,
        profile: str,
        server: str,
        **options: Any,
    ) -> str:
        if n < 1:
            raise CommandError(f"--n is {n}. It must be at least 1.")
        try:
            simulated = simulate(
                study=study_named(slug),
                number=n,
                seed=seed,
                profile=load(profile),
                server=server,
            )
            return str(simulated)
        except (ProfileError, ServerError, SimulationError) as error:
            raise CommandError(str(error)) from error


def _profile(text: str) -> str:
    """Return the name of a shipped profile, or the path of a file of text."""
    return str(arguments.text_file(text)) if Path(text).exists() else arguments.name(text)
