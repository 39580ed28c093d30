"""Pictures for the panel. Participants load pictures from other URLs, which reveal nothing."""

from collections.abc import Callable

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from explanations import catalogue
from explanations.models import Explanation, StudyImage
from explanations.pipeline import pictures
from explanations.rendering.viewing import view_named
from explanations.store.artefacts import ArtefactError


@require_safe
@staff_member_required
@permission_required("explanations.view_studyimage", raise_exception=True)
@cache_control(private=True, max_age=3600)
def image_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a stored image, pixelated."""
    image = get_object_or_404(StudyImage, pk=pk)
    return _png(lambda: pictures.image_png(image))


@require_safe
@staff_member_required
@permission_required("explanations.view_explanation", raise_exception=True)
@cache_control(private=True, max_age=3600)
def map_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Return an explanation's map over its image, or in the view that ``?view=`` names."""
    explanation = get_object_or_404(Explanation.objects.select_related("prediction__image"), pk=pk)
    view = view_named(request.GET.get("view", ""))
    return _png(lambda: pictures.map_png(explanation, view))


@require_safe
@staff_member_required
@cache_control(private=True, max_age=3600)
def legend_picture(request: HttpRequest, method: str) -> HttpResponse:
    """Return the colour scale of a method's map."""
    return _png(lambda: pictures.legend_png(method))


def _png(draw: Callable[[], bytes]) -> HttpResponse:
    try:
        return HttpResponse(draw(), content_type="image/png")
    except (ArtefactError, catalogue.UnknownMethodError) as error:
        return HttpResponseNotFound(str(error), content_type="text/plain; charset=utf-8")
