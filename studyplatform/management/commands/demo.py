"""manage.py demo: prepare a running study with a report in an empty data folder, resumably."""

import secrets
from argparse import ArgumentParser
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

    def handle(self, *args: Any, **options: Any) -> str:
        """Run every missing step and return the URLs."""
        if not settings.DEBUG:
            raise CommandError(
                "The demo creates a researcher's account and prints its password, so it runs only "
                "with STUDY_DEBUG=1. On a server, use load_study and precompute_explanations."
            )
        self._step("Database", "migrate", verbosity=0)
        study = self._opened(SLUG, "scenes")
        self._opened(LARGE, "scenes-128")
        simulated = Participant.objects.filter(study=study, simulated=True).count()
        report = settings.DATA_DIR / "reports" / SLUG / "report.html"
        if simulated < SIMULATED:
            missing_people = SIMULATED - simulated
            self._step("Synthetic participants", "simulate_participants", SLUG, n=missing_people)
        if simulated < SIMULATED or not report.exists():
            missing = pdf_missing()
            if missing:
                self.stderr.write(missing)
            arguments = ["--simulated-only", *(["--no-pdf"] if missing else [])]
            self._step("Analysis", "run_analysis", SLUG, *arguments, output=report.parent)
        return _summary(options["address"], _new_password(), report)

    def _opened(self, slug: str, images: str) -> Study:
        """Import the images of a study, load it, compute its maps and open it."""
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
