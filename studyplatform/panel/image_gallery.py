"""The images of a set with their predictions, filtered, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict

from explanations.models import Explanation, ImageSet, Prediction, StudyImage
from surveys.models import Stimulus, Study

IMAGES_PER_PAGE = 48
PREDICTED = ("right", "wrong")
FLAGGED = ("flagged", "clear")


@dataclass(frozen=True)
class Filters:
    """What a person wants to see of a set. ``lowest`` and ``highest`` are confidences in percent,
    and empty texts and None mean everything."""

    class_name: str = ""
    group: str = ""
    predicted: str = ""
    lowest: int | None = None
    highest: int | None = None
    flags: str = ""

    @classmethod
    def asked(cls, query: QueryDict) -> "Filters":
        """Return the filters of an address. Values that make no sense are left out."""
        return cls(
            class_name=query.get("class", ""),
            group=query.get("group", ""),
            predicted=_one_of(query.get("predicted", ""), PREDICTED),
            lowest=_percent(query.get("lowest", "")),
            highest=_percent(query.get("highest", "")),
            flags=_one_of(query.get("flags", ""), FLAGGED),
        )

    @property
    def need_predictions(self) -> bool:
        """Return whether images without a prediction cannot match."""
        return bool(self.predicted or self.flags) or (self.lowest, self.highest) != (None, None)

    def apply(self, images: QuerySet[StudyImage], study: Study) -> QuerySet[StudyImage]:
        """Return the images that match."""
        if self.class_name:
            images = images.filter(true_class=self.class_name)
        if self.group:
            images = images.filter(group=self.group)
        if not self.need_predictions:
            return images
        predictions = Prediction.objects.filter(image=OuterRef("pk"), classifier=study.classifier)
        if self.predicted:
            predictions = predictions.filter(is_correct=self.predicted == "right")
        if self.lowest is not None:
            predictions = predictions.filter(probability__gte=self.lowest / 100)
        if self.highest is not None:
            predictions = predictions.filter(probability__lte=self.highest / 100)
        if self.flags:
            flagged = Exists(flagged_maps(study).filter(prediction=OuterRef("pk")))
            predictions = predictions.filter(flagged if self.flags == "flagged" else ~flagged)
        return images.filter(Exists(predictions))


@dataclass(frozen=True)
class Picture:
    """An image with the prediction of the study's classifier, if there is one."""

    image: StudyImage
    prediction: Prediction | None
    is_shown: bool
    """Whether participants see the image."""
    is_flagged: bool
    """Whether one of its maps that the study shows has a flag."""


def flagged_maps(study: Study) -> QuerySet[Explanation]:
    """Return the maps by the study's methods that have a flag, such as an empty map."""
    methods = study.conditions.exclude(method="").values("method")
    return Explanation.objects.filter(
        diagnostics__flags__0__isnull=False, method__in=methods, other_class=""
    )


def doubtful_count(study: Study) -> int:
    """Return how many of the images that participants see have a map with a flag."""
    seen = flagged_maps(study).filter(prediction__stimulus__study=study)
    return seen.values("prediction__image").distinct().count()


def page_of(images: QuerySet[StudyImage], number: str | None) -> Page[StudyImage]:
    """Return a page of images."""
    return Paginator(images.order_by("pk"), IMAGES_PER_PAGE).get_page(number)


def pictures(study: Study, images: Sequence[StudyImage]) -> list[Picture]:
    """Return the images with their predictions, by three queries however many images they are."""
    rows = Prediction.objects.filter(classifier=study.classifier, image__in=images)
    predictions = {row.image_id: row for row in rows}
    known = list(predictions.values())
    shown = set(
        Stimulus.objects.filter(study=study, prediction__in=known).values_list(
            "prediction__image", flat=True
        )
    )
    flagged = set(
        flagged_maps(study).filter(prediction__in=known).values_list("prediction__image", flat=True)
    )
    return [
        Picture(image, predictions.get(image.pk), image.pk in shown, image.pk in flagged)
        for image in images
    ]


def splits_of(image_set: ImageSet) -> list[str]:
    """Return the splits of a set whose images can be shown."""
    names = image_set.images.order_by("split").values_list("split", flat=True).distinct()
    return [name for name in names if name != "background"]


def groups_of(images: QuerySet[StudyImage]) -> list[str]:
    """Return the groups of the images, such as levels of difficulty, sorted."""
    names = images.exclude(group="").order_by("group").values_list("group", flat=True)
    return list(names.distinct())


def classes_without_images(image_set: ImageSet, images: QuerySet[StudyImage]) -> list[str]:
    """Return the classes of the set of which none of the images is an example, in its order."""
    there = set(images.order_by().values_list("true_class", flat=True).distinct())
    return [name for name in image_set.class_names if name not in there]


def predicted_count(study: Study, images: QuerySet[StudyImage]) -> int:
    """Return how many of the images the study's classifier has predicted."""
    return Prediction.objects.filter(classifier=study.classifier, image__in=images).count()


def right_count(study: Study, images: QuerySet[StudyImage]) -> int:
    """Return how many of the images the study's classifier has predicted correctly."""
    right = Prediction.objects.filter(classifier=study.classifier, is_correct=True)
    return right.filter(image__in=images).count()


def _one_of(value: str, known: Sequence[str]) -> str:
    return value if value in known else ""


def _percent(value: str) -> int | None:
    return min(int(value), 100) if value.isdecimal() else None
