"""E-mails that the worker has sent about studies, so that it does not send them again and again."""

from typing import ClassVar

from django.db import models

from surveys.models import Study


class Alert(models.Model):
    """The last e-mail of a kind about a study."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=20)
    sent_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "kind"], name="one_alert_per_kind_and_study"),
        ]
        ordering: ClassVar = ["-sent_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} in {self.study}"
