"""The pages behind an invitation and a reset, and the page of those who forgot the password."""

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from studyplatform.accounts import links, throttle
from studyplatform.accounts.forms import NameForm, NewAccountForm, PasswordForm
from studyplatform.accounts.limits import RESET, RESET_FROM_ADDRESS
from studyplatform.models import AccountLink
from surveys.web.client_address import client_address


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Let the person with the link choose a password, or join a study."""
    found = links.usable(token)
    if found is None:
        return render(request, "panel/link_unusable.html", status=404)
    try:
        if found.purpose == AccountLink.Purpose.RESET:
            return _reset(request, found)
        invited = links.user_named(found.email)
        return _join(request, found, invited) if invited else _new_account(request, found)
    except links.LinkError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("panel:home"))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Send a reset link. The answer does not tell whether there is such an account."""
    form = NameForm(request.POST if request.method == "POST" else None)
    is_done = False
    if settings.EMAIL_HOST and form.is_valid():
        name, address = form.cleaned_data["login"], client_address(request)
        is_done = True
        if throttle.allows(RESET_FROM_ADDRESS, address) and throttle.allows(RESET, name.casefold()):
            user = links.user_named(name)
            if user is not None and user.is_active and user.email:
                links.offer_reset(request, user=user)
    context = {"form": form, "is_done": is_done, "sends_email": bool(settings.EMAIL_HOST)}
    return render(request, "panel/forgotten.html", context)


def _reset(request: HttpRequest, found: AccountLink) -> HttpResponse:
    user = found.user
    if user is None:
        raise links.LinkError(_("This link does not reset a password."))
    form = PasswordForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        links.reset_password(found, password=form.cleaned_data["password1"])
        messages.success(request, _("Your new password is set. Sign in with it."))
        # The second factor, if there is one, is still asked for.
        return HttpResponseRedirect(reverse("account_login"))
    return render(request, "panel/link_reset.html", {"form": form, "link": found, "person": user})


def _new_account(request: HttpRequest, found: AccountLink) -> HttpResponse:
    person = User(username=found.email, email=found.email)
    form = NewAccountForm(request.POST if request.method == "POST" else None, user=person)
    if form.is_valid():
        user = links.accept_with_new_account(
            found, name=form.cleaned_data["name"], password=form.cleaned_data["password1"]
        )
        request.session.flush()  # of somebody else who is signed in in this browser
        return perform_login(request, Login(user=user, redirect_url=_place(found)))
    return render(request, "panel/link_new_account.html", {"form": form, "link": found})


def _join(request: HttpRequest, found: AccountLink, invited: User) -> HttpResponse:
    """Let only the account with the invited address join: whoever made the link knows it, too."""
    is_invited = request.user == invited
    if request.method == "POST" and is_invited:
        links.accept(found, invited)
        messages.success(request, _("You are a member of the study now."))
        return HttpResponseRedirect(_place(found))
    context = {"link": found, "is_invited": is_invited, "path": request.path}
    return render(request, "panel/link_join.html", context)


def _place(found: AccountLink) -> str:
    if found.study is None:
        return reverse("panel:home")
    return reverse("panel:study", kwargs={"slug": found.study.slug})
