"""Exports, reports and releases made of a study's data, to be found when somebody is erased."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from surveys.models.study import Study


class DataCopy(models.Model):
    """A folder or file with data of participants that this server wrote, or the result of a job.

    It contains everybody of its kind who had consented by ``made_at``, which is empty while it is
    being written. No participant is named here.
    """

    class Kind(models.TextChoices):
        EXPORT = "export"
        IDENTIFIERS = "identifiers"
        REPORT = "report"
        RELEASE = "release"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="copies")
    kind = models.CharField(max_length=20, choices=Kind)
    simulated = models.CharField(max_length=8, help_text="none, only or included, as exports say.")
    began_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(null=True)
    place = models.CharField(
        max_length=1000, blank=True, help_text="Folder on the server, empty for a job's result."
    )
    job = models.PositiveBigIntegerField(null=True, help_text="Number of the job that made it.")
    sha256 = models.CharField(
        max_length=64, blank=True, help_text="Hash over the names and hashes of its files."
    )
    files = models.JSONField(default=dict, help_text="SHA-256 by name of each file.")
    people_erased = models.PositiveIntegerField(
        default=0, help_text="People in it who were erased later."
    )
    deleted_at = models.DateTimeField(null=True, help_text="When its files were deleted here.")

    class Meta:
        verbose_name_plural = "copies of data"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(made_at=None) | ~Q(sha256=""), name="a_finished_copy_has_a_hash"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["study", "made_at"], name="copies_of_a_study_by_time")
        ]
        ordering: ClassVar = ["-began_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:12] or 'unfinished'}"
