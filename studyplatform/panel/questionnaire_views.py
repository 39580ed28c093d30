"""The panel's list of questionnaires, and a preview of each, which stores nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from surveys import questionnaires
from surveys.pages.forms import ItemsForm
from surveys.questionnaires.base import Questionnaire
from surveys.questionnaires.ordering import order
from surveys.questionnaires.reading import QuestionnaireError

View = Callable[..., HttpResponse]


def for_researchers(view: View) -> View:
    """Restrict the view to users who may view studies."""
    allowed = permission_required("surveys.view_study", raise_exception=True)(view)
    return staff_member_required(never_cache(allowed))


@dataclass(frozen=True)
class Entry:
    """A row of the list: the questionnaire, or the fault of its file."""

    id: str
    shipped: bool
    questionnaire: Questionnaire | None
    problem: str = ""


@require_safe
@for_researchers
def library(request: HttpRequest) -> HttpResponse:
    """List every questionnaire that a study file can name."""
    shipped = questionnaires.shipped()
    entries = [_entry(key, key in shipped) for key in questionnaires.ids()]
    context = admin.site.each_context(request) | {"title": "Questionnaires", "entries": entries}
    return render(request, "admin/surveys/questionnaires.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_researchers
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """Show a questionnaire in ``?language=``. After sending, show what would be stored."""
    try:
        original = questionnaires.get(key)
    except QuestionnaireError as error:
        raise Http404(str(error)) from error
    shown = original.in_language(request.GET.get("language", original.language))
    items = {item.id: item for item in shown.items}
    # A fixed seed shows a stable order; ?seed= shows how participants' orders differ.
    in_order = [items[item] for item in order(original, request.GET.get("seed", "preview"))]
    form = ItemsForm(in_order, request.POST if request.method == "POST" else None)
    context = {
        "questionnaire": shown,
        "languages": original.languages,
        "heading": shown.title,
        "form": form,
        "sent": form.is_bound and form.is_valid(),
        "seed": request.GET.get("seed", ""),
    }
    with translation.override(shown.language):
        return render(request, "surveys/questionnaire_preview.html", context)


def _entry(key: str, shipped: bool) -> Entry:
    try:
        return Entry(key, shipped, questionnaires.get(key))
    except QuestionnaireError as error:
        return Entry(key, shipped, None, str(error))
