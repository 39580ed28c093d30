"""The page between sessions: when the next one opens, its beginning, and its end."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from surveys.pages import sequence
from surveys.services import sessions
from surveys.web import signed_links
from surveys.web.participation import (
    find_participant,
    show_and_receive,
    show_session,
    to_page,
)


@never_cache
@show_and_receive
def next_session(request: HttpRequest, code: str) -> HttpResponse:
    """Invite the participant to the session that is open, and begin it by the button.

    Opening the link begins nothing, since programs that preview links open it, too.
    """
    participant = find_participant(code)
    follow_up = sessions.current(participant)
    if follow_up is None or sequence.session_of(participant):
        return to_page(participant)
    if request.method == "POST" and sessions.begin_session(participant=participant):
        response = to_page(participant)
        signed_links.remember(response, participant)
        return response
    return show_session(request, participant, follow_up)
