"""manage.py simulate_participants SLUG --n N --seed S [--profile FILE] [--server URL]"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management.database import DatabaseCommand
from surveys.management.lookup import study_named
from surveys.simulation.profile import ProfileError, load
from surveys.simulation.remote import ServerError
from surveys.simulation.run import SimulationError, simulate


class Command(DatabaseCommand):
    help = (
        "Sends synthetic participants through the real pages of an open study. They stay marked "
        "as simulated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--n", type=int, default=140, help="number of participants")
        parser.add_argument("--seed", type=int, default=0, help="seed of all their answers")
        parser.add_argument(
            "--server",
            default="",
            metavar="URL",
            help="URL of a server on the same database, such as http://127.0.0.1:8000",
        )
        parser.add_argument(
            "--profile", default="demo", help="demo, null, or a TOML file with planted effects"
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
