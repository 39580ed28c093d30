"""Ways out of a study: stop and keep the answers, erase them now or later, or let someone else
start.
"""

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from surveys import services
from surveys.models import Participant, Study
from surveys.models.personal_code import read_code
from surveys.pages import language
from surveys.pages.language import about_study
from surveys.web import arrival, signed_links, visitor_cookie
from surveys.web.participation import (
    SeeOther,
    can_begin_anew,
    find_participant,
    show_and_receive,
    show_end,
    to_page,
)

NOTHING = services.Erased(Counter(), None)
"""The outcome for somebody whose data were erased before."""


@never_cache
@show_and_receive
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Ask once whether to continue, to stop and keep the answers, or to have them deleted."""
    participant = find_participant(code)
    choice = request.POST.get("choice")
    if choice == "delete":
        return _erase(participant)
    if choice == "stop":
        try:
            services.stop(participant=participant)
        except Participant.DoesNotExist:
            return _to_deleted(participant)
        return to_page(participant)
    return show_end(
        request,
        participant,
        "surveys/withdraw.html",
        remembered_until=arrival.remembered_until(participant),
    )


@never_cache
@show_and_receive
def withdraw_later(request: HttpRequest, slug: str) -> HttpResponse:
    """Erase a participation by its personal code, at any time and on any device."""
    study = get_object_or_404(Study, slug=slug)
    language.speak_to_visitor(request, study)
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
    """Show that the participant's data were erased, and the receipt."""
    study = get_object_or_404(Study, slug=slug)
    language.speak_to_visitor(request, study)
    context = {
        **about_study(study),
        "way_back": arrival.way_back_of_deleted(request, study),
        "remembered_until": signed_links.date_in(request.GET.get("kept", "")),
        "copies": signed_links.copies_in(study, request.GET.get("copies", "")),
    }
    return render(request, "surveys/deleted.html", context)


@never_cache
@show_and_receive
def anew(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a second person start in a browser that remembers the first."""
    study = get_object_or_404(Study, slug=slug)
    simulated = signed_links.is_rehearsal(request, study)
    participant = signed_links.remembered(request, study, simulated)
    landing = signed_links.rehearsal_path(study) if simulated else signed_links.landing_path(study)
    if participant is not None and not can_begin_anew(participant):
        return to_page(participant)  # an old page's link
    if request.method == "POST" or participant is None:
        response = SeeOther(landing)
        signed_links.forget(response, study, simulated)
        visitor_cookie.forget(response, study)
        return response
    language.speak_to(participant)
    return show_end(request, participant, "surveys/anew.html")


def _erase(participant: Participant) -> HttpResponse:
    study, simulated = participant.study, participant.simulated
    visitor = arrival.visitor_of(participant)
    erased = services.erase(participant=participant)
    response = _to_deleted(participant, erased)
    arrival.remember_deleted(response, study, visitor)
    signed_links.forget(response, study, simulated)
    return response


def _to_deleted(participant: Participant, erased: services.Erased = NOTHING) -> SeeOther:
    path = reverse("deleted", kwargs={"slug": participant.study.slug})
    # Signed, so that no link can make the page tell somebody a wrong date or another's copies.
    until, copies = erased.remembered_until, erased.copies
    kept = f"&kept={signed_links.signed_date(until.date())}" if until else ""
    made = f"&copies={signed_links.signed_copies(copies)}" if copies else ""
    return SeeOther(f"{path}?language={participant.language}{kept}{made}")
