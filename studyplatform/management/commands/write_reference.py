"""manage.py write_reference: the reference pages of the documentation."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from explanations.management import arguments
from explanations.management.base import PlatformCommand
from studyplatform.reference import api, columns, commands, errors, files, results
from studyplatform.reference import settings as settings_page

ROOT = Path(settings.BASE_DIR)
PAGES: Mapping[str, Callable[[], str]] = {
    "commands": commands.write,
    "study-file": files.study_file,
    "plan": files.plan_file,
    "questionnaire": files.questionnaire,
    "columns": lambda: columns.write(ROOT / "studies"),
    "results": results.write,
    "settings": lambda: settings_page.write(ROOT / ".env.example"),
    "api": api.write,
    "messages": errors.write,
}


class Command(PlatformCommand):
    """Writing of the reference pages, for the site of the documentation."""

    if_stopped = "Pages that were written are kept. Repeat the command to write all of them."
    help = (
        "Writes a Markdown page for the commands, each kind of file, the exported columns, "
        "results.json, the settings, the API, and all messages of errors, from the code."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument(
            "--output",
            type=arguments.output_folder,
            default=ROOT / "docs" / "reference",
            help="folder of the pages; by default docs/reference",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Write the pages and return a summary."""
        folder: Path = options["output"]
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in PAGES.items():
            (folder / f"{name}.md").write_text(write(), encoding="utf-8")
        return f"{len(PAGES)} pages are in {folder}."
