"""The members of a study: who they are, invitations, and what each may do."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studyplatform.accounts import links
from studyplatform.accounts.links import Switches
from studyplatform.panel import members, review
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from surveys.models import Study

LAST_OWNER = gettext_lazy("A study needs an owner. Make somebody else an owner first.")


class SwitchesForm(forms.Form):
    """What a member may do besides viewing the study."""

    make_changes = forms.BooleanField(
        label=gettext_lazy("Make changes"),
        required=False,
        help_text=gettext_lazy("Edits the study, its texts and its images, and computes maps."),
    )
    see_data = forms.BooleanField(
        label=gettext_lazy("See data"),
        required=False,
        help_text=gettext_lazy("Sees participants and answers, exports data, and makes reports."),
    )
    owner = forms.BooleanField(
        label=gettext_lazy("Owner"),
        required=False,
        help_text=gettext_lazy(
            "May do both, launches and ends the study, and decides about members."
        ),
    )

    def switches(self) -> Switches:
        """Return the valid form's switches."""
        return Switches(**{name: self.cleaned_data[name] for name in SwitchesForm.base_fields})


class InvitationForm(SwitchesForm):
    """The address of a person, and what the person may do."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=150,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("email", "make_changes", "see_data", "owner")


@require_safe
@study_page(Right.VIEW)
def show(request: HttpRequest, study: Study) -> HttpResponse:
    """List the members and, for owners, the open invitations."""
    return members_page(request, study)


@require_POST
@study_page(Right.OWN)
def invite(request: HttpRequest, study: Study) -> HttpResponse:
    """Invite a person, and show the link once if no e-mail is sent."""
    form = InvitationForm(request.POST)
    if not form.is_valid() or not isinstance(request.user, User):
        return members_page(request, study, form)
    try:
        created = links.invite(
            request,
            email=form.cleaned_data["email"],
            study=study,
            switches=form.switches(),
            by=request.user,
        )
    except links.LinkError as error:
        form.add_error("email", str(error))
        return members_page(request, study, form)
    return members_page(request, study, created=created)


@require_POST
@study_page(Right.OWN)
def withdraw(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Withdraw an invitation."""
    members.withdraw(get_object_or_404(links.open_links(study), pk=pk), study)
    messages.success(request, _("The invitation is withdrawn. Its link no longer works."))
    return _back(study)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OWN)
def edit(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Change what a member may do."""
    member = get_object_or_404(study.members.select_related("user"), pk=pk)
    flags = {name: getattr(member, name) for name in SwitchesForm.base_fields}
    form = SwitchesForm(request.POST if request.method == "POST" else None, initial=flags)
    if form.is_valid():
        try:
            members.change(member, form.switches())
        except members.LastOwnerError:
            form.add_error("owner", str(LAST_OWNER))
        else:
            messages.success(request, _("The change is saved."))
            return _back(study)
    return render_study_page(
        request, study, "members", "panel/member.html", {"member": member, "form": form}
    )


@require_POST
@study_page(Right.OWN)
def remove(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Remove a member from the study."""
    member = get_object_or_404(study.members.select_related("user"), pk=pk)
    try:
        members.remove(member)
    except members.LastOwnerError:
        messages.error(request, str(LAST_OWNER))
        return _back(study)
    messages.success(
        request,
        _("%(name)s is no longer a member of this study.") % {"name": member.user.get_username()},
    )
    if member.user == request.user:  # who left may not see the list any more
        return HttpResponseRedirect(reverse("panel:home"))
    return _back(study)


def members_page(
    request: HttpRequest, study: Study, form: InvitationForm | None = None, **context: Any
) -> HttpResponse:
    """Show the members and, to owners, the open invitations and the links for reviewers."""
    shown = {
        "members": study.members.select_related("user").order_by("-owner", "user__username"),
        "invitations": links.open_links(study).select_related("created_by"),
        "review_links": review.open_links(study).select_related("created_by"),
        "form": form or InvitationForm(),
        **context,
    }
    return render_study_page(request, study, "members", "panel/members.html", shown)


def _back(study: Study) -> HttpResponse:
    return HttpResponseRedirect(reverse("panel:members", kwargs={"slug": study.slug}))
