"""The live preview at the side of the editor: a page as participants will see it, with the changes
that are still in the form. Nothing is stored.

The page's content is a fragment within the editor, because the content security policy forbids
frames, and a page that allowed them would be the only one with a looser policy.
"""

import copy
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from studyplatform.models import StudyText
from studyplatform.panel import study_texts
from studyplatform.panel.access import signed_in
from studyplatform.panel.draft_preview_views import draft_place, loaded, user_of
from studyplatform.panel.editor.catalogue import BY_KEY
from studyplatform.panel.editor.views import SectionForm, locks
from studyplatform.panel.preview_views import show_page
from studyplatform.panel.toml_edits import EditError, read
from surveys.services import StudyError
from surveys.study_file.stored import definition


@require_POST
@signed_in
def show(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Return the chosen page with the form's changes, or why it cannot be shown."""
    text = study_texts.writable(user_of(request), pk)
    if section not in BY_KEY:
        raise Http404("The editor has no such section.")
    try:
        return _page(request, text, _changed(request, text, section))
    except (EditError, StudyError) as error:
        return render(request, "panel/no_live_page.html", {"reason": str(error)})


def _changed(request: HttpRequest, text: StudyText, section: str) -> str:
    """Return the latest version with what the form contains."""
    source = text.versions.all()[0].source
    values = read(source)
    form = SectionForm(BY_KEY[section], values, request.POST, is_locked=locks(text))
    if not form.is_valid():
        raise EditError(gettext("The page appears once the fields are filled in as they must be."))
    return BY_KEY[section].write(source, values, form.cleaned_data, form.entries)


def _page(request: HttpRequest, text: StudyText, source: str) -> HttpResponse:
    with loaded(text, user_of(request), source) as study:
        declared = definition(study)
        arms = [arm.key for arm in study.arms.all()]
        arm = request.POST.get("live_arm", "")
        language = request.POST.get("live_language", "")
        number = request.POST.get("live_page", "")
        shown = (
            arm if arm in arms else arms[-1],
            language if language in declared.languages else declared.language,
            # A page that was removed leaves the last one.
            min(int(number) if number.isdecimal() and len(number) < 6 else 0,
                len(declared.steps) + 1),
        )  # fmt: skip
        way_out: dict[str, Any] = {
            "back": reverse("panel:study-text", args=[text.pk]), "tabs": [], "is_draft": True,
        }  # fmt: skip
        return show_page(_opening(request), study, shown, draft_place(text), way_out)


def _opening(request: HttpRequest) -> HttpRequest:
    """Return the request as one that opens the page, since the form's fields are no answers."""
    opening = copy.copy(request)
    opening.method = "GET"
    opening.POST = QueryDict()
    return opening
