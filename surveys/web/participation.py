"""Participants' pages, each of which is a form, a POST, and a redirect once the answer is
stored.
"""

from typing import Literal

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from surveys import services
from surveys.models import FollowUp, Participant, Study
from surveys.models.prepared_query import PreparedQuery
from surveys.models.sealed import keyed_hash
from surveys.pages import language, page_key, sequence, signals, time_limit, uncovering
from surveys.pages.bonus import earned_in_words
from surveys.pages.endings import declared_ending
from surveys.pages.forms import PageForm
from surveys.pages.kinds.catalogue import page_of
from surveys.pages.language import about_study, spoken
from surveys.pages.page_key import PageKey
from surveys.pages.screens import screen
from surveys.recruitment import exits
from surveys.recruitment.visitor import Visitor
from surveys.services import Recorded, sessions
from surveys.study_file.recruitment import Outcome
from surveys.study_file.stored import definition
from surveys.web import arrival, consent, rate_limit, signed_links, visitor_cookie

MORE_TIME = "more_time"
FIELDS = {
    "csrfmiddlewaretoken",
    "key",
    "step",
}  # fields of every page, in addition to its form's
show_and_receive = require_http_methods(["GET", "HEAD", "POST"])


class SeeOther(HttpResponseRedirect):
    """A redirect by GET, so that reloading the page sends nothing twice."""

    status_code = 303


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the start page. Studies are listed on a developer's machine only."""
    shown = (
        Study.objects.filter(state=Study.State.OPEN, is_pilot=False)
        if settings.DEBUG
        else Study.objects.none()
    )
    return render(request, "surveys/home.html", {"studies": shown.order_by("title")})


