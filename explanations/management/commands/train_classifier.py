"""manage.py train_classifier: weights, model card, learning curves and confusion matrix."""

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from django.core.management.base import CommandError

from explanations.classifier import architectures
from explanations.classifier.architectures import Architecture
from explanations.classifier.card import card_path
from explanations.classifier.checkpoint import CheckpointError
from explanations.classifier.devices import choose_device
from explanations.classifier.header import VGG13_KEY, HeaderError, read_header
from explanations.classifier.pipeline import check_output, evaluate_again, outputs_of, train_to_file
from explanations.classifier.recipes import RECIPES
from explanations.classifier.starting import Start, start_from_download, start_from_file
from explanations.imagesets.arrays import groups_of, training_arrays
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.catalogue import open_image_set
from explanations.imagesets.file_set import FileSet
from explanations.imagesets.input_rule import CROPS, InputRule
from explanations.imagesets.leaks import find_leaks
from explanations.imagesets.prepared import PreparedSet
from explanations.management import arguments
from explanations.management.base import PlatformCommand
from explanations.management.outputs import refuse_overwriting
from explanations.management.split_options import (
    add_split_rule,
    add_window,
    split_rule_of,
    window_of,
)


class Command(PlatformCommand):
    """Training of a network with a recipe."""

    if_stopped = "The finished epochs are kept. Repeat the command to continue."
    help = "Trains a network. After Ctrl-C, repeat the command to continue where it stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument(
            "--data",
            required=True,
            type=arguments.name,
            help="scenes, scenes-128, cifar10, a folder, a csv file, or torchvision:NAME",
        )
        add_split_rule(parser)
        add_window(parser)
        parser.add_argument(
            "--data-dir", type=arguments.input_folder, help="local copy of a data set"
        )
        parser.add_argument(
            "--architecture",
            choices=[kind.key for kind in architectures.ARCHITECTURES],
            default=VGG13_KEY,
            help="network to train; by default the project's VGG13",
        )
        parser.add_argument(
            "--size",
            type=arguments.count,
            help="width and height of the input, in pixels; by default the network's usual size",
        )
        parser.add_argument(
            "--crop",
            choices=CROPS,
            default="centre",
            help="centre: the largest centred square; pad: the whole image, filled up to a square "
            "with its mean colour; none: squeezed to a square",
        )
        parser.add_argument(
            "--recipe",
            choices=sorted(RECIPES),
            help="by default strong for the project's VGG13, finetune for other networks",
        )
        start = parser.add_mutually_exclusive_group()
        start.add_argument(
            "--weights",
            type=arguments.weights,
            metavar="FILE.safetensors",
            help="trained weights to start from, with a new last layer if the classes differ",
        )
        start.add_argument(
            "--pretrained",
            action="store_true",
            help="start from torchvision's weights, which are downloaded once",
        )
        parser.add_argument(
            "--epochs", type=arguments.count, help="overrides the recipe's number of epochs"
        )
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
        parser.add_argument("--seed", type=arguments.seed, default=0)
        parser.add_argument(
            "--threads", type=arguments.count, help="CPU threads; all cores by default"
        )
        parser.add_argument("--half", action="store_true", help="store float16: half the size")
        parser.add_argument(
            "--output",
            type=arguments.output_file,
            required=True,
            metavar="FILE.safetensors",
            help="file of the weights; the card and the figures are written next to it",
        )
        parser.add_argument(
            "--force", action="store_true", help="replace the weights of an earlier training"
        )
        parser.add_argument(
            "--evaluate-only",
            action="store_true",
            help="train nothing, and compute the figures in the card of existing weights again",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Train the classifier and return a summary."""
        if options["threads"]:
            torch.set_num_threads(options["threads"])
        output: Path = options["output"]
        # Before the data are read, because training takes minutes to hours.
        try:
            check_output(output)
        except CheckpointError as error:
            raise CommandError(str(error)) from error
        if not options["evaluate_only"]:
            refuse_overwriting(output, force=options["force"])
        kind = architectures.get(options["architecture"])
        usual = "strong" if kind.key == VGG13_KEY else "finetune"
        recipe = RECIPES[options["recipe"] or usual]
        if options["epochs"]:
            recipe = replace(recipe, epochs=options["epochs"])
        try:
            rule = _rule(options, kind)
            start = _start(options, kind)
            source = open_image_set(
                options["data"],
                options["data_dir"],
                split_rule=split_rule_of(options),
                window=window_of(options),
            )
            leaks = find_leaks(source, "test").sentences() if isinstance(source, FileSet) else []
            for warning in leaks:
                self.stderr.write(f"Warning: {warning}")
            image_set = PreparedSet(source, rule)
            train_images, train_labels = training_arrays(image_set, "train")
            test_images, test_labels = training_arrays(image_set, "test")
            images: dict[str, Any] = {
                "train_images": train_images,
                "train_labels": train_labels,
                "test_images": test_images,
                "test_labels": test_labels,
                "test_groups": groups_of(image_set, "test"),
            }
            device = choose_device(options["device"])
            if options["evaluate_only"]:
                card = evaluate_again(weights=output, device=device, **images)
                return f"{_figures(card)} Written to {output.parent}: {card_path(output).name}"
            card = train_to_file(
                **images,
                class_names=tuple(image_set.class_names),
                data={"name": image_set.name, "loader": type(source).__name__}
                | ({"split_rule": source.split_rule.stated} if source.split_rule else {})
                | ({"grey_window": source.grey_window.stated} if source.grey_window else {})
                | ({"warnings": leaks} if leaks else {}),
                recipe=recipe,
                seed=options["seed"],
                device=device,
                output=output,
                half=options["half"],
                architecture=kind.key,
                start=start,
                crop=rule.crop,
            )
        except (ImageSetError, CheckpointError, HeaderError) as error:
            raise CommandError(str(error)) from error
        files = ", ".join(path.name for path in outputs_of(output))
        return f"{_figures(card)} Written to {output.parent}: {files}"


def _rule(options: Mapping[str, Any], kind: Architecture) -> InputRule:
    """Return the rule that derives the input. Raises CheckpointError for a size that the network
    cannot have."""
    if options["evaluate_only"]:
        return read_header(options["output"]).rule
    try:
        rule = InputRule(options["size"] or kind.size, crop=options["crop"])
        kind.build(2, rule.size, empty=True)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    return rule


def _start(options: Mapping[str, Any], kind: Architecture) -> Start | None:
    """Return the weights to start from, before the images are read."""
    if options["weights"]:
        return start_from_file(options["weights"], kind)
    return start_from_download(kind) if options["pretrained"] else None


def _figures(card: dict[str, Any]) -> str:
    test = card["evaluation"]["test"]
    return (
        f"Test accuracy {test['accuracy']:.1%}, loss {test['loss']:.3f}, F1 {test['f1']:.3f} on "
        f"{test['images']} images."
    )
