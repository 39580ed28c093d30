"""manage.py verify_explanations: check of every stored map and image against its hash."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.outputs import refuse_overwriting
from explanations.management.progress import working
from explanations.store.atomic_files import write_atomically
from explanations.verification.stored_files import Checked, check_everything

NAMED = 20


class Command(DatabaseCommand):
    """Check of all stored maps and images."""

    help = "Reads every stored map and image and compares its hash. Fails if any is damaged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument(
            "--manifest",
            type=arguments.output_file,
            metavar="FILE",
            help="file for a line per map: hash of its numbers, method, image, key",
        )
        parser.add_argument("--force", action="store_true", help="replace an existing file")

    def handle(self, *args: Any, **options: Any) -> str:
        """Check all files. Return a summary, or raise CommandError that lists the damaged files."""
        if options["manifest"]:
            refuse_overwriting(options["manifest"], force=options["force"])
        with working("Verifying"):
            checked = check_everything()
        if options["manifest"]:
            write_atomically(options["manifest"], checked.manifest.encode())
        if checked.problems:
            named = "\n".join(f"- {problem}" for problem in checked.problems[:NAMED])
            more = len(checked.problems) - NAMED
            raise CommandError(
                f"{len(checked.problems)} of {_counted(checked)} are damaged:\n{named}"
                + (f"\n… and {more} more." if more > 0 else "")
            )
        return (
            f"{_counted(checked)} are intact; the maps occupy {checked.store_bytes / 1e6:.1f} MB."
        )


def _counted(checked: Checked) -> str:
    if not checked.originals:
        return f"{checked.maps} maps and {checked.images} images"
    return f"{checked.maps} maps, {checked.images} images and {checked.originals} uploaded files"
