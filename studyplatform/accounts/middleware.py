"""What holds on every page of the panel and of the admin: the session's row, the second factor,
and the reader's time zone."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from studyplatform.accounts import sessions, time_zones

PREFIXES = ("/panel/", "/admin/")
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
ALLOWED_WITHOUT = frozenset(
    (
        *("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn"),
        *("account_reauthenticate", "account_logout", "account_change_password"),
        *("account_login", "account-link", "end-session", "time-zone"),
    )
)
"""Names of the URLs that somebody needs to set up a second factor, or to leave."""


def has_second_factor(user: User) -> bool:
    """Return whether the user's sign-in asks for a second factor."""
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


class AccountsMiddleware:
    """Signs out browsers that were signed out elsewhere, asks for a second factor where the
    installation requires one, and activates the reader's time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not (request.path_info.startswith(PREFIXES) and isinstance(request.user, User)):
            return self.get_response(request)
        row = sessions.row_of(request, request.user)
        if row is not None and _lacks_factor(request):
            messages.warning(
                request, _("Set up a second factor first. This installation requires one.")
            )
            return HttpResponseRedirect(reverse("mfa_index"))
        with time_zones.activated(time_zones.zone_of(row)):
            return self.get_response(request)


def _lacks_factor(request: HttpRequest) -> bool:
    if not settings.REQUIRE_SECOND_FACTOR or not isinstance(request.user, User):
        return False
    return not _is_allowed(request.path_info) and not has_second_factor(request.user)


def _is_allowed(path: str) -> bool:
    try:
        return resolve(path).view_name in ALLOWED_WITHOUT
    except Resolver404:
        return False
