"""The preregistration of a study as it was when the study was launched."""

from typing import ClassVar

from django.db import models

from surveys.models import Study


class LockedRegistration(models.Model):
    """The documents that were written at the launch, which are never changed afterwards.

    ``texts`` contains them by the names of their files, and ``sha256`` their hashes.
    """

    study = models.OneToOneField(
        Study, on_delete=models.CASCADE, related_name="locked_registration"
    )
    plan_sha256 = models.CharField(max_length=64)
    texts = models.JSONField()
    sha256 = models.JSONField()
    locked_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-locked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.study.slug} {self.plan_sha256[:12]}"
