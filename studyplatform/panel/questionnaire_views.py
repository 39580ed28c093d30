"""The panel's list of questionnaires, a preview of each, and the loading of a lab's own."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from studyplatform.audit.writing import record_for_all
from studyplatform.bodies import takes_files
from studyplatform.panel.access import signed_in
from surveys import questionnaires
from surveys.pages.forms import ItemsForm
from surveys.questionnaires.base import Questionnaire
from surveys.questionnaires.loading import LoadingError, load_text
from surveys.questionnaires.ordering import order
from surveys.questionnaires.reading import QuestionnaireError

LARGEST_FILE = 1024 * 1024
"""Bytes of a questionnaire's file; the longest shipped one has 9 kB."""


@dataclass(frozen=True)
class Entry:
    """A row of the list: the questionnaire, or the fault of its file."""

    id: str
    shipped: bool
    questionnaire: Questionnaire | None
    problem: str = ""

    @property
    def spoken(self) -> Questionnaire | None:
        """Return the questionnaire in the reader's language, if it has it."""
        if self.questionnaire is None:
            return None
        return self.questionnaire.in_language(translation.get_language() or "en")


class LoadingForm(forms.Form):
    """The file of a questionnaire, and whether it replaces one that no study asks."""

    file = forms.FileField(label=gettext_lazy("Questionnaire's file (.toml)"))
    replace = forms.BooleanField(
        label=gettext_lazy("Replace a loaded questionnaire of this name that no study asks"),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Load the file, and attach every problem of it to the field."""
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is None:
            return cleaned
        try:
            text = file.read().decode("utf-8-sig")
            cleaned["loaded"] = load_text(file.name, text, replace=cleaned.get("replace", False))
        except UnicodeDecodeError:
            problem = gettext("The file is not text in UTF-8. Save it again in this encoding.")
            self.add_error("file", problem)
        except LoadingError as error:
            said = str(error)
            self.add_error("file", said[:1].upper() + said[1:])
        except QuestionnaireError as error:
            self.add_error("file", [ValidationError(str(problem)) for problem in error.problems])
        return cleaned


@require_safe
@signed_in
def library(request: HttpRequest) -> HttpResponse:
    """List every questionnaire that a study can ask."""
    shipped = questionnaires.shipped()
    entries = [_entry(key, key in shipped) for key in questionnaires.ids()]
    return render(
        request, "panel/questionnaires.html", {"area": "questionnaires", "entries": entries}
    )


@takes_files(largest=LARGEST_FILE)
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def load(request: HttpRequest) -> HttpResponse:
    """Add a questionnaire from a file to those that every study can ask."""
    form = LoadingForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        loaded: Questionnaire = form.cleaned_data["loaded"]
        record_for_all(
            "questionnaire loaded",
            {"questionnaire": loaded.id, "sha256": questionnaires.sha256(loaded.id)},
        )
        said = gettext("“%(title)s” is loaded. Studies ask it as %(key)s.")
        messages.success(request, said % {"title": loaded.title, "key": loaded.id})
        return redirect("panel:questionnaire", key=loaded.id)
    context = {"area": "questionnaires", "form": form}
    return render(
        request, "panel/load_questionnaire.html", context, status=400 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
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
