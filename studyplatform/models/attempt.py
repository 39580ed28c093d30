"""Counts of attempts, which limit guessing of passwords and codes."""

from django.db import models


class Attempt(models.Model):
    """The attempts under a key since a time. The key is a keyed hash of names and addresses."""

    key = models.CharField(max_length=64, unique=True)
    since = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.count} since {self.since}"
