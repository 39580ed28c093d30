"""What a person sets for all pages of the panel."""

from django.conf import settings
from django.db import models


class Preferences(models.Model):
    """A person's preferences. Without a row, the defaults hold."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    time_zone = models.CharField(max_length=64, default="UTC", help_text="Name as in Europe/Paris.")

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user}"
