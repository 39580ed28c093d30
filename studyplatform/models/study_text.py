"""Study files under work, with every version that was saved."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from surveys.models import Study


class StudyText(models.Model):
    """A study file that somebody writes: of a study, or of one that does not exist yet."""

    study = models.OneToOneField(
        Study, on_delete=models.CASCADE, null=True, blank=True, related_name="text"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="study_texts",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.study.slug if self.study else f"text {self.pk}"


class TextVersion(models.Model):
    """A study file as it was saved, valid or not. Versions are never changed."""

    text = models.ForeignKey(StudyText, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text="Counts from 1.")
    source = models.TextField("study file")
    who = models.CharField(max_length=150)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["text", "number"], name="one_version_per_number_of_a_text"
            ),
        ]
        ordering: ClassVar = ["text", "-number"]

    def __str__(self) -> str:
        return f"{self.text} version {self.number}"
