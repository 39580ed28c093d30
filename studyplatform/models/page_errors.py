"""Failures of participants' pages, counted by study and hour, without anything about a person."""

from typing import ClassVar

from django.db import models

from surveys.models import Study


class PageErrors(models.Model):
    """How many pages of a study failed at the server within an hour."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="page_errors")
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "hour"], name="one_error_count_per_hour"),
        ]
        ordering: ClassVar = ["-hour", "-pk"]

    def __str__(self) -> str:
        return f"{self.count} failed pages of {self.study}"
