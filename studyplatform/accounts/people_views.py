"""Administrators' pages of the accounts: who there is, and help for those who are locked out."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from studyplatform.accounts import links
from studyplatform.accounts.middleware import FACTORS

PEOPLE_PER_PAGE = 50


class InvitationForm(forms.Form):
    """The address of a person to invite."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=150,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


def for_administrators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Restrict the view to administrators. Everybody else gets 404."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise Http404("There is no such page, or you may not see it.")
        return view(request, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def people(request: HttpRequest) -> HttpResponse:
    """List all accounts, and invite a person who is not a member of any study yet."""
    form = InvitationForm(request.POST if request.method == "POST" else None)
    created = None
    if form.is_valid():
        try:
            created = links.invite(
                request,
                email=form.cleaned_data["email"],
                study=None,
                switches=links.Switches(),
                by=_administrator(request),
            )
            form = InvitationForm()
        except links.LinkError as error:
            form.add_error("email", str(error))
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS)
    users = User.objects.annotate(
        has_factor=Exists(factors), studies=Count("memberships")
    ).order_by("-is_active", "username")
    page = Paginator(users, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {"area": "people", "page": page, "form": form, "created": created}
    return render(request, "panel/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an account, and do what an administrator may do with it."""
    user = get_object_or_404(User, pk=pk)
    created = None
    if request.method == "POST":
        action = request.POST.get("action")
        if action == "reset" and user.is_active:
            created = links.offer_reset(request, user=user, by=_administrator(request))
        elif action in ACTIONS and user != request.user:
            messages.success(request, ACTIONS[action](user))
            return HttpResponseRedirect(reverse("person", args=[user.pk]))
    context = {
        "area": "people",
        "person": user,
        "created": created,
        "is_self": user == request.user,
        "has_factor": Authenticator.objects.filter(user=user, type__in=FACTORS).exists(),
        "memberships": user.memberships.select_related("study"),
        "sign_ins": user.sign_ins.count(),
    }
    return render(request, "panel/person.html", context)


def _forget_factors(user: User) -> str:
    """For somebody who has lost the device and the recovery codes."""
    Authenticator.objects.filter(user=user).delete()
    user.sign_ins.all().delete()
    return _("The second factor is removed, and all sessions are ended.")


def _switch_off(user: User) -> str:
    user.is_active = False
    user.save(update_fields=["is_active"])
    user.sign_ins.all().delete()
    return _("The account is switched off, and all its sessions are ended.")


def _switch_on(user: User) -> str:
    user.is_active = True
    user.save(update_fields=["is_active"])
    return _("The account is switched on.")


ACTIONS: dict[str | None, Callable[[User], str]] = {
    "forget-factors": _forget_factors,
    "switch-off": _switch_off,
    "switch-on": _switch_on,
}


def _administrator(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("The view lacks for_administrators.")
    return request.user
