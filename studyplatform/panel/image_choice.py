"""The images that somebody has chosen for a study, kept until the study file names them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from explanations.models import Prediction, StudyImage
from surveys.models import Study
from surveys.services.stimuli import draw
from surveys.study_file.named_images import find_named
from surveys.study_file.stored import definition

LARGEST_SEED = 2**31 - 1
DRAWN_BY = ("is_correct", "probability", "image__true_class", "image__sha256")
"""The columns that a rule reads. The probabilities of every class would be most of the data."""


class RuleForm(forms.Form):
    """A rule by which images are drawn. The same rule draws the same images."""

    right = forms.IntegerField(label=_("Right predictions"), min_value=0, max_value=1000)
    wrong = forms.IntegerField(label=_("Wrong predictions"), min_value=0, max_value=1000)
    lowest = forms.IntegerField(
        label=_("Confidence from, %"), min_value=0, max_value=100, initial=0
    )
    highest = forms.IntegerField(label=_("to, %"), min_value=0, max_value=100, initial=100)
    seed = forms.IntegerField(
        label=_("Start of the random numbers (seed)"),
        min_value=0,
        max_value=LARGEST_SEED,
    )
    balanced = forms.BooleanField(
        label=_("Balanced over the classes"), required=False, initial=True
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        lowest, highest = cleaned.get("lowest"), cleaned.get("highest")
        if lowest is not None and highest is not None and lowest > highest:
            self.add_error("highest", _("This is below the lower end of the range."))
        if cleaned.get("right") == 0 and cleaned.get("wrong") == 0:
            self.add_error("right", _("Choose at least one image."))
        return cleaned

    def drawn(self, predictions: QuerySet[Prediction]) -> list[int]:
        """Return the primary keys of the images that the rule draws. Raises StudyError if too few
        match."""
        rule = self.cleaned_data
        matching = predictions.filter(
            probability__gte=rule["lowest"] / 100, probability__lte=rule["highest"] / 100
        )
        chosen = draw(
            # By hash, so that the same rule draws the same images in another database.
            list(matching.select_related("image").only(*DRAWN_BY).order_by("image__sha256")),
            rule["right"],
            rule["wrong"],
            seed=rule["seed"],
            balanced=rule["balanced"],
        )
        return [prediction.image_id for prediction in chosen]


@dataclass(frozen=True)
class Choice:
    """Chosen images, and how many of them the classifier is right and wrong about."""

    images: Sequence[StudyImage]
    right: int
    wrong: int
    classes: Sequence[tuple[str, int]]

    @property
    def unknown(self) -> int:
        """Return how many have no prediction yet."""
        return len(self.images) - self.right - self.wrong


def rule_for(session: SessionBase, study: Study) -> RuleForm:
    """Return the form with the last rule, at first the study's numbers and its seed."""
    right, wrong = definition(study).predictions_shown
    usual = {"right": right, "wrong": wrong, "seed": study.seed % LARGEST_SEED}
    return RuleForm(initial=session.get(_rule_key(study), usual))


def images_in_use(study: Study) -> QuerySet[StudyImage]:
    """Return the images of the set and split that the study uses."""
    return study.image_set.images.filter(split=definition(study).images.split)


def predictions_in_use(study: Study) -> QuerySet[Prediction]:
    """Return the classifier's predictions of these images."""
    return Prediction.objects.filter(classifier=study.classifier, image__in=images_in_use(study))


def chosen_numbers(session: SessionBase, study: Study) -> list[int]:
    """Return the primary keys of the chosen images, at first of those that the file names, or else
    of those that the study shows."""
    kept = session.get(_key(study))
    if kept is not None:
        return list(kept)
    images = definition(study).images
    if images.names:
        return sorted(find_named(images, images_in_use(study)).found)
    # To exchange an image, nobody should have to tick all the others again.
    return sorted(study.stimuli.values_list("prediction__image_id", flat=True))


def is_the_studys_own(session: SessionBase, study: Study) -> bool:
    """Check whether nobody has chosen images yet, so that the study's own draw is the choice."""
    return session.get(_key(study)) is None and not definition(study).images.names


def keep(
    session: SessionBase,
    study: Study,
    numbers: Iterable[int],
    rule: Mapping[str, int | bool] | None = None,
) -> None:
    """Remember a choice until it is written into the study file, or the person signs out."""
    session[_key(study)] = sorted(set(numbers))
    if rule is not None:
        session[_rule_key(study)] = dict(rule)


def forget(session: SessionBase, study: Study) -> None:
    """Forget a choice."""
    session.pop(_key(study), None)


def choice(study: Study, numbers: Collection[int]) -> Choice:
    """Return the chosen images that the study still uses, by class and path."""
    images = list(images_in_use(study).filter(pk__in=numbers).order_by("true_class", "source"))
    right = predictions_in_use(study).filter(image__in=images).values_list("is_correct", flat=True)
    counts = Counter(right)
    classes = Counter(image.true_class for image in images)
    return Choice(images, counts[True], counts[False], sorted(classes.items()))


def _key(study: Study) -> str:
    """Return the session's key: the choice ends with the set, the split and the file's names."""
    return f"chosen-images-{study.pk}-{study.source_sha256[:16]}"


def _rule_key(study: Study) -> str:
    return f"image-rule-{study.pk}"
