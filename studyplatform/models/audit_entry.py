"""The audit: acts of researchers, which the database neither changes nor deletes."""

from typing import ClassVar

from django.db import models


class AuditEntry(models.Model):
    """An act. The study is named by its slug and the person by name, so that both can go.

    ``before`` and ``after`` hold settings and counts, and never answers, identifiers or free texts
    of participants, so that erasing a participant leaves nothing here.
    """

    class Way(models.TextChoices):
        """The way by which the act came."""

        PANEL = "panel"
        COMMAND = "command"
        PARTICIPANT = "participant"
        API = "api"
        SCHEDULE = "schedule"

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    study = models.SlugField(help_text="Slug of the study.")
    way = models.CharField(max_length=11, choices=Way)
    who = models.CharField(max_length=150, blank=True)
    act = models.CharField(max_length=60)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who}: {self.act} {self.study}"
