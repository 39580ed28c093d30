"""The participants' pages: each is one form, one POST, one redirect after the answer is stored."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from explanations import pictures
from explanations.models import Explanation, StudyImage
from surveys import flow, links, services
from surveys.examples import EXAMPLE, example_explanation, example_prediction
from surveys.forms import PageForm
from surveys.models import Participant, Study, Trial
from surveys.screens import is_visible, screen
from surveys.studyfile import definition

show_and_receive = require_http_methods(["GET", "HEAD", "POST"])


class SeeOther(HttpResponseRedirect):
    """Sends the browser to the page by GET: a refresh there sends nothing twice."""

    status_code = 303


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """For those who come without a link; studies are listed on a developer's machine only."""
    shown = Study.objects.filter(state=Study.State.OPEN) if settings.DEBUG else Study.objects.none()
    return render(request, "surveys/home.html", {"studies": shown.order_by("title")})


@never_cache
@show_and_receive
def landing(request: HttpRequest, slug: str) -> HttpResponse:
    """The consent; agreeing claims a place. Who has begun is led back to where they were."""
    study = get_object_or_404(Study, slug=slug)
    simulated = links.is_rehearsal(request, study)
    participant = links.remembered(request, study, simulated)
    if participant is None and request.method == "POST":
        key = links.arrival_key(study, request.POST.get("arrival_key", ""))
        if key is None:
            return _consent(request, study)
        try:
            participant = services.enrol(study=study, arrival_key=key, simulated=simulated)
        except services.StudyFullError:
            return render(request, "surveys/full.html", {"study": study}, status=403)
        except services.StudyClosedError:
            return _closed(request, study)
    if participant is None:
        return _consent(request, study) if study.state == "open" else _closed(request, study)
    response = _to_page(participant)
    links.remember(response, participant)
    return response


@never_cache
@show_and_receive
def page(request: HttpRequest, code: str) -> HttpResponse:
    """Where the participant is now: the next page, the end, or what withdrawing meant."""
    participant = _participant(code)
    if request.method == "POST":
        return _receive(request, participant)
    step = flow.current_step(participant)
    if participant.state == Participant.State.WITHDRAWN:
        return _end(request, participant, "surveys/withdrawn.html")
    if step is None:
        return _end(request, participant, "surveys/debrief.html")
    services.record_view(participant=participant, step=step.key)
    return _show(request, participant, step, PageForm(step, participant=participant))


@never_cache
@show_and_receive
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Asks once, then ends the participation."""
    participant = _participant(code)
    if request.method == "POST":
        services.withdraw(participant=participant)
    if participant.state != Participant.State.STARTED:
        return _to_page(participant)
    return _end(request, participant, "surveys/withdraw.html")


@require_safe
@cache_control(private=True, max_age=3600)
def picture(request: HttpRequest, code: str, picture_code: str, picture: str) -> HttpResponse:
    """An image or map of the participant's own trials, as far as they have come."""
    image, explanation = _pictured(_participant(code), picture_code)
    if picture == "image":
        return _png(pictures.image_png(image))
    if explanation is None:
        raise Http404("There is no map.")
    return _png(pictures.map_png(explanation))


@require_safe
@cache_control(private=True, max_age=3600)
def legend(request: HttpRequest, code: str) -> HttpResponse:
    """The colours of the participant's maps, from low to high."""
    method = _participant(code).arm.method
    if not method:
        raise Http404("There is no map.")
    return _png(pictures.legend_png(method))


def _participant(code: str) -> Participant:
    return get_object_or_404(Participant.objects.select_related("study", "arm"), code=code)


def _receive(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Store the page that was sent; whatever else was sent leads back to the current page."""
    key = request.POST.get("step", "")
    step = next((step for step in flow.steps(participant.study) if step.key == key), None)
    if step is None:
        return _to_page(participant)
    form = PageForm(step, request.POST, participant)
    if form.is_valid():
        services.record_page(
            participant=participant,
            step=step.key,
            answers=form.answers,
            response_time_ms=form.cleaned_data["response_time_ms"],
        )
    elif participant.state == "started" and step == flow.current_step(participant):
        return _show(request, participant, step, form)
    return _to_page(participant)


def _show(
    request: HttpRequest, participant: Participant, step: flow.Step, form: PageForm
) -> HttpResponse:
    context = screen(participant, step) | {"form": form}
    return render(request, flow.kind_of(step).template, context)


def _pictured(participant: Participant, picture_code: str) -> tuple[StudyImage, Explanation | None]:
    if picture_code == EXAMPLE:
        prediction = example_prediction(participant.study)
        if prediction is None:
            raise Http404("There is no example.")
        return prediction.image, example_explanation(participant.arm, prediction)
    trial = get_object_or_404(
        Trial.objects.select_related(
            "stimulus__prediction__image", "explanation__prediction__image", "submission"
        ),
        participant=participant,
        picture_code=picture_code,
    )
    trial.participant = participant
    if not is_visible(trial):
        raise Http404("The trial has not been reached.")
    return trial.stimulus.prediction.image, trial.explanation


def _consent(request: HttpRequest, study: Study) -> HttpResponse:
    consent = definition(study).consent
    key = links.new_arrival_key(study)
    context = {"study": study, "consent": consent, "arrival_key": key}
    return render(request, "surveys/consent.html", context)


def _closed(request: HttpRequest, study: Study) -> HttpResponse:
    return render(request, "surveys/closed.html", {"study": study}, status=403)


def _end(request: HttpRequest, participant: Participant, template: str) -> HttpResponse:
    study = participant.study
    context = {"participant": participant, "study": study, "debrief": definition(study).debrief}
    return render(request, template, context)


def _to_page(participant: Participant) -> SeeOther:
    return SeeOther(reverse("page", kwargs={"code": participant.code}))


def _png(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type="image/png")
