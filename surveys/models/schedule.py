"""Acts that a study carries out by itself: start, end, and a stop at a number of people."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from surveys.models.study import Study


class StudySchedule(models.Model):
    """What is still to happen. An act that was carried out leaves an empty field."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="schedule")
    starts_at = models.DateTimeField(null=True, help_text="Until then nobody is admitted.")
    ends_at = models.DateTimeField(null=True, help_text="Collection ends then.")
    stop_at = models.PositiveIntegerField(
        null=True, help_text="The study pauses when so many real participants have completed it."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="a_scheduled_end_is_after_the_start",
            ),
            models.CheckConstraint(
                condition=Q(stop_at=None) | Q(stop_at__gt=0), name="a_study_stops_at_one_or_more"
            ),
        ]

    def __str__(self) -> str:
        return f"schedule of {self.study}"
