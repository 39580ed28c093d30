"""manage.py register_classifier: a network from elsewhere, checked, named and with a card."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from explanations.classifier import architectures, factories
from explanations.classifier.admission import REFUSALS, admit
from explanations.classifier.offer import Offer
from explanations.imagesets.input_rule import CROPS
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.pipeline.predictions import PrecomputeError
from explanations.pipeline.registration import check_name, image_set_named, register
from explanations.pipeline.weights_registry import RegistryError

DECLARED = {
    "class_names": "classes",
    "size": "size",
    "resize": "resize",
    "crop": "crop",
    "mean": "mean",
    "std": "std",
}
"""Entries of a declaration, and their options."""


class Command(DatabaseCommand):
    """Registration of a classifier for studies."""

    help = (
        "Registers a network under a name that study files can use. Its weights and outputs are "
        "checked against the declared classes and preprocessing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument("--name", type=arguments.name, required=True)
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--weights", type=arguments.input_file, metavar="FILE.safetensors")
        what.add_argument(
            "--factory",
            type=arguments.name,
            metavar="ENTRY_POINT",
            help=f"entry point of an installed package in the group {factories.GROUP}",
        )
        parser.add_argument(
            "--architecture",
            choices=[kind.key for kind in architectures.ARCHITECTURES],
            help="network of --weights; a file of train_classifier records it",
        )
        parser.add_argument(
            "--classes",
            type=arguments.class_names,
            metavar="A,B,C|FILE",
            help="names in the order of the outputs, separated by commas, or a file with one per "
            "line",
        )
        parser.add_argument(
            "--size", type=arguments.count, help="width and height of the input, in pixels"
        )
        parser.add_argument(
            "--resize",
            type=arguments.natural,
            help="shorter side before the centred square of --size is cut out; by default --size",
        )
        parser.add_argument(
            "--crop",
            choices=CROPS,
            help="none: squeeze the whole image to a square; pad: keep its aspect, and fill the "
            "square up with its mean colour",
        )
        for name in ("mean", "std"):
            parser.add_argument(
                f"--{name}",
                type=arguments.number,
                nargs="+",
                metavar="X",
                help="per channel on the scale from 0 to 1; by default ImageNet's",
            )
        parser.add_argument(
            "--data", type=arguments.name, help="imported image set on which the card is computed"
        )
        parser.add_argument("--split", type=arguments.name, default="test", help="split of --data")

    def handle(self, *args: Any, **options: Any) -> str:
        """Check and register the classifier, and return a summary."""
        given = {name: options[option] for name, option in DECLARED.items()}
        offer = Offer(
            options["weights"],
            options["factory"] or "",
            options["architecture"] or "",
            {name: value for name, value in given.items() if value is not None},
        )
        try:
            check_name(options["name"])
            image_set = image_set_named(options["data"]) if options["data"] else None
            classifier = admit(offer)
            return str(register(classifier, options["name"], image_set, options["split"]))
        except (*REFUSALS, PrecomputeError, RegistryError) as error:
            raise CommandError(str(error)) from error
