"""Looks at a study's data before its end, held by the platform as the plan says."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from surveys.models.study import Study


class Look(models.Model):
    """A look that was held: its boundary and its decision, and nothing of what it saw.

    Database triggers prevent changes, so that nobody looks twice at the price of one look.
    """

    class Told(models.TextChoices):
        """What people are told."""

        GO_ON = "go_on"
        STOP = "stop"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="looks")
    number = models.PositiveSmallIntegerField(help_text="From 1.")
    at = models.DateTimeField()
    by = models.CharField(max_length=150, blank=True, help_text="Name of the researcher.")
    people = models.PositiveIntegerField(help_text="Participants with a score of the outcome.")
    efficacy = models.FloatField(null=True, help_text="|z| that stops for an effect.")
    futility = models.FloatField(null=True, help_text="|z| below which it stops for futility.")
    told = models.CharField(max_length=5, choices=Told)
    planned = models.BooleanField(help_text="Whether the look was due by the plan.")
    reason = models.TextField(blank=True, help_text="Why a look was held that was not planned.")
    plan_sha256 = models.CharField(max_length=64, help_text="Hash of the plan with the rule.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "number"], name="one_look_per_number"),
            models.UniqueConstraint(fields=["study", "people"], name="each_look_sees_more_people"),
            models.CheckConstraint(
                condition=Q(planned=True) | ~Q(reason=""),
                name="a_look_that_was_not_planned_has_a_reason",
            ),
        ]
        ordering: ClassVar = ["study", "number"]

    def __str__(self) -> str:
        return f"{self.study.slug} look {self.number}: {self.told}"
