"""The reader's time zone, in which every page of the panel shows and reads times."""

from contextlib import AbstractContextManager
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from studyplatform.models import Preferences, SignIn

DEFAULT = "UTC"
AREAS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
    *("Indian", "Pacific"),
)
"""The areas of the names for places. Other names, such as EST, are aliases."""


@cache
def zone_names() -> tuple[str, ...]:
    """Return UTC and the name of every place's zone in alphabetical order."""
    return (DEFAULT, *sorted(name for name in available_timezones() if name.startswith(AREAS)))


def zone_of(row: SignIn | None) -> str:
    """Return the name of the zone of whoever is signed in, read with the browser's row."""
    preferences = getattr(row.user, "preferences", None) if row else None
    return preferences.time_zone if preferences else DEFAULT


def activated(name: str) -> AbstractContextManager[None]:
    """Activate the zone for a page. A name that this server no longer knows gives UTC."""
    try:
        return timezone.override(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return timezone.override(ZoneInfo(DEFAULT))


def set_zone(user: User, name: str) -> None:
    """Store the user's zone."""
    Preferences.objects.update_or_create(user=user, defaults={"time_zone": name})


class TimeZoneForm(forms.Form):
    """The zone of a person's pages."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
        help_text=_("All pages of the panel show times in it. Exports and reports use UTC."),
    )
