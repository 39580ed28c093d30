"""Links for reviewers: a study's preview, without an account and without anything stored."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from studyplatform.audit.writing import record
from studyplatform.models import ReviewLink
from surveys.models import Study

LASTS = timedelta(days=180)  # a paper may be under review for months
KEY = "reviews"
"""Where the session keeps the primary keys of the links that were opened in this browser."""


def new_link(study: Study, by: User) -> tuple[ReviewLink, str]:
    """Make a link, and return it with its secret, which is not stored."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        link = ReviewLink.objects.create(
            study=study,
            token_sha256=_sha256(token),
            created_by=by,
            expires_at=timezone.now() + LASTS,
        )
        record(study, "review link made", after={"until": f"{link.expires_at:%Y-%m-%d}"})
    return link, token


def withdraw(link: ReviewLink) -> None:
    """Withdraw a link, in browsers in which it was opened, too."""
    with transaction.atomic():
        record(link.study, "review link withdrawn", {"made": f"{link.created_at:%Y-%m-%d}"})
        link.delete()


def open_links(study: Study) -> QuerySet[ReviewLink]:
    """Return the study's links that still work."""
    return study.review_links.filter(expires_at__gt=timezone.now())


def usable(token: str) -> ReviewLink | None:
    """Return the link with this secret, unless it has expired or was withdrawn."""
    links = ReviewLink.objects.select_related("study")
    return links.filter(token_sha256=_sha256(token), expires_at__gt=timezone.now()).first()


def remember(request: HttpRequest, link: ReviewLink) -> None:
    """Let this browser see the preview as long as the link works."""
    request.session[KEY] = [*request.session.get(KEY, []), link.pk][-20:]


def may_review(request: HttpRequest, slug: str) -> bool:
    """Return whether a link to the study was opened in this browser and still works."""
    opened = request.session.get(KEY)
    if not opened:
        return False
    links = ReviewLink.objects.filter(pk__in=opened, study__slug=slug)
    return links.filter(expires_at__gt=timezone.now()).exists()


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
