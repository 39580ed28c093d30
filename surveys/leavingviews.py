"""The ways out: stop and keep the answers, delete them now or later, or let somebody else begin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from surveys import languages, links, services
from surveys.languages import about_study
from surveys.models import Participant, Study
from surveys.personalcode import read_code
from surveys.recruitment import arriving, visitors
from surveys.views import (
    SeeOther,
    find_participant,
    show_and_receive,
    show_end,
    to_page,
)


@never_cache
@show_and_receive
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Asks once: go on, stop and keep the answers, or have them deleted."""
    participant = find_participant(code)
    choice = request.POST.get("choice")
    if choice == "delete":
        return _erase(participant)
    if choice == "stop":
        try:
            services.withdraw(participant=participant)
        except Participant.DoesNotExist:
            return _to_deleted(participant)
        return to_page(participant)
    return show_end(request, participant, "surveys/withdraw.html")


@never_cache
@show_and_receive
def withdraw_later(request: HttpRequest, slug: str) -> HttpResponse:
    """Deletes by the personal code, at any time and on any device."""
    study = get_object_or_404(Study, slug=slug)
    languages.speak_to_visitor(request, study)
    typed = request.POST.get("personal_code", "")
    participant = study.participants.filter(personal_code=read_code(typed)).first()
    if request.method == "POST" and participant is not None:
        return _erase(participant)
    unknown = request.method == "POST"
    context = {**about_study(study), "typed": typed[:40], "unknown": unknown}
    return render(request, "surveys/withdraw_later.html", context)


@never_cache
@require_safe
def deleted(request: HttpRequest, slug: str) -> HttpResponse:
    """What is left of a participant who was deleted: this page."""
    study = get_object_or_404(Study, slug=slug)
    languages.speak_to_visitor(request, study)
    context = {**about_study(study), "way_back": arriving.way_back_of_deleted(request, study)}
    return render(request, "surveys/deleted.html", context)


@never_cache
@show_and_receive
def anew(request: HttpRequest, slug: str) -> HttpResponse:
    """Lets a second person begin in a browser that remembers the first."""
    study = get_object_or_404(Study, slug=slug)
    simulated = links.is_rehearsal(request, study)
    participant = links.remembered(request, study, simulated)
    landing = links.rehearsal_path(study) if simulated else links.landing_path(study)
    if request.method == "POST" or participant is None:
        response = SeeOther(landing)
        links.forget(response, study, simulated)
        visitors.forget(response, study)
        return response
    languages.speak_to(participant)
    return show_end(request, participant, "surveys/anew.html")


def _erase(participant: Participant) -> HttpResponse:
    study, simulated = participant.study, participant.simulated
    response = _to_deleted(participant)
    arriving.remember_deleted(response, participant)
    services.erase(participant=participant)
    links.forget(response, study, simulated)
    return response


def _to_deleted(participant: Participant) -> SeeOther:
    path = reverse("deleted", kwargs={"slug": participant.study.slug})
    return SeeOther(f"{path}?language={participant.language}")
