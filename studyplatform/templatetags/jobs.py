"""Filters for jobs: durations, sizes and numbers as people read them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms, template
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from studyplatform.jobs.kinds import BY_KEY, summary_of
from studyplatform.jobs.queue import LOOKED_BACK, UNFINISHED
from studyplatform.models import Job
from surveys.models import Study

register = template.Library()
TONES = {"running": "warn", "done": "good", "failed": "bad"}
PURPOSES: Mapping[str, Promise] = {
    "report.html": gettext_lazy("the report, to read in a browser"),
    "report.pdf": gettext_lazy("the report, to print or to send"),
    "report.docx": gettext_lazy("drafts of Methods and Results with tables, for Word"),
    "results.json": gettext_lazy("every number of the report, for programs"),
    "results.schema.json": gettext_lazy("the fields of results.json, for programs that check it"),
    "scores.csv": gettext_lazy("one row per participant, with the scores"),
    "redo.py": gettext_lazy("repeats the analysis from the data and compares every number"),
    "bundle.json": gettext_lazy("the checksums by which redo.py knows the files"),
    "power.html": gettext_lazy("the simulation with its assumptions, to read in a browser"),
    "power.json": gettext_lazy("every number of the simulation, for programs"),
}
"""What people do with a file of a result, by its name."""
SIZES = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB"))


@register.filter
def about(time: timedelta | None) -> str:
    """Return a duration in the largest fitting unit, such as "4 minutes"."""
    if time is None:
        return ""
    seconds = time.total_seconds()
    if seconds < 60:
        count = round(seconds)
        return ngettext("%(count)d second", "%(count)d seconds", count) % {"count": count}
    if seconds < 5400:
        count = round(seconds / 60)
        return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}
    count = round(seconds / 3600)
    return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}


@register.filter
def unfinished_maps(study: Study) -> Job | None:
    """Return the study's job of predictions and maps that waits or runs, or None."""
    return study.jobs.filter(kind="maps", state__in=UNFINISHED).first()


@register.simple_tag
def time_of_a_map() -> timedelta | None:
    """Return how long a map took in the latest finished jobs of maps, or None if unknown."""
    jobs = Job.objects.filter(kind="maps", state=Job.State.DONE, done__gt=0)
    jobs = jobs.filter(arguments__predictions_only=False).order_by("-finished_at")[:LOOKED_BACK]
    times = sorted(job.duration / job.done for job in jobs if job.duration is not None)
    return times[len(times) // 2] if times else None


@register.filter
def size(count: int) -> str:
    """Return a number of bytes with its unit, such as "1.4 MB"."""
    for large, unit in SIZES:
        if count >= large:
            return f"{number_format(count / large, 1)} {unit}"
    return gettext("%(count)d bytes") % {"count": count}


@register.filter
def main_files(job: Job) -> Sequence[dict[str, Any]]:
    """Return the files at the top of the result, its page first."""
    page = (job.result or {}).get("page")
    top = [file for file in job.files if "/" not in file["name"]]
    return sorted(top, key=lambda file: file["name"] != page)


@register.filter
def purpose(name: str) -> str:
    """Return what people do with a file of a result, or an empty text if its name says it."""
    return str(PURPOSES.get(name, ""))


@register.filter
def other_files(job: Job) -> Sequence[dict[str, Any]]:
    """Return the files in folders of the result, such as tables and figures."""
    return [file for file in job.files if "/" in file["name"]]


@register.filter
def tone(job: Job) -> str:
    """Return the class that colours the job's state."""
    return TONES.get(job.state, "")


@register.filter
def kind(job: Job) -> str:
    """Return the name of the job's kind."""
    return str(BY_KEY[job.kind].label) if job.kind in BY_KEY else job.kind


@register.filter
def asked(job: Job) -> str:
    """Return the job's arguments in words."""
    return summary_of(job.kind, job.arguments)


@register.filter
def short(sha256: str) -> str:
    """Return the first twelve digits of a hash, with a sign that more follow."""
    return f"{sha256[:12]}…" if sha256 else "–"


@register.filter
def people(rows: Mapping[str, int] | None) -> int:
    """Return the number of participants with an arm among the rows of an export's tables."""
    return (rows or {}).get("participants.csv", 0)


@register.filter
def plain(number: float | None) -> str:
    """Return a number with up to six digits, or a dash where there is none."""
    return "–" if number is None else f"{number:.6g}"


@register.filter
def input_kind(field: object) -> str:
    """Return how a form's field is laid out: check, options or plain."""
    widget = field.field.widget  # type: ignore[attr-defined]
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    several = (forms.CheckboxSelectMultiple, forms.RadioSelect)
    return "options" if isinstance(widget, several) else "plain"


@register.filter
def faults(field: Any) -> list[str]:
    """Return the errors of a form's field, and the mistakes of the value that it shows."""
    return [*field.errors, *getattr(field.form, "mistakes", {}).get(field.name, ())]
