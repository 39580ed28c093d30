"""Our own page for wrong addresses also on the development server, which the demo uses."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.views.defaults import page_not_found

TECHNICAL = b"<h1>Page not found <small>(404)</small></h1>"
"""What Django's own page for developers contains, which lists every URL pattern."""


class OwnNotFoundPage:
    """Replaces Django's page for developers. Used while DEBUG is on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 404 and not response.streaming and TECHNICAL in response.content:
            return page_not_found(request, Http404())
        return response
