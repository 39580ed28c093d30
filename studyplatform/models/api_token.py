"""Tokens with which scripts read a study over the API."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from surveys.models import Study


class ApiToken(models.Model):
    """A token for one study, which works until it expires or its maker is no longer an owner.

    Only the hash of the secret is stored.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="What the token is for.")
    token_sha256 = models.CharField("hash of the secret", max_length=64, unique=True)
    progress = models.BooleanField(default=False)
    tables = models.BooleanField(default=False)
    reports = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(progress=True) | Q(tables=True) | Q(reports=True),
                name="a_token_has_at_least_one_scope",
            ),
        ]
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} of {self.study}"
