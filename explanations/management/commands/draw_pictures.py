"""manage.py draw_pictures: the documentation's pictures of maps, learning curves and confusion
matrices."""

from argparse import ArgumentParser
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from django.core.management.base import CommandError
from tqdm import tqdm

from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.documents.cards import OF_THE_REPORT, cards_of_the_report, draw_cards
from explanations.documents.gallery import draw_gallery, draw_layers, draw_wall
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.catalogue import open_image_set
from explanations.management import arguments
from explanations.management.base import PlatformCommand

PER_CARD, OF_PHOTOGRAPHS = 2, 5


class Command(PlatformCommand):
    """Drawing of the pictures in docs/images, with the shipped weights and cards."""

    if_stopped = "Pictures that were drawn are kept. Repeat the command to draw all of them."
    help = (
        "Draws curves and confusion matrices of the report's recipes and, with CIFAR-10, the "
        "gallery of all maps and the maps of every layer, which state the hash of their inputs. "
        "With --wall, draws one drawn scene's maps by a residual network instead."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options."""
        parser.add_argument(
            "--output",
            type=arguments.output_folder,
            default=Path(settings.BASE_DIR) / "docs" / "images",
            help="folder of the pictures; by default docs/images",
        )
        parser.add_argument(
            "--data-dir",
            type=arguments.input_folder,
            help="local copy of CIFAR-10; without it, no maps are drawn",
        )
        parser.add_argument(
            "--weights-dir",
            type=arguments.input_folder,
            default=Path(settings.BASE_DIR) / "weights",
            help="folder of the model cards, and of cifar10.safetensors for the maps",
        )
        parser.add_argument(
            "--wall",
            action="store_true",
            help="draw only maps-wall.png, which needs scenes-128.safetensors and no data",
        )
        parser.add_argument(
            "--threads", type=arguments.count, help="CPU threads; all cores by default"
        )

    def handle(self, *args: Any, **options: Any) -> str:
        """Draw the pictures and return a summary."""
        if options["threads"]:
            torch.set_num_threads(options["threads"])
        output, weights = options["output"], options["weights_dir"]
        output.mkdir(parents=True, exist_ok=True)
        if options["wall"]:
            return self._wall(weights, output)
        cards = cards_of_the_report(weights)
        pictures = draw_cards(cards, output)
        total = PER_CARD * len(cards)
        try:
            if options["data_dir"]:
                classifier = Classifier.load(weights / "cifar10.safetensors")
                source = open_image_set("cifar10", options["data_dir"])
                gallery = draw_gallery(classifier, source, output)
                pictures = chain(pictures, gallery, draw_layers(classifier, source, output))
                total += OF_PHOTOGRAPHS
            drawn = [path.name for path in tqdm(pictures, total=total, unit="picture")]
        except (CheckpointError, ImageSetError) as error:
            raise CommandError(str(error)) from error
        there = {card.stem for card in cards}
        left_out = [f"{name} (no card)" for name in OF_THE_REPORT if name not in there]
        left_out += [] if options["data_dir"] else ["all maps (they need --data-dir DIR)"]
        without = f" Left out: {', '.join(left_out)}." if left_out else ""
        names = f": {', '.join(drawn)}" if drawn else ""
        return f"{len(drawn)} pictures drawn to {output}{names}.{without}"

    def _wall(self, weights: Path, output: Path) -> str:
        try:
            classifier = Classifier.load(weights / "scenes-128.safetensors")
            (path,) = draw_wall(classifier, open_image_set("scenes-128", None), output)
        except (CheckpointError, ImageSetError) as error:
            raise CommandError(str(error)) from error
        return f"1 picture drawn to {output}: {path.name}."
