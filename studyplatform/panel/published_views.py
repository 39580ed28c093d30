"""The gallery of published studies: the list, the numbers of a study, its plans and its report."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from analysis.published.verdicts import Verdict
from studyplatform.panel.access import signed_in
from studyplatform.panel.published import (
    MEANINGS,
    TONES,
    VERDICTS,
    PublishedStudy,
    plan_text,
    published_studies,
    published_study,
)
from studyplatform.panel.report_page import with_bar_of


@require_safe
@signed_in
def gallery(request: HttpRequest) -> HttpResponse:
    """List the published studies with their sources and how many numbers have each verdict."""
    context = {
        "area": "studies",
        "studies": published_studies(),
        "verdicts": [(VERDICTS[verdict], MEANINGS[verdict], TONES[verdict]) for verdict in Verdict],
    }
    return render(request, "panel/published.html", context)


@require_safe
@signed_in
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show the printed numbers of a study, all of them or those with the verdict asked for."""
    study = _named(name)
    asked = request.GET.get("verdict", "")
    rows = [
        (row, VERDICTS[row.verdict], TONES[row.verdict])
        for row in study.compared
        if asked in ("", row.verdict.name.lower())
    ]
    context = {"area": "studies", "published": study, "rows": rows, "asked": asked}
    return render(request, "panel/published_study.html", context)


@require_safe
@signed_in
def plan(request: HttpRequest, name: str, plan: str) -> HttpResponse:
    """Return a plan of the study as a file, from which the plan of another study can begin."""
    study = _named(name)
    if plan not in study.plans:
        raise Http404("The study has no such plan.")
    return HttpResponse(
        plan_text(study, plan),
        content_type="application/toml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{plan}"'},
    )


@require_safe
@signed_in
def report(request: HttpRequest, name: str) -> HttpResponse:
    """Show the report on the study that ships with the program."""
    study = _named(name)
    if not study.has_report:
        raise Http404("No report on this study ships with the program.")
    html = study.report.read_text(encoding="utf-8")
    return with_bar_of(request, "panel/published_bar.html", {"published": study}, html)


def _named(name: str) -> PublishedStudy:
    study = published_study(name)
    if study is None:
        raise Http404("The gallery has no such study.")
    return study
