"""Pages for people from a recruitment service, and the URL to which it sends its news."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from surveys import services
from surveys.models import Study
from surveys.models.personal_code import read_code
from surveys.pages import language
from surveys.recruitment import webhooks
from surveys.web import arrival, signed_links
from surveys.web.participation import SeeOther, show_and_receive, to_page


@never_cache
@show_and_receive
def go_on(request: HttpRequest, slug: str) -> HttpResponse:
    """Redirect to the participation of the personal code, on any device."""
    study = get_object_or_404(Study, slug=slug)
    if request.method != "POST":  # a repeated visit to this URL, which has no page
        return SeeOther(signed_links.landing_path(study))
    language.speak_to_visitor(request, study)
    typed = request.POST.get("personal_code", "")
    participant = study.participants.filter(personal_code=read_code(typed)).first()
    if participant is None:
        return arrival.begun(request, study, typed or " ")
    response: SeeOther = to_page(participant)
    signed_links.remember(response, participant)
    return response


@csrf_exempt
@require_POST
def prolific_news(request: HttpRequest) -> HttpResponse:
    """Receive news of submissions from Prolific, proved by their signature."""
    if not settings.PROLIFIC_WEBHOOK_SECRET:
        raise Http404("Set PROLIFIC_WEBHOOK_SECRET to receive notifications from Prolific.")
    try:
        news = webhooks.read(request.headers, request.body, settings.PROLIFIC_WEBHOOK_SECRET)
    except webhooks.RefusedError as refused:
        return HttpResponse(str(refused), status=403, content_type="text/plain")
    except webhooks.UnreadableError as unreadable:
        return HttpResponse(str(unreadable), status=400, content_type="text/plain")
    if news is not None:
        services.record_service_status(session_id=news.submission, status=news.status, at=news.at)
    return HttpResponse(status=204)
