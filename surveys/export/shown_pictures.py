"""Small pictures of a few stimuli, and of the maps that people saw with them."""

from functools import partial

from django.db.models import Q

from analysis.study_data.example_images import example_images
from explanations.models import Explanation
from explanations.pipeline import pictures
from surveys.export.diagnosis_pictures import add_picture
from surveys.models import Study, Trial


def shown_pictures(study: Study, people: Q, *, with_maps: bool) -> dict[str, bytes]:
    """Return the pictures by file name in the export, such as pictures/0123456789ab.png.

    A few images with right and with wrong predictions, and, if `with_maps`, the maps that people
    saw with them. Pictures whose files are missing or damaged are left out.
    """
    shown = Trial.objects.filter(
        participant__in=study.participants.filter(people).order_by()
    ).order_by()
    # Only what was on a page: a drawn study has many more stimuli than anybody saw.
    seen = study.stimuli.filter(pk__in=shown.values("stimulus")).select_related("prediction__image")
    by_name = {one.prediction.image.sha256[:12]: one for one in seen}
    chosen = example_images(
        (name, bool(one.prediction.is_correct)) for name, one in by_name.items()
    )
    files: dict[str, bytes] = {}
    for name in chosen:
        image = by_name[name].prediction.image
        add_picture(files, name, partial(pictures.image_png, image, study.classifier.rule))
    if not with_maps:
        return files
    keys = shown.filter(stimulus__in=[by_name[name].pk for name in chosen])
    maps = Explanation.objects.filter(
        pk__in=keys.exclude(explanation=None).values("explanation").distinct()
    ).select_related("prediction__image", "prediction__classifier")
    for explanation in maps.order_by("pk"):
        add_picture(files, explanation.key, partial(pictures.map_png, explanation))
    return files
