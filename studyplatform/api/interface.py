"""The API as a whole: version, authentication, limit, documentation, and its answers to errors."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, Throttled

from studyplatform.api.operations import router
from studyplatform.api.reference import Reference
from studyplatform.api.tokens import Bearer, PerToken

DESCRIPTION = (
    "Reads a study: its progress, the tables of its latest export, and its reports. An owner makes "
    "a token on the study's tab “API”; send it with every request in the header "
    "“Authorization: Bearer TOKEN”. Whatever a token may not read is answered with 404, and a "
    "missing or invalid token with 401."
)
api = NinjaAPI(
    title="Explanation studies",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs=Reference(),
    docs_url="/reference/",
    auth=Bearer(),
    throttle=PerToken(),
)
api.add_router("", router)


@api.exception_handler(Http404)
def missing(request: HttpRequest, error: Http404) -> HttpResponse:
    """Answer alike for what does not exist and what the token may not read."""
    detail = "There is nothing here, or the token may not read it."
    return api.create_response(request, {"detail": detail}, status=404)


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Ask for a token."""
    detail = (
        "The token is missing, has expired or was revoked. Make one on the study's tab “API”, and "
        "send it in the header “Authorization: Bearer TOKEN”."
    )
    response = api.create_response(request, {"detail": detail}, status=401)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(Throttled)
def too_often(request: HttpRequest, error: Throttled) -> HttpResponse:
    """Say when to come back."""
    detail = f"The token has asked too often. Ask again in {error.wait:.0f} seconds."
    return api.create_response(request, {"detail": detail}, status=429)
