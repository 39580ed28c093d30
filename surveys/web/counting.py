"""Counts within a window of time, by which arrivals and attempts to sign in are limited."""

from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone

KEPT = timedelta(days=1)
SKEW = timedelta(minutes=1)
"""How far the clocks of two machines, or two requests at once, may be apart."""


def count_within(table: type[models.Model], key: str, most: int, window: timedelta) -> bool:
    """Add one to the row with this key, and return whether fewer than ``most`` were counted before.

    The window begins with the first of them. The table has the columns key, since and count.
    """
    rows: models.Manager[Any] = table._default_manager
    now = timezone.now()
    with transaction.atomic():
        row, created = rows.select_for_update().get_or_create(key=key, defaults={"since": now})
        if not created:
            # A later time dates from before the clock was set back, or from a parallel request.
            if not now - window < row.since <= now + SKEW:
                row.since, row.count = now, 0
            if row.count >= most:
                return False
            row.count += 1
            row.save(update_fields=["since", "count"])
    if created:
        rows.filter(since__lt=now - KEPT).delete()
    return True
