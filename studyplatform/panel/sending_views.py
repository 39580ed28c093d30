"""The pages that send decisions on submissions to Prolific, after a dry run and a confirmation."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from studyplatform.panel import sending
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from surveys.models import Study
from surveys.recruitment.prolific import ProlificError
from surveys.recruitment.prolific_decisions import CATEGORIES, SHORTEST_MESSAGE
from surveys.study_file.stored import definition

SALT = "panel.decisions"
LASTS = 15 * 60
"""Seconds for which a dry run can be confirmed."""


class RejectionForm(forms.Form):
    """The reason that people read whose submission is rejected."""

    category = forms.ChoiceField(label=_("Category at Prolific"), choices=list(CATEGORIES.items()))
    message = forms.CharField(
        label=_("Message to the people"),
        help_text=_("At least 100 characters, which each rejected person reads."),
        min_length=SHORTEST_MESSAGE,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@require_POST
@study_page(Right.OWN)
def prepare(request: HttpRequest, study: Study) -> HttpResponse:
    """Show what would be sent to Prolific. Nothing is sent."""
    _check_possible(study)
    try:
        prepared = sending.prepare(study)
    except ProlificError as error:
        messages.error(request, str(error))
        return redirect("panel:submissions", slug=study.slug)
    return _page(request, study, prepared.approve, prepared.reject, prepared=prepared)


@require_POST
@study_page(Right.OWN)
def send(request: HttpRequest, study: Study) -> HttpResponse:
    """Send what the dry run listed, if it is confirmed."""
    _check_possible(study)
    try:
        planned = signing.loads(request.POST.get("plan", ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        messages.error(request, gettext("The list is too old. Look at it again before you send."))
        return redirect("panel:submissions", slug=study.slug)
    if planned.get("study") != study.pk:
        raise Http404("This list belongs to another study.")
    approve, reject = tuple(planned["approve"]), tuple(planned["reject"])
    form = RejectionForm(request.POST) if reject else None
    if request.POST.get("confirmed") != "yes":
        messages.error(request, gettext("Confirm that you want to send them. It cannot be undone."))
        return _page(request, study, approve, reject, form=form, status=409)
    if form is not None and not form.is_valid():
        return _page(request, study, approve, reject, form=form, status=422)
    reason: dict[str, Any] = form.cleaned_data if form else {"category": "", "message": ""}
    done = sending.send(study, approve, reject, **reason)
    words = gettext("Sent to Prolific: %(approved)d approved, %(rejected)d rejected.") % {
        "approved": done.approved, "rejected": done.rejected,
    }  # fmt: skip
    (messages.warning if done.problem else messages.success)(request, words)
    if done.problem:
        messages.error(request, done.problem)
    return redirect("panel:submissions", slug=study.slug)


def _check_possible(study: Study) -> None:
    if definition(study).recruitment.kind != "prolific" or not settings.PROLIFIC_API_TOKEN:
        raise Http404("Decisions are sent to Prolific alone, with a token.")


def _page(
    request: HttpRequest,
    study: Study,
    approve: tuple[str, ...],
    reject: tuple[str, ...],
    *,
    prepared: sending.Prepared | None = None,
    form: RejectionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    plan = {"study": study.pk, "approve": approve, "reject": reject}
    recruitment = definition(study).recruitment
    context = {
        "approve": approve,
        "reject": reject,
        "prepared": prepared,
        "form": form or (RejectionForm() if reject else None),
        "plan": signing.dumps(plan, salt=SALT, compress=True),
        "money": recruitment.pay * len(approve),
        "currency": recruitment.currency,
    }
    return render_study_page(
        request, study, "participants", "panel/send_decisions.html", context, status
    )
