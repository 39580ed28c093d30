"""The page of submissions at the recruitment service, for owners, who pay the participants."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from studyplatform.bodies import takes_files
from studyplatform.panel import submissions
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.service_places_views import TotalForm
from surveys.models import Study
from surveys.recruitment.prolific import ProlificError, Submission
from surveys.recruitment.prolific_csv import read_submissions
from surveys.study_file.stored import definition

MOST_BYTES = 10_000_000


class ListForm(forms.Form):
    """The service's list as a file."""

    file = forms.FileField(
        label=_("List of submissions (csv)"),
        help_text=_("As the study's page at Prolific offers it. It is compared and not kept."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB. Choose the csv list."))
        return file


@require_safe
@study_page(Right.OWN)
def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the decisions to carry out at the service, and the forms of the comparison."""
    return _page(request, study, ListForm())


@require_POST
@study_page(Right.OWN)
def approve(request: HttpRequest, study: Study) -> HttpResponse:
    """Decide to approve everybody who completed and passed the checks."""
    if not isinstance(request.user, User):
        raise Http404
    count = submissions.approve_the_complete(study, request.user)
    words = ngettext("%(count)d submission decided.", "%(count)d submissions decided.", count)
    messages.success(request, words % {"count": count})
    return HttpResponseRedirect(reverse("panel:submissions", args=[study.slug]))


@require_POST
@study_page(Right.OWN)
def refresh(request: HttpRequest, study: Study) -> HttpResponse:
    """Ask Prolific for the statuses, and store them."""
    try:
        count = len(submissions.listed_at_prolific(study))
    except ProlificError as error:
        messages.error(request, str(error))
    else:
        words = ngettext(
            "Prolific listed %(count)d submission.", "Prolific listed %(count)d submissions.", count
        )
        messages.success(request, words % {"count": count})
    return HttpResponseRedirect(reverse("panel:submissions", args=[study.slug]))


@takes_files()
@require_POST
@study_page(Right.OWN)
def compare(request: HttpRequest, study: Study) -> HttpResponse:
    """Compare the participations with the uploaded list or, without one, with Prolific's own."""
    form = ListForm()
    try:
        if "ask" in request.POST:
            listed: list[Submission] = submissions.listed_at_prolific(study)
        else:
            form = ListForm(request.POST, request.FILES)
            if not form.is_valid():
                return _page(request, study, form, status=422)
            file = form.cleaned_data["file"]
            listed = read_submissions(file.read(), file.name)
    except ProlificError as error:
        messages.error(request, str(error))
        return _page(request, study, form, status=422)
    return _page(request, study, ListForm(), comparison=submissions.compare(study, listed))


def _page(
    request: HttpRequest, study: Study, form: ListForm, status: int = 200, **context: Any
) -> HttpResponse:
    recruitment = definition(study).recruitment
    shown = {
        "service": recruitment.name or gettext("the recruitment service"),
        "has_bonus": definition(study).bonus is not None,
        "is_prolific": recruitment.kind == "prolific",
        "can_ask": recruitment.kind == "prolific" and bool(settings.PROLIFIC_API_TOKEN),
        "to_carry_out": submissions.to_carry_out(study),
        "statuses": submissions.last_statuses(study),
        "anybody": submissions.has_identities(study),
        "form": form,
        "places_form": TotalForm(),
        **context,
    }
    return render_study_page(
        request, study, "participants", "panel/submissions.html", shown, status
    )
