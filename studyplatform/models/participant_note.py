"""Notes of researchers on participants."""

from typing import ClassVar

from django.db import models

from surveys.models import Participant


class ParticipantNote(models.Model):
    """A note on a participant, which no export contains and which goes with the participant."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(max_length=2000)
    by = models.CharField(max_length=150, help_text="Name of the researcher.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "notes"
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"note on {self.participant}"
