"""The page of what participants say is wrong, its pictures, and the list for the next training."""

from allauth.account.decorators import reauthentication_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from explanations.pipeline import pictures
from explanations.store.artefacts import ArtefactError
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.feedback import IMAGE, rows, shown_map
from studyplatform.panel.frame import render_study_page
from surveys.blinding import is_blinded
from surveys.export import csv_files, json_records
from surveys.export.diagnoses import NAME, diagnoses_table
from surveys.export.feedback import (
    FEWEST_WHILE_BLINDED,
    asks_for_diagnoses,
    image_feedback,
)
from surveys.models import Study
from surveys.services.acts import announce

IMAGES_PER_PAGE = 10
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@require_safe
@study_page(Right.SEE_DATA)
def show(request: HttpRequest, study: Study) -> HttpResponse:
    """List the images with their pictures, the most suspected first."""
    simulated = request.GET.get("simulated") == "yes"
    people = Q(simulated=simulated)
    asked = asks_for_diagnoses(study)
    page = Paginator(image_feedback(study, people) if asked else [], IMAGES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "asked": asked,
        "page": page,
        "rows": rows(study, list(page.object_list), people),
        "simulated": simulated,
        "filters": "simulated=yes" if simulated else "",
        "blinded": is_blinded(study) and not simulated,
        "fewest": FEWEST_WHILE_BLINDED,
    }
    return render_study_page(request, study, "feedback", "panel/feedback.html", context)


@require_safe
@study_page(Right.SEE_DATA)
def picture(request: HttpRequest, study: Study, stimulus: int, name: str) -> HttpResponse:
    """Return an image of the study, or the map of a method that participants see of it."""
    shown = get_object_or_404(study.stimuli.select_related("prediction__image"), pk=stimulus)
    try:
        if name == IMAGE:
            content = pictures.image_png(shown.prediction.image, study.classifier.rule)
        else:
            explanation = shown_map(study, stimulus, name)
            if explanation is None:
                raise Http404("The study shows no such map.")
            content = pictures.map_png(explanation)
    except ArtefactError as error:
        raise Http404(str(error)) from error
    return HttpResponse(
        content, content_type="image/png", headers={"Cache-Control": "private, max-age=3600"}
    )


@require_safe
@study_page(Right.SEE_DATA)
def download(request: HttpRequest, study: Study, form: str) -> HttpResponseBase:
    """Return the list of suspected labels and background cues as a csv or JSON file."""
    if not asks_for_diagnoses(study):
        raise Http404("The study does not ask what is wrong.")
    given: HttpResponseBase = _download(request, study, form)
    return given


@reauthentication_required
def _download(request: HttpRequest, study: Study, form: str) -> HttpResponse:
    """Return what was made from people's answers, if the user has confirmed who it is just now."""
    simulated = request.GET.get("simulated") == "yes"
    table = diagnoses_table(image_feedback(study, Q(simulated=simulated)))
    announce(study, "diagnoses downloaded", {}, {"simulated": simulated, "format": form})
    name = f"{NAME}-{study.slug}.{form}"
    return HttpResponse(
        csv_files.text(table) if form == "csv" else json_records.text(table),
        content_type=TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
