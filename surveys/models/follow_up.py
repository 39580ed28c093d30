"""Database model of a participant's later sessions."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from surveys.models.participant import Participant


class FollowUp(models.Model):
    """A later session of a participant who has completed the study, by the session's key.

    ``submission_hash`` is the keyed hash of the recruitment service's submission that came to it
    first; no other submission can.
    """

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="follow_ups"
    )
    session = models.CharField(max_length=30)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completion_code = models.CharField(max_length=8, blank=True)
    stopped = models.BooleanField(default=False, help_text="The person stopped within it.")
    submission_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "later sessions"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participant", "session"], name="one_follow_up_per_session"
            ),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True)
                | (Q(begun_at__isnull=False) & ~Q(completion_code="")),
                name="who_completed_a_session_began_it_and_has_a_code",
            ),
        ]
        ordering: ClassVar = ["participant", "opens_at"]

    def __str__(self) -> str:
        return f"{self.participant} {self.session}"
