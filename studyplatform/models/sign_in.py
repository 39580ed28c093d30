"""Browsers in which people are signed in."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class SignIn(models.Model):
    """A browser in which a user is signed in. Deleting the row signs the user out there."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins"
    )
    browser = models.CharField(max_length=200, blank=True, help_text="As it calls itself.")
    at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-last_seen_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user} since {self.at}"
