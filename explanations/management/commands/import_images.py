"""manage.py import_images: images into the database and the data folder, by content hash."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.catalogue import open_image_set
from explanations.management.database import DatabaseCommand
from explanations.pipeline.image_import import import_images


class Command(DatabaseCommand):
    help = "Stores images for studies: all of them, or none if one cannot be used."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", required=True, help="scenes, cifar10, or split/class/image")
        parser.add_argument("--data-dir", type=Path, help="local copy of a data set")
        parser.add_argument("--split", default="test")
        parser.add_argument("--limit", type=int, help="at most so many, balanced over the classes")
        parser.add_argument(
            "--name", default="", help="of the image set; that of the data if empty"
        )
        parser.add_argument("--seed", type=int, default=0, help="of the selection")
        parser.add_argument("--size", type=int, default=32, help="side of a folder's images")

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            source = open_image_set(options["data"], options["data_dir"], size=options["size"])
            done = import_images(
                source,
                options["split"],
                name=options["name"],
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
            f"{done.known} were there already; {background}."
        )
