"""The page of bonuses, for owners: the list with its sum, and the payment after a confirmation."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from studyplatform.panel import bonuses
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from surveys.models import Study
from surveys.recruitment.bonus_list import bonus_list
from surveys.recruitment.prolific import ProlificError
from surveys.study_file.stored import definition

SALT = "panel.bonuses"
LASTS = 15 * 60
"""Seconds for which a list can be confirmed."""


@require_safe
@study_page(Right.OWN)
def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Show which bonuses would be paid, with their sum. Nothing is sent."""
    _check_declared(study)
    due = bonus_list(study)
    plan = {"study": study.pk, "due": {one.id: str(one.amount) for one in due.due}}
    context = {
        "due": due,
        "text": due.text(","),
        "so_far": bonuses.so_far(study),
        "plan": signing.dumps(plan, salt=SALT, compress=True),
        "can_pay": _can_pay(study),
    }
    return render_study_page(request, study, "participants", "panel/bonuses.html", context)


@require_POST
@study_page(Right.OWN)
def pay(request: HttpRequest, study: Study) -> HttpResponse:
    """Pay the list through Prolific, or note that it was paid elsewhere, if it is confirmed."""
    _check_declared(study)
    here = redirect("panel:bonuses", slug=study.slug)
    try:
        planned = signing.loads(request.POST.get("plan", ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        messages.error(request, gettext("The list is too old. Look at it again before you pay."))
        return here
    if planned.get("study") != study.pk or not isinstance(request.user, User):
        raise Http404("This list belongs to another study.")
    if request.POST.get("confirmed") != "yes":
        messages.error(request, gettext("Confirm the list. A payment cannot be undone."))
        return here
    if request.POST.get("act") == "mark":
        done = bonuses.mark_paid(study, planned["due"], request.user)
    elif _can_pay(study):
        try:
            done = bonuses.pay_at_prolific(study, planned["due"], request.user)
        except ProlificError as error:
            messages.error(request, str(error))
            return here
    else:
        raise Http404("Bonuses are paid through Prolific alone, with a token.")
    words = gettext("Bonuses: %(people)d, in total %(total)s.") % {
        "people": done.people, "total": done.total,
    }  # fmt: skip
    (messages.warning if done.problem else messages.success)(request, words)
    if done.problem:
        messages.error(request, done.problem)
    return here


def _can_pay(study: Study) -> bool:
    return definition(study).recruitment.kind == "prolific" and bool(settings.PROLIFIC_API_TOKEN)


def _check_declared(study: Study) -> None:
    if definition(study).bonus is None:
        raise Http404("The study declares no bonus.")
