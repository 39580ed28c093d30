"""The links for reviewers: opened by reviewers, made and withdrawn by owners."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from studyplatform.panel import review
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.member_views import members_page
from surveys.models import Study


@require_safe
@never_cache
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the study in preview to whoever has the link."""
    link = review.usable(token)
    if link is None:
        return render(request, "panel/link_unusable.html", status=404)
    review.remember(request, link)
    return HttpResponseRedirect(reverse("preview:begin", kwargs={"slug": link.study.slug}))


@require_POST
@study_page(Right.OWN)
def new(request: HttpRequest, study: Study) -> HttpResponse:
    """Make a link, and show it once."""
    if not isinstance(request.user, User):
        raise Http404
    link, token = review.new_link(study, request.user)
    address = request.build_absolute_uri(reverse("panel:review", kwargs={"token": token}))
    return members_page(request, study, review_link=link, review_address=address)


@require_POST
@study_page(Right.OWN)
def withdraw(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Withdraw a link."""
    review.withdraw(get_object_or_404(study.review_links, pk=pk))
    messages.success(request, _("The link for reviewers is withdrawn."))
    return HttpResponseRedirect(reverse("panel:members", kwargs={"slug": study.slug}))
