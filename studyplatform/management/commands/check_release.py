"""manage.py check_release DIR [--k N]: looks for whatever leads to a person in a folder of data."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analysis.release.checking.check import K, check_folder
from explanations.management import arguments
from explanations.management.base import PlatformCommand
from explanations.management.progress import working


class Command(PlatformCommand):
    """Check of a folder of data, whoever made it."""

    help = (
        "Looks into every file of a folder for ids of recruitment services, addresses, phone "
        "numbers, names in texts, exact times, and small groups of people."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the folder and the size of the smallest group."""
        parser.add_argument("folder", type=arguments.input_folder, metavar="DIR")
        parser.add_argument(
            "--k",
            type=arguments.count,
            default=K,
            help=f"people who must share each combination of describing answers (default: {K})",
        )

    def handle(self, *args: Any, folder: Path, k: int, **options: Any) -> str:
        """Return one line if nothing is found, or raise CommandError with every finding."""
        with working("Checking"):
            checked = check_folder(folder, k)
        if checked.findings:
            lines = "\n".join(f"- {line}" for line in checked.lines)
            raise CommandError(
                f"{folder} is not fit to be given away. Findings: {len(checked.findings)}.\n{lines}"
            )
        more = " ".join(checked.lines)
        return f"Nothing that leads to a person was found in {checked.files} files. {more}".strip()
