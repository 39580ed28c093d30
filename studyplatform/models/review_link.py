"""Links for reviewers, who see a study in preview without an account."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from surveys.models import Study


class ReviewLink(models.Model):
    """A link that shows a study's preview until it expires. Only the hash of its secret is
    stored."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="review_links")
    token_sha256 = models.CharField("hash of the secret", max_length=64, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="review_links",
        null=True,
        blank=True,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"review of {self.study}"
