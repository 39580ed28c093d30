"""Limits of attempts, which hold over all processes because the database counts them."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from studyplatform.models import Attempt
from surveys.web.counting import count_within

SALT = "studyplatform.throttle"


@dataclass(frozen=True)
class Limit:
    """At most this many attempts within the window, which begins with the first of them."""

    name: str
    attempts: int
    window: timedelta


def allows(limit: Limit, *subject: str) -> bool:
    """Count an attempt, and return whether the limit allows it.

    Count before checking a password: otherwise parallel requests would all pass the check.
    """
    return count_within(Attempt, _key(limit, *subject), limit.attempts, limit.window)


def forget(limit: Limit, *subject: str) -> None:
    """Forget all attempts of the subject, since the last one succeeded."""
    Attempt.objects.filter(key=_key(limit, *subject)).delete()


def give_back(limit: Limit, *subject: str) -> None:
    """Forget one attempt, which succeeded, but not the failures before it."""
    with transaction.atomic():
        row = Attempt.objects.select_for_update().filter(key=_key(limit, *subject)).first()
        if row is not None and row.count:
            row.count -= 1
            row.save(update_fields=["count"])


def _key(limit: Limit, *subject: str) -> str:
    # Addresses are personal data: the hash changes daily, so that days cannot be linked.
    day = timezone.now().date().isoformat()
    value = "\n".join((limit.name, day, *subject))
    return salted_hmac(SALT, value, algorithm="sha256").hexdigest()
