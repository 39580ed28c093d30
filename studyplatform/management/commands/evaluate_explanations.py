"""manage.py evaluate_explanations: measured comparison of the methods, on a sample of images or on
what the participants of a study see."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from django.core.management.base import CommandError

from explanations.catalogue import UnknownMethodError
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.devices import choose_device
from explanations.computing.arithmetic import PRECISIONS
from explanations.computing.memory import OutOfMemoryError
from explanations.computing.preflight import PreflightError
from explanations.engine import METHODS
from explanations.evaluation.pipeline import Wanted, evaluate
from explanations.evaluation.summary import Summary
from explanations.imagesets import NAMES
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.catalogue import open_image_set
from explanations.imagesets.prepared import PreparedSet
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.split_options import (
    add_split_rule,
    add_window,
    split_rule_of,
    window_of,
)
from explanations.methods.protocol import ResidualError
from explanations.pipeline.weights_registry import RegistryError
from explanations.store.artefacts import ArtefactError
from studyplatform.computations.study_evaluation import Asked, StudyMapsError, evaluate_study
from surveys.management.lookup import study_named

REFUSALS = (
    ImageSetError,
    CheckpointError,
    UnknownMethodError,
    PreflightError,
    OutOfMemoryError,
    ResidualError,
    RegistryError,
    ArtefactError,
    StudyMapsError,
    ValueError,
)
OF_AN_IMAGE_SET = (
    "data",
    "data_dir",
    "split",
    "weights",
    "images",
    "methods",
    "precision",
    "seed",
    "split_rule",
    "window",
)
"""Options that --study settles."""


class Command(DatabaseCommand):
    """Measurement of the methods on a sample of images or on a study's maps, with a report."""

    if_stopped = "All computed values are kept. Repeat the command to continue."
    help = (
        "Measures the quality of the maps. After Ctrl-C, repeat the command to continue where it "
        "stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument(
            "--study",
            type=arguments.name,
            metavar="SLUG",
            help="evaluate the stored maps that the participants of this study see",
        )
        parser.add_argument(
            "--output", type=arguments.output_folder, required=True, help="folder of the report"
        )
        parser.add_argument(
            "--data",
            type=arguments.name,
            default="scenes",
            help="scenes, scenes-128, cifar10, a folder, a csv file, or torchvision:NAME",
        )
        add_split_rule(parser)
        add_window(parser)
        parser.add_argument(
            "--data-dir", type=arguments.input_folder, help="local copy of CIFAR-10"
        )
        parser.add_argument("--split", type=arguments.name, default="test")
        parser.add_argument(
            "--weights",
            type=arguments.weights,
            help="FILE.safetensors or the name of a registered classifier; by default the shipped "
            "weights of the image set",
        )
        parser.add_argument("--images", type=arguments.count, default=500)
        parser.add_argument(
            "--subsample",
            type=arguments.count,
            default=16,
            help="images whose maps are recomputed for robustness, randomisation, cost and limits",
        )
        parser.add_argument(
            "--methods",
            type=arguments.names,
            default=",".join(METHODS),
            help="keys, comma-separated",
        )
        parser.add_argument("--without-limits", action="store_true", help="only the measures")
        parser.add_argument("--precision", choices=PRECISIONS, default="fast")
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
        parser.add_argument(
            "--threads", type=arguments.count, help="CPU threads; all cores by default"
        )
        parser.add_argument("--seed", type=arguments.seed, default=0)

        self._defaults = {name: parser.get_default(name) for name in OF_AN_IMAGE_SET}

    def needs_database(self, options: Mapping[str, Any]) -> bool:
        """Check whether this call evaluates the maps of a study."""
        return options["study"] is not None

    def handle(self, *args: Any, **options: Any) -> str:
        """Evaluate the methods and return a summary."""
        if options["threads"]:
            torch.set_num_threads(options["threads"])
        output: Path = options["output"]
        try:
            if options["study"]:
                summary = self._of_study(options, output)
            else:
                summary = self._of_image_set(options, output)
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        return (
            f"{summary.images} images, {len(summary.methods)} methods and "
            f"{len(summary.controls)} controls, {len(summary.measures)} measures. "
            f"Written to {output}: report.html, results.json, results.csv, figures."
        )

    def _of_study(self, options: Mapping[str, Any], output: Path) -> Summary:
        for name in OF_AN_IMAGE_SET:
            if options[name] != self._defaults[name]:
                raise CommandError(
                    f"--study evaluates the images, methods and classifier of the study, so that "
                    f"--{name.replace('_', '-')} has no meaning. Omit one of them."
                )
        asked = Asked(options["subsample"], not options["without_limits"], options["device"])
        study = study_named(options["study"])
        return evaluate_study(study, asked, output, estimated=self._tell)

    def _of_image_set(self, options: Mapping[str, Any], output: Path) -> Summary:
        wanted = Wanted(
            split=options["split"],
            images=options["images"],
            subsample=options["subsample"],
            methods=tuple(key.strip() for key in options["methods"].split(",") if key.strip()),
            seed=options["seed"],
            precision=options["precision"],
            limits=not options["without_limits"],
        )
        weights = _weights(options["weights"], options["data"])
        classifier = Classifier.load(weights, choose_device(options["device"]))
        data = open_image_set(
            options["data"],
            options["data_dir"],
            split_rule=split_rule_of(options),
            window=window_of(options),
        )
        source = PreparedSet(data, classifier.input_rule)
        return evaluate(source, classifier, wanted, output, estimated=self._tell)

    def _tell(self, seconds: float) -> None:
        minutes = round(seconds / 60)
        self.stderr.write(f"About {minutes or 'one'} minute{'s' if minutes > 1 else ''} left.")


def _weights(given: Path | None, data: str) -> Path:
    if given is not None:
        return given
    if data not in NAMES:
        raise CheckpointError("For a folder of images, give --weights FILE.safetensors.")
    return Path(settings.BASE_DIR) / "weights" / f"{data}.safetensors"
