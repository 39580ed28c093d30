"""manage.py import_images: images into the database and the data folder, by content hash."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from explanations.catalogue import METHODS
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.catalogue import open_image_set
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from explanations.management.split_options import (
    add_split_rule,
    add_window,
    split_rule_of,
    window_of,
)
from explanations.pipeline.image_import import import_images


class Command(DatabaseCommand):
    """Import of a split of an image set."""

    if_stopped = "No image was added to the database. Repeat the command."
    help = "Stores images for studies. If any image cannot be used, none is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument(
            "--data",
            required=True,
            type=arguments.name,
            help="scenes, scenes-128, cifar10, a folder split/class/image or class/image, a csv "
            "file with the columns path, class, split and group, or torchvision:NAME",
        )
        parser.add_argument(
            "--data-dir", type=arguments.input_folder, help="local copy of a data set"
        )
        parser.add_argument("--split", type=arguments.name, default="test")
        parser.add_argument(
            "--limit",
            type=arguments.count,
            help="largest number of images, balanced over the classes",
        )
        parser.add_argument(
            "--name",
            type=arguments.name,
            help="name of the image set; by default the name of the data",
        )
        parser.add_argument("--seed", type=arguments.seed, default=0, help="seed of the selection")
        parser.add_argument(
            "--size",
            type=arguments.count,
            help="width and height to which the images of a folder or csv file are fitted, in "
            "pixels; by default they stay as they are, and the classifier's rule makes its input",
        )
        add_split_rule(parser)
        add_window(parser)

    def handle(self, *args: Any, **options: Any) -> str:
        """Import the images and return a summary."""
        try:
            source = open_image_set(
                options["data"],
                options["data_dir"],
                size=options["size"],
                split_rule=split_rule_of(options),
                window=window_of(options),
            )
            done = import_images(
                source,
                options["split"],
                name=options["name"] or "",
                limit=options["limit"],
                seed=options["seed"],
            )
        except ImageSetError as error:
            raise CommandError(str(error)) from error
        background = f"{done.background} training images as background"
        if done.no_background:
            needing = ", ".join(one.label for one in METHODS if one.needs_background)
            reason = done.no_background.rstrip(".")
            background = f"no background, so no maps of {needing}: {reason}"
        for warning in done.warnings:
            self.stderr.write(f"Warning: {warning}")
        rule = source.split_rule
        counts = ", ".join(f"{name} {source.count(name)}" for name in rule.splits) if rule else ""
        divided = f" Divided by {rule.stated}: {counts}." if rule else ""
        window = source.grey_window
        scaled = f" Grey values {window.stated} became black to white." if window else ""
        return (
            f"{done.image_set}: {done.new} images of the split {options['split']} stored, "
            f"{done.known} were already stored; {background}.{divided}{scaled}"
        )
