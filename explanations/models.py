"""Database tables of images, classifiers, predictions and explanations."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from explanations.imagesets.input_rule import InputRule
from explanations.rendering.canvas import is_tiny
from explanations.store.artefacts import Stored


class ImageSet(models.Model):
    """A named collection of images with a common list of classes."""

    name = models.SlugField(unique=True)
    class_names = models.JSONField()
    fitted_size = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Width and height to which the images were fitted; empty if they are as they "
        "came.",
    )
    split_rule = models.CharField(
        max_length=40, blank=True, default="", help_text="Rule that divided the images, if any."
    )
    grey_window = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="Values of 16-bit grey images that became black and white, if any.",
    )
    warnings = models.JSONField(
        default=list, blank=True, help_text="What the import found in two splits."
    )
    imported_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class StudyImage(models.Model):
    """An image. The data folder contains its pixels under their content hash."""

    image_set = models.ForeignKey(ImageSet, on_delete=models.PROTECT, related_name="images")
    sha256 = models.CharField("content hash", max_length=64)
    split = models.CharField(max_length=40)
    true_class = models.CharField(max_length=80)
    group = models.CharField(
        max_length=80, blank=True, default="", help_text="Group in the set's manifest, if any."
    )
    source = models.CharField(max_length=500, help_text="File or index of the image in its set.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    part_names = models.JSONField(default=list, blank=True)
    part_map = models.BinaryField(
        null=True, editable=False, help_text="Part number per pixel, one byte each, row by row."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["image_set", "split", "sha256"], name="one_row_per_image_in_a_split"
            ),
        ]
        ordering: ClassVar = ["image_set", "split", "id"]

    def __str__(self) -> str:
        return f"{self.true_class} {self.sha256[:12]}"


class OriginalFile(models.Model):
    """An image's file as it came, which the data folder keeps unchanged under its hash.

    No page shows it: what is shown is the image that was made of it.
    """

    image = models.ForeignKey(StudyImage, on_delete=models.CASCADE, related_name="originals")
    sha256 = models.CharField("hash of the file", max_length=64)
    name = models.CharField(max_length=250)
    size = models.PositiveIntegerField(help_text="In bytes.")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["image", "sha256"], name="one_row_per_file_of_an_image"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:12]}"


class ClassifierWeights(models.Model):
    """A trained classifier, identified by the hash of its weight file."""

    sha256 = models.CharField("hash of the file", max_length=64, unique=True)
    name = models.CharField(max_length=120)
    path = models.CharField(
        "weight file", max_length=500, help_text="Relative to the project if inside it."
    )
    class_names = models.JSONField()
    card = models.JSONField(default=dict, blank=True)
    architecture = models.CharField(
        max_length=200, default="vgg13", help_text="Key of the network, from the file's header."
    )
    package = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="Package, with its version, whose factory built the network.",
    )
    input_rule = models.JSONField(
        default=dict, blank=True, help_text="Size, resize and crop of the input."
    )
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "classifier"

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:12]}"

    @property
    def rule(self) -> InputRule:
        """Return the rule that derives the input from an image.

        Rows of earlier versions have none, because every classifier took 32 pixels.
        """
        return InputRule(**({"size": 32} | self.input_rule))

    @property
    def has_tiny_input(self) -> bool:
        """Check whether the input has so few pixels that pages show them as squares."""
        return is_tiny(self.rule.size, self.rule.size)

    @property
    def figures_by_group(self) -> list[tuple[list[dict[str, Any]], str]]:
        """Return the card's figures of the test images by class and by group, with captions.

        Cards of earlier versions have neither, and most image sets have no groups.
        """
        test = self.card.get("evaluation", {}).get("test", {})
        captions = {
            "by_class": "Test images by class; p compares the recall with all other classes",
            "by_group": "Test images by group in their manifest; the recall is the share of right "
            "predictions, and p compares it with all other images",
        }
        return [(test[key], caption) for key, caption in captions.items() if test.get(key)]

    @property
    def confusion_by_class(self) -> list[tuple[str, list[int]]]:
        """Return each true class with the numbers of its test images by predicted class."""
        counts = self.card.get("evaluation", {}).get("test", {}).get("confusion", [])
        return list(zip(self.class_names, counts, strict=False))


class Prediction(models.Model):
    """A classifier's prediction for an image."""

    image = models.ForeignKey(StudyImage, on_delete=models.CASCADE, related_name="predictions")
    classifier = models.ForeignKey(ClassifierWeights, on_delete=models.PROTECT)
    predicted_class = models.CharField(max_length=80)
    probability = models.FloatField(help_text="Probability of the predicted class, 0 to 1.")
    probabilities = models.JSONField(
        help_text="Probability of every class, in the classifier's order."
    )
    is_correct = models.BooleanField("correct")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["image", "classifier"], name="one_prediction_per_image_and_classifier"
            ),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1),
                name="probability_is_between_0_and_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image}: {self.predicted_class} ({self.probability:.0%})"

    def likeliest(self, count: int) -> tuple[str, ...]:
        """Return the predicted class, then the next most probable classes, ``count`` in total."""
        names: list[str] = self.classifier.class_names
        order = sorted(range(len(names)), key=lambda number: (-self.probabilities[number], number))
        others = [names[number] for number in order if names[number] != self.predicted_class]
        return (self.predicted_class, *others)[:count]


class Explanation(models.Model):
    """A method's map of one class of a prediction. The row is written after the numbers are on
    disk."""

    prediction = models.ForeignKey(
        Prediction, on_delete=models.CASCADE, related_name="explanations"
    )
    method = models.CharField(max_length=40)
    other_class = models.CharField(
        max_length=80,
        blank=True,
        help_text="Class that the map explains; empty for the predicted class.",
    )
    key = models.CharField(
        max_length=64,
        help_text="Hash of weights, image, class, method, parameters and code version.",
    )
    sha256 = models.CharField("hash of the numbers", max_length=64)
    pack = models.CharField(max_length=40, blank=True, help_text="File that contains the numbers.")
    offset = models.BigIntegerField(default=0, help_text="Position in the file, in bytes.")
    length = models.PositiveIntegerField(default=0, help_text="Size of the numbers, in bytes.")
    parameters = models.JSONField()
    diagnostics = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=dict, blank=True)
    computed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["prediction", "key"], name="one_row_per_artefact_of_a_prediction"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["prediction", "method"]),
            # An image that is in two image sets has a single artefact.
            models.Index(fields=["key"]),
        ]

    def __str__(self) -> str:
        return f"{self.method} of {self.prediction}" + (
            f", for {self.other_class}" if self.other_class else ""
        )

    @property
    def explained_class(self) -> str:
        """Return the class that the map explains."""
        return self.other_class or self.prediction.predicted_class

    @property
    def stored(self) -> Stored:
        """Return the location of the map's numbers."""
        return Stored(self.key, self.sha256, self.pack, self.offset, self.length)
