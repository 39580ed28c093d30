"""Database models of studies with their arms, conditions and stimuli, as declared."""

from typing import ClassVar

from django.db import models

from explanations.models import ClassifierWeights, ImageSet, Prediction
from surveys.models.codes import allocation_secret
from surveys.models.sealed import SealedText


class Study(models.Model):
    """A study as declared in its file."""

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        PAUSED = "paused"
        CLOSED = "closed"

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    source = models.TextField("study file", help_text="The TOML file, to the letter.")
    source_sha256 = models.CharField("hash of the study file", max_length=64)
    seed = models.BigIntegerField(help_text="Of the allocation and of every order.")
    allocation_secret = SealedText(
        default=allocation_secret,
        editable=False,
        help_text="Beside the seed, what the allocation of real participants is drawn from.",
    )
    image_set = models.ForeignKey(ImageSet, on_delete=models.PROTECT)
    classifier = models.ForeignKey(ClassifierWeights, on_delete=models.PROTECT)
    loaded_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(
        null=True, editable=False, help_text="When collection ended, from which retention counts."
    )
    unblinded_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when researchers can see the arms."
    )
    unblinded_by = models.CharField(max_length=150, blank=True, editable=False)
    unblinding_reason = models.TextField(blank=True, editable=False)
    unblinded_before_end = models.BooleanField(
        default=False, editable=False, help_text="Whether the study still admitted participants."
    )

    is_pilot = models.BooleanField(
        default=False,
        editable=False,
        help_text="Whether it only rehearses another study, so that everybody in it is simulated.",
    )
    pilot_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="pilots",
        help_text="The study that the pilot rehearses, unless that was deleted.",
    )
    example = models.ForeignKey(
        Prediction,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="Shown by the instructions in place of the first image that is in no trial.",
    )
    archived_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when it is out of the researchers' way."
    )

    class Meta:
        verbose_name_plural = "studies"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(unblinded_at=None) | ~models.Q(unblinding_reason=""),
                name="an_unblinded_study_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class StudyVersion(models.Model):
    """A study as it was launched. Any later change becomes another version."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(help_text="Counts from 1.")
    launched_at = models.DateTimeField()
    people_before = models.PositiveIntegerField(
        help_text="Real participants who had come by then, whatever their state."
    )
    reason = models.TextField(
        blank=True, default="", help_text="Why the study was changed, printed in the report."
    )
    source = models.TextField("study file", help_text="The TOML file, to the letter.")
    source_sha256 = models.CharField("hash of the study file", max_length=64)
    stimuli_sha256 = models.CharField("hash of images, predictions and maps", max_length=64)
    weights_sha256 = models.CharField("hash of the classifier's weights", max_length=64)
    instruments = models.JSONField(help_text="Hash of its file by questionnaire.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "number"], name="one_version_per_number_of_a_study"
            ),
        ]
        ordering: ClassVar = ["study", "number"]

    def __str__(self) -> str:
        return f"{self.study.slug} version {self.number}"


class Condition(models.Model):
    """Content of a trial next to the image: no prediction, a prediction, or a map of a method."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="conditions")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField()
    label = models.CharField(max_length=80)
    method = models.CharField(
        max_length=40, blank=True, help_text="Key of a method, placebo, or empty for no map."
    )
    shows_prediction = models.BooleanField(default=True)
    shows_probability = models.BooleanField(default=False)
    factors = models.JSONField(
        default=dict, blank=True, help_text="Level by name of each declared factor."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "key"], name="condition_keys_differ_in_a_study"
            ),
        ]
        ordering: ClassVar = ["study", "position"]

    def __str__(self) -> str:
        return self.label


class Arm(models.Model):
    """An arm, whose blocks define which condition its participants see, and when.

    A between-subjects arm has one block. In a within-subjects design an arm is an order of
    conditions.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="arms")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField()
    label = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "key"], name="arm_keys_differ_in_a_study"),
            models.UniqueConstraint(
                fields=["study", "position"], name="one_arm_per_position_in_a_study"
            ),
        ]
        ordering: ClassVar = ["study", "position"]

    def __str__(self) -> str:
        return self.label


class ArmBlock(models.Model):
    """A run of trials under one condition, for every participant of the arm."""

    arm = models.ForeignKey(Arm, on_delete=models.CASCADE, related_name="blocks")
    number = models.PositiveSmallIntegerField(help_text="Counts from 1.")
    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="blocks")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["arm", "number"], name="one_condition_per_block"),
        ]
        ordering: ClassVar = ["arm", "number"]

    def __str__(self) -> str:
        return f"{self.arm} {self.number}: {self.condition}"


class Stimulus(models.Model):
    """An image with its prediction, chosen for a part of a study. All arms share the stimuli."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="stimuli")
    position = models.PositiveSmallIntegerField()
    part = models.CharField(
        max_length=80, default="trials", help_text="Key of the part of the study that shows it."
    )
    image_set_number = models.PositiveSmallIntegerField(
        default=0, help_text="Which of the rotated sets it is in, from 0."
    )
    prediction = models.ForeignKey(Prediction, on_delete=models.PROTECT)

    class Meta:
        verbose_name_plural = "stimuli"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "prediction"], name="a_study_shows_an_image_once"
            ),
            models.UniqueConstraint(
                fields=["study", "position"], name="one_stimulus_per_position_in_a_study"
            ),
        ]
        ordering: ClassVar = ["study", "position"]

    def __str__(self) -> str:
        return f"{self.position}: {self.prediction}"