@never_cache
@show_and_receive
def landing(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the consent. Agreeing takes a place.

    People who have started are led back to their page.
    """
    study = get_object_or_404(Study.objects.select_related("schedule"), slug=slug)
    if hasattr(study, "schedule") and services.is_due(study.schedule):
        services.apply_schedule(study)
    language.speak_to_visitor(request, study)
    simulated = signed_links.is_rehearsal(request, study)
    # First of all, so that ids leave the URL before anything can log or show it.
    if request.method != "POST" and not simulated and arrival.brings_ids(request, study):
        return _take_ids(request, study)
    visitor = None if simulated else visitor_cookie.remembered(request, study)
    participant = arrival.participant_of(request, study, simulated, visitor)
    if participant is None:
        begun = _begin(request, study, simulated, visitor)
        if isinstance(begun, HttpResponse):
            return begun
        participant = begun
    response = to_page(participant)
    signed_links.remember(response, participant)
    return response


def _begin(
    request: HttpRequest, study: Study, simulated: bool, visitor: Visitor | None
) -> Participant | HttpResponse:
    """Return the new participant once the consent was sent, else the page to show first."""
    refusal = None if simulated else arrival.refusal(request, study, visitor)
    if refusal is not None:
        return refusal
    key = signed_links.arrival_key(study, request.POST.get("arrival_key", ""))
    if key is None:
        # Nobody may take a pilot for the study, so that it looks closed to real participants.
        closed = study.state != Study.State.OPEN or (study.is_pilot and not simulated)
        if closed:
            return _no_place(request, study, visitor, "closed")
        return consent.show_consent(request, study)
    if consent.DECLINE in request.POST:
        path = reverse("declined", kwargs={"slug": study.slug})
        return SeeOther(f"{path}?language={language.wanted(request, study)}")
    ticked = consent.ticked_checks(request, study)
    # Only real arrivals are limited: rehearsals have places of their own.
    if not simulated and rate_limit.too_many(request, study):
        return _busy(request, study)
    try:
        return services.enrol(
            study=study,
            arrival_key=key,
            simulated=simulated,
            language=language.wanted(request, study),
            visitor=visitor,
            ticked=ticked,
        )
    except services.NotAgreedError:
        return consent.show_consent(request, study, request.POST["arrival_key"], ticked)
    except services.StudyFullError:
        return _no_place(request, study, visitor, "full")
    except services.StudyClosedError:
        return _no_place(request, study, visitor, "closed")
    except services.AlreadyBegunError:
        return arrival.begun(request, study)
    except services.TookPartError:
        return arrival.took_part(request, study, visitor)
    except services.ExcludedError:
        return arrival.turned_away(request, study, visitor)


@never_cache
@show_and_receive
def page(request: HttpRequest, code: str) -> HttpResponse:
    """Show the participant's current page, which is the next page, the end, or the page after
    stopping.
    """
    participant = find_participant(code)
    try:
        if request.method == "POST":
            return _receive(request, participant)
        return _current(request, participant)
    except services.StudyFullError:  # the place was given away in the meantime
        return _place_lost(request, participant)
    except Participant.DoesNotExist as erased:
        raise Http404("The participant was deleted in the meantime.") from erased


_WITH_CODE = PreparedQuery(
    lambda found: (
        Participant.objects.select_related("study__image_set", "study__classifier", "arm")
        .defer("study__classifier__card", "study__image_set__warnings")  # long, and on no page
        .filter(code_hash=found)
    ),
    str,
)


def find_participant(code: str) -> Participant:
    """Return the participant of the secret URL and activate their language. Unknown URLs are
    answered with 404.
    """
    for participant in _WITH_CODE(keyed_hash("code", code)):
        participant.code = code  # spares its decryption
        language.speak_to(participant)
        return participant
    raise Http404("No participant has this URL.")


def to_page(participant: Participant) -> SeeOther:
    """Redirect to the participant's current page."""
    return SeeOther(reverse("page", kwargs={"code": participant.code}))


def show_end(
    request: HttpRequest,
    participant: Participant,
    template: str,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """Show a page without questions. The template also gets the values ``more``."""
    context = {**_about(participant), **more}
    context.setdefault("way_back", exits.way_back_of(participant))
    return render(request, template, context, status=status)


def show_session(
    request: HttpRequest, participant: Participant, follow_up: FollowUp
) -> HttpResponse:
    """Show how far the participant is with a later session, and the way back once it is done."""
    texts = spoken(participant.study)
    own = next((one for one in texts.sessions if one.key == follow_up.session), None)
    return show_end(
        request,
        participant,
        "surveys/next_session.html",
        follow_up=follow_up,
        session=own,
        status_of=sessions.state_of(follow_up, timezone.now()),
        way_back=exits.way_back_from_session(participant, follow_up),
    )


def _about(participant: Participant) -> dict[str, object]:
    """Return what the frame of every page with a participant shows."""
    return {
        "participant": participant,
        **about_study(participant.study),
        "anew_path": signed_links.anew_path(participant) if can_begin_anew(participant) else "",
    }


def can_begin_anew(participant: Participant) -> bool:
    """Return whether somebody else can begin in this browser.

    A recruitment service sends each person with an id, so that nobody can begin without its link.
    People whom the study ended early are not invited to begin again with other answers.
    """
    study = participant.study
    recruitment = definition(study).recruitment
    if participant.state == Participant.State.ENDED and not participant.simulated:
        return recruitment.is_lab and study.state == Study.State.OPEN
    is_free = participant.simulated or recruitment.is_open or recruitment.is_lab
    return study.state == Study.State.OPEN and is_free


def _current(request: HttpRequest, participant: Participant) -> HttpResponse:
    if participant.state == Participant.State.STOPPED:
        return show_end(request, participant, "surveys/stopped.html")
    if participant.state == Participant.State.ENDED:
        ending = declared_ending(spoken(participant.study), participant.ending)
        return show_end(request, participant, "surveys/ended.html", ending=ending)
    step = sequence.current_step(participant)
    if step is None:
        return _last_page(request, participant)
    if services.has_lapsed(participant):
        return show_end(request, participant, "surveys/lapsed.html", status=403)
    if request.method != "GET":  # a request for headers only must not count as a view
        return HttpResponse()
    if participant.arm_id is None and step.conditions:  # the arm decides whether the page is shown
        services.come_to_arm(participant=participant)
        return _current(request, participant)
    times = services.record_view(participant=participant, step=step.key)
    return _show(request, participant, PageForm(participant, step), PageKey(step.key, times))


def _last_page(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Show the debrief, or the state of the later sessions once one has begun."""
    ahead = None
    if definition(participant.study).sessions:
        follow_up = sessions.current(participant)
        if follow_up is not None and participant.follow_ups.filter(begun_at__isnull=False).exists():
            return show_session(request, participant, follow_up)
        ahead = follow_up if follow_up is not None and sessions.is_ahead(follow_up) else None
    earned = earned_in_words(participant)
    return show_end(request, participant, "surveys/debrief.html", bonus=earned, follow_up=ahead)


def _receive(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Store the page that was sent.

    A replay is answered like the first time. Anything else that does not fit is refused and changes
    nothing.
    """
    key = page_key.read(participant, request.POST.get("key", ""))
    step = _step(participant, key) if key else None
    # The signed key proves that this page was shown to this participant.
    if key is None or step is None or step.key != request.POST.get("step"):
        return _refuse(request, participant, "")
    if MORE_TIME in request.POST:
        return _extend(request, participant, step, key)
    if uncovering.CELL in request.POST:
        return _uncover(request, participant, step, key)
    form = PageForm(participant, step, request.POST)
    if form.is_valid():
        known = FIELDS | (signals.FIELDS if signals.are_counted(participant.study) else set())
        extra_fields = bool(request.POST.keys() - form.fields.keys() - known)
        sent = form.sent_page(extra_fields)
        outcome = services.record_page(participant=participant, page=sent)
        if outcome in (Recorded.RECORDED, Recorded.REPLAYED):
            return to_page(participant)
        return _refused(request, participant, outcome)
    if _is_current(participant, step):
        return _show(request, participant, form, key)
    return _refuse(request, participant, step.key)


def _extend(
    request: HttpRequest, participant: Participant, step: sequence.Step, key: PageKey
) -> HttpResponse:
    """Give the participant more time, and show the page again with the answers so far.

    The page's script asks for JSON and shows the new time without loading the page again.
    """
    services.extend_time(participant=participant, step=step.key)
    if not _is_current(participant, step):
        return _refuse(request, participant, step.key)
    if request.accepts("text/html"):
        form = PageForm(participant, step, initial=request.POST.dict())
        return _show(request, participant, form, key)
    return JsonResponse(_time_left(participant, step))


def _uncover(
    request: HttpRequest, participant: Participant, step: sequence.Step, key: PageKey
) -> HttpResponse:
    """Clear a cell of a blurred picture without a script, and keep the answers so far."""
    cell = request.POST[uncovering.CELL]
    if not services.uncover_cell(participant=participant, step=step.key, cell=cell):
        return _refuse(request, participant, step.key)
    form = PageForm(participant, step, initial=request.POST.dict())
    return _show(request, participant, form, key)


def _time_left(participant: Participant, step: sequence.Step) -> dict[str, int]:
    """Return the milliseconds left for the page, and how often more time can be asked for. Empty
    without a limit.
    """
    if time_limit.limit_of(participant, step) is None:
        return {}
    view = participant.views.get(step=step.key)
    left = time_limit.remaining(participant, step, view, timezone.now())
    return {
        "limit_ms": round(1000 * left.total_seconds()) if left else 0,
        "extensions_left": time_limit.extensions_left(participant, step, view),
    }


def _refuse(request: HttpRequest, participant: Participant, step: str) -> HttpResponse:
    outcome = services.refuse_page(participant=participant, step=step)
    return _refused(request, participant, outcome)


def _refused(request: HttpRequest, participant: Participant, outcome: Recorded) -> HttpResponse:
    """Show that the page was not accepted, why, and how to continue."""
    context = {"outcome": outcome.value, **_about(participant)}
    return render(request, "surveys/refused.html", context, status=409)


def _show(
    request: HttpRequest, participant: Participant, form: PageForm, key: PageKey
) -> HttpResponse:
    context = {
        **_about(participant),
        **screen(participant, form.step),
        **_time_left(participant, form.step),
        "form": form,
        "key": page_key.sign(participant, key),
        "counts_signals": signals.are_counted(participant.study),
        "hidden_field": signals.HIDDEN_FIELD,
        "hidden_number": signals.hidden_number(participant.study, form.step),
        "address": request.build_absolute_uri(request.path),
    }
    response = render(request, page_of(form.step).template, context)
    if signals.are_counted(participant.study):
        words = signals.words_on(response.content.decode(), participant.language)
        if words is not None:
            services.record_words(participant=participant, step=form.step.key, words=words)
    return response


def _busy(request: HttpRequest, study: Study) -> HttpResponse:
    context = {**about_study(study), "arrival_key": request.POST["arrival_key"]}
    response = render(request, "surveys/busy.html", context, status=429)
    response["Retry-After"] = "60"
    return response


def _take_ids(request: HttpRequest, study: Study) -> HttpResponse:
    """Move the service's ids out of the URL, where they would end up in logs and screenshots.

    No place is taken, so that a program that previews links leaves no trace.
    """
    visitor = visitor_cookie.in_address(
        request,
        definition(study).recruitment,
        definition(study).later_studies,
    )
    if visitor is None:
        return arrival.unknown(request, study)
    path = signed_links.landing_path(study)
    chosen = request.GET.get("language") in definition(study).languages
    response = SeeOther(f"{path}?language={request.GET['language']}" if chosen else path)
    visitor_cookie.remember(response, study, visitor)
    return response


def _no_place(
    request: HttpRequest, study: Study, visitor: Visitor | None, why: Literal["full", "closed"]
) -> HttpResponse:
    """Show that the study is full, closed, or not open yet."""
    begun = study.state != Study.State.DRAFT
    way_back = arrival.way_back(study, Outcome.FULL, visitor) if begun else None
    context = {**about_study(study), "way_back": way_back}
    return render(request, f"surveys/{why}.html", context, status=403)


def _place_lost(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Show that the place was given to someone else while the participant was away."""
    visitor = arrival.visitor_of(participant)
    way_back = arrival.way_back(participant.study, Outcome.FULL, visitor)
    context = {**_about(participant), "way_back": way_back}
    return render(request, "surveys/place_lost.html", context, status=403)


def _is_current(participant: Participant, step: sequence.Step) -> bool:
    if participant.has_left_early or services.has_lapsed(participant):
        return False
    return step == sequence.current_step(participant)


def _step(participant: Participant, key: PageKey) -> sequence.Step | None:
    return sequence.step_of(participant.study, key.step)
