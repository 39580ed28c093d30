"""manage.py precompute_explanations: every missing map of a study's stimuli or of an image set."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from explanations.catalogue import UnknownMethodError
from explanations.classifier.checkpoint import CheckpointError
from explanations.computing.arithmetic import PRECISIONS
from explanations.computing.memory import OutOfMemoryError
from explanations.computing.preflight import PreflightError
from explanations.precompute import StoppedError
from explanations.predicting import PrecomputeError
from explanations.registry import RegistryError
from explanations.store import ArtefactError
from explanations.verification import Verified
from studyplatform.management.preparation import How, methods_named, prepare_set, prepare_study
from surveys.services import StudyError

REFUSALS = (
    PrecomputeError,
    UnknownMethodError,
    RegistryError,
    CheckpointError,
    ArtefactError,
    StudyError,
    PreflightError,
    OutOfMemoryError,
)


class Command(BaseCommand):
    help = "Computes what is missing. Stopped with Ctrl-C, the same command goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--study", help="slug of a loaded study")
        what.add_argument("--set", help="name of an image set; asks for --weights")
        parser.add_argument("--split", default="", help="of --set; all of its splits if empty")
        parser.add_argument("--weights", type=Path, help="FILE.safetensors, for --set")
        parser.add_argument("--methods", default="", help="keys with commas, instead of the usual")
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
        parser.add_argument(
            "--precision",
            choices=PRECISIONS,
            default="strict",
            help="fast: LIME's probabilities may be off by .001, measured on each image",
        )
        parser.add_argument("--limit", type=int, help="the first so many images only")
        parser.add_argument(
            "--verify",
            type=int,
            default=0,
            metavar="N",
            help="compute N images again with captum, shap and lime, and note the difference",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        if options["set"] and options["weights"] is None:
            raise CommandError(
                "--set needs --weights FILE.safetensors, such as weights/scenes.safetensors."
            )
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError(f"--limit is {options['limit']}; it must be at least 1.")
        if options["verify"] < 0:
            raise CommandError(f"--verify is {options['verify']}; it must be 0 or more.")
        try:
            common = {
                "methods": methods_named(options["methods"]),
                "limit": options["limit"],
                "how": How(options["device"], options["precision"], options["verify"]),
            }
            if options["study"]:
                done = prepare_study(options["study"], **common)
            else:
                done = prepare_set(options["set"], options["weights"], options["split"], **common)
        except StoppedError as error:
            raise CommandError(str(error), returncode=130) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped before the first map. Run the same command again.", returncode=130
            ) from None
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        return (
            f"{done.images} images predicted; {done.explained} explained by "
            f"{', '.join(done.methods)}: {done.maps.new} maps computed on {done.device}, "
            f"{done.maps.known} were there already." + _verdict(done.verified)
        )


def _verdict(verified: Mapping[str, Verified]) -> str:
    if not verified:
        return ""
    figures = (
        f"{key} {one.largest_difference:.1e} ({one.library})" for key, one in verified.items()
    )
    return " Largest difference from the libraries, in shares of the largest value: " + ", ".join(
        figures
    )
