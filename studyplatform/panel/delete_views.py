"""The deletion of a study that nobody took part in."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from studyplatform.jobs import folders
from studyplatform.models import Job
from studyplatform.panel import image_sets
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from surveys import services
from surveys.models import Study

UNFINISHED = (Job.State.QUEUED, Job.State.RUNNING)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OWN)
def delete(request: HttpRequest, study: Study) -> HttpResponse:
    """Say what is deleted, and delete it once the short name is typed."""
    problem = _refusal(study)
    if request.method == "POST" and not problem:
        if request.POST.get("typed", "").strip() == study.slug:
            return _delete(request, study)
        problem = gettext("Type the short name exactly as it is above.")
    is_refused = request.method == "POST"
    context = {
        "problem": problem,
        "can_be_deleted": not _refusal(study),
        "people": study.participants.count(),
    }
    return render_study_page(
        request, study, "overview", "panel/delete_study.html", context, 409 if is_refused else 200
    )


def _refusal(study: Study) -> str:
    if not services.can_be_deleted(study):
        return gettext(
            "People have taken part in this study, so it stays. End its collection instead; erase "
            "the data of those who ask for it."
        )
    if study.jobs.filter(state__in=UNFINISHED).exists():
        return gettext("A job of this study waits or runs. Cancel it first.")
    return ""


def _delete(request: HttpRequest, study: Study) -> HttpResponse:
    title, jobs = study.title, list(study.jobs.values_list("pk", flat=True))
    sets = image_sets.own_sets(study)
    with transaction.atomic():
        services.delete_study(study=study)
        image_sets.remove_unused(sets)
        # Files go only when the rows have gone for good.
        for pk in jobs:
            transaction.on_commit(partial(folders.remove_folder, pk))
    messages.success(request, gettext("The study “%(title)s” was deleted.") % {"title": title})
    return redirect("panel:home")
