"""Pages of a study's explanations: what is lacking, the classifier, and the maps side by side."""

from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from explanations import catalogue
from explanations.models import StudyImage
from explanations.pipeline import pictures
from explanations.rendering.viewing import VIEWS, view_named
from explanations.store.artefacts import ArtefactError
from studyplatform.models import Job
from studyplatform.panel import image_sets
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.classifier_card import card_of
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.gallery import rows_of
from studyplatform.panel.study_needs import needs_of
from surveys.models import Study

IMAGES_PER_PAGE = 6


@require_safe
@study_page(Right.VIEW)
def explanations(request: HttpRequest, study: Study) -> HttpResponse:
    """Show what the study lacks, its classifier, and the maps of the images that people see."""
    shown = StudyImage.objects.filter(predictions__stimulus__study=study).distinct()
    page = Paginator(shown.order_by("pk"), IMAGES_PER_PAGE).get_page(request.GET.get("page"))
    needs = needs_of(study)
    context = {
        "needs": needs,
        "is_complete": all(need.is_met for need in needs),
        "card": card_of(study.classifier),
        "evaluation": _latest_evaluation(study),
        "page": page,
        "rows": rows_of(study.classifier, list(page.object_list), layers=False),
        **_views(request),
    }
    return render_study_page(request, study, "explanations", "panel/explanations.html", context)


@require_safe
@study_page(Right.VIEW)
def image(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Show every map of an image with its measures and provenance, and layer by layer."""
    found = get_object_or_404(image_sets.images_of_study(study), pk=pk)
    rows = rows_of(study.classifier, [found])
    context = {"image": found, "row": rows[0] if rows else None, **_views(request)}
    context["is_own"] = image_sets.own_images(study).filter(pk=pk).exists()
    return render_study_page(request, study, "explanations", "panel/explained_image.html", context)


@require_safe
@study_page(Right.VIEW)
def map_picture(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Return a map over its image, or in the view that ``?view=`` names."""
    maps = image_sets.maps_of_study(study).select_related(
        "prediction__image", "prediction__classifier"
    )
    explanation = get_object_or_404(maps, pk=pk)
    view = view_named(request.GET.get("view", ""))
    return _png(lambda: pictures.map_png(explanation, view))


@require_safe
@study_page(Right.VIEW)
def legend_picture(request: HttpRequest, study: Study, method: str) -> HttpResponse:
    """Return the colour scale of a method's map."""
    return _png(lambda: pictures.legend_png(method))


def _png(draw: Callable[[], bytes]) -> HttpResponse:
    try:
        return HttpResponse(draw(), content_type="image/png")
    except catalogue.UnknownMethodError as error:
        raise Http404(str(error)) from error
    except ArtefactError as error:
        return HttpResponseNotFound(str(error), content_type="text/plain; charset=utf-8")


def _views(request: HttpRequest) -> dict[str, object]:
    view = request.GET.get("view", "")
    return {
        "views": [(name, gettext(words)) for name, (words, _) in VIEWS.items()],
        "view": view if view in VIEWS else "usual",
        "filters": f"view={view}" if view in VIEWS else "",
    }


def _latest_evaluation(study: Study) -> Job | None:
    return study.jobs.filter(kind="evaluation", state=Job.State.DONE).first()
