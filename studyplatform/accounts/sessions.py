"""The list of browsers in which a person is signed in, each of which can be signed out."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from studyplatform.models import SignIn

KEY = "sign_in"
"""Where the session keeps the row's primary key. The session's own key changes now and then."""
SEEN_EVERY = timedelta(minutes=5)


def begin(request: HttpRequest, user: User) -> None:
    """Add the browser to the user's list."""
    forget(request)
    # Sessions end by themselves, and then nothing deletes their rows.
    ended = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE) - SEEN_EVERY
    user.sign_ins.filter(last_seen_at__lt=ended).delete()
    row = SignIn.objects.create(
        user=user,
        browser=request.META.get("HTTP_USER_AGENT", "")[:200],
        last_seen_at=timezone.now(),
    )
    request.session[KEY] = row.pk


def forget(request: HttpRequest) -> None:
    """Take the browser off the list."""
    if KEY in request.session:
        SignIn.objects.filter(pk=request.session[KEY]).delete()


def current(request: HttpRequest) -> int:
    """Return the primary key of this browser's row; 0 without one."""
    return int(request.session.get(KEY, 0))


def row_of(request: HttpRequest, user: User) -> SignIn | None:
    """Return this browser's row with the user's preferences.

    If the browser was signed out from another one, sign it out here and return None.
    """
    if KEY not in request.session:  # signed in before the list existed
        begin(request, user)
    rows = SignIn.objects.select_related("user__preferences")
    row = rows.filter(pk=request.session[KEY], user=user).first()
    if row is None:
        logout(request)
        return None
    now = timezone.now()
    if row.last_seen_at < now - SEEN_EVERY:
        SignIn.objects.filter(pk=row.pk).update(last_seen_at=now)
    return row


def named(browser: str) -> str:
    """Return a short name such as "Firefox on Windows" for what a browser calls itself."""
    kinds = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"))
    systems = (
        *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
        *(("Windows", "Windows"), ("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
    )
    kind = next((name for sign, name in (*kinds, ("Safari", "Safari")) if sign in browser), "")
    system = next((name for sign, name in systems if sign in browser), "")
    return " · ".join(filter(None, (kind, system)))
