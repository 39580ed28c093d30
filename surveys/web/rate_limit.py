"""Rate limits for new participants, so that a script can neither fill a study nor keep others out.

Everybody together has settings.ARRIVALS_PER_MINUTE. A single address has half of it, and never less
than the seats of two laboratories; a network has three quarters. A class behind one address passes,
and a script behind one address leaves room for all others.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from surveys.models import Study
from surveys.models.arrival_count import ArrivalCount
from surveys.services.durability import atomic_without_waiting
from surveys.web.client_address import client_address, client_network
from surveys.web.counting import SKEW, count_within

SALT = "surveys.arrivals"
FEWEST = 60
"""The least that an address may have in a minute: two laboratories of 30 seats."""


@dataclass(frozen=True)
class Limit:
    """At most ``arrivals`` within the window, which begins with the first of them."""

    name: str
    arrivals: int
    window: timedelta


def address_limits() -> tuple[Limit, ...]:
    """Return the limits of one address."""
    each = max(FEWEST, settings.ARRIVALS_PER_MINUTE // 2)
    return (
        Limit("address", each, timedelta(minutes=1)),
        Limit("address by hour", 3 * each, timedelta(hours=1)),
    )


def network_limits() -> tuple[Limit, ...]:
    """Return the limits of one network."""
    each = max(FEWEST, settings.ARRIVALS_PER_MINUTE * 3 // 4)
    return (
        Limit("network", each, timedelta(minutes=1)),
        Limit("network by hour", 4 * each, timedelta(hours=1)),
    )


def too_many(request: HttpRequest, study: Study) -> bool:
    """Count the arrival, and return whether one of the limits was reached before it."""
    # All together first: who is refused for others' sake uses up nothing of their own share.
    if _all_together(study):
        return True
    of = (
        *((limit, client_address(request)) for limit in address_limits()),
        *((limit, client_network(request)) for limit in network_limits()),
    )
    # In one transaction, which holds up other people's pages once and not for every limit.
    with atomic_without_waiting():
        return not all(_allows(limit, study.slug, subject) for limit, subject in of)


def _all_together(study: Study) -> bool:
    now = timezone.now()
    # Not later: after the clock was set back, arrivals of the future must not keep people out.
    window = (now - timedelta(minutes=1), now + SKEW)
    recent = study.participants.filter(simulated=False, consented_at__range=window)
    return recent.count() >= settings.ARRIVALS_PER_MINUTE


def _allows(limit: Limit, *subject: str) -> bool:
    key = _key(limit, timezone.now(), *subject)
    return count_within(ArrivalCount, key, limit.arrivals, limit.window)


def _key(limit: Limit, now: datetime, *subject: str) -> str:
    # Addresses are personal data: the hash changes daily, so that days cannot be linked.
    value = "\n".join((limit.name, now.date().isoformat(), *subject))
    return salted_hmac(SALT, value, algorithm="sha256").hexdigest()
