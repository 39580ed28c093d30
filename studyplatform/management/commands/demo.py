"""manage.py demo: from an empty data folder to a running study with a report; resumable."""

import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from analysis.report.pdf import pdf_missing
from explanations.models import StudyImage
from surveys.models import Participant, Study

SLUG = "demo"
RESEARCHER = "researcher"
IMAGES = 200
SIMULATED = 140


class Command(BaseCommand):
    help = "Prepares the demo study on the embedded images. A second run does only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--address", default="127.0.0.1:8000", help="where it will be served")

    def handle(self, *args: Any, **options: Any) -> str:
        if not settings.DEBUG:
            raise CommandError(
                "The demo makes a researcher's account with a printed password, so it runs only "
                "with STUDY_DEBUG=1. On a server, use load_study and precompute_explanations."
            )
        self._step("Database", "migrate", verbosity=0)
        if StudyImage.objects.filter(image_set__name="scenes", split="test").count() < IMAGES:
            self._step("Images", "import_images", data="scenes", split="test", limit=IMAGES)
        self._step("Study", "load_study", str(settings.STUDIES_DIR / f"{SLUG}.toml"))
        self._step("Predictions and explanations", "precompute_explanations", study=SLUG)
        study = Study.objects.get(slug=SLUG)
        if study.state == Study.State.DRAFT:
            self._step("Opening", "open_study", SLUG)
        there = Participant.objects.filter(study=study, simulated=True).count()
        report = settings.DATA_DIR / "reports" / SLUG / "report.html"
        if there < SIMULATED:
            self._step("Synthetic participants", "simulate_participants", SLUG, n=SIMULATED - there)
        if there < SIMULATED or not report.exists():
            missing = pdf_missing()
            if missing:
                self.stderr.write(missing)
            arguments = ["--simulated-only", *(["--no-pdf"] if missing else [])]
            self._step("Analysis", "run_analysis", SLUG, *arguments, output=report.parent)
        return _summary(options["address"], _new_password(), report)

    def _step(self, title: str, command: str, *arguments: str, **options: Any) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"{title} …"))
        call_command(command, *arguments, **options, stdout=self.stdout, stderr=self.stderr)


def _new_password() -> str:
    """A fresh password for the demo's researcher, so that none needs to be kept in a file."""
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
            "The demo study is ready.",
            f"  Take part:  {site}/s/{SLUG}/",
            f"  Panel:      {site}/admin/   user {RESEARCHER}, password {password}",
            f"  Report:     {report}",
            "",
        )
    )
