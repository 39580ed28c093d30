"""The participants of a study, one person's way, notes, exclusion, and erasure on request."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studyplatform.panel import participant_care
from studyplatform.panel.access import Right, has_right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.participant_forms import DecisionForm, ExclusionForm, NoteForm
from studyplatform.panel.participants import (
    FILTERS,
    STATES,
    erased_count,
    events_seen,
    found,
    pages_seen,
    rows,
)
from surveys import services
from surveys.blinding import hides_arm, is_blinded
from surveys.models import Identity, Participant, Study
from surveys.study_file.stored import definition

PEOPLE_PER_PAGE = 50


@require_safe
@study_page(Right.SEE_DATA)
def people(request: HttpRequest, study: Study) -> HttpResponse:
    """List the participants, by state and by code."""
    state, typed = request.GET.get("state", ""), request.GET.get("code", "")
    # Everybody in a pilot is simulated: its list begins with them.
    simulated = request.GET.get("simulated", "yes" if study.is_pilot else "") == "yes"
    page = Paginator(found(study, state, simulated, typed), PEOPLE_PER_PAGE).get_page(
        request.GET.get("page")
    )
    chosen = request.GET.copy()
    chosen.pop("page", None)
    context = {
        "page": page,
        "rows": rows(study, list(page.object_list)),
        "states": FILTERS.items(),
        "state": state,
        "code": typed,
        "simulated": simulated,
        "erased": erased_count(study, simulated=simulated),
        "filters": chosen.urlencode(),
        "blinded": is_blinded(study) and not simulated,
        "from_service": not definition(study).recruitment.is_open,
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
    erased = services.erase(participant=participant)
    context = {
        "at": timezone.now(),
        "deleted": participant_care.erased_in_words(erased.rows),
        "remembered_until": erased.remembered_until,
        "copies": erased.copies,
    }
    return render_study_page(request, study, "participants", "panel/erased.html", context)


@require_POST
@study_page(Right.SEE_DATA)
def exclude(request: HttpRequest, study: Study, pseudonym: str) -> HttpResponse:
    """Exclude a person from the analysis, with a reason."""
    participant, form = _named(study, pseudonym), ExclusionForm(request.POST)
    if not form.is_valid():
        return _person(request, study, participant, status=422, exclusion_form=form)
    try:
        services.exclude(
            participant=participant, by=_user(request).get_username(), **form.cleaned_data
        )
    except services.StudyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, gettext("Excluded from the analysis. The answers stay."))
    return _back(study, pseudonym)


@require_POST
@study_page(Right.SEE_DATA)
def include(request: HttpRequest, study: Study, pseudonym: str) -> HttpResponse:
    """Take an exclusion by hand back."""
    try:
        services.include_again(participant=_named(study, pseudonym))
    except services.StudyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, gettext("The exclusion is taken back."))
    return _back(study, pseudonym)


@require_POST
@study_page(Right.SEE_DATA)
def note(request: HttpRequest, study: Study, pseudonym: str) -> HttpResponse:
    """Add a note on a person."""
    participant, form = _named(study, pseudonym), NoteForm(request.POST)
    if not form.is_valid():
        return _person(request, study, participant, status=422, note_form=form)
    participant_care.add_note(participant, form.cleaned_data["text"], _user(request))
    return _back(study, pseudonym)


@require_POST
@study_page(Right.SEE_DATA)
def delete_note(request: HttpRequest, study: Study, pseudonym: str, pk: int) -> HttpResponse:
    """Delete a note of one's own; owners delete every note."""
    notes = _named(study, pseudonym).notes.all()
    if not has_right(request.user, study, Right.OWN):
        notes = notes.filter(by=_user(request).get_username())
    get_object_or_404(notes, pk=pk).delete()
    return _back(study, pseudonym)


@require_POST
@study_page(Right.OWN)
def decide(request: HttpRequest, study: Study, pseudonym: str) -> HttpResponse:
    """Decide whether a person's submission at the recruitment service is to be approved."""
    participant, form = _named(study, pseudonym), DecisionForm(request.POST)
    if not (Identity.objects.filter(participant=participant).exists() and form.is_valid()):
        raise Http404("The person did not come from a recruitment service.")
    participant_care.decide(participant, form.cleaned_data["decision"], _user(request))
    messages.success(request, gettext("The decision is stored."))
    return _back(study, pseudonym)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("The view lacks study_page.")
    return request.user


def _back(study: Study, pseudonym: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("panel:participant", args=[study.slug, pseudonym]))


def _named(study: Study, pseudonym: str) -> Participant:
    people = study.participants.select_related("study", "arm", "exclusion", "decision", "identity")
    return get_object_or_404(people, pseudonym=pseudonym)


def _person(
    request: HttpRequest,
    study: Study,
    participant: Participant,
    status: int = 200,
    **forms: Any,
) -> HttpResponse:
    decision = getattr(participant, "decision", None)
    context = {
        "exclusion": getattr(participant, "exclusion", None),
        "identity": getattr(participant, "identity", None),
        "unblinded": not is_blinded(study),
        "notes": participant.notes.all(),
        "exclusion_form": ExclusionForm(),
        "note_form": NoteForm(),
        "decision": decision,
        "decision_form": DecisionForm(initial={"decision": decision.decision if decision else ""}),
        **forms,
        "participant": participant,
        "state": STATES[participant.state],
        "seen": pages_seen(participant),
        "events": events_seen(participant),
        "blinded": hides_arm(participant),
    }
    return render_study_page(
        request, study, "participants", "panel/participant.html", context, status
    )
