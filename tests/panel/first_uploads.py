"""A process of its own in which somebody uploads an image: ``prepare``, or a way and a seed.

The way "locked" is the panel's own. Without its locks, "unlocked" looks for the study's own set,
and "unlocked-images" for the images that the set has already.
"""

import io
import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()

from django.db import IntegrityError  # noqa: E402

from explanations.imagesets.upload import read_uploads  # noqa: E402
from explanations.models import ImageSet, StudyImage  # noqa: E402
from studyplatform.panel import image_sets  # noqa: E402
from surveys.models import Study  # noqa: E402
from tests.migrated import migrate  # noqa: E402

WAYS = ("locked", "locked-images", "unlocked", "unlocked-images")


def prepare(folder: str) -> None:
    from tests.surveys.drawn import drawn_study

    migrate()
    for way in WAYS:
        drawn_study(Path(folder), slug=way, opened=False, arms=("none", "gradcam"))


def slowed(action):
    """The action, half a second after what was looked up for it."""

    def slowly(*arguments, **values):
        time.sleep(0.5)
        return action(*arguments, **values)

    return slowly


def upload(way: str, seed: int) -> str:
    """Upload an image, with time between looking and writing."""
    from tests.panel.test_images import png

    uploads = read_uploads([(f"{seed}.png", io.BytesIO(png(seed)))], ["car"], "car")
    unlocked = {"unlocked": Study, "unlocked-images": ImageSet}.get(way)
    with (
        patch.object(ImageSet.objects, "create", slowed(ImageSet.objects.create)),
        patch.object(StudyImage.objects, "bulk_create", slowed(StudyImage.objects.bulk_create)),
        patch.object(unlocked.objects, "select_for_update", unlocked.objects.all)
        if unlocked
        else nullcontext(),
    ):
        try:
            image_sets.store(Study.objects.get(slug=way), uploads)
        except IntegrityError:
            return "failed"
    return "stored"


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2])
    else:
        print("ready", flush=True)
        sys.stdin.readline()  # until the test says go
        print(upload(sys.argv[1], int(sys.argv[2])))
