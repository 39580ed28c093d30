"""The panel's home page, and the first page of a study."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from studyplatform.panel import pilots
from studyplatform.panel.access import Right, rights_in, signed_in, studies_of, study_page
from studyplatform.panel.after_collection import steps_after_collection
from studyplatform.panel.draft_steps import draft_steps
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.launch import reach_of
from studyplatform.panel.overview import overviews
from studyplatform.panel.participants import erased_count
from studyplatform.panel.published import has_gallery
from studyplatform.panel.source_report_views import found_page
from studyplatform.panel.study_texts import templates, unfinished, version_in_use
from surveys import services
from surveys.models import Study
from surveys.study_file.stored import definition

STUDIES_PER_PAGE = 25


@require_safe
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """List the user's studies, those that were loaded last first, or those that are archived.

    Pilots are on the pages of the studies that they rehearse.
    """
    everything = studies_of(request.user).filter(pilot_of=None).order_by("-loaded_at", "-pk")
    is_archive = request.GET.get("archived") == "yes"
    studies = everything.filter(archived_at__isnull=not is_archive)
    page = Paginator(studies, STUDIES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "area": "studies",
        "page": page,
        "overviews": overviews(list(page.object_list)),
        "files": [] if is_archive else unfinished(request.user),
        "is_archive": is_archive,
        "archived": everything.exclude(archived_at=None).count(),
        "filters": "archived=yes" if is_archive else "",
        "source_report": found_page() is not None,
        "published": has_gallery(),
        "templates": [] if is_archive or page.object_list else templates(),
    }
    return render(request, "panel/home.html", context)


@require_safe
@study_page(Right.VIEW)
def study(request: HttpRequest, study: Study) -> HttpResponse:
    """Show a study: its state, its participants, its parts and its address."""
    (overview,) = overviews([study])
    address = request.build_absolute_uri(pilots.link_path(study))
    after = steps_after_collection(study, rights_in(request.user, study))
    context = {
        "overview": overview,
        "erased": erased_count(study, simulated=study.is_pilot),
        "declared": definition(study),
        "can_be_deleted": services.can_be_deleted(study),
        "conditions": study.conditions.all(),
        "stimuli": study.stimuli.count(),
        "versions": study.versions.order_by("-number"),
        "in_use": version_in_use(study),
        "steps": draft_steps(study, rights_in(request.user, study))
        if study.state == Study.State.DRAFT and not study.is_pilot and study.archived_at is None
        else (),
        "after": after,
        # The first step that is open has the page's main button.
        "next_after": next((step for step in after if step.is_done is False), None),
        "address": address,
        "reach": reach_of(address),
    }
    return render_study_page(request, study, "overview", "panel/study.html", context)
