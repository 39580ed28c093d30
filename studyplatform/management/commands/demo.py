"""manage.py demo: prepare a running study with a report in an empty data folder, resumably."""

import secrets
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError

from analysis.report.pdf import pdf_missing
from explanations.management.base import PlatformCommand
from explanations.models import StudyImage
from surveys.models import Participant, Study

SLUG = "demo"
LARGE = "residual"
"""Study with larger images and a residual network, which nobody has taken part in."""
STUDIES = {SLUG: "scenes", LARGE: "scenes-128"}
"""Image set of each study."""
MANAGE = str(settings.BASE_DIR / "manage.py")
RESEARCHER = "researcher"
IMAGES = {"scenes": 200, "scenes-128": 300}
"""Images to import of each set: enough that some of the predictions are wrong."""
SIMULATED = 140


class Command(PlatformCommand):
    """Preparation of the demo studies, step by step, with the platform's own commands."""

    if_stopped = "Finished steps are kept. Repeat the command to continue."
    help = (
        "Prepares two studies with the embedded images, one of them with synthetic participants "
        "and a report. A second run only completes what is missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument(
            "--address", default="localhost:8000", help="address at which it will be served"
        )
        parser.add_argument(
            "--only",
            choices=tuple(STUDIES),
            help="only load, compute and open this study, in a database that is migrated already",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Run every missing step and return the URLs."""
        if not settings.DEBUG:
            raise CommandError(
                "The demo creates a researcher's account and prints its password, so it runs only "
                "with STUDY_DEBUG=1. On a server, use load_study and precompute_explanations."
            )
        if options["only"]:
            self._opened(options["only"])
            return ""
        self._step("Database", "migrate", verbosity=0)
        study = self._opened(SLUG)
        report = settings.DATA_DIR / "reports" / SLUG / "report.html"
        missing = SIMULATED - Participant.objects.filter(study=study, simulated=True).count()
        if missing <= 0 and report.exists():
            self._opened(LARGE)  # a process of its own would take longer to start
        else:
            with self._meanwhile(LARGE):
                self._participants_and_report(missing, report)
        return _summary(options["address"], _new_password(), report)

    def _participants_and_report(self, missing: int, report: Path) -> None:
        """Simulate the missing participants and analyse all of them."""
        if missing > 0:
            self._step("Synthetic participants", "simulate_participants", SLUG, n=missing)
        without_pdf = pdf_missing()
        if without_pdf:
            self.stderr.write(without_pdf)
        arguments = ["--simulated-only", *(["--no-pdf"] if without_pdf else [])]
        self._step("Analysis", "run_analysis", SLUG, *arguments, output=report.parent)

    @contextmanager
    def _meanwhile(self, slug: str) -> Iterator[None]:
        """Prepare another study in a process of its own, and print its output at the end.

        Raises CommandError if it fails.
        """
        # Participants and analysis use one core: the maps of the other study use the rest.
        arguments = [sys.executable, "-u", MANAGE, "demo", "--only", slug]
        with subprocess.Popen(  # noqa: S603 - our own command
            arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                yield
                self.stdout.write(
                    self.style.MIGRATE_HEADING("Second study, prepared at the same time …")
                )
                for line in process.stdout or ():
                    self.stdout.write(line, ending="")
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            raise CommandError(
                f"The study {slug!r} could not be prepared: see the lines above. Finished steps "
                "are kept. Mend the cause, then repeat the command."
            )

    def _opened(self, slug: str) -> Study:
        """Import the images of a study, load it, compute its maps and open it."""
        images = STUDIES[slug]
        # Every step checks its own result, so that an interrupted demo can be repeated.
        stored = StudyImage.objects.filter(image_set__name=images, split="test").count()
        if stored < IMAGES[images]:
            limit = IMAGES[images]
            self._step("Images", "import_images", data=images, split="test", limit=limit)
        self._step("Study", "load_study", str(settings.STUDIES_DIR / f"{slug}.toml"))
        self._step("Predictions and explanations", "precompute_explanations", study=slug)
        study = Study.objects.get(slug=slug)
        if study.state == Study.State.DRAFT:
            self._step("Opening", "open_study", slug)
        return study

    def _step(self, title: str, command: str, *arguments: str, **options: Any) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"{title} …"))
        call_command(command, *arguments, **options, stdout=self.stdout, stderr=self.stderr)


def _new_password() -> str:
    """Set a new password for the demo's researcher, so that none needs to be stored in a file."""
    password = secrets.token_urlsafe(9)
    users = get_user_model().objects
    user, _ = users.get_or_create(
        username=RESEARCHER, defaults={"is_staff": True, "is_superuser": True}
    )
    user.set_password(password)
    user.save()
    return password


def _summary(address: str, password: str, report: Path) -> str:
    site = f"http://{address}"
    return "\n".join(
        (
            "",
            "The demo studies are ready.",
            f"  Take part:  {site}/s/{SLUG}/, or with larger images {site}/s/{LARGE}/",
            f"  Panel:      {site}/panel/   user {RESEARCHER}, password {password}",
            f"  Report:     {report}",
            "",
        )
    )
