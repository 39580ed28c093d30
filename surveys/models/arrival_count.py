"""Counts of arrivals by address, which keep one program from using up everybody's share."""

from django.db import models


class ArrivalCount(models.Model):
    """The arrivals under a key since a time. The key is a keyed hash of an address and a day."""

    key = models.CharField(max_length=64, unique=True)
    since = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.count} since {self.since}"
