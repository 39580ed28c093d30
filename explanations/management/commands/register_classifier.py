"""manage.py register_classifier: a network from elsewhere, checked, named and with a card."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from explanations.classifier import architectures, factories
from explanations.classifier.admission import from_factory, from_weights
from explanations.classifier.architectures import UnknownArchitectureError
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.declaration import Declaration, DeclarationError
from explanations.classifier.factories import FactoryError
from explanations.classifier.header import FORMATS, HeaderError, read_metadata
from explanations.classifier.pretrained import IMAGENET_MEAN, IMAGENET_STD
from explanations.imagesets.input_rule import CROPS
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.pipeline.predictions import PrecomputeError
from explanations.pipeline.registration import check_name, image_set_named, register
from explanations.pipeline.weights_registry import RegistryError

REFUSALS = (
    CheckpointError,
    DeclarationError,
    FactoryError,
    HeaderError,
    PrecomputeError,
    RegistryError,
    UnknownArchitectureError,
)


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
            "--crop", choices=CROPS, help="none: squeeze the whole image to a square"
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
        try:
            check_name(options["name"])
            image_set = image_set_named(options["data"]) if options["data"] else None
            classifier = _classifier(options)
            return str(register(classifier, options["name"], image_set, options["split"]))
        except REFUSALS as error:
            raise CommandError(str(error)) from error


def _classifier(options: Mapping[str, Any]) -> Classifier:
    given = {
        "class_names": options["classes"],
        "size": options["size"],
        "resize": options["resize"],
        "crop": options["crop"],
        "mean": options["mean"],
        "std": options["std"],
    }
    given = {name: value for name, value in given.items() if value is not None}
    if options["factory"]:
        if options["architecture"]:
            raise CommandError(
                "--architecture belongs to --weights, but --factory builds its own network. Omit "
                "one of them."
            )
        own = from_factory(options["factory"]) if not given else None
        return own or _declared_anew(options["factory"], given)
    return _from_weights(options["weights"], options["architecture"], given)


def _declared_anew(factory: str, given: Mapping[str, Any]) -> Classifier:
    own = factories.get(factory).network(pretrained=False)[1]
    return from_factory(factory, replace(own, **given))


def _from_weights(path: Path, architecture: str | None, given: Mapping[str, Any]) -> Classifier:
    metadata = read_metadata(path)
    if metadata.get("format") in FORMATS:
        return _own_file(path, architecture, given)
    if architecture is None:
        known = ", ".join(kind.key for kind in architectures.ARCHITECTURES)
        raise CommandError(
            f"{path.name} does not record its network. Give --architecture, one of: {known}."
        )
    if "class_names" not in given:
        raise CommandError(
            f"{path.name} does not record its classes. Give --classes A,B,C in the order of the "
            "outputs, or a file with one name per line."
        )
    usual: dict[str, Any] = {"size": architectures.get(architecture).size}
    if architecture == "vgg13":
        if missing := [name for name in ("mean", "std") if name not in given]:
            raise CommandError(
                f"The VGG13's preprocessing is not known. Give --{' and --'.join(missing)}, three "
                "numbers each: the training images' mean and standard deviation, divided by 255."
            )
    else:
        usual |= {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
    return from_weights(path, architecture, Declaration(**{**usual, **given}))


def _own_file(path: Path, architecture: str | None, given: Mapping[str, Any]) -> Classifier:
    classifier = Classifier.load(path)
    if architecture and architecture != classifier.architecture:
        raise CommandError(
            f"{path.name} records the architecture {classifier.architecture!r}, not "
            f"{architecture!r}. Omit --architecture."
        )
    if given:
        raise CommandError(
            f"{path.name} records its classes and preprocessing. Omit "
            f"{', '.join('--' + name.replace('class_names', 'classes') for name in given)}."
        )
    return classifier
