"""manage.py precompute_explanations: every missing map of a study's stimuli or of an image set."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError

from explanations.computing.arithmetic import PRECISIONS
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.pipeline.precompute import Execution, StoppedError
from studyplatform.computations.preparation import (
    REFUSALS,
    How,
    methods_named,
    prepare_set,
    prepare_study,
)
from surveys.models import Study
from surveys.services.stimuli import ClassDrawn, classes_drawn


class Command(DatabaseCommand):
    """Computation of the missing maps of a study or an image set."""

    if_stopped = "Every finished map is kept. Repeat the command to continue."
    help = "Computes all missing maps. After Ctrl-C, repeat the command to continue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--study", type=arguments.name, help="slug of a loaded study")
        what.add_argument(
            "--set", type=arguments.name, help="name of an image set; requires --weights"
        )
        parser.add_argument("--split", default="", help="split of --set; by default all splits")
        parser.add_argument(
            "--weights",
            type=arguments.weights,
            help="FILE.safetensors or the name of a registered classifier, for --set",
        )
        parser.add_argument(
            "--methods",
            type=arguments.names,
            help="keys, comma-separated; by default the methods of the study, or all methods",
        )
        parser.add_argument(
            "--layers",
            action="store_true",
            help="also compute Grad-CAM and saliency of every feature module, for researchers",
        )
        parser.add_argument(
            "--classes",
            type=arguments.count,
            default=1,
            metavar="K",
            help="explain each image's predicted class and the K-1 next most probable classes; "
            "a task that shows several classes gets their maps anyway",
        )
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
        parser.add_argument(
            "--precision",
            choices=PRECISIONS,
            default="strict",
            help="fast: LIME's probabilities may be off by .001, measured on each image",
        )
        parser.add_argument("--limit", type=arguments.count, help="use only this number of images")
        parser.add_argument(
            "--shard",
            type=_shard,
            metavar="I/N",
            help="compute the I-th of N equal parts of the images, for a batch system: 1/4, 2/4, …",
        )
        parser.add_argument(
            "--executor",
            choices=("local", "dask"),
            default="local",
            help="dask: use worker processes",
        )
        parser.add_argument(
            "--scheduler",
            default="",
            metavar="ADDRESS",
            help="address of a running Dask scheduler, such as tcp://10.0.0.1:8786",
        )
        parser.add_argument(
            "--workers",
            type=arguments.count,
            default=0,
            help="number of Dask workers on this machine; by default one per core or GPU",
        )
        parser.add_argument(
            "--verify",
            type=arguments.natural,
            default=0,
            metavar="N",
            help="recompute N images with captum, shap and lime, and store the difference",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Check the options, compute, and return a summary."""
        # Options are checked before anything is loaded, because loading takes seconds.
        if options["set"] and options["weights"] is None:
            raise CommandError(
                "--set needs --weights FILE.safetensors, such as weights/scenes.safetensors."
            )
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError(f"--limit is {options['limit']}, but must be at least 1.")
        if options["classes"] < 1:
            raise CommandError(f"--classes is {options['classes']}, but must be at least 1.")
        if options["verify"] < 0:
            raise CommandError(f"--verify is {options['verify']}, but must be 0 or more.")
        if options["executor"] == "local" and (options["scheduler"] or options["workers"]):
            raise CommandError("--scheduler and --workers require --executor dask. Add it.")
        if options["workers"] < 0 or (options["scheduler"] and options["workers"]):
            raise CommandError(
                "--workers is the number of new workers on this machine. It must be 0 or more and "
                "cannot be combined with --scheduler."
            )
        execution = Execution(options["executor"], options["scheduler"], options["workers"])
        try:
            common = {
                "methods": methods_named(options["methods"] or ""),
                "limit": options["limit"],
                "how": How(
                    options["device"],
                    options["precision"],
                    options["verify"],
                    execution,
                    options["shard"] or (1, 1),
                    options["layers"],
                    options["classes"],
                ),
            }
            if options["study"]:
                done = prepare_study(options["study"], **common)
                if drawn := classes_drawn(Study.objects.get(slug=options["study"])):
                    self.stdout.write(_table(drawn))
            else:
                done = prepare_set(options["set"], options["weights"], options["split"], **common)
        except StoppedError as error:
            raise CommandError(str(error), returncode=130) from error
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        return str(done)


def _shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isdigit() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        raise ArgumentTypeError(f"{text!r} is not I/N with I up to N, such as 1/4")
    return int(part), int(parts)


def _table(drawn: Sequence[ClassDrawn]) -> str:
    """Lay out the images drawn for a study: a row per class, a column per part."""
    parts = list(dict.fromkeys(row.part for row in drawn))
    rows = [["class", *parts]]
    for name in dict.fromkeys(row.true_class for row in drawn):
        of_class = {row.part: row for row in drawn if row.true_class == name}
        rows.append([name, *(f"{of_class[part].right} + {of_class[part].wrong}" for part in parts)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(["Images drawn, right + wrong predictions:", *lines])
