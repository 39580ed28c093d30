"""Links that create an account, add a member to a study, or reset a password."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from surveys.models import Study


class AccountLink(models.Model):
    """A link that works once, until it expires. Only the hash of its secret is stored."""

    class Purpose(models.TextChoices):
        INVITATION = "invitation"
        RESET = "reset"

    purpose = models.CharField(max_length=10, choices=Purpose)
    token_sha256 = models.CharField("hash of the secret", max_length=64, unique=True)
    email = models.EmailField(max_length=150, help_text="Of the person the link is for.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="account_links",
        null=True,
        blank=True,
        help_text="Whose password is reset.",
    )
    study = models.ForeignKey(
        Study, on_delete=models.CASCADE, related_name="invitations", null=True, blank=True
    )
    make_changes = models.BooleanField(default=False)
    see_data = models.BooleanField(default=False)
    owner = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="created_links",
        null=True,
        blank=True,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(purpose="reset") | Q(user__isnull=False),
                name="a_reset_is_for_an_account",
            ),
            models.CheckConstraint(
                condition=Q(owner=False) | Q(make_changes=True, see_data=True),
                name="an_invited_owner_has_both_switches",
            ),
        ]
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.email}"
