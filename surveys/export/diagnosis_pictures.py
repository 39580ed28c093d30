"""Small pictures of the images that participants name most, and of the maps that they saw."""

import io
from collections.abc import Callable, Sequence
from functools import partial

from django.db.models import Q
from PIL import Image

from analysis.study_data.pictures import FOLDER
from explanations.models import Explanation
from explanations.pipeline import pictures
from explanations.store.artefacts import ArtefactError
from surveys.export.feedback import ImageFeedback
from surveys.models import Study, Trial

MOST = 12
"""Images with pictures: as many as the report lists."""
SIZE = 96
COLOURS = 128


def diagnosis_pictures(
    study: Study, people: Q, images: Sequence[ImageFeedback]
) -> dict[str, bytes]:
    """Return the pictures by file name in the export, such as pictures/0123456789ab.png.

    Pictures whose files are missing or damaged are left out: the report then has the numbers alone.
    """
    listed = {image.stimulus: image.image for image in images if image.named}
    chosen = dict(list(listed.items())[:MOST])
    files: dict[str, bytes] = {}
    rule = study.classifier.rule
    for stimulus in study.stimuli.filter(pk__in=chosen).select_related("prediction__image"):
        draw = partial(pictures.image_png, stimulus.prediction.image, rule)
        add_picture(files, chosen[stimulus.pk], draw)
    shown = Trial.objects.filter(
        participant__in=study.participants.filter(people).order_by(), stimulus__in=chosen
    ).order_by()
    keys = shown.exclude(explanation=None).values("explanation").distinct()
    maps = Explanation.objects.filter(pk__in=keys).select_related(
        "prediction__image", "prediction__classifier"
    )
    for explanation in maps.order_by("pk"):
        add_picture(files, explanation.key, partial(pictures.map_png, explanation))
    return files


def add_picture(files: dict[str, bytes], name: str, draw: Callable[[], bytes]) -> None:
    """Draw a picture, small, into `files`, unless its own file is missing or damaged."""
    try:
        files[f"{FOLDER}/{name}.png"] = _small(draw())
    except ArtefactError:
        return


def _small(png: bytes) -> bytes:
    """Return the picture at SIZE with few colours, a fifth of the bytes."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    small = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS).quantize(COLOURS)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
