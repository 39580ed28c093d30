"""manage.py import_images: images into the database and the data folder, by content hash."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.catalogue import open_image_set
from explanations.management import arguments
from explanations.management.database import DatabaseCommand
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
            help="scenes, cifar10, or split/class/image",
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
            default=32,
            help="width and height of a folder's images, in pixels",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Import the images and return a summary."""
        try:
            source = open_image_set(options["data"], options["data_dir"], size=options["size"])
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
            background = f"no background, so no DeepSHAP: {done.no_background}"
        return (
            f"{done.image_set}: {done.new} images of the split {options['split']} stored, "
            f"{done.known} were already stored; {background}."
        )
