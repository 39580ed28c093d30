"""manage.py verify_explanations: is every stored map and image what it was when it was stored?"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from explanations.management.database import DatabaseCommand
from explanations.store.atomic_files import write_atomically
from explanations.verification.stored_files import check_everything

NAMED = 20


class Command(DatabaseCommand):
    help = "Reads every stored map and image and compares the hashes; fails if one is damaged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--manifest",
            type=Path,
            metavar="FILE",
            help="write a line per map: hash of its numbers, method, image, key",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        found = check_everything()
        if options["manifest"]:
            write_atomically(options["manifest"], found.manifest.encode())
        if found.problems:
            named = "\n".join(f"- {problem}" for problem in found.problems[:NAMED])
            more = len(found.problems) - NAMED
            raise CommandError(
                f"{len(found.problems)} of {found.maps} maps and {found.images} images are "
                f"damaged:\n{named}" + (f"\n… and {more} more." if more > 0 else "")
            )
        return (
            f"{found.maps} maps and {found.images} images are whole; "
            f"the maps take {found.store_bytes / 1e6:.1f} MB."
        )
