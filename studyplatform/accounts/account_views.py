"""The page of one's own account: password, second factor, and sessions."""

from allauth.account.views import PasswordChangeView
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from studyplatform.accounts import sessions, time_zones
from studyplatform.accounts.middleware import has_second_factor


@require_safe
@never_cache
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show one's name, second factors, recovery codes and sessions."""
    user = _signed_in(request)
    factors = Authenticator.objects.filter(user=user)
    codes = factors.filter(type=Authenticator.Type.RECOVERY_CODES).first()
    context = {
        "area": "account",
        "app": factors.filter(type=Authenticator.Type.TOTP).first(),
        "passkeys": [factor.wrap() for factor in factors.filter(type=Authenticator.Type.WEBAUTHN)],
        "has_second_factor": has_second_factor(user),
        "zone_form": time_zones.TimeZoneForm(
            initial={"time_zone": timezone.get_current_timezone_name()}
        ),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "sessions": [
            (row, sessions.named(row.browser), row.pk == sessions.current(request))
            for row in user.sign_ins.all()
        ],
    }
    return render(request, "panel/account.html", context)


@require_POST
@never_cache
@login_required
def end_session(request: HttpRequest) -> HttpResponse:
    """Sign out one of one's other browsers, or all of them."""
    others = _signed_in(request).sign_ins.exclude(pk=sessions.current(request))
    chosen = request.POST.get("session", "")
    if chosen != "all":
        others = others.filter(pk=int(chosen)) if chosen.isdecimal() else others.none()
    ended = others.count()
    others.delete()
    if ended:
        messages.success(request, _("Signed out there."))
    else:
        messages.error(request, _("This browser was signed out already."))
    return HttpResponseRedirect(reverse("mfa_index"))


@require_POST
@never_cache
@login_required
def set_time_zone(request: HttpRequest) -> HttpResponse:
    """Choose the zone in which one's pages show times."""
    form = time_zones.TimeZoneForm(request.POST)
    if form.is_valid():
        time_zones.set_zone(_signed_in(request), form.cleaned_data["time_zone"])
        messages.success(request, _("The time zone is stored."))
    else:
        messages.error(request, _("This is not the name of a time zone. Choose one of the list."))
    return HttpResponseRedirect(reverse("mfa_index"))


class ChangePassword(PasswordChangeView):
    """Change of one's password, which signs out all other browsers."""

    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: object) -> HttpResponse:
        response = super().form_valid(form)
        _signed_in(self.request).sign_ins.exclude(pk=sessions.current(self.request)).delete()
        return response


change_password = never_cache(ChangePassword.as_view())


def _signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("The view lacks login_required.")
    return request.user
