"""Filters for times and states on the panel's pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from explanations import catalogue
from studyplatform.audit.words import act_in_words, settings_in_words
from studyplatform.jobs.kinds import BY_KEY, summary_of
from studyplatform.panel.editor.sections.texts import language_name
from studyplatform.panel.launch import reach_of
from studyplatform.panel.study_texts import title_of
from surveys.export.feedback import Share
from surveys.models import Study
from surveys.templatetags.study_texts import moment

register = template.Library()
register.filter(moment)
register.filter(language_name)


@register.filter
def title_of_file(source: str) -> str:
    """Return the title that a study file declares, or an empty text."""
    return title_of(source)


@register.filter
def titled(study: Study) -> str:
    """Return the study's title, in the reader's language if its file has it."""
    return title_of(study.source) or study.title


@register.filter
def reach(address: str) -> str:
    """Return a warning if a link reaches nothing but this computer, or an empty text."""
    return reach_of(address)


@register.filter
def method_label(key: str) -> str:
    """Return the name of a method, or an empty text for no map."""
    return catalogue.get(key).label if key else ""


@register.filter
def act_words(act: str) -> str:
    """Return the name of an act of the audit for readers."""
    return act_in_words(act)


@register.filter
def setting_words(settings: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return names and values of the audit's settings for readers."""
    if "kind" in settings and isinstance(settings.get("arguments"), dict):
        settings = _with_job_in_words(settings)
    return settings_in_words(settings)


def _with_job_in_words(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with a job and its arguments as its own page tells them."""
    kind = BY_KEY.get(str(settings["kind"]))
    asked_for = summary_of(str(settings["kind"]), settings["arguments"])
    told = {**settings, "kind": str(kind.label) if kind else settings["kind"]}
    del told["arguments"]
    return {**told, "arguments": asked_for} if asked_for else told


@register.filter
def clock(time: datetime | None) -> SafeString | str:
    """Return the time of day in the reader's zone with its seconds, such as "13:05:09", where the
    day and the zone are next to it."""
    if time is None:
        return ""
    there = localtime(time)
    shown = there.strftime("%H:%M:%S")
    return format_html('<time datetime="{}">{}</time>', there.isoformat(timespec="seconds"), shown)


@register.filter
def share(found: Share) -> str:
    """Return a share with its interval in percent, or a dash if nobody was asked."""
    if found.value is None or found.low is None or found.high is None:
        return "–"
    return f"{found.value:.0%} ({100 * found.low:.0f}–{found.high:.0%})".replace("%", " %")
