"""Decisions on people's submissions at the recruitment service."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from surveys.models import Participant


class SubmissionDecision(models.Model):
    """What is to happen to a participant's submission at the recruitment service.

    The decision is made here and carried out there, by somebody with the list of it.
    """

    class Decision(models.TextChoices):
        APPROVE = "approve", _("approve")
        REJECT = "reject", _("reject")

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="decision"
    )
    decision = models.CharField(max_length=7, choices=Decision)
    by = models.CharField(max_length=150, help_text="Name of the researcher.")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "decisions on the submission"
        ordering: ClassVar = ["participant"]

    def __str__(self) -> str:
        return f"{self.participant}: {self.decision}"
