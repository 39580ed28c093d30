"""The audit of a study: who did what and when, on a page and as a csv file."""

import json

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from studyplatform.models import AuditEntry
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from surveys.models import Study
from surveys.tidy.cells import csv_text

ENTRIES_PER_PAGE = 50
COLUMNS = ("at", "way", "who", "act", "before", "after")


@require_safe
@study_page(Right.MAKE_CHANGES)
def show(request: HttpRequest, study: Study) -> HttpResponse:
    """List the acts, the latest first, of one person or of one kind if that is asked for."""
    page = Paginator(_entries(request, study), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    everything = AuditEntry.objects.filter(study=study.slug).order_by()
    chosen = request.GET.copy()
    chosen.pop("page", None)
    context = {
        "page": page,
        "acts": sorted(everything.values_list("act", flat=True).distinct()),
        "people": sorted(filter(None, everything.values_list("who", flat=True).distinct())),
        "act": request.GET.get("act", ""),
        "who": request.GET.get("who", ""),
        "filters": chosen.urlencode(),
    }
    return render_study_page(request, study, "audit", "panel/audit.html", context)


@require_safe
@study_page(Right.MAKE_CHANGES)
def download(request: HttpRequest, study: Study) -> HttpResponse:
    """Return the same acts as a csv file, whose cells no spreadsheet takes for formulas."""
    rows = (
        (
            entry.at.isoformat(timespec="milliseconds"), entry.way, entry.who, entry.act,
            json.dumps(entry.before, ensure_ascii=False),
            json.dumps(entry.after, ensure_ascii=False),
        )
        for entry in _entries(request, study)
    )  # fmt: skip
    name = f"audit-{study.slug}.csv"
    return HttpResponse(
        csv_text(COLUMNS, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _entries(request: HttpRequest, study: Study) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.filter(study=study.slug)
    for name in ("act", "who"):
        if value := request.GET.get(name):
            entries = entries.filter(**{name: value})
    return entries
