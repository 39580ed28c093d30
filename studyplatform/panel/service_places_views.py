"""The pages that raise the places of a study at Prolific, after a dry run and a confirmation."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from studyplatform.panel import service_places
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from surveys.models import Study
from surveys.recruitment.prolific import ProlificError
from surveys.study_file.stored import definition

SALT = "panel.service_places"
LASTS = 15 * 60
"""Seconds for which a dry run can be confirmed."""


class TotalForm(forms.Form):
    """The number of places that Prolific should have, those that are taken included."""

    total = forms.IntegerField(
        label=_("Places at Prolific in all"),
        help_text=_("Those that are taken included. Prolific only raises the number."),
        min_value=1,
        max_value=service_places.MOST_PLACES,
    )


@require_POST
@study_page(Right.OWN)
def prepare(request: HttpRequest, study: Study) -> HttpResponse:
    """Show what a raise would change at Prolific. Nothing is changed."""
    _check_possible(study)
    form = TotalForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Enter the number of places that Prolific should have."))
        return redirect("panel:submissions", slug=study.slug)
    try:
        prepared = service_places.prepare(study, form.cleaned_data["total"])
    except ProlificError as error:
        messages.error(request, str(error))
        return redirect("panel:submissions", slug=study.slug)
    plan = {
        "study": study.pk,
        "service_study": prepared.service_study,
        "before": prepared.there.total,
        "total": prepared.total,
    }
    context = {"prepared": prepared, "plan": signing.dumps(plan, salt=SALT)}
    return render_study_page(request, study, "participants", "panel/service_places.html", context)


@require_POST
@study_page(Right.OWN)
def send(request: HttpRequest, study: Study) -> HttpResponse:
    """Raise the places at Prolific as the dry run said, if it is confirmed."""
    _check_possible(study)
    back = redirect("panel:submissions", slug=study.slug)
    try:
        plan = signing.loads(request.POST.get("plan", ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        messages.error(request, gettext("The numbers are too old. Look at them again."))
        return back
    if plan.get("study") != study.pk:
        raise Http404("This number belongs to another study.")
    if request.POST.get("confirmed") != "yes":
        messages.error(request, gettext("Confirm the number. It cannot be lowered again."))
        return back
    try:
        after = service_places.carry_out(
            study, plan["service_study"], plan["before"], plan["total"]
        )
    except ProlificError as error:
        messages.error(request, str(error))
        return back
    messages.success(
        request, gettext("Prolific now has %(total)d places.") % {"total": after.total}
    )
    return back


def _check_possible(study: Study) -> None:
    if definition(study).recruitment.kind != "prolific" or not settings.PROLIFIC_API_TOKEN:
        raise Http404("Places are raised at Prolific alone, with a token.")
