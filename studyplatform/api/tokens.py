"""Who asks: the token of a request, its scopes, and its limit."""

from django.http import Http404, HttpRequest
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle

from studyplatform.accounts.limits import PER_TOKEN
from studyplatform.accounts.throttle import allows
from studyplatform.models import ApiToken
from studyplatform.panel import api_tokens
from studyplatform.panel.api_tokens import Scope


class Bearer(HttpBearer):
    """The header "Authorization: Bearer TOKEN"."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token's row, or None if it does not work (any more)."""
        found = api_tokens.usable(token)
        if found is not None:
            api_tokens.note_use(found)
        return found


class PerToken(BaseThrottle):
    """A limit for each token, counted over all processes."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Count the request, and return whether the limit allows it."""
        return allows(PER_TOKEN, str(token_of(request).pk))

    def wait(self) -> float:
        """Return after how many seconds the limit has surely passed."""
        return PER_TOKEN.window.total_seconds()


def token_of(request: HttpRequest) -> ApiToken:
    """Return the token with which the request was made."""
    token = getattr(request, "auth", None)
    if not isinstance(token, ApiToken):
        raise TypeError("The operation lacks the API's authentication.")
    return token


def token_for(request: HttpRequest, slug: str, scope: Scope | None = None) -> ApiToken:
    """Return the token if it is for the study and has the scope.

    Raises Http404 otherwise, exactly as for a study that does not exist.
    """
    token = token_of(request)
    if token.study.slug != slug or (scope is not None and scope not in api_tokens.scopes_of(token)):
        raise Http404("There is no such study, or the token may not read this of it.")
    return token
