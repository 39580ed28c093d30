"""manage.py reproduce_report --output DIR: the source report on one page, with a verdict on each of
its claims."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from django.conf import settings as django_settings
from django.core.management.base import CommandError

from analysis.report.pdf import PdfError, write_pdf
from explanations.classifier.checkpoint import CheckpointError
from explanations.computing.memory import OutOfMemoryError
from explanations.imagesets.base import ImageSetError
from explanations.management import arguments
from explanations.management.base import PlatformCommand
from explanations.methods.protocol import ResidualError
from explanations.source_report import pipeline, sources
from explanations.source_report.evidence import MEASURED
from explanations.source_report.measuring import EXPENSIVE
from explanations.source_report.seeds import CardError
from explanations.source_report.verdicts import FAILS, HOLDS, OPEN, STEPS
from surveys.simulation import profile
from surveys.simulation.planted import planted_effects

REFUSALS = (ImageSetError, CheckpointError, OutOfMemoryError, ResidualError, CardError)
EXAMPLES = Path(django_settings.BASE_DIR) / "docs" / "examples"
SHIPPED_STUDY = EXAMPLES / "source-study"
SHIPPED_PROFILE = "demo"
"""Profile of the shipped study's synthetic participants."""


class Command(PlatformCommand):
    """Reproduction of the source report, with its claims judged by numbers."""

    if_stopped = "All computed numbers are kept. Repeat the command to continue."
    help = (
        "Writes report.html, report.pdf and results.json: the source report's networks, maps and "
        "claims, measured here. After Ctrl-C, repeat the command to continue where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument(
            "--output", type=arguments.output_folder, required=True, help="folder of the page"
        )
        parser.add_argument(
            "--data-dir",
            type=arguments.input_folder,
            help="local copy of CIFAR-10; without it, the page uses the embedded scenes",
        )
        parser.add_argument(
            "--weights-dir",
            type=arguments.input_folder,
            default=Path(django_settings.BASE_DIR) / "weights",
            help="folder with cifar10-base, cifar10-l2, cifar10 and scenes, as far as they exist",
        )
        parser.add_argument(
            "--study",
            type=arguments.input_folder,
            default=SHIPPED_STUDY,
            help="output of run_analysis; by default the shipped example with synthetic people",
        )
        parser.add_argument(
            "--profile",
            type=_profile,
            help="profile that answered the study, whose planted effects the page compares with "
            "the estimates; by default the one of the shipped example",
        )
        parser.add_argument(
            "--evaluation",
            type=arguments.input_folder,
            default=EXAMPLES / "evaluation-cifar10",
            help="output of evaluate_explanations with the recipe strong; by default the shipped "
            "example",
        )
        parser.add_argument(
            "--evaluation-base",
            type=arguments.input_folder,
            default=EXAMPLES / "evaluation-cifar10-base",
            help="the same with the recipe base",
        )
        parser.add_argument(
            "--quick",
            action="store_true",
            help="few images: a page in about three minutes, most verdicts open",
        )
        parser.add_argument(
            "--slow-images",
            type=arguments.count,
            default=EXPENSIVE.full,
            help="images of each class for Integrated Gradients, SHAP and LIME",
        )
        parser.add_argument("--no-pdf", dest="pdf", action="store_false", help="no report.pdf")
        parser.add_argument(
            "--threads", type=arguments.count, help="CPU cores to use; all by default"
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Write the page and return a summary."""
        if options["threads"]:
            torch.set_num_threads(options["threads"])
        output: Path = options["output"]
        study = _results(options["study"])
        settings = pipeline.Settings(
            quick=options["quick"],
            slow_images=options["slow_images"],
            study=study,
            evaluations={
                "base": _results(options["evaluation_base"]),
                "strong": _results(options["evaluation"]),
            },
            planted=_planted(study, options["profile"], shipped=options["study"] == SHIPPED_STUDY),
        )
        try:
            found = sources.find(options["weights_dir"], options["data_dir"])
            works = pipeline.works_of(found, settings, output / "work")
            for sentence in found.missing:
                self.stderr.write(f"Missing: {sentence}")
            self.stderr.write("Timing the first images, for an estimate")
            with pipeline.computing_for(works) as computing:
                estimate = pipeline.estimate(works, found, settings, computing)
                images = sum(len(work.missing()) for work in works)
                unit = "minutes" if estimate.minutes > 1 else "minute"
                self.stderr.write(
                    f"About {estimate.minutes} {unit} from here: numbers of {images} images, "
                    "predictions, pictures and PDF."
                )
                measured = pipeline.measure(works, computing)
            content = pipeline.write(found, settings, output, works, measured, self.stderr.write)
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        if options["pdf"]:
            try:
                write_pdf((output / "report.html").read_text(encoding="utf-8"), output)
            except PdfError as error:
                raise CommandError(str(error)) from error
        counts = Counter(answer.judged.verdict for answer in content.answers)
        holds, fails, is_open = (counts[verdict] for verdict in (HOLDS, FAILS, OPEN))
        verdicts = f"{holds} hold, {fails} do not hold, {is_open} cannot be told"
        bases = Counter(answer.judged.basis for answer in content.answers)
        steps = sum(counts[step] for step in STEPS)
        return (
            f"{len(content.answers) - steps} claims: {verdicts}; {bases[MEASURED]} verdicts are by "
            f"measurement. {steps} sentences say what the report did. "
            f"Written to {output}: report.html."
        )


def _results(folder: Path) -> Any:
    path = folder / "results.json"
    if not path.is_file():
        raise CommandError(f"{folder} contains no results.json. Name the output of the command.")
    return json.loads(path.read_text(encoding="utf-8"))


def _planted(
    study: Mapping[str, Any], name: str | None, *, shipped: bool
) -> dict[str, dict[str, float]]:
    """Return the effects of the study's synthetic participants, or empty if they are not known."""
    if not study.get("simulated") or not (name or shipped):
        return {}
    answering = profile.load(name or SHIPPED_PROFILE)
    outcomes = [row["outcome"] for row in study["outcomes"]]
    return planted_effects(answering, outcomes, study["plan"]["arms"])


def _profile(name: str) -> str:
    """Return the name if its profile can be read, so that a wrong one is refused at once."""
    if Path(name).exists():
        arguments.text_file(name)
    try:
        profile.load(name)
    except profile.ProfileError as error:
        raise ArgumentTypeError(str(error)) from error
    return name
