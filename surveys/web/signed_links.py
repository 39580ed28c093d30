"""Signed secrets in URLs, forms and cookies, which tell who returns and who only rehearses."""

import datetime
import secrets
from collections.abc import Iterable

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from surveys.models import DataCopy, Participant, Study

COOKIE_AGE = 90 * 24 * 3600  # seconds
ARRIVAL = "surveys.arrival"
REHEARSAL = "surveys.rehearsal"
RETURN = "surveys.return"
KEPT = "surveys.kept"
COPIES = "surveys.copies"


def landing_path(study: Study) -> str:
    """Return the URL for participants."""
    return reverse("landing", kwargs={"slug": study.slug})


def rehearsal_path(study: Study) -> str:
    """Return the URL whose participants are marked as simulated for good."""
    token = signing.Signer(salt=REHEARSAL).sign(study.slug)
    return f"{landing_path(study)}?rehearsal={token}"


def anew_path(participant: Participant) -> str:
    """Return the URL at which another person starts in the browser in which this participant took
    part.
    """
    path = reverse("anew", kwargs={"slug": participant.study.slug})
    if not participant.simulated:
        return path
    return f"{path}?{rehearsal_path(participant.study).partition('?')[2]}"


def is_rehearsal(request: HttpRequest, study: Study) -> bool:
    """Return whether the URL has the study's rehearsal token. Raises Http404 for a wrong token."""
    token = request.GET.get("rehearsal")
    if token is None:
        return False
    if _unsigned(token, REHEARSAL) != study.slug:
        # A mistyped rehearsal that counted as a real participant would contaminate the data.
        raise Http404("The rehearsal token belongs to another study or is invalid.")
    return True


def new_arrival_key(study: Study) -> str:
    """Return a new signed key for an arrival, to be rendered into the consent form."""
    return signing.Signer(salt=f"{ARRIVAL}.{study.slug}").sign(secrets.token_urlsafe(24))


def arrival_key(study: Study, signed: str) -> str | None:
    """Return the key of a consent form that this server rendered for the study, else None."""
    return _unsigned(signed, f"{ARRIVAL}.{study.slug}")


def remember(response: HttpResponse, participant: Participant) -> None:
    """Let the study's link lead this browser back to its participation."""
    response.set_signed_cookie(
        _cookie(participant.simulated),
        participant.code,
        salt=RETURN,
        max_age=COOKIE_AGE,
        path=landing_path(participant.study),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse, study: Study, simulated: bool) -> None:
    """Remove the cookie of the browser's participation in the study."""
    for name in {_cookie(simulated), _plain_cookie(simulated)}:
        response.delete_cookie(name, path=landing_path(study), samesite="Lax")


def remembered(request: HttpRequest, study: Study, simulated: bool) -> Participant | None:
    """Return the participation that was started in this browser, if any."""
    names = (_cookie(simulated), _plain_cookie(simulated))
    codes = (request.get_signed_cookie(name, None, salt=RETURN) for name in names)
    code = next(filter(None, codes), None)
    return study.participants.filter(code=code, simulated=simulated).first() if code else None


def signed_date(date: datetime.date) -> str:
    """Return the date, signed for a URL."""
    return signing.Signer(salt=KEPT).sign(date.isoformat())


def date_in(signed: str) -> datetime.date | None:
    """Return the date that ``signed_date`` signed, else None."""
    text = _unsigned(signed, KEPT)
    return datetime.date.fromisoformat(text) if text else None


def signed_copies(copies: Iterable[DataCopy]) -> str:
    """Return which copies of a study's data these are, signed for a URL."""
    return signing.dumps([copy.pk for copy in copies], salt=COPIES, compress=True)


def copies_in(study: Study, signed: str) -> QuerySet[DataCopy]:
    """Return the copies that ``signed_copies`` signed, as far as they are of the study."""
    try:
        found = signing.loads(signed, salt=COPIES)
    except signing.BadSignature:
        return study.copies.none()
    return study.copies.filter(pk__in=found)


def _cookie(simulated: bool) -> str:
    # Each study's cookie has its own path, so that it cannot be called __Host-.
    prefix = "__Secure-" if settings.SESSION_COOKIE_SECURE else ""
    return prefix + _plain_cookie(simulated)


def _plain_cookie(simulated: bool) -> str:
    """Return the name without a prefix, which every cookie had before."""
    return "rehearsal" if simulated else "participation"


def _unsigned(value: str, salt: str) -> str | None:
    try:
        return signing.Signer(salt=salt).unsign(value)
    except signing.BadSignature:
        return None
