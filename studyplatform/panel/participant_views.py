"""The participants of a study, one person's way, and erasure on request."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.participants import STATES, events_seen, found, pages_seen, rows
from surveys import services
from surveys.blinding import hides_arm, is_blinded
from surveys.models import Participant, Study

PEOPLE_PER_PAGE = 50


@require_safe
@study_page(Right.SEE_DATA)
def people(request: HttpRequest, study: Study) -> HttpResponse:
    """List the participants, by state and by code."""
    state, typed = request.GET.get("state", ""), request.GET.get("code", "")
    simulated = request.GET.get("simulated") == "yes"
    page = Paginator(found(study, state, simulated, typed), PEOPLE_PER_PAGE).get_page(
        request.GET.get("page")
    )
    chosen = request.GET.copy()
    chosen.pop("page", None)
    context = {
        "page": page,
        "rows": rows(study, list(page.object_list)),
        "states": STATES.items(),
        "state": state,
        "code": typed,
        "simulated": simulated,
        "filters": chosen.urlencode(),
        "blinded": is_blinded(study) and not simulated,
    }
    return render_study_page(request, study, "participants", "panel/participants.html", context)


@require_safe
@study_page(Right.SEE_DATA)
def person(request: HttpRequest, study: Study, pseudonym: str) -> HttpResponse:
    """Show a person's way through the pages, with its times and events."""
    return _person(request, study, _named(study, pseudonym))


@require_http_methods(["POST"])
@study_page(Right.OWN)
def erase(request: HttpRequest, study: Study, pseudonym: str) -> HttpResponse:
    """Delete everything about a person who asks for it, and show the receipt."""
    participant = _named(study, pseudonym)
    if request.POST.get("confirmed") != "yes":
        messages.error(request, gettext("Confirm that everything of this person is to be deleted."))
        return _person(request, study, participant, status=409)
    deleted = services.erase(participant=participant)
    context = {"at": timezone.now(), "deleted": sorted(deleted.items())}
    return render_study_page(request, study, "participants", "panel/erased.html", context)


def _named(study: Study, pseudonym: str) -> Participant:
    return get_object_or_404(study.participants.select_related("study", "arm"), pseudonym=pseudonym)


def _person(
    request: HttpRequest, study: Study, participant: Participant, status: int = 200
) -> HttpResponse:
    context = {
        "participant": participant,
        "state": STATES[participant.state],
        "seen": pages_seen(participant),
        "events": events_seen(participant),
        "blinded": hides_arm(participant),
    }
    return render_study_page(
        request, study, "participants", "panel/participant.html", context, status
    )
