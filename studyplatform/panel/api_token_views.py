"""The page of a study's API: its tokens, made and revoked by owners."""

from datetime import timedelta
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from studyplatform.panel import api_tokens
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.api_tokens import Scope
from studyplatform.panel.frame import render_study_page
from surveys.models import Study

LASTS = (
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("one year")),
)


class TokenForm(forms.Form):
    """What a token is for, what it may read, and how long it works."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("Such as the script or the computer that will use it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    progress = forms.BooleanField(
        label=gettext_lazy("Progress"),
        required=False,
        help_text=gettext_lazy("Counts of participants by state."),
    )
    tables = forms.BooleanField(
        label=gettext_lazy("Tables"),
        required=False,
        help_text=gettext_lazy("The tables of the latest export: people's answers."),
    )
    reports = forms.BooleanField(
        label=gettext_lazy("Reports"),
        required=False,
        help_text=gettext_lazy("The page and the numbers of every report."),
    )
    lasts = forms.ChoiceField(label=gettext_lazy("Works for"), choices=LASTS, initial="90")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not any(cleaned.get(scope.value) for scope in Scope):
            raise forms.ValidationError(_("Choose at least one thing that the token may read."))
        return cleaned


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OWN)
def show(request: HttpRequest, study: Study) -> HttpResponse:
    """List the tokens, and make one, whose secret is shown once."""
    if request.method == "POST":
        made: HttpResponse = _make(request, study)
        return made
    return _page(request, study, TokenForm())


@reauthentication_required
def _make(request: HttpRequest, study: Study) -> HttpResponse:
    """Make a token for an owner who has confirmed who it is: the token reads data without asking
    again."""
    form = TokenForm(request.POST)
    if not form.is_valid() or not isinstance(request.user, User):
        return _page(request, study, form, status=422)
    token, secret = api_tokens.new_token(
        study,
        name=form.cleaned_data["name"],
        scopes={scope: form.cleaned_data[scope.value] for scope in Scope},
        lasts=timedelta(days=int(form.cleaned_data["lasts"])),
        by=request.user,
    )
    return _page(request, study, TokenForm(), made=token, secret=secret)


@require_POST
@study_page(Right.OWN)
def revoke(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Revoke a token."""
    api_tokens.revoke(get_object_or_404(study.api_tokens, pk=pk))
    messages.success(request, _("The token is revoked. It no longer works."))
    return HttpResponseRedirect(reverse("panel:api-tokens", kwargs={"slug": study.slug}))


def _page(
    request: HttpRequest, study: Study, form: TokenForm, status: int = 200, **context: Any
) -> HttpResponse:
    shown = {
        "tokens": [(token, api_tokens.scopes_of(token)) for token in api_tokens.tokens_of(study)],
        "now": timezone.now(),
        "form": form,
        "address": request.build_absolute_uri(reverse("api:studies")),
        **context,
    }
    return render_study_page(request, study, "api", "panel/api_tokens.html", shown, status)
