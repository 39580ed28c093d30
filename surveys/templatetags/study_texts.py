"""Filters for the texts that researchers write."""

from django import template
from django.utils.safestring import SafeString

from surveys.pages.markup import marked_up
from surveys.study_file.declaration import StudyFile

register = template.Library()


@register.filter
def as_written(text: str, study: StudyFile) -> SafeString:
    """Return the text of the study file as HTML."""
    return marked_up(text, study)
