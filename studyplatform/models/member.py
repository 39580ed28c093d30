"""Members of a study, with two switches and ownership."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from surveys.models import Study


class StudyMember(models.Model):
    """A researcher's part in a study. Without any of the three flags the member only views it."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    make_changes = models.BooleanField(default=False)
    see_data = models.BooleanField(default=False)
    owner = models.BooleanField(
        default=False, help_text="Invites members, launches the study, and may do all else, too."
    )
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "user"], name="one_membership_per_study"),
            models.CheckConstraint(
                condition=Q(owner=False) | Q(make_changes=True, see_data=True),
                name="an_owner_has_both_switches",
            ),
        ]
        ordering: ClassVar = ["study", "-owner", "user"]

    def __str__(self) -> str:
        return f"{self.user} in {self.study}"
