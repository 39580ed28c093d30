"""Filters for the texts that researchers write, and for times."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext

from surveys.pages.markup import marked_up
from surveys.study_file.declaration import StudyFile

register = template.Library()


@register.filter
def as_written(text: str, study: StudyFile) -> SafeString:
    """Return the text of the study file as HTML."""
    return marked_up(text, study)


@register.filter
def moment(time: datetime | None) -> SafeString | str:
    """Return the time in the reader's zone as an element that names it, such as
    "29 Nov 2026, 13:05 UTC"."""
    if time is None:
        return ""
    there = localtime(time)
    return format_html(
        '<time datetime="{}">{} {}</time>',
        there.isoformat(timespec="seconds"),
        # Translators: the order of day, month, year and time; see Django's filter "date".
        date_format(there, gettext("j M Y, H:i")),
        there.tzname(),
    )
